"""potline outbox dead: letters listed, shown, put back for their database, read again as messages, dropped."""

import asyncio
import contextlib
import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from example_plant import ClockByHand, open_line
from line_story import PLANT, T0, S, drive
from outbox_story import fill, folder, in_store, left_for, letter, potline, take_all, wrong_of
from potroom import EFFECT, TELEMETRY, WEIGHING, effect, weighing

from collector import sources
from collector.acquisition.feed import Feed
from collector.settings import load
from collector.store import outbox
from collector.store.store import Store

MINUTE_30 = T0 + 30 * 60 * S
REFUSED = f"meter,meter=a,plant=example active_power_kw=1.5,quality=192i {T0}".encode()
LETTERS = (
    letter(60, "mqtt:potroom", WEIGHING, weighing(), "pots: there is no pot 1001 in the plant file"),
    letter(120, "mqtt:potroom", TELEMETRY, b"\xff\x00 no text", "is no UTF-8"),
    letter(180, "delivery", "plantdb", REFUSED, "field type conflict"),
    letter(240, "mqtt:potroom", EFFECT, effect(), "pot: there is no pot 1001 in the plant file"),
    letter(300, "store", "cloud", b"", "record 7 of the outbox was damaged on the disk"),
    letter(360, "mqtt:potroom", "spBv1.0/g/NDATA/n", b"\x08", "no birth was heard"),
)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("filled") / "potline.sqlite"
    asyncio.run(fill(path))
    return path


