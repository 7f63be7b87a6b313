"""InfluxDB through its vendor's client. The only importer of influxdb_client.

Used as a transport only: its batching drops data on 4xx answers and after its retries, so batching, retrying and
back-pressure are the project's own. Bodies come compressed from the outbox and go out as they are. InfluxDB 2 and 3 and
VictoriaMetrics take ``/api/v2/write``; InfluxDB 1.x takes ``/write`` with the same bodies.
"""

import asyncio
import base64
import ssl
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlsplit

import aiohttp
import msgspec
from influxdb_client.client.influxdb_client_async import InfluxDBClientAsync
from influxdb_client.rest import ApiException
from influxdb_client.service.write_service import WriteService

from collector.delivery.answers import HINTS, doubt, is_web_page, retry_after_s, words_of
from collector.delivery.refusals import SinkRefused, SinkUnavailable

_Call = Awaitable[tuple[object, int, Mapping[str, str]]]


class _NotThere(SinkUnavailable):
    """What was asked for is not there."""


class _Thing(msgspec.Struct):
    """An organisation, or a bucket."""

    name: str
    id: str = ""


class _Found(msgspec.Struct):
    orgs: list[_Thing] = []
    buckets: list[_Thing] = []


class _Session:
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
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
        server_name: str = "",
        proxy: str | None = None,
    ) -> None:
        """``version`` of the write API: 1 or 2. ``tls`` makes what connections are secured with; it may read files."""
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
        self._tls = tls
        self._server_name = server_name
        self._proxy = proxy

    async def __aenter__(self) -> Self:
        """Open.

        Raises
        ------
        SinkUnavailable
            If the secret cannot be read, or the database cannot be made.
        """
        secret = await asyncio.to_thread(self._read_secret)
        self._secrets = [secret] if secret else []
        try:
            # Reading the system's certificates takes 20 ms: not on the event loop.
            secured = await asyncio.to_thread(self._tls)
        except OSError as exc:
            message = f"read the certificates for {self._name}: {exc}; check ca_file, certificate_file and key_file"
            raise SinkUnavailable(message) from exc
        is_basic = self._version == 1 or self._username is not None
        self._client = InfluxDBClientAsync(
            url=self._url,
            token="" if is_basic else secret,
            org=self._org,
            timeout=int(self._timeout_s * 1000),
            allow_redirects=False,
            ssl_context=secured,
            proxy=self._proxy,
            client_session_type=_Session,
            client_session_kwargs={"server_name": self._server_name},
        )
        self._headers = {"Content-Type": "text/plain; charset=utf-8"}
        if is_basic and secret:
            pair = base64.b64encode(f"{self._username}:{secret}".encode()).decode()
            self._headers["Authorization"] = f"Basic {pair}"
            self._secrets.append(pair)
            if self._version == 2:
                self._client.api_client.default_headers["Authorization"] = self._headers["Authorization"]
        try:
            if self._create and self._version == 1:
                await self._ask("make the database", self._make_database())
            elif self._create:
                await self._make_bucket()
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

    async def _ask(self, what: str, request: _Call) -> None:
        place = self._place(what)
        status, headers, body = await self._answer(place, request)
        why_not = doubt(status, headers, body)
        if why_not is not None:
            raise SinkUnavailable(f"{place}: {self._without_secrets(why_not)}")

    async def _answer(self, place: str, request: _Call) -> tuple[int, Mapping[str, str], bytes]:
        """Return status, headers and body of an answer of success."""
        try:
            _, status, headers = await request
        except ApiException as exc:
            raise self._meaning(place, exc) from None  # it carries all that the server said, unabridged
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as exc:  # ValueError: an address that cannot be
            reason = "no answer in time" if isinstance(exc, TimeoutError) else f"{type(exc).__name__}: {exc}"
            raise SinkUnavailable(f"{place}: {reason}; check address and network") from exc
        return status, headers, self._client.api_client.last_response.data

    def _place(self, what: str) -> str:
        return f"{what} to {self._name} ({self._shown_url}, {self._bucket})"

    def _without_secrets(self, words: str) -> str:
        for secret in self._secrets:
            words = words.replace(secret, "***")
        return words

    def _meaning(self, place: str, exc: ApiException) -> Exception:
        words = self._without_secrets(words_of(exc.body, exc.reason))
        headers: Mapping[str, str] = exc.headers or {}
        # A database explains a refusal in JSON or plain text. A web page comes from something in between, which did not
        # look at the lines; only "too large" means the same from whoever says it.
        if exc.status == 413 or (exc.status in (400, 422) and not is_web_page(headers)):
            return SinkRefused(f"{exc.status}: {words}")
        hint = HINTS.get(exc.status, "it is tried again")
        return (_NotThere if exc.status == 404 else SinkUnavailable)(
            f"{place}: {exc.status} {words}; {hint}", retry_after_s(headers)
        )

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
        return await self._call("POST", "/write", query, self._headers | {"Content-Encoding": "gzip"}, body)

    async def _make_database(self) -> Any:  # noqa: ANN401 - the client's calls are untyped
        name = self._bucket.replace("\\", r"\\").replace('"', r"\"")
        return await self._call("POST", "/query?q=" + quote(f'CREATE DATABASE "{name}"'), [], dict(self._headers), b"")

    async def _make_bucket(self) -> None:
        """Make the bucket if there is none, without an end to how long it keeps anything."""
        place = self._place("make the bucket")
        named = [("org", self._org), ("name", self._bucket)]
        if any(each.name == self._bucket for each in (await self._found(place, "/api/v2/buckets", named)).buckets):
            return
        found = (await self._found(place, "/api/v2/orgs", [("org", self._org)])).orgs
        org_id = next((each.id for each in found if each.name == self._org), None)
        if org_id is None:
            raise SinkUnavailable(f"{place}: there is no organisation {self._org} that the token may see; correct org")
        asked = {"orgID": org_id, "name": self._bucket, "retentionRules": []}
        headers = {"Content-Type": "application/json"}
        status, _, _ = await self._answer(place, self._call("POST", "/api/v2/buckets", [], headers, asked))
        if status != 201:
            raise SinkUnavailable(f"{place}: answered {status}, which no database does; is there a proxy in between?")

    async def _found(self, place: str, path: str, query: list[tuple[str, str]]) -> _Found:
        try:
            _, _, body = await self._answer(place, self._call("GET", path, query, {"Accept": "application/json"}, None))
        except _NotThere:
            return _Found()
        try:
            return msgspec.json.decode(body, type=_Found)
        except msgspec.DecodeError as exc:
            raise SinkUnavailable(f"{place}: what answers is no InfluxDB 2 ({exc}); check the address") from exc

    async def _call(
        self, method: str, path: str, query: list[tuple[str, str]], headers: dict[str, str], body: object
    ) -> Any:  # noqa: ANN401 - the client's calls are untyped
        return await self._client.api_client.call_api(  # type: ignore[no-untyped-call]
            path,
            method,
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
