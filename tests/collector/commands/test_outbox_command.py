"""potline outbox: what databases are behind, rewinding, sending a period again from records and from the ledger."""

import asyncio
import json
import os
import sqlite3
from pathlib import Path

import pytest
from example_plant import ClockByHand, open_line
from hostile_server import influx_sink
from line_story import PLANT, T0, S, drive
from outbox_story import fill, folder, in_store, left_for, letter, potline, take_all, wrong_of
from servers import InfluxDB1

from collector.delivery.influx import InfluxSink
from collector.delivery.sink import Delivery
from collector.instruments import Instruments
from collector.store import eviction, outbox
from collector.store.outbox import Bounds
from collector.store.store import Store

HOUR = ("--from", "2026-03-01T04:00Z", "--to", "2026-03-01T05:00Z")
OF_ENTRIES = ("energy_intensity", "emissions_intensity", "potline,plant=example,potline=PL1 pots_operating")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("filled") / "potline.sqlite"
    asyncio.run(fill(path))
    return path


@pytest.fixture(autouse=True)
def store(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with two databases, one of which has taken everything."""
    for name in os.environ:
        if name.upper().startswith("POTLINE_"):
            monkeypatch.delenv(name)
    path = folder(filled, tmp_path)
    monkeypatch.chdir(tmp_path)
    take_all(path, "plantdb", "cloud")
    return path


def let_all_go(path: Path) -> None:
    """Let go of every record of the outbox that was delivered."""
    bounds = Bounds(1 << 40, 1e9, 1e9, 1e9, keep_delivered_s=0.0)
    in_store(path, lambda db: eviction.let_go(db, ["plantdb", "cloud"], bounds, T0 + 10**15))


def of_entries(lines: list[str]) -> list[str]:
    return sorted(line for line in lines if line.startswith(OF_ENTRIES) and "rolling_" not in line)


def test_each_database_is_shown_with_what_it_has_not_taken_and_what_it_refused_last(store: Path) -> None:
    refused = letter(30, "delivery", "cloud", b"a b=1i 1", "field type conflict")
    in_store(store, lambda db: outbox.rewind(db, "cloud", T0 + 3600 * S))
    in_store(store, lambda db: outbox.write_dead(db, [refused]))
    result = potline("outbox")

    assert result.exit_code == 0, wrong_of(result)
    by_name = {line.split()[0]: line for line in result.stdout.splitlines() if line.startswith("  ")}
    assert "has everything" in by_name["plantdb"]
    assert "cloud refused last, 2026-03-01T04:00:30Z: field type conflict" in result.stdout
    assert "dead letters: 1; see 'potline outbox dead'" in result.stdout

    told = {each["name"]: each for each in json.loads(potline("outbox", "--json").stdout)["targets"]}
    assert (told["plantdb"]["records"], told["plantdb"]["lag_s"], told["plantdb"]["oldest"]) == (0, 0.0, None)
    assert told["cloud"]["oldest"] == "2026-03-01T05:00:00Z"
    with sqlite3.connect(store) as db:
        count = db.execute("SELECT count(*) FROM outbox WHERE created_ns >= ?", (T0 + 3600 * S,)).fetchone()[0]
        every = db.execute("SELECT count(*) FROM outbox").fetchone()[0]
    assert told["cloud"]["records"] == count > 10
    assert f"delivered, and kept to be sent again: {every - count}, " in result.stdout
    assert told["cloud"]["state"] == "no collector runs"


def test_rewound_to_the_start_one_database_takes_all_again_and_the_other_nothing(store: Path) -> None:
    before = left_for(store, "nobody")
    refused = potline("outbox", "rewind", "plantdb", "--to", "start", typed="n\n")
    assert (refused.exit_code, left_for(store, "plantdb")) == (0, [])
    result = potline("outbox", "rewind", "plantdb", "--to", "start", "--yes")
    assert result.exit_code == 0, wrong_of(result)
    assert left_for(store, "plantdb") == before
    assert left_for(store, "cloud") == []


def test_rewound_to_a_time_a_database_takes_again_what_was_written_from_then_on(store: Path) -> None:
    potline("outbox", "rewind", "plantdb", "--to", "2026-03-01T05:00Z", "--yes")
    meters = [line for line in left_for(store, "plantdb") if line.startswith("meter,")]
    assert min(int(line.rpartition(" ")[2]) for line in meters) == T0 + 3600 * S


def test_a_period_that_is_no_longer_kept_is_encoded_from_the_ledger_to_the_same_lines(store: Path) -> None:
    before = of_entries(left_for(store, "nobody"))
    let_all_go(store)
    assert left_for(store, "plantdb") == []
    result = potline("outbox", "resend", "plantdb", *HOUR, "--yes")

    assert result.exit_code == 0, wrong_of(result)
    until = T0 + 3600 * S
    wanted = [line for line in before if T0 <= int(line.rpartition(" ")[2]) < until]
    sent = left_for(store, "plantdb")
    assert len(wanted) > 240
    assert of_entries(sent) == wanted
    assert not [line for line in sent if line.startswith("meter,")]
    assert left_for(store, "cloud") == []
    assert "61 entries of the ledger, encoded again in" in result.stdout
    assert "cannot be had: single readings in" in result.stdout


def test_a_period_that_is_kept_is_sent_as_it_is_kept_and_only_what_was_written_later_from_the_ledger(
    store: Path,
) -> None:
    before = left_for(store, "nobody")
    result = potline("outbox", "resend", "plantdb", *HOUR, "--yes")
    sent = left_for(store, "plantdb")

    assert result.exit_code == 0, wrong_of(result)
    assert "cannot be had" not in result.stdout
    meters = [line for line in before if line.startswith("meter,") and int(line.rpartition(" ")[2]) < T0 + 3600 * S]
    assert [line for line in sent if line.startswith("meter,")][: len(meters)] == meters
    # The last minute of the hour, and the hour, were stated a few seconds after its end.
    assert "2 entries of the ledger" in result.stdout
    of_hour = [line for line in before if "window=hour" in line and line.startswith("energy")]
    assert of_hour
    assert set(of_hour) <= set(sent)


def test_an_entry_that_was_stated_again_is_sent_as_it_is_in_force(store: Path) -> None:
    let_all_go(store)
    with sqlite3.connect(store) as db:
        query = "SELECT potline, window, start_ns, length_s, body FROM ledger WHERE window = 'minute' AND start_ns = ?"
        row = db.execute(query, (T0 + 600 * S,)).fetchone()
        db.execute(
            "INSERT INTO ledger (potline, window, start_ns, length_s, body, revision, reason, written_ns, previous,"
            " digest) VALUES (?,?,?,?,?, 2, 'again', ?, x'', x'')",
            (*row, T0 + 9000 * S),
        )
    potline("outbox", "resend", "plantdb", *HOUR, "--yes")
    found = [line for line in left_for(store, "plantdb") if line.endswith(f" {T0 + 600 * S}") and "revision" in line]
    assert len(found) == 4
    assert all("revision=2i" in line for line in found)


def test_beside_a_running_collector_the_period_is_put_where_that_one_takes_it_from(store: Path) -> None:
    let_all_go(store)

    async def beside() -> tuple[str, list[str], list[str]]:
        async with Store(store, PLANT.points) as running:
            clock = ClockByHand(T0 + (65 * 60 + 20) * S)
            line = await open_line(PLANT, running, clock)
            result = await asyncio.to_thread(potline, "outbox", "resend", "plantdb", *HOUR, "--yes")
            assert result.exit_code == 0, wrong_of(result)
            for t in range(65 * 60 + 20, 67 * 60, 20):
                await drive(line, clock, t)
            left = [await asyncio.to_thread(left_for, store, target) for target in ("plantdb", "cloud")]
            return result.stdout, left[0], left[1]

    said, sent, other = asyncio.run(beside())
    assert "to plantdb, by the collector that runs:" in said
    assert len(of_entries(sent)) > 240
    # Rolling windows of the day are worked out again for all, and what is new is there too.
    assert not [line for line in other if "window=hour" in line]
    assert [line for line in other if line.startswith("meter,")]


def test_a_database_that_is_not_in_the_settings_and_a_wrong_time_are_told() -> None:
    wrong = potline("outbox", "rewind", "plantbd", "--to", "start")
    assert (wrong.exit_code, "there is no database plantbd; there are " in wrong.stderr) == (2, True)
    assert "is no time; write 2026-03-01" in potline("outbox", "rewind", "cloud", "--to", "noon").stderr
    assert "it is not after --from" in potline("outbox", "resend", "cloud", *HOUR[:2], "--to", "2026-03-01").stderr


def test_settings_named_before_a_command_hold_for_it_and_options_that_would_be_ignored_are_refused(
    store: Path,
) -> None:
    Path("config").rename("elsewhere")
    result = potline("outbox", "--config", "elsewhere/collector.toml", "rewind", "cloud", "--to", "start", "--yes")
    assert result.exit_code == 0, wrong_of(result)
    assert left_for(store, "cloud")
    misplaced = potline("outbox", "--json", "--config", "elsewhere/collector.toml", "dead")
    assert (misplaced.exit_code, "stand behind its name" in misplaced.stderr) == (2, True)


def test_without_a_store_the_command_says_so_and_makes_none(store: Path) -> None:
    store.unlink()
    for command in (("outbox",), ("outbox", "rewind", "cloud", "--to", "start", "--yes"), ("outbox", "dead")):
        result = potline(*command)
        assert (result.exit_code, "there is none; check [store] path" in result.stderr) == (69, True)
    assert not store.exists()


async def _delivered(path: Path, sink: InfluxSink) -> None:
    async with Store(path, PLANT.points) as kept, sink:
        clock = ClockByHand(T0 + 10**16)
        delivery = Delivery("plantdb", sink, kept, most_bytes=1 << 20, clock=clock, instruments=Instruments())
        while await delivery.step():
            pass


def test_a_database_that_was_lost_has_the_same_hour_again_after_a_period_is_sent_again(
    store: Path, influxdb1: InfluxDB1
) -> None:
    asked = "SELECT kwh_per_t, revision FROM energy_intensity WHERE \"window\" = 'minute' AND boundary = 'dc'"
    influxdb1.create_database("before")
    influxdb1.create_database("after")
    assert potline("outbox", "rewind", "plantdb", "--to", "start", "--yes").exit_code == 0
    asyncio.run(_delivered(store, influx_sink(influxdb1.url, version=1, bucket="before")))
    let_all_go(store)
    assert potline("outbox", "resend", "plantdb", *HOUR, "--yes").exit_code == 0
    asyncio.run(_delivered(store, influx_sink(influxdb1.url, version=1, bucket="after")))
    before, after = (influxdb1.query(name, asked) for name in ("before", "after"))
    assert len(after) == 60
    assert after == before[:60]
