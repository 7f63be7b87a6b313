"""InfluxDB through its vendor's client. The only importer of influxdb_client.

Used as a transport only: its batching drops data on 4xx answers and after its retries, so batching, retrying and
back-pressure are the project's own. Bodies come compressed from the outbox and go out as they are. InfluxDB 2 and 3 and
VictoriaMetrics take ``/api/v2/write``; InfluxDB 1.x takes ``/write`` with the same bodies.
"""

import asyncio
import base64
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlsplit

import aiohttp
from influxdb_client.client.influxdb_client_async import InfluxDBClientAsync
from influxdb_client.rest import ApiException
from influxdb_client.service.write_service import WriteService

from collector.delivery.sink import SinkRefused, SinkUnavailable

_LONGEST_RETRY_AFTER_S = 300.0
_MOVED = "correct the address: redirects are not followed"
_HINTS = {
    301: _MOVED,
    302: _MOVED,
    307: _MOVED,
    308: _MOVED,
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
        # Without what may stand before the host's name: user and password.
        self._shown_url = urlsplit(url)._replace(netloc=urlsplit(url).netloc.rpartition("@")[2]).geturl()
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
        secret = await asyncio.to_thread(self._read_secret)
        self._secrets = [secret] if secret else []
        self._client = InfluxDBClientAsync(
            url=self._url,
            token=secret if self._version == 2 else "",
            org=self._org,
            timeout=int(self._timeout_s * 1000),
            allow_redirects=False,
            # Reading the system's certificates takes 20 ms: not on the event loop.
            ssl_context=await asyncio.to_thread(ssl.create_default_context),
        )
        self._headers = {"Content-Type": "text/plain; charset=utf-8"}
        if self._version == 1 and secret:
            pair = base64.b64encode(f"{self._username}:{secret}".encode()).decode()
            self._headers["Authorization"] = f"Basic {pair}"
            self._secrets.append(pair)
        try:
            if self._create:
                await self._ask("make the database", self._make_database())
        except SinkRefused as exc:
            await self._client.close()  # type: ignore[no-untyped-call]
            raise SinkUnavailable(f"make the database {self._bucket} of {self._name}: {exc}; correct its name") from exc
        except BaseException:
            await self._client.close()  # type: ignore[no-untyped-call]
            raise
        return self

    def _read_secret(self) -> str:
        if self._secret_file is None:
            return ""
        place = f"read {self._secret_file} for {self._name}"
        try:
            secret = self._secret_file.read_bytes().strip().decode("utf-8", "replace")
        except OSError as exc:
            raise SinkUnavailable(f"{place}: {exc.strerror}; check who may read it") from exc
        if not secret.isprintable() or "\N{REPLACEMENT CHARACTER}" in secret:
            raise SinkUnavailable(f"{place}: it is not one line of text; write the secret into it and nothing else")
        return secret

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
        place = f"{what} to {self._name} ({self._shown_url}, {self._bucket})"
        try:
            _, status, headers = await request
        except ApiException as exc:
            raise self._meaning(place, exc) from None  # it carries all that the server said, unabridged
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as exc:  # ValueError: an address that cannot be
            reason = "no answer in time" if isinstance(exc, TimeoutError) else f"{type(exc).__name__}: {exc}"
            raise SinkUnavailable(f"{place}: {reason}; check address and network") from exc
        # A proxy's login page comes with 200, too.
        if _is_web_page(headers):
            raise SinkUnavailable(f"{place}: answered {status} with a web page; is there a proxy in between?")
        if status not in (200, 204):
            raise SinkUnavailable(f"{place}: answered {status}, which no database does; is there a proxy in between?")

    def _meaning(self, place: str, exc: ApiException) -> Exception:
        words = _words(exc)
        for secret in self._secrets:
            words = words.replace(secret, "***")
        headers: Mapping[str, str] = exc.headers or {}
        # A database explains a refusal in JSON or plain text. A web page comes from something in between, which did not
        # look at the lines; only "too large" means the same from whoever says it.
        if exc.status == 413 or (exc.status in (400, 422) and not _is_web_page(headers)):
            return SinkRefused(f"{exc.status}: {words}")
        hint = _HINTS.get(exc.status, "it is tried again")
        return SinkUnavailable(f"{place}: {exc.status} {words}; {hint}", _retry_after_s(headers))

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
        name = self._bucket.replace("\\", r"\\").replace('"', r"\"")
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


def _is_web_page(headers: Mapping[str, str]) -> bool:
    return "html" in headers.get("Content-Type", "").lower()


def _retry_after_s(headers: Mapping[str, str]) -> float:
    """Return how long the server wants to be left alone, within a bound [s]; 0 if it does not say or is not clear."""
    text = headers.get("Retry-After", "").strip()
    try:
        seconds = float(text) if text.isdecimal() else (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):  # no date, a date without a zone, a date that cannot be
        return 0.0
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER_S)
