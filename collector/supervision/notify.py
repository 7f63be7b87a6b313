"""Word to systemd: ready, alive, stopping. Does nothing where systemd does not listen."""

import os
import socket


def notify(state: str) -> bool:
    """Send a state such as ``READY=1`` or ``WATCHDOG=1``; False if nobody listens."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]  # an abstract socket
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.setblocking(False)  # the event loop must not wait for systemd
        try:
            sender.sendto(state.encode(), address)
        except OSError:
            return False
    return True
