"""The ways to a database: TLS with a CA of one's own, proxies; answers that only look like success; making a bucket."""

import asyncio
import json
import ssl
from pathlib import Path

import pytest
from aiohttp import web
from certificates import authority, certificate
from hostile_server import HostileServer, Taken, influx_sink, packed, says

from collector.acquisition import security
from collector.delivery.influx import InfluxSink
from collector.delivery.sink import SinkUnavailable
from collector.plant.meter import Tls

pytestmark = pytest.mark.asyncio

BODY = packed(b"m n=1i 1")
VERSIONS = pytest.mark.parametrize("version", [1, 2])


# --- TLS


def server_context(folder: Path, *, asks_for_a_certificate: bool) -> ssl.SSLContext:
    """Make a CA and a server's certificate for the name influx.plant; return what the server speaks TLS with."""
    authority(folder, "plant-ca")
    certificate(folder, "influx.plant", by="plant-ca")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "influx.plant.pem", folder / "influx.plant.key")
    if asks_for_a_certificate:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cafile=folder / "plant-ca.pem")
    return context


def secured_sink(url: str, tls: Tls, version: int = 2) -> InfluxSink:
    return influx_sink(url, version=version, tls=lambda: security.context(tls), server_name=tls.server_name)


@VERSIONS
async def test_a_private_ca_is_believed_and_the_certificate_may_be_for_another_name(
    tmp_path: Path, version: int
) -> None:
    tls = server_context(tmp_path, asks_for_a_certificate=False)
    own = Tls(tmp_path / "plant-ca.pem", server_name="influx.plant")
    async with HostileServer(tls=tls) as server, secured_sink(server.url, own, version) as sink:
        await sink.write(BODY)
    assert [taken.body for taken in server.taken] == [BODY]


@pytest.mark.parametrize("tls", [Tls(None, server_name="influx.plant"), Tls(Path("plant-ca.pem"))])
async def test_a_ca_that_is_not_believed_or_another_name_is_unavailable_and_nothing_is_sent(
    tmp_path: Path, tls: Tls
) -> None:
    server_tls = server_context(tmp_path, asks_for_a_certificate=False)
    own = Tls(tls.ca_file and tmp_path / tls.ca_file, server_name=tls.server_name)
    async with HostileServer(tls=server_tls) as server, secured_sink(server.url, own) as sink:
        with pytest.raises(SinkUnavailable, match="ClientConnectorCertificateError"):
            await sink.write(BODY)
    assert server.taken == []


async def test_a_client_certificate_is_shown_where_the_server_asks_for_one(tmp_path: Path) -> None:
    tls = server_context(tmp_path, asks_for_a_certificate=True)
    certificate(tmp_path, "collector", by="plant-ca")
    ca = tmp_path / "plant-ca.pem"
    shown = Tls(ca, tmp_path / "collector.pem", tmp_path / "collector.key", server_name="influx.plant")
    async with HostileServer(tls=tls) as server:
        async with secured_sink(server.url, Tls(ca, server_name="influx.plant")) as sink:
            with pytest.raises(SinkUnavailable):
                await sink.write(BODY)
        async with secured_sink(server.url, shown) as sink:
            await sink.write(BODY)
    assert len(server.taken) == 1


async def test_certificates_are_read_again_when_the_sink_is_opened_again_and_a_missing_one_is_unavailable(
    tmp_path: Path,
) -> None:
    tls = server_context(tmp_path, asks_for_a_certificate=False)
    own = Tls(tmp_path / "new-ca.pem", server_name="influx.plant")
    async with HostileServer(tls=tls) as server:
        sink = secured_sink(server.url, own)
        with pytest.raises(SinkUnavailable, match=r"read the certificates for site: .*No such file"):
            await sink.__aenter__()
        (tmp_path / "plant-ca.pem").rename(tmp_path / "new-ca.pem")
        async with sink:
            await sink.write(BODY)
    assert len(server.taken) == 1


# --- Proxies


@VERSIONS
async def test_a_proxy_is_given_the_whole_address_and_the_database_is_not_spoken_to(version: int) -> None:
    async with (
        HostileServer() as proxy,
        influx_sink("http://influx.plant:8086/db", version=version, proxy=proxy.url) as sink,
    ):
        await sink.write(BODY)
    (taken,) = proxy.taken
    assert taken.headers["Host"] == "influx.plant:8086"
    assert taken.path.split("?")[0] == ("/db/write" if version == 1 else "/db/api/v2/write")
    assert taken.body == BODY


async def test_what_the_environment_says_of_proxies_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with HostileServer() as server, HostileServer() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        async with influx_sink(server.url) as sink:
            await sink.write(BODY)
    assert (len(server.taken), proxy.taken) == (1, [])


