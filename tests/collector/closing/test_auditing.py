"""Longer windows computed again from what they stand on: what somebody alters who hashes the chain anew is found."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from closed_day import BOOKS, DAY, closed, plant_with
from example_plant import ClockByHand, open_line
from line_story import T0, S
from plantwide_story import PLANT, drive_plant
from tampered import body_of, put_body, rehash, with_last_digit_changed

from collector.accounting.fingerprint import fingerprint
from collector.closing.auditing import Checked, Doubt
from collector.closing.checking import check
from collector.closing.line_audit import Weighed
from collector.plant.calendar import Shifts
from collector.readings.cell import MINUTE_NS
from collector.readings.event import Production
from collector.store import ledger
from collector.store.commit import Commit
from collector.store.schema import open_reader
from collector.store.store import Store

# Shift, day and month end with the first hour: 13:00 in Shanghai on the first of March is 05:00 UTC.
ENDING = replace(PLANT, day_starts_min=13 * 60, shifts=Shifts(("A", "B"), (60, 780)), tapping=BOOKS)
WEIGHED = Weighed(ENDING, 90.0)
HOUR_NS = 60 * MINUTE_NS


async def _tell(path: Path) -> None:
    async with Store(path, ENDING.points) as store:
        clock = ClockByHand(T0 - 3 * S)
        line = await open_line(ENDING, store, clock)
        for t in range(0, 3661, 30):
            # The cranes are silent for a while, so that some of the energy is bridged.
            silent = ("cranes",) if 1700 <= t < 1900 else ()
            await drive_plant(line, clock, t, ENDING, silent=silent)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store with an hour, and the shift, the day and the month that end with it."""
    path = tmp_path_factory.mktemp("told") / "s.sqlite"
    asyncio.run(_tell(path))
    return path


@pytest.fixture
def store(told: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(told, tmp_path / "s.sqlite"))


def checked(path: Path, weighed: Weighed | None = WEIGHED) -> tuple[list[Doubt], Checked]:
    """Return what is found, once the chain is proven to be whole."""
    counts = Checked()
    with closing(open_reader(path)) as db:
        assert list(ledger.verify(db)) == []
        return list(check(db, counts, weighed)), counts


def places(doubts: list[Doubt]) -> list[tuple[str, str]]:
    return [(doubt.potline, doubt.window) for doubt in doubts]


def test_every_window_of_potline_and_plant_comes_out_the_same(store: Path) -> None:
    doubts, counts = checked(store)
    assert doubts == []
    # 60 minutes and an hour, a shift, a day and a month, of the potline and of the plant
    assert (counts.minutes, counts.windows) == (120, 8)
    assert (counts.without_inputs, counts.without_parts, counts.in_part, counts.waiting) == (0, 0, 0, 0)


@pytest.mark.parametrize("window", ["hour", "shift", "day", "month"])
@pytest.mark.parametrize(
    ("potline", "key"),
    [
        ("PL1", "charge_kah"),
        ("PL1", "electricity_t_co2"),
        ("PL1", "minutes"),
        ("PL1", "restated"),
        ("", "kwh"),
        ("", "known_kg"),
        ("", "own_renewable_kwh"),
        ("", "metal_t"),
    ],
)
def test_a_digit_of_a_windows_body_that_is_changed_is_found_though_the_chain_is_whole(
    store: Path, window: str, potline: str, key: str
) -> None:
    body = body_of(store, potline, window)
    if f'"{key}"'.encode() not in body:  # what is zero is not written down: somebody writes it
        assert key == "restated"
        put_body(store, potline, window, body, body.replace(b'"sums":{', b'"sums":{"restated":3,'))
    else:
        put_body(store, potline, window, body, with_last_digit_changed(body, key))
    doubts, _ = checked(store)
    assert (potline, window) in places(doubts)
    assert any("add up to something else" in doubt.what for doubt in doubts)


@pytest.mark.parametrize("window", ["hour", "shift", "day", "month"])
@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda body: with_last_digit_changed(body, "auxiliary_kwh"), "add up to something else"),
        (lambda body: body.replace(b'"parameters":["', b'"parameters":["0'), "parameters"),
        (lambda body: body.replace(b'"not_configured":[', b'"not_configured":["nothing at all",'), "not_configured"),
        (lambda body: body.replace(b'"window":"', b'"window":"half_'), "window"),
        (lambda body: body[:-1] + b',"approved":true}', "approved"),
        (lambda body: body.replace(b'"dc":null', b'"dc":0.001'), "expanded_relative_uncertainty"),
        (lambda body: body + b" ", "another form"),
    ],
)
def test_whatever_else_is_changed_in_a_potlines_window_is_found(
    store: Path, window: str, change: Callable[[bytes], bytes], what: str
) -> None:
    body = body_of(store, "PL1", window)
    changed = change(body)
    if changed == body:
        pytest.fail(f"nothing was changed in {body!r}")
    put_body(store, "PL1", window, body, changed)
    doubts, _ = checked(store)
    assert [doubt.what for doubt in doubts if (doubt.potline, doubt.window) == ("PL1", window) and what in doubt.what]


