"""The administrative side of a database over HTTP: one request, one answer, or what went wrong in words.

Whoever calls waits: provisioning is a command, not a part of the running collector. Redirects are not followed, answers
are bounded in size and in time, and no secret is in any text of a failure.
"""

import http.client
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

import msgspec

from collector.delivery.provisioning.plan import ProvisionFailed

_MOST_BYTES = 16 << 20
_PIECE = 65536
_HINTS = {
    301: "correct the address: redirects are not followed",
    302: "correct the address: redirects are not followed",
    307: "correct the address: redirects are not followed",
    308: "correct the address: redirects are not followed",
    401: "check the administrator's token or password",
    403: "the token may not do this; give one that may (an all-access token of the organisation)",
    404: "check the address and the names",
    429: "run it again later",
}
_ITS_SIDE = "look at the database's log, and run it again"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said. Names of headers are in lower case."""

    place: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    def decoded(self, kind: type[T]) -> T:
        """Return the body as what it should be.

        Raises
        ------
        ProvisionFailed
            If it is something else.
        """
        try:
            return msgspec.json.decode(self.body, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
            what = "answered with a web page" if self.is_web_page else f"answered what no InfluxDB does ({exc})"
            raise ProvisionFailed(f"{self.place}: {what}; is there a proxy in between?") from exc

    @property
    def is_web_page(self) -> bool:
        """Whether it is a page for people, which no database sends."""
        return "html" in self.headers.get("content-type", "").lower()


class AdminApi:
    """Asks one server."""

    def __init__(self, url: str, *, headers: Mapping[str, str], secrets: Sequence[str], timeout_s: float) -> None:
        parts = urlsplit(url)
        self._is_tls = parts.scheme == "https"
        self._host, self._port, self._root = parts.hostname or "", parts.port, parts.path.rstrip("/")
        # Without what may stand before the host's name: user and password.
        self._shown = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        self._headers = dict(headers)
        self._secrets = [secret for secret in secrets if secret]
        self._timeout_s = timeout_s

    def ask(
        self,
        what: str,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        json: object = None,
        form: Mapping[str, str] | None = None,
        expected: tuple[int, ...] = (200,),
    ) -> Answer:
        """Ask once.

        Parameters
        ----------
        what
            What it is for, as a verb phrase.
        method, path, query, json, form
            The request; a body is JSON or a form.
        expected
            The statuses that are an answer; any other one is a failure.

        Raises
        ------
        ProvisionFailed
            If there is no answer, or it is a refusal.
        """
        place = f"{what} at {self._shown}"
        body, headers = b"", dict(self._headers)
        if json is not None:
            body, headers["Content-Type"] = msgspec.json.encode(json), "application/json"
        elif form is not None:
            body, headers["Content-Type"] = urlencode(form).encode(), "application/x-www-form-urlencoded"
        target = self._root + path + (f"?{urlencode(query)}" if query else "")
        try:
            answer = self._exchange(place, method, target, body, headers)
        except TimeoutError as exc:
            reason = f"no answer within {self._timeout_s:g} s"
            raise ProvisionFailed(f"{place}: {reason}; check address and network") from exc
        except (OSError, http.client.HTTPException, ValueError) as exc:  # ValueError: an address that cannot be
            reason = getattr(exc, "strerror", None) or str(exc) or type(exc).__name__
            raise ProvisionFailed(f"{place}: {self._hidden(str(reason))}; check address and network") from exc
        if answer.status not in expected:
            words = "a web page; is there a proxy in between" if answer.is_web_page else self._words(answer.body)
            hint = _HINTS.get(answer.status, _ITS_SIDE if answer.status >= 500 else "see what it says")
            raise ProvisionFailed(f"{place}: {answer.status} {words}; {hint}")
        if answer.is_web_page:
            raise ProvisionFailed(f"{place}: answered with a web page; is there a proxy in between?")
        return answer

    def _exchange(self, place: str, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        ends_s = time.monotonic() + self._timeout_s
        connection = (
            http.client.HTTPSConnection(
                self._host, self._port, timeout=self._timeout_s, context=ssl.create_default_context()
            )
            if self._is_tls
            else http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_s)
        )
        try:
            connection.request(method, target, body=body or None, headers=dict(headers))
            response = connection.getresponse()
            pieces, size = [], 0
            # A server that answers a byte at a time keeps within every timeout of the socket.
            while piece := response.read1(_PIECE):
                pieces.append(piece)
                size += len(piece)
                if time.monotonic() > ends_s:
                    raise TimeoutError
                if size > _MOST_BYTES:
                    raise ProvisionFailed(f"{place}: answered more than {_MOST_BYTES >> 20} MiB; check the address")
            told = response.getheader("Content-Length", "")
            if told.isdecimal() and size < int(told):
                raise http.client.IncompleteRead(b"", int(told) - size)
            found = {key.lower(): value for key, value in response.getheaders()}
            return Answer(place, response.status, found, b"".join(pieces))
        finally:
            connection.close()

    def _words(self, body: bytes) -> str:
        """Return the server's own words, short and without secrets."""
        return self._hidden(" ".join(body.decode("utf-8", "replace").split())[:500])

    def _hidden(self, words: str) -> str:
        for secret in self._secrets:
            words = words.replace(secret, "***")
        return words