async def test_a_proxy_that_wants_a_password_or_cannot_reach_the_database_loses_nothing() -> None:
    for status, hint in ((407, "the proxy wants a password"), (502, "it is tried again")):
        async with (
            HostileServer(says(status, "no")) as proxy,
            influx_sink("http://influx.plant:8086", proxy=proxy.url) as sink,
        ):
            with pytest.raises(SinkUnavailable, match=hint):
                await sink.write(BODY)


# --- Answers that only look like success


@VERSIONS
@pytest.mark.parametrize("body", ["<html>Sign in</html>", "OK", "[1]", '"ok"', "{", "\x00\x01"])
async def test_200_with_what_no_database_says_is_not_taken_for_a_write(version: int, body: str) -> None:
    async with (
        HostileServer(says(200, body, Content_Type="text/plain")) as server,
        influx_sink(server.url, version=version) as sink,
    ):
        with pytest.raises(SinkUnavailable, match=r"answered 200 with '.*which no database does"):
            await sink.write(BODY)


@VERSIONS
@pytest.mark.parametrize("body", ['{"error":"engine is closed"}', '{"results":[{"error":"engine is closed"}]}'])
async def test_200_with_an_error_in_it_is_an_error(version: int, body: str) -> None:
    async with (
        HostileServer(says(200, body, Content_Type="application/json")) as server,
        influx_sink(server.url, version=version) as sink,
    ):
        with pytest.raises(SinkUnavailable, match="answered 200 with an error: engine is closed"):
            await sink.write(BODY)


async def test_a_database_of_version_1_that_may_not_be_made_is_told_though_the_answer_is_200() -> None:
    refusal = '{"results":[{"statement_id":0,"error":"error authorizing query: create not permitted"}]}'
    async with HostileServer(says(200, refusal, Content_Type="application/json")) as server:
        with pytest.raises(SinkUnavailable, match=r"make the database.*create not permitted"):
            await influx_sink(server.url, version=1, create=True).__aenter__()


# --- Making a bucket


class Influx2:
    """Answers about organisations and buckets as InfluxDB 2 does."""

    def __init__(self, *buckets: str, may_create: bool = True, empty_list: bool = True) -> None:
        self.buckets = set(buckets)
        self.may_create = may_create
        self.empty_list = empty_list
        self.made: list[object] = []

    async def __call__(self, taken: Taken, request: web.Request) -> web.Response:
        match request.method, request.path:
            case "GET", "/api/v2/orgs":
                org = request.query["org"]
                return web.json_response({"orgs": [{"id": "0a1b", "name": org}] if org == "smelter" else []})
            case "GET", "/api/v2/buckets":
                name = request.query["name"]
                if name not in self.buckets and not self.empty_list:
                    return web.json_response({"code": "not found", "message": f'bucket "{name}" not found'}, status=404)
                return web.json_response({"buckets": [{"name": name}] if name in self.buckets else []})
            case "POST", "/api/v2/buckets":
                if not self.may_create:
                    words = {"code": "forbidden", "message": "insufficient permissions"}
                    return web.json_response(words, status=403)
                self.made.append(json.loads(taken.body))
                self.buckets.add(json.loads(taken.body)["name"])
                return web.json_response({"id": "9f"}, status=201)
        known = request.query["bucket"] in self.buckets
        return web.Response(status=204) if known else web.json_response({"code": "not found"}, status=404)


@pytest.mark.parametrize("empty_list", [True, False])
async def test_a_bucket_that_is_missing_is_made_and_written_to(empty_list: bool) -> None:  # noqa: FBT001
    influx = Influx2(empty_list=empty_list)
    async with HostileServer(influx) as server, influx_sink(server.url, create=True) as sink:
        await sink.write(BODY)
    assert influx.made == [{"orgID": "0a1b", "name": "plant", "retentionRules": []}]


async def test_a_bucket_that_is_there_is_not_made() -> None:
    influx = Influx2("plant")
    async with HostileServer(influx) as server, influx_sink(server.url, create=True) as sink:
        await sink.write(BODY)
    assert influx.made == []


async def test_a_bucket_that_may_not_be_made_keeps_everything_and_says_so() -> None:
    async with HostileServer(Influx2(may_create=False)) as server:
        with pytest.raises(SinkUnavailable, match=r"make the bucket.*403.*insufficient permissions"):
            await influx_sink(server.url, create=True).__aenter__()


async def test_without_leave_to_make_it_a_missing_bucket_keeps_everything_and_says_so() -> None:
    async with HostileServer(Influx2()) as server, influx_sink(server.url) as sink:
        with pytest.raises(SinkUnavailable, match=r"404.*create the bucket or database"):
            await sink.write(BODY)


async def test_a_bucket_that_was_deleted_meanwhile_is_made_when_the_sink_is_opened_again() -> None:
    influx = Influx2("plant")
    async with HostileServer(influx) as server:
        sink = influx_sink(server.url, create=True)
        async with sink:
            influx.buckets.clear()
            with pytest.raises(SinkUnavailable):
                await sink.write(BODY)
        async with sink:
            await asyncio.wait_for(sink.write(BODY), 30)
    assert len(influx.made) == 1
