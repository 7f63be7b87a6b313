"""Who may look: a token for programs, a form for people, and which names the page answers to.

Invariants
----------
* The token is in no address, no cookie and no log. The cookie is signed with it, and ends by itself.
* Whoever fails waits: the address that a failure came from is not listened to for a time that doubles with each.
* On loopback only names of this machine are answered to: a page of somebody else's name that a browser was led here
  with (DNS rebinding) reads nothing.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable

from collector.settings.page import is_loopback

COOKIE = "potline"
COOKIE_S = 7 * 86400
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 300.0
FORGOTTEN_AFTER_S = 900.0
_MOST_ADDRESSES = 1000


def host_of(header: str) -> str:
    """Return the host of a Host header, without its port and brackets, in lower case."""
    host = header.rpartition("]")[0].removeprefix("[") if header.startswith("[") else header.partition(":")[0]
    return host.lower().rstrip(".")


class Gate:
    """Lets in who has the token; without a token, everybody.

    Parameters
    ----------
    token
        The token; None: there is none.
    host
        Where the page listens.
    is_secure
        Whether it speaks TLS: the cookie goes nowhere else then.
    """

    def __init__(
        self,
        token: str | None,
        *,
        host: str,
        is_secure: bool = False,
        now_s: Callable[[], float] = time.time,
        steady_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._token = None if token is None else token.encode()
        self._names = {"localhost", host.lower()} if is_loopback(host) else None
        self._now_s = now_s
        self._steady_s = steady_s
        self._failed: dict[str, tuple[int, float]] = {}
        self.is_secure = is_secure

    @property
    def is_open(self) -> bool:
        """Whether there is no token."""
        return self._token is None

    def answers_to(self, header: str) -> bool:
        """Tell whether a Host header names us."""
        if self._names is None:
            return True
        host = host_of(header)
        return host in self._names or is_loopback(host)

    def wait_s(self, address: str) -> float:
        """Return for how long an address is not listened to [s]; 0 where it is."""
        count, last_s = self._failed.get(address, (0, 0.0))
        if not count:
            return 0.0
        wait_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** (count - 1))
        return max(0.0, last_s + wait_s - self._steady_s())

    def is_token(self, told: str, address: str) -> bool:
        """Tell whether something is the token, and remember that it was not. Ask ``wait_s`` first."""
        if self._token is None or hmac.compare_digest(_digest(told.encode()), _digest(self._token)):
            self._failed.pop(address, None)
            return True
        now_s = self._steady_s()
        self._failed = {
            each: (count, last_s)
            for each, (count, last_s) in self._failed.items()
            if now_s - last_s < FORGOTTEN_AFTER_S
        }
        if len(self._failed) >= _MOST_ADDRESSES:
            self._failed.pop(next(iter(self._failed)))
        self._failed[address] = (self._failed.pop(address, (0, 0.0))[0] + 1, now_s)
        return False

    def cookie(self) -> str:
        """Return what a browser shows from now on in place of the token."""
        said = f"{int(self._now_s()) + COOKIE_S}.{secrets.token_urlsafe(16)}"
        return f"{said}.{self._signature(said)}"

    def is_cookie(self, told: str) -> bool:
        """Tell whether a browser was let in, and not too long ago."""
        said, _, signature = told.rpartition(".")
        until = said.partition(".")[0]
        if not until.isascii() or not until.isdigit() or len(until) > 12:
            return False
        genuine = hmac.compare_digest(signature.encode(), self._signature(said).encode())
        return genuine and self._now_s() < int(until)

    def _signature(self, said: str) -> str:
        return hmac.new(self._token or b"", b"potline page " + said.encode(), hashlib.sha256).hexdigest()


def _digest(told: bytes) -> bytes:
    """Return something of one length, whatever is told: a comparison tells nothing of how long the token is."""
    return hashlib.sha256(told).digest()
