import asyncio
import hashlib
import json
import re
import socket
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import aiohttp
import pytest

import collector.page.server
from collector.page.server import PageServer, PageUnavailable

ASSETS = Path(collector.page.server.__file__).parent / "assets"
MODULES = sorted(path.name for path in ASSETS.glob("*.js") if not path.name.startswith("uPlot"))
FOREIGN = ("uPlot.iife.min.js", "uPlot.min.css")
TYPES = {
    **dict.fromkeys([*MODULES, FOREIGN[0]], "text/javascript"),
    **dict.fromkeys(["page.css", "sections.css", FOREIGN[1]], "text/css"),
    "favicon.svg": "image/svg+xml",
}
IMPORTED = re.compile(r'^import \{[^}]+\} from "\./(\w+\.js)";$', re.MULTILINE)
DOCUMENT = json.dumps({"plant": {"name": "Sør-Norge <&>"}, "now": "2026-01-01T00:00:00Z"}, ensure_ascii=False).encode()
XMLNS = "http://www.w3.org/2000/svg"


class Page(HTMLParser):
    """What of a page the browser would fetch or run, and which elements it names."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inline: list[str] = []
        self._open = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag

    def handle_endtag(self, tag: str) -> None:
        del tag
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open in {"script", "style"} and data.strip():
            self.inline.append(data)

    @property
    def references(self) -> list[str]:
        return [value for _, attributes in self.tags for key in ("src", "href") if (value := attributes.get(key))]

    @property
    def ids(self) -> list[str]:
        return [value for _, attributes in self.tags if (value := attributes.get("id"))]


@pytest.fixture
def page() -> Page:
    return Page((ASSETS / "index.html").read_text(encoding="utf-8"))


def serve(*, healthy: bool) -> PageServer:
    return PageServer(lambda: DOCUMENT, lambda: healthy, host="127.0.0.1", port=0)


# The assets are read when the server is made: before there is a loop, as the collector does.
@pytest.fixture
def server() -> PageServer:
    return serve(healthy=True)


@pytest.fixture
def stuck() -> PageServer:
    return serve(healthy=False)


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


# --- The files


def test_the_page_has_no_script_and_no_style_of_its_own(page: Page) -> None:
    assert page.inline == []
    assert "style" not in [tag for tag, _ in page.tags]
    attributes = [key for _, found in page.tags for key in found]
    assert [key for key in attributes if key == "style" or key.startswith("on")] == []


def test_the_page_refers_only_to_assets_that_exist_and_to_its_own_elements(page: Page) -> None:
    within = [reference for reference in page.references if reference.startswith("#")]
    assert {reference[1:] for reference in within} <= set(page.ids)
    others = [reference for reference in page.references if reference not in within]
    styles, scripts = ["page.css", "sections.css", FOREIGN[1]], ["page.js", FOREIGN[0]]
    assert {reference.removeprefix("assets/") for reference in others} == {"favicon.svg", *styles, *scripts}
    assert [reference for reference in others if not (ASSETS / reference.removeprefix("assets/")).is_file()] == []


@pytest.mark.parametrize("name", ["index.html", "login.html", *(name for name in TYPES if name not in FOREIGN)])
def test_an_asset_refers_to_no_other_place(name: str) -> None:
    text = IMPORTED.sub("", (ASSETS / name).read_text(encoding="utf-8").replace(XMLNS, ""))
    assert re.findall(r"(?:[a-z]+:)?//[\w.-]+\.\w+|@import|url\(|data:|\bimport\b", text) == []


def test_every_module_is_imported_by_another_one_and_none_is_long() -> None:
    texts = {name: (ASSETS / name).read_text(encoding="utf-8") for name in MODULES}
    imported = {name for text in texts.values() for name in IMPORTED.findall(text)}
    assert imported == set(MODULES) - {"page.js"}
    assert max(text.count("\n") for text in texts.values()) < 400


def test_the_charting_library_is_the_one_that_its_note_tells_of() -> None:
    told = (ASSETS / "uPlot.origin.txt").read_text(encoding="utf-8")
    assert "uPlot 1.6.32" in told
    for name in FOREIGN:
        assert f"{hashlib.sha256((ASSETS / name).read_bytes()).hexdigest()}  {name}" in told
    assert "MIT License" in (ASSETS / "uPlot.LICENSE.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", MODULES)
def test_a_module_writes_text_and_never_markup_or_style_attributes(name: str) -> None:
    text = (ASSETS / name).read_text(encoding="utf-8")
    risky = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|setAttribute\(\"style"
    assert re.findall(risky, text) == []


def test_the_modules_find_every_element_that_they_look_for(page: Page) -> None:
    texts = [(ASSETS / name).read_text(encoding="utf-8") for name in MODULES]
    wanted = {id_ for text in texts for id_ in re.findall(r'byId\("([\w-]+)"\)', text)}
    assert len(wanted) > 20
    assert wanted <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_a_change_is_announced_for_the_link_alone(page: Page) -> None:
    live = [attributes for _, attributes in page.tags if "aria-live" in attributes]
    assert [attributes["role"] for attributes in live] == ["status"]


def test_what_labels_a_section_exists(page: Page) -> None:
    labels = {value for _, attributes in page.tags if (value := attributes.get("aria-labelledby"))}
    assert labels
    assert labels <= set(page.ids)
    assert {"header", "main", "footer", "h1"} <= {tag for tag, _ in page.tags}


# --- The server


@pytest.mark.asyncio
async def test_the_server_serves_the_page_and_its_assets_under_a_strict_policy(server: PageServer) -> None:
    expected = {"": ("index.html", "text/html")} | {f"assets/{name}": (name, type_) for name, type_ in TYPES.items()}
    async with server, aiohttp.ClientSession(server.address) as client:
        for path, (name, type_) in expected.items():
            async with client.get(path) as answer:
                assert answer.status == 200
                assert answer.content_type == type_
                assert answer.charset == "utf-8"
                assert answer.headers["Content-Security-Policy"].startswith("default-src 'self';")
                assert "unsafe" not in answer.headers["Content-Security-Policy"]
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert await answer.read() == (ASSETS / name).read_bytes()


@pytest.mark.asyncio
@pytest.mark.parametrize("path", ["assets/unknown.js", "assets/..%2Fserver.py", "assets/", "unknown"])
async def test_there_is_nothing_else_to_fetch(server: PageServer, path: str) -> None:
    async with server, aiohttp.ClientSession() as client, client.get(f"{server.address}{path}") as answer:
        assert answer.status == 404


@pytest.mark.asyncio
async def test_the_state_is_passed_through(server: PageServer) -> None:
    async with server, aiohttp.ClientSession(server.address) as client, client.get("api/state") as answer:
        assert answer.status == 200
        assert answer.content_type == "application/json"
        assert answer.headers["Cache-Control"] == "no-store"
        assert await answer.read() == DOCUMENT


@pytest.mark.asyncio
async def test_nothing_can_be_changed_over_the_page(server: PageServer) -> None:
    async with server, aiohttp.ClientSession(server.address) as client:
        for path in ("", "api/state", "healthz"):
            async with client.post(path, data=b"{}") as answer:
                assert answer.status == 405


@pytest.mark.asyncio
async def test_health_is_good_while_the_line_makes_progress(server: PageServer) -> None:
    async with server, aiohttp.ClientSession(server.address) as client, client.get("healthz") as answer:
        assert (answer.status, await answer.text()) == (200, "ok\n")


@pytest.mark.asyncio
async def test_health_is_bad_when_the_line_makes_no_progress(stuck: PageServer) -> None:
    async with stuck, aiohttp.ClientSession(stuck.address) as client, client.get("healthz") as answer:
        assert (answer.status, await answer.text()) == (503, "the line makes no progress\n")


@pytest.mark.asyncio
async def test_health_is_good_and_degraded_while_the_line_waits_for_room() -> None:
    server = await asyncio.to_thread(
        PageServer, lambda: DOCUMENT, lambda: True, degraded=lambda: "the disk is full", host="127.0.0.1", port=0
    )
    async with server, aiohttp.ClientSession(server.address) as client, client.get("healthz") as answer:
        assert (answer.status, await answer.text()) == (200, "degraded: the disk is full\n")


@pytest.mark.asyncio
async def test_a_taken_port_is_told_with_what_to_do(taken: int) -> None:
    second = await asyncio.to_thread(PageServer, lambda: DOCUMENT, lambda: True, host="127.0.0.1", port=taken)
    with pytest.raises(PageUnavailable, match=r"choose another \[page\] listen"):
        await second.__aenter__()
