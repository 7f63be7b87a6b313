"""InfluxDB through its vendor's client. The only importer of influxdb_client.

Used as a transport only: its batching drops data on 4xx answers and after its retries, so batching, retrying and
back-pressure are the project's own. Bodies come compressed from the outbox and go out as they are. InfluxDB 2 and 3 and
VictoriaMetrics take ``/api/v2/write``; InfluxDB 1.x takes ``/write`` with the same bodies.
"""

import asyncio
import base64
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import aiohttp
from influxdb_client.client.influxdb_client_async import InfluxDBClientAsync
from influxdb_client.rest import ApiException
from influxdb_client.service.write_service import WriteService

from collector.delivery.sink import SinkRefused, SinkUnavailable

_LONGEST_RETRY_AFTER_S = 300.0
_HINTS = {
    401: "check the token or password file",
    403: "the token may not write to this bucket",
    404: "create the bucket or database, or correct its name",
    413: "lower max_body",
}


class InfluxSink:
    """A database with a write API. Opened anew after every failure, so a changed secret is read again."""

    def __init__(
        self,
        *,
        name: str,
        url: str,
        version: int,
        org: str,
        bucket: str,
        create: bool,
        username: str | None,
        secret_file: Path | None,
        timeout_s: float,
    ) -> None:
        self._name = name
        self._url = url
        self._version = version
        self._org = org
        self._bucket = bucket
        self._create = create
        self._username = username
        self._secret_file = secret_file
        self._timeout_s = timeout_s

    async def __aenter__(self) -> Self:
        """Open.

        Raises
        ------
        SinkUnavailable
            If the secret cannot be read, or the database cannot be made.
        """
        secret = None
        if self._secret_file is not None:
            try:
                secret = (await asyncio.to_thread(self._secret_file.read_text, "utf-8")).strip()
            except OSError as exc:
                message = f"read {self._secret_file} for {self._name}: {exc.strerror}; check who may read it"
                raise SinkUnavailable(message) from exc
        self._client = InfluxDBClientAsync(
            url=self._url,
            token=(secret or "") if self._version == 2 else "",
            org=self._org,
            timeout=int(self._timeout_s * 1000),
            allow_redirects=False,
        )
        self._headers = {"Content-Type": "text/plain; charset=utf-8"}
        if self._version == 1 and secret is not None:
            pair = base64.b64encode(f"{self._username}:{secret}".encode()).decode()
            self._headers["Authorization"] = f"Basic {pair}"
        if self._create:
            try:
                await self._ask("make the database", self._make_database())
            except (SinkUnavailable, SinkRefused):
                await self._client.close()  # type: ignore[no-untyped-call]
                raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        await self._client.close()  # type: ignore[no-untyped-call]

    async def write(self, body: bytes) -> None:
        """Write line protocol with times in ns, gzip-compressed.

        Raises
        ------
        SinkRefused
            If the database refuses a line for good (400, 422) or finds the body too large (413).
        SinkUnavailable
            For everything else: nothing is lost by trying again.
        """
        await self._ask("write", self._write2(body) if self._version == 2 else self._write1(body))

    async def _ask(self, what: str, request: Any) -> None:  # noqa: ANN401 - the client's calls are untyped
        place = f"{what} to {self._name} ({self._url}, {self._bucket})"
        try:
            _, status, headers = await request
        except ApiException as exc:
            raise self._meaning(place, exc) from exc
        except (aiohttp.ClientError, TimeoutError, OSError) as exc:
            reason = "no answer in time" if isinstance(exc, TimeoutError) else f"{type(exc).__name__}: {exc}"
            raise SinkUnavailable(f"{place}: {reason}; check address and network") from exc
        # A proxy's login page comes with 200, too.
        if status not in (200, 204) or "html" in headers.get("Content-Type", "").lower():
            raise SinkUnavailable(f"{place}: answered {status} with a web page; is there a proxy in between?")

    def _meaning(self, place: str, exc: ApiException) -> Exception:
        words = _words(exc)
        if exc.status in (400, 413, 422):
            return SinkRefused(f"{exc.status}: {words}")
        hint = _HINTS.get(exc.status, "it is tried again")
        retry_after = str(exc.headers.get("Retry-After", "")) if exc.headers else ""
        retry_after_s = min(float(retry_after), _LONGEST_RETRY_AFTER_S) if retry_after.isdigit() else 0.0
        return SinkUnavailable(f"{place}: {exc.status} {words}; {hint}", retry_after_s)

    async def _write2(self, body: bytes) -> Any:  # noqa: ANN401 - the client's calls are untyped
        service = WriteService(self._client.api_client)  # type: ignore[no-untyped-call]
        return await service.post_write_async(  # type: ignore[no-untyped-call]
            org=self._org,
            bucket=self._bucket,
            body=body,
            precision="ns",
            content_encoding="gzip",
            content_type=self._headers["Content-Type"],
            async_req=False,
            _return_http_data_only=False,
        )

    async def _write1(self, body: bytes) -> Any:  # noqa: ANN401 - the client's calls are untyped
        query = [("db", self._bucket), ("precision", "n")]
        return await self._post("/write", query, self._headers | {"Content-Encoding": "gzip"}, body)

    async def _make_database(self) -> Any:  # noqa: ANN401 - the client's calls are untyped
        name = self._bucket.replace('"', "")
        return await self._post("/query?q=" + quote(f'CREATE DATABASE "{name}"'), [], dict(self._headers), b"")

    async def _post(self, path: str, query: list[tuple[str, str]], headers: dict[str, str], body: bytes) -> Any:  # noqa: ANN401
        return await self._client.api_client.call_api(  # type: ignore[no-untyped-call]
            path,
            "POST",
            {},
            query,
            headers,
            body=body,
            post_params=[],
            files={},
            response_type=None,
            auth_settings=[],
            async_req=False,
            _return_http_data_only=False,
            collection_formats={},
        )


def _words(exc: ApiException) -> str:
    """Return the server's own words, short."""
    body = exc.body
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body or exc.reason or "")
    return " ".join(text.split())[:500]
