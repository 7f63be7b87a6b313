"""What the sink makes of every answer, and what it sends."""

import asyncio
import base64
import gzip
import socket
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web
from hostile_server import (
    Answer,
    HostileServer,
    Taken,
    drips,
    influx_sink,
    is_silent,
    packed,
    resets,
    says,
    stops_halfway,
)

from collector.delivery.influx import InfluxSink
from collector.delivery.sink import SinkRefused, SinkUnavailable

pytestmark = pytest.mark.asyncio

BODY = packed(b"m n=1i 1")
PAGE = "<html><h1>Sign in</h1></html>"
VERSIONS = pytest.mark.parametrize("version", [1, 2])


async def failure_of(answer: Answer, *, version: int = 2, timeout_s: float = 10.0) -> SinkUnavailable | SinkRefused:
    """Return what a write to a server with this answer fails with."""
    async with HostileServer(answer) as server, influx_sink(server.url, version=version, timeout_s=timeout_s) as sink:
        with pytest.raises((SinkUnavailable, SinkRefused)) as caught:
            await sink.write(BODY)
    assert isinstance(caught.value, SinkUnavailable | SinkRefused)
    return caught.value


# --- What goes over the wire


async def test_a_write_of_version_2_is_the_outbox_record_as_it_lies_with_the_token(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("s3cret==\n", encoding="utf-8")
    async with HostileServer() as server, influx_sink(server.url, secret_file=token) as sink:
        await sink.write(BODY)
    (taken,) = server.taken
    assert taken.path == "/api/v2/write?org=smelter&bucket=plant&precision=ns"
    assert taken.body == BODY
    assert taken.headers["Authorization"] == "Token s3cret=="
    assert taken.headers["Content-Encoding"] == "gzip"
    assert taken.headers["Content-Type"] == "text/plain"


async def test_a_write_of_version_1_is_the_outbox_record_as_it_lies_with_user_and_password(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("påss:word", encoding="utf-8")
    async with (
        HostileServer() as server,
        influx_sink(server.url, version=1, username="potline", secret_file=password) as sink,
    ):
        await sink.write(BODY)
    (taken,) = server.taken
    assert taken.path == "/write?db=plant&precision=n"
    assert taken.body == BODY
    kind, pair = taken.headers["Authorization"].split()
    assert (kind, base64.b64decode(pair).decode()) == ("Basic", "potline:påss:word")
    assert taken.headers["Content-Encoding"] == "gzip"


async def test_without_a_secret_nothing_is_said_of_one() -> None:
    async with HostileServer() as server:
        for version in (1, 2):
            async with influx_sink(server.url, version=version) as sink:
                await sink.write(BODY)
    assert ["Authorization" in taken.headers for taken in server.taken] == [False, False]


@VERSIONS
async def test_records_one_behind_the_other_decode_to_all_their_lines(version: int) -> None:
    body = packed(b"m n=1i 1", b"m n=2i 2") + packed(b"m n=3i 3") + packed(b"m n=4i 4")
    async with HostileServer() as server, influx_sink(server.url, version=version) as sink:
        await sink.write(body)
    assert server.taken[0].body == body
    assert server.taken[0].lines == [b"m n=1i 1", b"m n=2i 2", b"m n=3i 3", b"m n=4i 4"]


@pytest.mark.parametrize("end", ["", "/"])
async def test_an_address_may_have_a_path_and_a_slash_at_its_end(end: str) -> None:
    async with HostileServer() as server:
        async with influx_sink(f"{server.url}/influx{end}") as sink:
            await sink.write(BODY)
        async with influx_sink(f"{server.url}/influx{end}", version=1) as sink:
            await sink.write(BODY)
    assert [taken.path.split("?")[0] for taken in server.taken] == ["/influx/api/v2/write", "/influx/write"]


async def test_names_with_unusual_letters_arrive_as_they_are() -> None:
    async with HostileServer() as server:
        for version in (1, 2):
            async with influx_sink(server.url, version=version, bucket="Ofen 7 & Söhne/täglich") as sink:
                await sink.write(BODY)
    asked = [parse_qs(urlsplit(taken.path).query) for taken in server.taken]
    assert [asked[0]["db"], asked[1]["bucket"]] == [["Ofen 7 & Söhne/täglich"], ["Ofen 7 & Söhne/täglich"]]


# --- Answers


@VERSIONS
@pytest.mark.parametrize("answer", [says(204), says(200), says(200, "{}", Content_Type="application/json")])
async def test_204_and_200_mean_taken(answer: Answer, version: int) -> None:
    async with HostileServer(answer) as server, influx_sink(server.url, version=version) as sink:
        await sink.write(BODY)
    assert len(server.taken) == 1


@VERSIONS
async def test_200_with_a_web_page_is_a_proxy_and_nothing_is_taken(version: int) -> None:
    failure = await failure_of(says(200, PAGE, Content_Type="text/html; charset=utf-8"), version=version)
    assert isinstance(failure, SinkUnavailable)
    assert "answered 200 with a web page; is there a proxy in between?" in str(failure)


async def test_202_is_not_taken_for_a_write() -> None:
    failure = await failure_of(says(202))
    assert isinstance(failure, SinkUnavailable)
    assert "answered 202, which no database does" in str(failure)


@VERSIONS
@pytest.mark.parametrize("status", [400, 413, 422])
async def test_400_413_and_422_are_refusals_in_the_servers_words(status: int, version: int) -> None:
    words = '{"error":"partial write: field type conflict:\n  input field \\"x\\"  dropped=1"}'
    failure = await failure_of(says(status, words, Content_Type="application/json"), version=version)
    assert isinstance(failure, SinkRefused)
    assert str(failure) == f'{status}: {{"error":"partial write: field type conflict: input field \\"x\\" dropped=1"}}'


async def test_a_refusal_in_a_web_page_is_not_the_databases_so_no_line_is_given_up_for_it() -> None:
    for status in (400, 422):
        failure = await failure_of(says(status, PAGE, Content_Type="text/html"))
        assert isinstance(failure, SinkUnavailable)
    assert isinstance(await failure_of(says(413, PAGE, Content_Type="text/html")), SinkRefused)


@VERSIONS
@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (401, "check the token or password file"),
        (403, "the token may not write to this bucket"),
        (404, "create the bucket or database, or correct its name"),
        (405, "it is tried again"),
        (500, "it is tried again"),
        (502, "it is tried again"),
        (503, "it is tried again"),
    ],
)
async def test_other_failures_lose_nothing_and_say_what_to_do(status: int, hint: str, version: int) -> None:
    failure = await failure_of(says(status, "because"), version=version)
    assert isinstance(failure, SinkUnavailable)
    assert str(failure).startswith("write to site (http://127.0.0.1:")
    assert str(failure).endswith(f", plant): {status} because; {hint}")


