"""Requests to a database and its answers, as they come: what an answer means is judged elsewhere.

InfluxDB 1.x is spoken to by plain HTTP: the vendor's client is for the versions after it, and it takes 14 MB and a
quarter of a second to import, which a collector with an InfluxDB 1.x need not pay.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode

import aiohttp


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said. ``reason``: the words beside the status; header names are found in any case."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether the status is one of success."""
        return 200 <= self.status <= 299


class Exchange(Protocol):
    """Asks one database. Failures of the network are those of aiohttp."""

    async def write(self, body: bytes) -> Answer:
        """Write line protocol with times in ns, gzip-compressed."""
        ...

    async def call(
        self, method: str, path: str, query: list[tuple[str, str]], headers: Mapping[str, str], body: object
    ) -> Answer:
        """Send any other request; ``body``: bytes, or what becomes JSON; None: no body."""
        ...

    async def close(self) -> None:
        """Close its connections."""
        ...


class Session:
    """A session in which the name in the server's certificate may be another than the host's."""

    def __init__(self, *, server_name: str, **session: Any) -> None:  # noqa: ANN401 - aiohttp's own
        self._server_name = server_name or None
        self._session = aiohttp.ClientSession(**session)

    async def request(self, **request: Any) -> aiohttp.ClientResponse:  # noqa: ANN401 - aiohttp's own
        """Send a request."""
        return await self._session.request(server_hostname=self._server_name, **request)

    async def close(self) -> None:
        """Close."""
        await self._session.close()


class Influx1Exchange:
    """Asks an InfluxDB 1.x.

    Parameters
    ----------
    headers
        What goes with each request: the password, if there is one.
    timeout_s
        How long a request may take, with its answer [s].
    server_name
        The name in the server's certificate, where it is not the host's; empty: the host's.
    proxy
        Address of an HTTP proxy, None: there is none.
    """

    def __init__(
        self,
        url: str,
        database: str,
        headers: Mapping[str, str],
        *,
        timeout_s: float,
        tls: ssl.SSLContext,
        server_name: str,
        proxy: str | None,
    ) -> None:
        self._url = url.removesuffix("/")
        self._database = database
        self._headers = {"Content-Type": "text/plain; charset=utf-8", **headers}
        self._proxy = proxy
        self._session = Session(
            server_name=server_name,
            connector=aiohttp.TCPConnector(ssl=tls),
            timeout=aiohttp.ClientTimeout(total=timeout_s),
        )

    async def write(self, body: bytes) -> Answer:
        """Write line protocol with times in ns, gzip-compressed."""
        query = [("db", self._database), ("precision", "n")]
        return await self.call("POST", "/write", query, {"Content-Encoding": "gzip"}, body)

    async def call(
        self, method: str, path: str, query: list[tuple[str, str]], headers: Mapping[str, str], body: object
    ) -> Answer:
        """Send any other request. Redirects are not followed: who moved a database says so in the settings."""
        response = await self._session.request(
            method=method,
            url=f"{self._url}{path}?{urlencode(query)}" if query else f"{self._url}{path}",
            headers=self._headers | dict(headers),
            data=body,
            allow_redirects=False,
            proxy=self._proxy,
        )
        said = await response.read()
        return Answer(response.status, response.reason or "", response.headers, said)

    async def close(self) -> None:
        """Close its connections."""
        await self._session.close()
