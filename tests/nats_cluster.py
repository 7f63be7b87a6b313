"""Three NATS servers with JetStream as one MQTT broker, from the configuration that is shipped, as child processes."""

import contextlib
import os
import socket
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from server_process import HOST, PortTakenError, Server, ServerError, free_port, program

SHIPPED = Path(__file__).parents[1] / "deploy" / "nats" / "node.conf"
_ATTEMPTS = 5
_READY_WITHIN_S = 20.0


class NatsNode(Server):
    """One node. ``port`` is that of MQTT."""

    def __init__(self, folder: Path, name: str, routes: Mapping[str, int]) -> None:
        super().__init__(folder)
        self._name = name
        self._routes = routes

    def command(self) -> list[str]:
        listed = ", ".join(f'"nats-route://{HOST}:{port}"' for port in self._routes.values())
        given = {
            "NATS_NODE": self._name,
            "NATS_CLIENTS": f'"{HOST}:-1"',  # any free port
            "NATS_CLUSTER": f'"{HOST}:{self._routes[self._name]}"',
            "NATS_ROUTES": f"[{listed}]",
            "NATS_MQTT": f'"{HOST}:{self.port}"',
            "NATS_STORE": f'"{self.folder}"',
        }
        words = [f"{key}={value}" for key, value in given.items()]
        return [program("env"), *words, program("nats-server"), "-c", str(SHIPPED)]

    def answers(self) -> bool:
        """Say that it listens; whether the cluster has found together, ``lets_in`` tells."""
        return True

    def lets_in(self) -> bool:
        """Say CONNECT (3.1.1, clean) and wait for CONNACK: sessions are there once two nodes have agreed."""
        name = b"look-" + os.urandom(4).hex().encode()
        body = bytes.fromhex("00044d515454 04 02 000a") + len(name).to_bytes(2, "big") + name
        try:
            with socket.create_connection((self.host, self.port), timeout=5) as wire:
                wire.sendall(b"\x10" + bytes([len(body)]) + body)
                return wire.recv(4) == b"\x20\x02\x00\x00"
        except OSError:
            return False


@contextlib.contextmanager
def nats_cluster(folder: Path) -> Iterator[list[NatsNode]]:
    """Run three nodes on free ports until the block ends."""
    for attempt in range(_ATTEMPTS):
        routes = {f"n{number}": free_port() for number in (1, 2, 3)}
        nodes = [NatsNode(folder / f"{attempt}-{name}", name, routes) for name in routes]
        with contextlib.ExitStack() as stack:
            try:
                for node in nodes:
                    stack.enter_context(node)
            except PortTakenError:
                continue
            until = time.monotonic() + _READY_WITHIN_S
            while not all(node.lets_in() for node in nodes):
                if time.monotonic() > until:
                    tail = nodes[0].log.read_text(encoding="utf-8", errors="replace")[-3000:]
                    raise ServerError(f"the cluster lets nobody in within {_READY_WITHIN_S:g} s:\n{tail}")
                time.sleep(0.1)
            yield nodes
            return
    raise PortTakenError(f"no free ports in {_ATTEMPTS} attempts")