@VERSIONS
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed_and_loses_nothing(status: int, version: int) -> None:
    async with HostileServer() as elsewhere:
        failure = await failure_of(says(status, Location=f"{elsewhere.url}/api/v2/write"), version=version)
    assert isinstance(failure, SinkUnavailable)
    assert f": {status} " in str(failure)
    assert elsewhere.taken == []


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("86400", 300.0),
        ("9" * 400, 300.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 300.0),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0.0),
        ("Sun, 06 Nov 1994 08:49:37 -0000", 0.0),
        ("Sun, 99 Nov 99999 08:49:37 GMT", 0.0),
        ("soon", 0.0),
        ("-5", 0.0),
        ("1e9", 0.0),
        ("nan", 0.0),
        ("²", 0.0),
        ("", 0.0),
    ],
)
async def test_retry_after_is_obeyed_within_300_s_and_nonsense_is_ignored(text: str, seconds: float) -> None:
    for status in (429, 503):
        failure = await failure_of(says(status, Retry_After=text))
        assert isinstance(failure, SinkUnavailable)
        assert failure.retry_after_s == seconds


async def test_retry_after_may_be_a_date() -> None:
    failure = await failure_of(
        says(429, Retry_After=format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True))
    )
    assert isinstance(failure, SinkUnavailable)
    assert 55.0 < failure.retry_after_s <= 60.0


@VERSIONS
async def test_a_refused_connection_is_told_with_the_address(version: int) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        async with influx_sink(url, version=version) as sink:
            with pytest.raises(SinkUnavailable, match=rf"{url}, plant\): .*; check address and network"):
                await sink.write(BODY)


@VERSIONS
@pytest.mark.parametrize("answer", [resets, stops_halfway])
async def test_a_broken_connection_loses_nothing(answer: Answer, version: int) -> None:
    failure = await failure_of(answer, version=version)
    assert isinstance(failure, SinkUnavailable)
    assert "check address and network" in str(failure)


@VERSIONS
@pytest.mark.parametrize("answer", [is_silent, drips])
async def test_a_server_that_is_silent_or_drips_is_given_up_after_the_time_out(answer: Answer, version: int) -> None:
    started = asyncio.get_running_loop().time()
    failure = await failure_of(answer, version=version, timeout_s=0.3)
    assert isinstance(failure, SinkUnavailable)
    assert "no answer in time; check address and network" in str(failure)
    assert asyncio.get_running_loop().time() - started < 3.0


async def test_what_is_no_http_loses_nothing() -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"\x00\xff no HTTP at all \r\n\r\n")
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with server, influx_sink(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}") as sink:
        with pytest.raises(SinkUnavailable):
            await sink.write(BODY)


@pytest.mark.parametrize("url", ["http://no-such-host.invalid:8086", "http://" + "a" * 70 + ".invalid", "http://:80"])
async def test_an_address_that_cannot_be_is_unavailable(url: str) -> None:
    async with influx_sink(url, timeout_s=2.0) as sink:
        with pytest.raises(SinkUnavailable):
            await sink.write(BODY)


async def test_the_servers_words_are_cut_at_500_letters_and_need_not_be_text() -> None:
    async def binary(_taken: Taken, _request: web.Request) -> web.Response:
        return web.Response(status=400, body=b"\xff\xfe" * 5000)

    assert len(str(await failure_of(says(400, "long " * 10_000)))) < 520
    assert isinstance(await failure_of(binary), SinkRefused)


