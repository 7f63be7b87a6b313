"""A page that is really served, from a real store, and a real browser that looks at it."""

import asyncio
import contextlib
import shutil
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import aiohttp
from example_plant import ClockByHand
from playwright.async_api import Browser, ConsoleMessage, Page, Request, async_playwright

from collector.instruments import Instruments
from collector.page.server import PageServer
from collector.page.state import PageState
from collector.plant.rule_tables import RuleTables
from collector.plant.topology import Plant
from collector.readings.batch import ReadingBatch
from collector.readings.latest import LatestReadings
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
_WITHIN_MS = 15_000
FILLING = {
    "rule": "outbox_filling",
    "severity": "warning",
    "tags": {"plant": "example"},
    "value": 82.0,
    "limit": 80.0,
    "text": "82 % of outbox_max_bytes is used",
    "since": "2026-03-01T04:59:00Z",
}
_THREADS = 2


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Run a browser, and the threads that the loop needs: both last as long as the tests of a file."""
    executor = ThreadPoolExecutor(_THREADS)
    together = threading.Barrier(_THREADS)
    for done in [executor.submit(together.wait) for _ in range(_THREADS)]:
        await asyncio.wrap_future(done)
    asyncio.get_running_loop().set_default_executor(executor)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@dataclass(slots=True)
class Served:
    """A plant whose page is served; what the line would tell is told by hand."""

    plant: Plant
    store: Path
    clock: ClockByHand
    rules: RuleTables = field(default_factory=RuleTables)
    latest: LatestReadings = field(init=False)
    instruments: Instruments = field(default_factory=Instruments)
    state: PageState = field(init=False)
    token_file: Path | None = None
    firing: list[dict[str, Any]] = field(default_factory=lambda: [dict(FILLING)])
    server: PageServer | None = None
    port: int = 0

    def __post_init__(self) -> None:
        self.latest = LatestReadings(len(self.plant.points))
        self.state = PageState(
            self.plant,
            self.store,
            self.latest,
            clock=self.clock,
            instruments=self.instruments,
            least_coverage_pct=90.0,
            alerts=lambda: self.firing,
            rules=self.rules,
        )

    async def start(self) -> None:
        """Serve, on the same port as before."""
        look = self.state.look
        self.server = PageServer(
            self.state.document, lambda: True, look=look, host="127.0.0.1", port=self.port, token_file=self.token_file
        )
        await self.server.__aenter__()
        self.port = urlsplit(self.address).port or 0

    async def stop(self) -> None:
        """Serve no more."""
        if self.server is not None:
            await self.server.__aexit__(None, None, None)
            self.server = None

    @property
    def address(self) -> str:
        """Where the page is."""
        assert self.server is not None
        return self.server.address

    async def document(self) -> dict[str, Any]:
        """Return what the page is told."""
        async with aiohttp.ClientSession() as client, client.get(f"{self.address}api/state") as answer:
            found: dict[str, Any] = await answer.json()
        return found

    def tell(self, owner: str, quantity: Quantity, value: float, *, quality: Quality = Quality.GOOD) -> None:
        """Tell a reading of now."""
        place = self.plant.points.place(owner, quantity)
        self.latest.take(ReadingBatch.of([(place, self.clock.now_ns(), value, int(quality))]))
        self.instruments.readings_total += 1


@dataclass
class Watched:
    """A tab, and what it did that it should not: words on its console, errors, requests to other places."""

    page: Page
    host: str
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("request", self._asked)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.wrong.append(f"{message.type}: {message.text}")

    def _asked(self, request: Request) -> None:
        if urlsplit(request.url).netloc != self.host:
            self.wrong.append(f"request: {request.url}")


@contextlib.asynccontextmanager
async def looking(
    browser: Browser,
    served: Served,
    *,
    width: int = 1280,
    scheme: Literal["light", "dark"] = "light",
) -> AsyncIterator[Watched]:
    """Open the page in a tab of its own, and wait until it shows figures."""
    context = await browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    context.set_default_timeout(_WITHIN_MS)
    try:
        page = await context.new_page()
        watched = Watched(page, urlsplit(served.address).netloc)
        await page.add_init_script(
            "window.refused = []; addEventListener('securitypolicyviolation', (e) => refused.push(e.violatedDirective))"
        )
        await page.goto(served.address, wait_until="commit")
        await page.wait_for_selector("#figures:not([hidden])")
        yield watched
        watched.wrong += [f"policy: {directive}" for directive in await page.evaluate("refused")]
    finally:
        await context.close()


async def text(page: Page, selector: str) -> str:
    """Return the text of the first element, with plain spaces and none between thousands."""
    found = await page.locator(selector).first.text_content()
    assert found is not None
    return plain(found)


def plain(shown: str) -> str:
    """Return a text with plain spaces, none between thousands, and a plain minus."""
    return shown.replace("\u202f", "").replace("\u00a0", " ").replace("\u2212", "-").strip()
