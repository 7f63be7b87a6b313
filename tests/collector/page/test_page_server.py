"""The page where others can reach it: token, form, names, health, encryption."""

import asyncio
import functools
import ssl
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest
from certificates import authority, certificate

from collector.commands.status import NotRunning, ask
from collector.page.server import PageServer, PageUnavailable
from collector.settings import PageSettings

pytestmark = pytest.mark.asyncio
TOKEN = "0123456789abcdef0123456789abcdef"  # noqa: S105 - made for these tests
DOCUMENT = b'{"meters": [], "plant": {"id": "example"}}'
GUARDED = ("api/state", "api/events", "metrics")
Serve = Callable[..., PageServer]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """Make servers with a token."""
    token = tmp_path / "page-token"
    token.write_text(f"{TOKEN}\n", encoding="utf-8")

    async def metrics() -> tuple[bytes, str]:
        return b"# nothing\n", "text/plain; version=0.0.4; charset=utf-8"

    return functools.partial(
        PageServer, lambda: DOCUMENT, lambda: True, host="127.0.0.1", port=0, token_file=token, metrics=metrics
    )


async def asked(client: aiohttp.ClientSession, path: str, token: str = "") -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with client.get(path, headers=headers, allow_redirects=False) as answer:
        return answer.status, await answer.text()