@pytest.fixture(autouse=True)
def store(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with six dead letters and two databases that have taken everything."""
    for name in os.environ:
        if name.upper().startswith("POTLINE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("POTLINE_STORE__KEEP_INPUTS", "9000d")  # the letters are of 2026-03-01, whatever the day is
    path = folder(filled, tmp_path)
    monkeypatch.chdir(tmp_path)
    take_all(path, "plantdb", "cloud")
    in_store(path, lambda db: outbox.write_dead(db, LETTERS))
    return path


def ask(path: Path, query: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as db:
        return db.execute(query).fetchall()


def numbers(path: Path) -> list[int]:
    return [seq for (seq,) in ask(path, "SELECT seq FROM dead ORDER BY seq")]


def listed(*options: str) -> list[int]:
    return [each["id"] for each in json.loads(potline("outbox", "dead", "--json", *options).stdout)]


def test_letters_are_listed_by_source_place_reason_and_time() -> None:
    assert listed() == [1, 2, 3, 4, 5, 6]
    assert listed("--source", "mqtt") == listed("--source", "mqtt:potroom") == [1, 2, 4, 6]
    assert listed("--place", "plantdb") == [3]
    assert listed("--reason", "NO POT 1001") == [1, 4]
    assert listed("--from", "2026-03-01T04:03Z", "--to", "2026-03-01T04:05Z") == [3, 4]
    assert listed("--limit", "2") == [5, 6]
    table = potline("outbox", "dead", "--limit", "2").stdout.splitlines()
    assert table[-1] == "6 dead letters; the last 2 are listed"
    assert table[1].split()[:4] == ["5", "2026-03-01T04:05:00Z", "store", "cloud"]


def test_a_body_is_shown_as_text_or_in_hex_with_its_reason() -> None:
    text = potline("outbox", "dead", "show", "3").stdout
    assert text.splitlines() == [
        "3: 2026-03-01T04:03:00Z, delivery, plantdb",
        "reason: field type conflict",
        f"body, {len(REFUSED)} bytes:",
        f"  {REFUSED.decode()}",
    ]
    assert "  000000  ff 00 20 6e 6f 20 74 65 78 74" in potline("outbox", "dead", "show", "2").stdout
    assert json.loads(potline("outbox", "dead", "show", "2", "--json").stdout)["hex"] == b"\xff\x00 no text".hex()
    none = potline("outbox", "dead", "show", "99")
    assert (none.exit_code, none.stderr) == (1, "there is no dead letter 99; see 'potline outbox dead'\n")


def test_refused_lines_go_back_to_the_database_that_refused_them_and_to_no_other(store: Path) -> None:
    result = potline("outbox", "dead", "resend", "3", "--yes")
    assert result.exit_code == 0, wrong_of(result)
    assert left_for(store, "plantdb") == [REFUSED.decode()]
    assert left_for(store, "cloud") == []
    assert numbers(store) == [1, 2, 4, 5, 6]


def test_nothing_is_put_back_or_dropped_before_it_is_confirmed(store: Path) -> None:
    for command in ("resend", "drop"):
        result = potline("outbox", "dead", command, "3", typed="n\n")
        assert (result.exit_code, "nothing was changed" in result.stderr) == (0, True)
    assert numbers(store) == [1, 2, 3, 4, 5, 6]
    assert left_for(store, "plantdb") == []


def test_a_line_that_a_restatement_has_replaced_stays_and_the_others_of_its_letter_go(store: Path) -> None:
    start = "energy_intensity,boundary=dc,plant=example,potline=PL1,window=minute"
    old, good = (f"{start} kwh_per_t=1.0,revision={revision}i {T0 + 600 * S}".encode() for revision in (0, 1))
    rolling = f"energy_intensity,boundary=dc,plant=example,potline=PL1,window=rolling_24h revision=1i {T0}".encode()
    ghost = f"anode_effect,kind=hvae,plant=example,pot=1001,potline=PL1 duration_s=5.0 {T0}".encode()
    body = b"\n".join((old, good, rolling, ghost))
    in_store(store, lambda db: outbox.write_dead(db, [letter(400, "delivery", "plantdb", body, "refused")]))
    result = potline("outbox", "dead", "resend", "7", "--yes")
    assert (result.exit_code, "3 lines that newer ones have replaced: they stay" in result.stdout) == (1, True)
    assert left_for(store, "plantdb") == [good.decode()]
    assert ask(store, "SELECT body FROM dead WHERE seq = 7") == [(b"\n".join((old, rolling, ghost)),)]


def test_a_message_that_is_understood_now_is_booked_and_its_minute_stated_again(store: Path) -> None:
    result = potline("outbox", "dead", "resend", "1", "4", "--yes")
    assert result.exit_code == 0, wrong_of(result)
    assert "2 messages read and booked" in result.stdout
    assert ask(store, "SELECT id, potline FROM event ORDER BY id") == [("AE-1001-1", "PL1"), ("W-1", "PL1")]
    query = "SELECT revision, json_extract(body, '$.sums.tapped_t') FROM ledger WHERE window = 'minute'"
    assert ask(store, f"{query} AND start_ns = {MINUTE_30} ORDER BY revision") == [(1, 0.0), (2, 4.92)]
    assert ask(store, "SELECT max(revision) FROM ledger WHERE window = 'hour'") == [(2,)]
    assert ask(store, "SELECT count(*) FROM dirty") == [(0,)]
    assert numbers(store) == [2, 3, 5, 6]
    assert potline("verify").exit_code == 0
    last = ask(store, "SELECT max(start_ns) FROM ledger WHERE window = 'minute' AND revision = 1")
    assert last[0][0] < T0 + 66 * 60 * S  # nothing was closed meanwhile


def test_messages_that_still_cannot_be_read_stay_with_what_is_wrong_with_them_now(store: Path) -> None:
    result = potline("outbox", "dead", "resend", "--all", "--source", "mqtt", "--yes")
    assert (result.exit_code, "2 messages read and booked" in result.stdout) == (1, True)
    reasons = dict(ask(store, "SELECT seq, reason FROM dead WHERE source LIKE 'mqtt%'"))
    assert set(reasons) == {2, 6}
    assert reasons[6] == "a Sparkplug message counts with those before it, and cannot be read alone"
    assert f"6 stays: {reasons[6]}" in result.stderr
    assert ("letters_to_read_again", "") in ask(store, "SELECT key, value FROM meta")


def test_a_message_older_than_the_inputs_that_are_kept_stays(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POTLINE_STORE__KEEP_INPUTS", "45d")
    result = potline("outbox", "dead", "resend", "1", "--yes")
    assert (result.exit_code, "older than [store] keep_inputs" in result.stderr) == (1, True), wrong_of(result)
    assert 1 in numbers(store)
    assert ask(store, "SELECT id FROM event") == []


def test_a_letter_that_is_told_twice_books_nothing_twice(store: Path) -> None:
    potline("outbox", "dead", "resend", "1", "--yes")
    before = ask(store, "SELECT seq, digest FROM ledger")
    in_store(store, lambda db: outbox.write_dead(db, [LETTERS[0]]))
    assert potline("outbox", "dead", "resend", "7", "--yes").exit_code == 0
    assert ask(store, "SELECT seq, digest FROM ledger") == before


def test_beside_a_running_collector_that_one_reads_the_message(store: Path) -> None:
    async def beside() -> str:
        async with Store(store, PLANT.points) as running:
            clock = ClockByHand(T0 + (65 * 60 + 20) * S)
            line = await open_line(PLANT, running, clock)
            configuration = await asyncio.to_thread(load, Path("config/collector.toml"))
            letters_again = sources.letters_again(configuration, running, clock)
            feed = asyncio.create_task(Feed(letters_again, line.inbox, line.instruments).run())
            asked = asyncio.create_task(asyncio.to_thread(potline, "outbox", "dead", "resend", "1", "--yes"))
            t = 65 * 60 + 20
            while not asked.done():
                t += 20
                await drive(line, clock, t)
                while not line.inbox.empty():
                    await line.step([line.inbox.get_nowait()])
                await asyncio.sleep(0.02)
            feed.cancel()
            await asyncio.wait([feed])
            result = await asked
            assert result.exit_code == 0, wrong_of(result)
            return result.stdout

    assert "1 message read and booked, by the collector that runs" in asyncio.run(beside())
    assert 1 not in numbers(store)
    query = "SELECT json_extract(body, '$.sums.tapped_t'), start_ns FROM ledger WHERE window = 'minute'"
    assert ask(store, f"{query} AND revision = 2") == [(4.92, MINUTE_30)]


def test_letters_are_dropped_for_good_by_number_or_by_what_they_are(store: Path) -> None:
    assert potline("outbox", "dead", "drop", "2", "--yes").stdout == "1 dead letter dropped\n"
    assert potline("outbox", "dead", "drop", "--all", "--source", "mqtt", "--yes").stdout == "3 dead letters dropped\n"
    assert numbers(store) == [3, 5]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("resend",), 2, "name dead letters by their numbers, or give --all"),
        (("drop", "1", "--all"), 2, "name dead letters by their numbers, or give --all"),
        (("drop", "1", "--source", "mqtt"), 2, "numbers choose already; options go with --all"),
        (("resend", "99"), 1, "there is no dead letter 99"),
        (("resend", "5"), 1, "a record that was damaged on the disk is lost"),
    ],
)
def test_what_cannot_be_done_is_told(arguments: tuple[str, ...], code: int, words: str, store: Path) -> None:
    result = potline("outbox", "dead", *arguments)
    assert (result.exit_code, words in result.stderr) == (code, True), wrong_of(result)
    assert numbers(store) == [1, 2, 3, 4, 5, 6]


def test_lines_for_a_database_that_is_no_longer_there_are_told(store: Path) -> None:
    in_store(store, lambda db: outbox.write_dead(db, [letter(1, "delivery", "gone", REFUSED, "x")]))
    result = potline("outbox", "dead", "resend", "7", "--yes")
    assert (result.exit_code, "no database of the settings is gone" in result.stderr) == (1, True)
