"""The page in a real browser: what it shows, how it follows, and who can use it."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # it tells none of its types
from browsed_page import Served, chromium, looking, plain, text
from closed_day import DAY, DAY_MIN, closed, plant_with
from example_plant import ClockByHand
from large_plant import END_NS, large_configuration, read_everything, write_a_day
from playwright.async_api import Browser, Page, expect

from collector.readings.cell import MINUTE_NS
from collector.readings.event import AnodeEffect, AnodeEffectKind
from collector.readings.health import Refused
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity
from collector.store.commit import Commit
from collector.store.filling import RULE as FILLING
from collector.store.store import Store

pytestmark = pytest.mark.asyncio(loop_scope="module")

PLANT = dataclasses.replace(plant_with(), name="Sør-Norge <b>1</b> & Co")
END = DAY + DAY_MIN * MINUTE_NS
S = 10**9
TIMED_OUT = "read input registers 0x0034+2 of rectifier_2 (127.0.0.1 port 5021 unit 2): timed out after 1 s"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


def effect(id_: str, pot: str, ago_s: float, duration_s: float | None) -> AnodeEffect:
    time_ns = END - round(ago_s * S)
    return AnodeEffect(id_, 0, "PL1", pot, AnodeEffectKind.HVAE, time_ns, duration_s, 31.0, None, corrected=False)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def example(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> AsyncIterator[Served]:
    """Serve the example plant after a closed day: a meter is silent, one lacks a register, an anode effect goes on."""
    del browser
    path = tmp_path_factory.mktemp("example") / "store.sqlite"
    async with Store(path, PLANT.points) as store:
        await closed(PLANT, store)
        await store.commit(
            Commit(END, events=[effect("AE-1", "1007", 3600.0, 95.0), effect("AE-2", "1012", 40.0, None)])
        )
        await store.meta(FILLING, "firing")
        served = Served(PLANT, path, ClockByHand(END + 20 * S))
        read_everything(PLANT, served.latest, served.clock.now_ns())
        served.tell("pl1_dc", Quantity.LINE_CURRENT, 401.27)
        served.instruments.meter("pl1_dc").round_trip_s = 0.0123
        served.instruments.meter("rectifier_2").error = TIMED_OUT
        for quantity in PLANT.points.of("rectifier_2"):
            served.tell("rectifier_2", quantity, 0.0, quality=Quality.BAD_COMM_FAILURE)
        refused = Refused(("frequency",), "exception 02, illegal data address", END)
        served.instruments.meter("rectifier_1").set_aside = (refused,)
        served.instruments.target_states = {"plantdb": "waits: connect to 10.0.0.1 port 8086: refused"}
        await served.start()
        yield served
        await served.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def large(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> AsyncIterator[Served]:
    """Serve 4 potlines, 1,200 pots and 300 meters with a day of accounts."""
    del browser
    configuration = large_configuration()
    path = tmp_path_factory.mktemp("large") / "store.sqlite"
    async with Store(path, configuration.plant.points) as store:
        await write_a_day(store, configuration.plant)
        served = Served(configuration.plant, path, ClockByHand(END_NS), configuration.rules)
        read_everything(configuration.plant, served.latest, END_NS)
        await served.start()
        yield served
        await served.stop()


async def sideways(page: Page) -> int:
    """Return by how much the page is wider than the window [px]."""
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    found: int = await page.evaluate(wide)
    return found


# --- What it shows


async def test_the_ratios_of_the_last_hour_are_those_of_the_document(browser: Browser, example: Served) -> None:
    potline = (await example.document())["potlines"][0]
    hour = potline["windows"]["last_60_min"]
    async with looking(browser, example) as tab:
        shown = [plain(each) for each in await tab.page.locator(".figure .big > span:first-child").all_inner_texts()]
        parts = await text(tab.page, ".figure:last-child")
        current = await text(tab.page, ".live dd")
    energy = [f"{hour[boundary]['kwh_per_t']:.0f}" for boundary in ("dc", "liquid_ac", "liquid_comprehensive_ac")]
    emitted = hour["emissions"]
    assert shown == [*energy, f"{emitted['t_co2e_per_t']:.2f}"]
    assert f"anodes {emitted['anode_t_co2e'] / emitted['metal_t']:.2f}" in parts
    assert ("fuels not told" in parts) == (emitted["fuel_t_co2e"] is None)
    assert current == "401.3 kA"
    assert tab.wrong == []


async def test_every_pot_and_every_meter_is_shown_as_the_document_has_it(browser: Browser, example: Served) -> None:
    document = await example.document()
    potline = document["potlines"][0]
    async with looking(browser, example) as tab:
        pots = [plain(each) for each in await tab.page.locator(".pot-v").all_text_contents()]
        ids = await tab.page.locator(".pot-id").all_text_contents()
        rows = [plain(each) for each in await tab.page.locator("#meters tbody tr").all_text_contents()]
    assert ids == potline["pot_ids"]
    assert pots == [f"{volts:.2f}" for volts in potline["pot_voltages_v"]]
    assert len(rows) == len(document["meters"])
    for row, meter in zip(rows, document["meters"], strict=True):
        assert meter["id"] in row
        assert meter["quality_words"] in row
        assert meter["endpoint"] in row
    assert "12 ms" in rows[0]
    assert "set aside: frequency (exception 02, illegal data address)" in rows[1]
    assert TIMED_OUT in rows[2]
    assert tab.wrong == []


async def test_anode_effects_ledger_and_databases_are_those_of_the_document(browser: Browser, example: Served) -> None:
    document = await example.document()
    potline, database = document["potlines"][0], document["databases"][0]
    async with looking(browser, example) as tab:
        effects = await text(tab.page, "#effects")
        title = await text(tab.page, "#effects-title")
        ledger = await text(tab.page, "#ledger tbody tr")
        databases = await text(tab.page, "#databases tbody tr")
    assert "Running now: pot 1012 for 1 min" in effects
    assert title == "Anode effects: 1 running now"
    assert "95 s" in effects or "1 min" in effects
    assert f"{potline['windows']['rolling_24h']['ae_min_per_cell_day']:.3f}" in effects
    latest = document["ledger"]["latest"][0]
    assert str(latest["seq"]) in ledger
    assert latest["digest"] in ledger
    assert database["state"] in databases
    assert plain(f"{database['records']}") in databases


async def test_an_alert_that_fires_is_the_first_thing_that_is_told(browser: Browser, example: Served) -> None:
    alert = (await example.document())["alerts"][0]
    async with looking(browser, example) as tab:
        assert await text(tab.page, "main h2") == "Alerts: 1 firing"
        assert alert["text"] in await text(tab.page, "#alerts tbody tr")


async def test_text_of_the_collector_is_never_markup(browser: Browser, example: Served) -> None:
    async with looking(browser, example) as tab:
        assert await text(tab.page, "#plant-name") == "Sør-Norge <b>1</b> & Co"
        assert await tab.page.locator("#plant-name b").count() == 0


async def test_the_target_is_drawn_and_how_far_away_it_is_said(browser: Browser, large: Served) -> None:
    document = await large.document()
    target = document["targets"]["kwh_per_t"]["liquid_ac"]["value"]
    value = document["potlines"][0]["windows"]["last_60_min"]["liquid_ac"]["kwh_per_t"]
    async with looking(browser, large) as tab:
        shown = await text(tab.page, ".figure:nth-child(2) .against")
        readout = await text(tab.page, ".trend .readout")
    assert f"▲ {value - target:.0f} above the target {target:.0f}" in shown
    assert f"target AC {target:.0f}" in readout


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_trends_are_drawn_and_told_in_words(
    browser: Browser, large: Served, scheme: Literal["light", "dark"]
) -> None:
    drawn = """() => [...document.querySelectorAll('.plot canvas')].map((canvas) => {
        const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        return new Set(new Uint32Array(pixels.buffer)).size;
    })"""
    value = (await large.document())["potlines"][0]["hours"][-1]["dc"]["kwh_per_t"]
    async with looking(browser, large, scheme=scheme) as tab:
        await tab.page.wait_for_timeout(100)
        colours: list[int] = await tab.page.evaluate(drawn)
        words = plain(await tab.page.locator(".plot").nth(2).get_attribute("aria-label") or "")
    assert len(colours) == 16
    assert min(colours) > 4
    assert f"last {value:.0f}" in words
    assert tab.wrong == []


# --- How it follows


async def test_a_new_voltage_is_shown_without_loading_again(browser: Browser, example: Served) -> None:
    async with looking(browser, example) as tab:
        await tab.page.evaluate("window.stays = 1")
        assert await text(tab.page, ".pots li:nth-child(3) .pot-v") == "4.20"
        example.tell("pot:1003", Quantity.POT_VOLTAGE, 31.2)
        await tab.page.wait_for_selector(".pots li.ae:nth-child(3)")
        assert await text(tab.page, ".pots li:nth-child(3)") == "100331.2, anode effect"
        assert "over 8.0 V: 1003" in await text(tab.page, ".pots-head")
        example.tell("pot:1003", Quantity.POT_VOLTAGE, 4.2)
        await tab.page.wait_for_selector(".pots li:nth-child(3):not(.ae)")
        assert await tab.page.evaluate("window.stays") == 1
    assert tab.wrong == []


async def test_a_lost_connection_and_one_that_is_found_again_are_said(browser: Browser, example: Served) -> None:
    async with looking(browser, example) as tab:
        link = tab.page.locator("#link-words")
        assert await link.text_content() == "connected"
        await example.stop()
        await tab.page.wait_for_selector("#link[data-state=down]")
        assert await link.text_content() == "no new figures"
        assert "connection to the collector is lost; trying again" in await text(tab.page, "#banner")
        assert "figures below are" in await text(tab.page, "#banner")
        await example.start()
        await tab.page.wait_for_selector("#link[data-state=up]")
        assert await link.text_content() == "connected again"
        assert not await tab.page.locator("#banner").is_visible()


async def test_1200_pots_and_300_meters_are_there_within_a_second_and_follow_without_jank(
    browser: Browser, large: Served
) -> None:
    took = "performance.getEntriesByName('show')[0].duration"
    async with looking(browser, large) as tab:
        first_ms: float = await tab.page.evaluate(took)
        assert await tab.page.locator(".pots li").count() == 1200
        assert await tab.page.locator("#meters tbody tr").count() == 300
        for n in range(1, 5):
            for pot in range(1, 301):
                large.tell(f"pot:{n}{pot:03}", Quantity.POT_VOLTAGE, 4.31)
        await expect(tab.page.locator("#pots .pot-v").first).to_have_text("4.31")
        again_ms: float = await tab.page.evaluate(took)
    assert first_ms < 1000
    assert again_ms < 300
    assert tab.wrong == []


async def test_one_meter_of_300_is_found_and_those_in_trouble_stand_out(browser: Browser, large: Served) -> None:
    large.instruments.meter("pl3_feeder_7").error = "connect to 10.20.3.5 port 502: refused"
    large.tell("pot:1001", Quantity.POT_VOLTAGE, 4.2)
    async with looking(browser, large) as tab:
        rows = tab.page.locator("#meters tbody tr")
        await tab.page.get_by_label("only those in trouble").check()
        assert [each.split()[0] for each in await rows.all_inner_texts()] == ["pl3_feeder_7"]
        await tab.page.get_by_label("only those in trouble").uncheck()
        await tab.page.get_by_label("Find").fill("pl2_rectifier")
        assert await rows.count() == 2
        assert "2 shown" in await text(tab.page, ".meters-words")


# --- Who can use it


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
async def test_axe_finds_nothing_and_the_page_never_scrolls_sideways(
    browser: Browser, example: Served, width: int, scheme: Literal["light", "dark"]
) -> None:
    async with looking(browser, example, width=width, scheme=scheme) as tab:
        found: dict[str, Any] = (await Axe().run(tab.page)).response
        assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found["violations"]] == []
        assert await sideways(tab.page) == 0
    assert tab.wrong == []


@pytest.mark.parametrize("width", [1280, 390])
async def test_1200_pots_and_300_meters_fit_the_screen(browser: Browser, large: Served, width: int) -> None:
    async with looking(browser, large, width=width) as tab:
        assert await sideways(tab.page) == 0
        meters = "document.querySelector('.meters')"
        assert await tab.page.evaluate(f"{meters}.scrollWidth - {meters}.clientWidth") <= 0


async def test_whoever_has_the_token_signs_in_and_sees_the_figures(
    browser: Browser, example: Served, tmp_path: Path
) -> None:
    token_file = tmp_path / "token"
    await asyncio.to_thread(token_file.write_text, "a token of 24 characters", encoding="utf-8")
    served = Served(example.plant, example.store, example.clock, token_file=token_file)
    await served.start()
    page = await browser.new_page()
    try:
        await page.goto(served.address)
        found: dict[str, Any] = (await Axe().run(page)).response
        assert [each["id"] for each in found["violations"]] == []
        await page.keyboard.type("a token of 24 characters")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#figures:not([hidden])")
        assert await page.locator("#link-words").text_content() == "connected"
    finally:
        await page.close()
        await served.stop()


async def test_everything_is_reached_by_keyboard_and_the_focus_is_seen(browser: Browser, large: Served) -> None:
    seen = """() => {
        const { activeElement: at } = document;
        const { outlineStyle, outlineWidth } = getComputedStyle(at);
        const named = at.id || at.textContent.trim() || at.getAttribute('aria-label');
        return [at.tagName, named.slice(0, 40), outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2];
    }"""
    async with looking(browser, large) as tab:
        await tab.page.keyboard.press("Tab")
        assert (await tab.page.evaluate(seen))[:2] == ["A", "Skip to the figures"]
        reached: list[tuple[str, str, bool]] = []
        for _ in range(40):
            await tab.page.keyboard.press("Tab")
            at: tuple[str, str, bool] = tuple(await tab.page.evaluate(seen))
            if at[0] == "BODY":
                break
            reached.append(at)
        names = [name for _, name, _ in reached]
        links = ["Potlines", "Pots", "Anode effects", "Meters", "Delivery", "Events", "Ledger", "Minutes"]
        assert names[:8] == links
        assert {"meters-search", "meters-only"} <= set(names)
        assert [name for _, name, outlined in reached if not outlined] == []


async def test_the_skip_link_leads_to_the_figures(browser: Browser, example: Served) -> None:
    async with looking(browser, example) as tab:
        await tab.page.keyboard.press("Tab")
        await tab.page.keyboard.press("Enter")
        assert await tab.page.evaluate("document.activeElement.id") == "figures"