async def test_a_sink_goes_on_after_a_failure() -> None:
    async with HostileServer(says(503)) as server, influx_sink(server.url) as sink:
        with pytest.raises(SinkUnavailable):
            await sink.write(BODY)
        server.answer = says(204)
        await sink.write(BODY)


# --- Secrets


async def test_a_changed_token_is_read_when_the_sink_is_opened_again(tmp_path: Path) -> None:
    token = tmp_path / "token"
    async with HostileServer() as server:
        for written in ("first", "second"):
            token.write_text(written, encoding="utf-8")
            async with influx_sink(server.url, secret_file=token) as sink:
                await sink.write(BODY)
    assert [taken.headers["Authorization"] for taken in server.taken] == ["Token first", "Token second"]


async def test_a_missing_secret_is_unavailable_and_says_which_file(tmp_path: Path) -> None:
    with pytest.raises(
        SinkUnavailable, match=r"read .*token for site: No such file or directory; check who may read it"
    ):
        async with influx_sink("http://127.0.0.1:1", secret_file=tmp_path / "token"):
            pass


@VERSIONS
@pytest.mark.parametrize("written", [b"first\nsecond", b"a\r\nX-Evil: 1", b"\xff\xfe\x00", b"a\x00b"])
async def test_a_secret_that_is_not_one_line_of_text_is_unavailable_and_not_shown(
    tmp_path: Path, written: bytes, version: int
) -> None:
    token = tmp_path / "token"
    token.write_bytes(written)
    with pytest.raises(SinkUnavailable, match="it is not one line of text") as caught:
        async with influx_sink("http://127.0.0.1:1", version=version, username="u", secret_file=token):
            pass
    assert "first" not in "".join(traceback.format_exception(caught.value))


@VERSIONS
@pytest.mark.parametrize("status", [200, 301, 400, 401, 413, 429, 500])
async def test_no_secret_is_in_any_text_of_a_failure_even_if_the_server_repeats_it(
    tmp_path: Path, status: int, version: int
) -> None:
    async def parrot(taken: Taken, _request: web.Request) -> web.Response:
        text = f"you said {taken.headers['Authorization']}; hunter2"
        return web.Response(status=status, text=text, content_type="text/html" if status == 200 else "text/plain")

    password = tmp_path / "password"
    password.write_text("hunter2", encoding="utf-8")
    async with (
        HostileServer(parrot) as server,
        influx_sink(server.url, version=version, username="u", secret_file=password) as sink,
    ):
        with pytest.raises((SinkUnavailable, SinkRefused)) as caught:
            await sink.write(BODY)
    told = "".join(traceback.format_exception(caught.value))
    assert "hunter2" not in told
    assert base64.b64encode(b"u:hunter2").decode() not in told


async def test_a_password_in_the_address_is_not_shown_and_one_beside_a_token_is_no_crash(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("s3cret", encoding="utf-8")
    async with HostileServer(says(500)) as server:
        url = server.url.replace("://", "://potline:hunter2@")
        sinks = [influx_sink(url, version=1), influx_sink(url, secret_file=token)]
        for sink in sinks:
            async with sink:
                with pytest.raises(SinkUnavailable) as caught:
                    await sink.write(BODY)
            assert "hunter2" not in "".join(traceback.format_exception(caught.value))


# --- Making the database


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("plant", 'CREATE DATABASE "plant"'),
        ('a"; DROP DATABASE "b', 'CREATE DATABASE "a\\"; DROP DATABASE \\"b"'),
        ("back\\slash", 'CREATE DATABASE "back\\\\slash"'),
        ("Ofen & Söhne?", 'CREATE DATABASE "Ofen & Söhne?"'),
    ],
)
async def test_the_database_is_made_by_its_name(name: str, asked: str) -> None:
    queries = []

    async def note(_taken: Taken, request: web.Request) -> web.Response:
        queries.append(request.query["q"])
        return web.json_response({"results": [{"statement_id": 0}]})

    async with HostileServer(note) as server, influx_sink(server.url, version=1, bucket=name, create=True):
        pass
    assert queries == [asked]


@pytest.mark.parametrize("status", [400, 401, 413, 503])
async def test_a_database_that_cannot_be_made_is_unavailable_never_a_refused_line(status: int) -> None:
    async with HostileServer(says(status, "no")) as server:
        with pytest.raises(SinkUnavailable, match=f"make the database.*{status}.* no"):
            await influx_sink(server.url, version=1, create=True).__aenter__()


async def test_nothing_stays_open_when_opening_is_cancelled() -> None:
    async def opened(sink: InfluxSink) -> None:
        async with sink:
            pass

    async with HostileServer(is_silent) as server:
        task = asyncio.create_task(opened(influx_sink(server.url, version=1, create=True)))
        while not server.taken:  # noqa: ASYNC110 - the server's list is no event
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_body_of_nothing_is_sent_as_it_is() -> None:
    async with HostileServer() as server, influx_sink(server.url) as sink:
        await sink.write(gzip.compress(b""))
    assert server.taken[0].lines == []
