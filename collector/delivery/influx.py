"""InfluxDB of any version: what its answers mean to the outbox.

Bodies come compressed from the outbox and go out as they are. InfluxDB 2 and 3 and VictoriaMetrics take
``/api/v2/write``; InfluxDB 1.x takes ``/write`` with the same bodies.
"""

import asyncio
import base64
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import quote, urlsplit

import aiohttp
import msgspec

from collector.delivery.answers import HINTS, doubt, is_web_page, retry_after_s, words_of
from collector.delivery.exchange import Answer, Exchange, Influx1Exchange
from collector.delivery.refusals import SinkRefused, SinkUnavailable

if TYPE_CHECKING:
    from collector.delivery.vendor_client import Influx2Exchange


class _NotThere(SinkUnavailable):
    """What was asked for is not there."""


class _Thing(msgspec.Struct):
    """An organisation, or a bucket."""

    name: str
    id: str = ""


class _Found(msgspec.Struct):
    orgs: list[_Thing] = []
    buckets: list[_Thing] = []


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
        self._exchange = await self._opened(secret, secured)
        try:
            if self._create and self._version == 1:
                await self._ask("make the database", self._make_database())
            elif self._create:
                await self._make_bucket()
        except SinkRefused as exc:
            await self._exchange.close()
            raise SinkUnavailable(f"make the database {self._bucket} of {self._name}: {exc}; correct its name") from exc
        except BaseException:
            await self._exchange.close()
            raise
        return self

    async def _opened(self, secret: str, secured: ssl.SSLContext) -> Exchange:
        headers: dict[str, str] = {}
        is_basic = self._version == 1 or self._username is not None
        if is_basic and secret:
            pair = base64.b64encode(f"{self._username}:{secret}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
            self._secrets.append(pair)
        if self._version == 1:
            return Influx1Exchange(
                self._url,
                self._bucket,
                headers,
                timeout_s=self._timeout_s,
                tls=secured,
                server_name=self._server_name,
                proxy=self._proxy,
            )
        exchange = await asyncio.to_thread(_vendors_exchange)
        return exchange(
            self._url,
            self._org,
            self._bucket,
            headers,
            token="" if is_basic else secret,
            timeout_s=self._timeout_s,
            tls=secured,
            server_name=self._server_name,
            proxy=self._proxy,
        )

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
        await self._exchange.close()

    async def write(self, body: bytes) -> None:
        """Write line protocol with times in ns, gzip-compressed.

        Raises
        ------
        SinkRefused
            If the database refuses a line for good (400, 422) or finds the body too large (413).
        SinkUnavailable
            For everything else: nothing is lost by trying again.
        """
        await self._ask("write", self._exchange.write(body))

    async def _ask(self, what: str, request: Awaitable[Answer]) -> None:
        place = self._place(what)
        answer = await self._answer(place, request)
        why_not = doubt(answer.status, answer.headers, answer.body)
        if why_not is not None:
            raise SinkUnavailable(f"{place}: {self._without_secrets(why_not)}")

    async def _answer(self, place: str, request: Awaitable[Answer]) -> Answer:
        """Return an answer of success."""
        try:
            answer = await request
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as exc:  # ValueError: an address that cannot be
            reason = "no answer in time" if isinstance(exc, TimeoutError) else f"{type(exc).__name__}: {exc}"
            raise SinkUnavailable(f"{place}: {reason}; check address and network") from exc
        if not answer.is_success:
            raise self._meaning(place, answer)
        return answer

    def _place(self, what: str) -> str:
        return f"{what} to {self._name} ({self._shown_url}, {self._bucket})"

    def _without_secrets(self, words: str) -> str:
        for secret in self._secrets:
            words = words.replace(secret, "***")
        return words

    def _meaning(self, place: str, answer: Answer) -> Exception:
        words = self._without_secrets(words_of(answer.body, answer.reason))
        # A database explains a refusal in JSON or plain text. A web page comes from something in between, which did not
        # look at the lines; only "too large" means the same from whoever says it.
        if answer.status == 413 or (answer.status in (400, 422) and not is_web_page(answer.headers)):
            return SinkRefused(f"{answer.status}: {words}")
        hint = HINTS.get(answer.status, "it is tried again")
        return (_NotThere if answer.status == 404 else SinkUnavailable)(
            f"{place}: {answer.status} {words}; {hint}", retry_after_s(answer.headers)
        )

    def _make_database(self) -> Awaitable[Answer]:
        name = self._bucket.replace("\\", r"\\").replace('"', r"\"")
        return self._exchange.call("POST", "/query?q=" + quote(f'CREATE DATABASE "{name}"'), [], {}, b"")

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
        answer = await self._answer(place, self._exchange.call("POST", "/api/v2/buckets", [], headers, asked))
        if answer.status != 201:
            raise SinkUnavailable(
                f"{place}: answered {answer.status}, which no database does; is there a proxy in between?"
            )

    async def _found(self, place: str, path: str, query: list[tuple[str, str]]) -> _Found:
        try:
            answer = await self._answer(
                place, self._exchange.call("GET", path, query, {"Accept": "application/json"}, None)
            )
        except _NotThere:
            return _Found()
        try:
            return msgspec.json.decode(answer.body, type=_Found)
        except msgspec.DecodeError as exc:
            raise SinkUnavailable(f"{place}: what answers is no InfluxDB 2 ({exc}); check the address") from exc


def _vendors_exchange() -> "type[Influx2Exchange]":
    # A quarter of a second and 14 MB: on a thread, and only where there is such a database.
    from collector.delivery.vendor_client import Influx2Exchange  # noqa: PLC0415 - see the line above

    return Influx2Exchange
