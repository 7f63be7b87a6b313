"""What a connection to a broker stands on: password, certificates and the kernel; and why it is not there, in words."""

import asyncio
import contextlib
import socket
from ssl import SSLContext

from collector.acquisition import security
from collector.acquisition.source import SourceUnavailable
from collector.plant.meter import Broker

NO_ANSWER = "no answer within {:g} s; check that the broker runs, its port and the network"


async def password(broker: Broker) -> str | None:
    """Return the password as it is now: it may have been changed since the last time.

    Raises
    ------
    SourceUnavailable
        If its file cannot be read.
    """
    path = broker.password_file
    if path is None:
        return None
    try:
        return (await asyncio.to_thread(path.read_text, "utf-8")).strip()
    except OSError as exc:
        raise SourceUnavailable(f"read {path}: {exc.strerror}; check who may read it") from exc
    except UnicodeDecodeError as exc:
        raise SourceUnavailable(f"read {path}: it is not UTF-8 text; write it anew") from exc


async def secured(broker: Broker, at: str) -> SSLContext | None:
    """Return what the connection is secured with, None where it is not. ``at`` is told where that does not work.

    Raises
    ------
    SourceUnavailable
        If a file cannot be used.
    """
    if broker.tls is None:
        return None
    try:
        return await asyncio.to_thread(security.context, broker.tls)
    except OSError as exc:
        raise SourceUnavailable(f"{at}: the certificates cannot be used ({exc}); run potline check") from exc


def not_connected(exc: Exception, broker: Broker) -> str:
    """Return why a connection does not come about."""
    if isinstance(exc, UnicodeError):
        return "this can be no host's name; check 'host'"
    if isinstance(exc, socket.gaierror):
        return f"the name {broker.host} is not known; check 'host', and the name server"
    if broker.tls is not None and (told := security.told(exc, broker.tls, peer="broker")):
        return told
    return f"refused or no answer ({exc}); check that the broker runs, its port and the network"


def lost(exc: OSError | None, broker: Broker, *, is_accepted: bool) -> str:
    """Return why a connection was lost; ``is_accepted`` if the broker had let us in."""
    tls = broker.tls
    told = security.told(exc, tls, peer="broker") if tls is not None else ""
    what = f"the connection was lost ({told or exc or 'the broker has closed it'})"
    if told:
        return what
    if is_accepted:
        again = "; if it does so again and again, another client may have this client_id"
        return what if exc is not None else what + again
    what += " before the broker let us in; "
    if tls is None:
        return f"{what}check port, protocol and TLS, and look at the broker's log"
    # Many close so quickly after refusing a certificate that their word of it is never heard.
    if tls.certificate_file is None:
        return f"{what}it may want a certificate: give certificate_file and key_file"
    return f"{what}it may refuse the collector's certificate {tls.certificate_file}; have it signed by its CA"


def have_the_kernel_watch(transport: asyncio.Transport, silent_s: float) -> None:
    """Have the kernel notice, also while nothing is read, that what is sent does not arrive any more."""
    wire = transport.get_extra_info("socket")
    with contextlib.suppress(OSError):  # it is lost already, which the first read tells
        if wire is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(silent_s * 1000))


async def wait(event: asyncio.Event, seconds: float) -> None:
    """Wait for something, but no longer than so many seconds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