async def test_nothing_of_the_plant_is_told_without_the_token(serve: Serve) -> None:
    async with serve() as server, aiohttp.ClientSession(server.address) as client:
        for path in GUARDED:
            async with client.get(path) as answer:
                assert answer.status == 401
                assert answer.headers["WWW-Authenticate"] == "Bearer"
                assert b"example" not in await answer.read()
        async with client.get("", allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/login")


async def test_health_readiness_and_what_the_form_needs_ask_for_no_token(serve: Serve) -> None:
    async with serve() as server, aiohttp.ClientSession(server.address) as client:
        paths = ("healthz", "healthz?ready", "readyz", "login", "assets/page.css")
        assert [(await asked(client, path))[0] for path in paths] == [200] * 5


async def test_a_program_is_let_in_by_its_token(serve: Serve) -> None:
    async with serve() as server, aiohttp.ClientSession(server.address) as client:
        assert await asked(client, "api/state", TOKEN) == (200, DOCUMENT.decode())
        assert await asked(client, "metrics", TOKEN) == (200, "# nothing\n")


async def test_a_token_in_the_address_lets_nobody_in(serve: Serve) -> None:
    async with serve() as server, aiohttp.ClientSession(server.address) as client:
        assert (await asked(client, f"api/state?token={TOKEN}"))[0] == 401


async def test_who_fails_has_to_wait_even_with_the_right_token(serve: Serve) -> None:
    async with serve() as server, aiohttp.ClientSession(server.address) as client:
        assert (await asked(client, "api/state", "wrong"))[0] == 401
        assert await asked(client, "api/state", TOKEN) == (
            429,
            "too many wrong tokens from this address; try again in 1 s\n",
        )
        await asyncio.sleep(1.05)
        assert (await asked(client, "api/state", TOKEN))[0] == 200


async def test_a_person_signs_in_and_has_a_cookie_that_is_not_the_token(serve: Serve) -> None:
    jar = aiohttp.CookieJar(unsafe=True)
    async with serve() as server, aiohttp.ClientSession(server.address, cookie_jar=jar) as client:
        async with client.post("login", data={"token": f" {TOKEN}\n"}, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/")
            said = answer.headers["Set-Cookie"]
        assert TOKEN not in said
        assert {"HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=604800"} <= {part.strip() for part in said.split(";")}
        assert (await asked(client, ""))[0] == 200
        assert await asked(client, "api/state") == (200, DOCUMENT.decode())


async def test_a_person_with_a_wrong_token_is_told_so_in_the_form(serve: Serve) -> None:
    async with serve() as server, aiohttp.ClientSession(server.address) as client:
        async with client.post("login", data={"token": "wrong"}) as answer:
            assert (answer.status, answer.cookies) == (401, {})
            assert '<p id="problem" role="alert">That is not the token.</p>' in await answer.text()
        async with client.post("login", data={"token": TOKEN}) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (429, "1")
            assert "Try again in 1 s." in await answer.text()


async def test_a_form_that_is_too_large_is_refused(serve: Serve) -> None:
    async with (
        serve() as server,
        aiohttp.ClientSession(server.address) as client,
        client.post("login", data={"token": "x" * 5000}) as answer,
    ):
        assert answer.status == 413


async def test_a_page_on_loopback_does_not_answer_to_a_name_that_somebody_else_points_at_it(serve: Serve) -> None:
    async with serve(token_file=None) as server, aiohttp.ClientSession(server.address) as client:
        for path in ("", "api/state", "api/events", "metrics", "login", "assets/page.js"):
            async with client.get(path, headers={"Host": "evil.example"}) as answer:
                assert (answer.status, b"example" in await answer.read()) == (421, False)


async def test_without_a_token_nobody_is_asked_and_the_form_leads_on(serve: Serve) -> None:
    async with serve(token_file=None) as server, aiohttp.ClientSession(server.address) as client:
        assert (await asked(client, "api/state"))[0] == 200
        assert (await asked(client, "login"))[0] == 303


async def test_readiness_says_what_is_missing_and_what_is_degraded(serve: Serve) -> None:
    unready, troubles = ["it starts"], ["database plantdb: HTTP 503"]
    server = serve(unready=lambda: "".join(unready), troubles=lambda: troubles, degraded=lambda: "the disk is full")
    async with server, aiohttp.ClientSession(server.address) as client:
        assert await asked(client, "readyz") == (503, "not ready: it starts\n")
        assert await asked(client, "healthz?ready") == (503, "not ready: it starts\n")
        unready.clear()
        assert await asked(client, "readyz") == (
            200,
            "degraded: the disk is full\ndegraded: database plantdb: HTTP 503\n",
        )


async def test_a_page_with_a_certificate_is_encrypted_and_status_believes_that_certificate_alone(
    serve: Serve, tmp_path: Path
) -> None:
    for name in ("ca", "other"):
        await asyncio.to_thread(authority, tmp_path, name)
    await asyncio.to_thread(certificate, tmp_path, "page", by="ca", names="DNS:page.plant.example")
    pair = tmp_path / "page.pem", tmp_path / "page.key"
    token = tmp_path / "page-token"
    async with serve(certificate=pair) as server:
        assert server.address.startswith("https://127.0.0.1:")
        port = int(server.address.rpartition(":")[2].rstrip("/"))
        state = await asyncio.to_thread(ask, PageSettings("127.0.0.1", port, token, pair))
        assert state["plant"] == {"id": "example"}
        other = tmp_path / "other.pem", tmp_path / "other.key"
        with pytest.raises(NotRunning, match="certificate verify failed"):
            await asyncio.to_thread(ask, PageSettings("127.0.0.1", port, token, other))
        trust = await asyncio.to_thread(ssl.create_default_context, cafile=str(tmp_path / "ca.pem"))
        async with aiohttp.ClientSession(server.address) as client:
            form = {"token": TOKEN}
            answer = await client.post(
                "login", data=form, ssl=trust, server_hostname="page.plant.example", allow_redirects=False
            )
            assert "Secure" in answer.headers["Set-Cookie"]


async def test_status_sends_the_token_and_says_where_another_one_is_wanted(serve: Serve, tmp_path: Path) -> None:
    other = tmp_path / "other"
    await asyncio.to_thread(other.write_text, "another token of sixteen\n")
    async with serve() as server:
        port = int(server.address.rpartition(":")[2].rstrip("/"))
        state = await asyncio.to_thread(ask, PageSettings("127.0.0.1", port, tmp_path / "page-token"))
        assert state["plant"] == {"id": "example"}
        with pytest.raises(NotRunning, match=r"it asks for a token .*restart it, or give the \[page\] token_file"):
            await asyncio.to_thread(ask, PageSettings("127.0.0.1", port))
        with pytest.raises(NotRunning, match=r"it does not take the token of .*other"):
            await asyncio.to_thread(ask, PageSettings("127.0.0.1", port, other))
        with pytest.raises(NotRunning, match=r"No such file or directory.*be the collector's user, or root"):
            await asyncio.to_thread(ask, PageSettings("127.0.0.1", port, tmp_path / "none"))


async def test_a_token_that_is_gone_at_the_start_is_told_with_what_to_do(serve: Serve, tmp_path: Path) -> None:
    with pytest.raises(PageUnavailable, match=r"No such file or directory.*check token_file"):
        await serve(token_file=tmp_path / "none").__aenter__()
