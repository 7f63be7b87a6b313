"""What a broker has retained, read with a few bytes of MQTT 3.1.1 on a socket."""

import json
import socket
from typing import Any

_CONNECT = bytes.fromhex("100c 0004 4d515454 04 02 000a 0000")
_QUIET_S = 0.3


def retained(host: str, port: int) -> dict[str, Any]:
    """Return the JSON of each retained message by its topic."""
    topic = b"#"
    subscribe = b"\x00\x01" + len(topic).to_bytes(2, "big") + topic + b"\x00"
    with socket.create_connection((host, port), timeout=5) as wire:
        wire.sendall(_CONNECT + b"\x82" + bytes([len(subscribe)]) + subscribe)
        wire.settimeout(_QUIET_S)
        came = b""
        try:
            while more := wire.recv(65536):
                came += more
        except TimeoutError:
            pass
    return dict(_messages(came))


def _messages(came: bytes) -> list[tuple[str, Any]]:
    found = []
    while came:
        size, place, shift = 0, 1, 0
        while True:
            digit = came[place]
            size |= (digit & 0x7F) << shift
            place, shift = place + 1, shift + 7
            if digit < 0x80:
                break
        body = came[place : place + size]
        if came[0] & 0xF0 == 0x30:
            length = int.from_bytes(body[:2], "big")
            found.append((body[2 : 2 + length].decode(), json.loads(body[2 + length :])))
        came = came[place + size :]
    return found