@pytest.mark.parametrize("window", ["hour", "day"])
@pytest.mark.parametrize("potline", ["PL1", ""])
def test_a_window_that_was_taken_out_is_missed_though_the_chain_is_whole(
    store: Path, window: str, potline: str
) -> None:
    with closing(sqlite3.connect(store)) as db, db:
        db.execute("DELETE FROM ledger WHERE potline = ? AND window = ?", (potline, window))
        rows = db.execute("SELECT seq FROM ledger ORDER BY seq").fetchall()
        for number, (seq,) in enumerate(rows, 1):
            db.execute("UPDATE ledger SET seq = ? WHERE seq = ?", (number, seq))
        db.execute("UPDATE sqlite_sequence SET seq = ? WHERE name = 'ledger'", (len(rows),))
        rehash(db)
    doubts, _ = checked(store)
    missed = {"hour": ["hour"], "day": ["month"]}  # a day of which an hour is known is missed by its month
    assert {name for owner, name in places(doubts) if owner == potline} >= set(missed[window])


def test_a_window_whose_minute_waits_to_be_stated_again_is_counted_and_no_finding(store: Path) -> None:
    body = body_of(store, "PL1", "hour")
    put_body(store, "PL1", "hour", body, with_last_digit_changed(body, "charge_kah"))
    with closing(sqlite3.connect(store)) as db, db:
        db.execute("INSERT INTO dirty VALUES ('PL1', ?, 'a reading came late', 1)", (T0 + 7 * MINUTE_NS,))
    doubts, counts = checked(store)
    assert ("PL1", "hour") not in places(doubts)
    assert counts.waiting == 3  # the hour, and shift and day that are made of it


def test_windows_whose_minutes_were_let_go_of_are_counted_and_days_are_still_checked(store: Path) -> None:
    with closing(sqlite3.connect(store)) as db, db:
        while db.execute("SELECT 1 FROM ledger WHERE window = 'minute' AND start_ns < ?", (T0 + HOUR_NS,)).fetchone():
            ledger.let_go(db, T0 + HOUR_NS)
    doubts, counts = checked(store)
    assert doubts == []
    assert (counts.minutes, counts.without_parts) == (0, 2)  # the hours of potline and plant
    month = body_of(store, "", "month")
    put_body_behind_gaps(store, month, with_last_digit_changed(month, "own_renewable_kwh"))
    with closing(open_reader(store)) as db:
        assert [(doubt.potline, doubt.window) for doubt in check(db, Checked(), WEIGHED)] == [("", "month")]


def put_body_behind_gaps(path: Path, old: bytes, new: bytes) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        assert db.execute("UPDATE ledger SET body = ? WHERE body = ?", (new, old)).rowcount == 1


async def _weighed(path: Path) -> None:
    plant = plant_with()
    async with Store(path, plant.points) as store:
        told = Production(
            "MES-DAY-2026-03-01", 0, "PL1", DAY, "2026-03-01", 119_000.0, "tapped+inventory_change", "final"
        )
        await store.commit(Commit(DAY, events=[told]))
        await closed(plant, store)


def test_weighed_metal_of_a_day_is_stated_again_by_the_rules_that_its_entry_names(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    asyncio.run(_weighed(path))
    plant = plant_with()
    body = body_of(path, "PL1", "day")
    assert b'"basis":"reconciled"' in body
    assert checked(path, Weighed(plant, 90.0))[0] == []

    put_body(path, "PL1", "day", body, with_last_digit_changed(body, "scale"))
    doubts, _ = checked(path, Weighed(plant, 90.0))
    assert [(doubt.window, "metal" in doubt.what) for doubt in doubts] == [("day", True)]
    # By other rules nobody can tell, and that is counted.
    other = replace(plant, tapping=replace(BOOKS, largest_net_kg=14_000.0))
    assert fingerprint(other) != fingerprint(plant)
    _, counts = checked(path, Weighed(other, 90.0))
    assert counts.in_part == 1
