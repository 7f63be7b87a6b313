"""Delivery to real databases: InfluxDB 1.x, and VictoriaMetrics for the write API of InfluxDB 2."""

import asyncio
import struct
import sys
from pathlib import Path

import pytest
from hostile_server import influx_sink, packed
from servers import InfluxDB1, VictoriaMetrics

from collector.clock import SystemClock
from collector.delivery import lineprotocol
from collector.delivery.sink import Delivery, SinkRefused, SinkUnavailable
from collector.instruments import Instruments
from collector.readings.point import PointTable
from collector.store.commit import Commit
from collector.store.store import Store

pytestmark = pytest.mark.asyncio

T = 1_772_337_600_123_456_789
FLOATS = [0.1, 0.1 + 0.2, -1.5, 1e22, 5e-324, sys.float_info.max, -sys.float_info.min, 2.0**53 + 2, 12345678.000000002]


def line(fields: dict[str, lineprotocol.Field], time_ns: int, **tags: str) -> bytes:
    found = lineprotocol.line(lineprotocol.series("meter", tags), fields, time_ns)
    assert found is not None
    return found


async def test_influxdb_1_gives_back_every_float_and_every_nanosecond(influxdb1: InfluxDB1) -> None:
    texts = [line({"x": value, "n": place}, T + place) for place, value in enumerate(FLOATS)]
    async with influx_sink(influxdb1.url, version=1, bucket="plant", create=True) as sink:
        await sink.write(packed(*texts[:4]) + packed(*texts[4:]))
    rows = await asyncio.to_thread(influxdb1.query, "plant", "SELECT x, n FROM meter")
    assert [row["time"] for row in rows] == [T + place for place in range(len(FLOATS))]
    assert [struct.pack(">d", row["x"]) for row in rows] == [struct.pack(">d", value) for value in FLOATS]
    assert [row["n"] for row in rows] == list(range(len(FLOATS)))


async def test_influxdb_1_reads_hostile_tags_and_strings_as_they_were_meant(influxdb1: InfluxDB1) -> None:
    written = {
        "a,b=c d": "a,b=c d",
        "back\\slash": "back\\slash",
        "end\\": "end",
        "a\\ b": "a b",
        "a\\,b": "a,b",
        "two\nlines": "two lines",
        "Ofen ä 电解 🔥": "Ofen ä 电解 🔥",
        '"quoted"': '"quoted"',
    }
    text = 'say "no" \\ 电解'
    lines = [line({"text": text}, T, plant="p", pot=pot, zone="z") for pot in written]
    async with influx_sink(influxdb1.url, version=1, bucket="plant", create=True) as sink:
        await sink.write(packed(*lines))
    rows = await asyncio.to_thread(influxdb1.query, "plant", "SELECT text FROM meter GROUP BY *")
    assert sorted(row["pot"] for row in rows) == sorted(written.values())
    assert {(row["plant"], row["zone"], row["text"]) for row in rows} == {("p", "z", text)}


async def test_influxdb_1_without_its_database_is_unavailable_and_with_a_wrong_name_too(influxdb1: InfluxDB1) -> None:
    async with influx_sink(influxdb1.url, version=1, bucket="none") as sink:
        with pytest.raises(SinkUnavailable, match=r"404 .*database not found.*create the bucket or database"):
            await sink.write(packed(b"m n=1i 1"))


@pytest.mark.parametrize("name", ['quo"ted', "Ofen 7"])
async def test_influxdb_1_makes_a_database_of_any_name_and_takes_lines_for_it(influxdb1: InfluxDB1, name: str) -> None:
    async with influx_sink(influxdb1.url, version=1, bucket=name, create=True) as sink:
        await sink.write(packed(b"m n=1i 1"))
    assert await asyncio.to_thread(influxdb1.query, name, "SELECT n FROM m") == [{"time": 1, "n": 1}]


async def test_influxdb_1_refuses_single_lines_and_only_those_become_dead_letters(
    influxdb1: InfluxDB1, tmp_path: Path
) -> None:
    good = [b"m,pot=%d x=1.5 %d" % (number, number) for number in range(1, 41)]
    conflict, broken = b"m,pot=7 x=3i 50", b"no line protocol"
    async with (
        Store(tmp_path / "s.sqlite", PointTable([])) as store,
        influx_sink(influxdb1.url, version=1, bucket="plant", create=True) as sink,
    ):
        instruments = Instruments()
        delivery = Delivery("site", sink, store, most_bytes=10_000, clock=SystemClock(), instruments=instruments)
        await store.commit(Commit(1, lines=good[:20]))
        assert await delivery.step()
        await store.commit(Commit(2, lines=[*good[20:30], conflict, broken, *good[30:35]]))
        await store.commit(Commit(3, lines=good[35:]))
        while await delivery.step():
            pass
        dead = dict(await store._do(lambda: store._db.execute("SELECT body, reason FROM dead").fetchall()))
    rows = await asyncio.to_thread(influxdb1.query, "plant", "SELECT x FROM m")
    assert len(rows) == 40
    assert set(dead) == {conflict, broken}
    assert "field type conflict" in dead[conflict]
    assert "dropped=1" in dead[conflict]
    assert "unable to parse" in dead[broken]
    assert (instruments.delivered_total, instruments.refused_total) == (40, 2)


async def test_the_same_lines_written_twice_are_there_once_in_influxdb_1(influxdb1: InfluxDB1) -> None:
    async with influx_sink(influxdb1.url, version=1, bucket="plant", create=True) as sink:
        for _ in range(2):
            await sink.write(packed(b"m,pot=7 x=1.5 1", b"m,pot=7 x=2.5 2"))
    assert len(await asyncio.to_thread(influxdb1.query, "plant", "SELECT x FROM m")) == 2


async def test_a_field_that_a_restatement_withholds_stays_in_influxdb_so_readers_must_ask_for_its_quality(
    influxdb1: InfluxDB1,
) -> None:
    start = b"energy_intensity,potline=PL1,window=hour"
    async with influx_sink(influxdb1.url, version=1, bucket="plant", create=True) as sink:
        await sink.write(packed(start + b" kwh_per_t=13500.0,quality=192i,revision=1i 60"))
        await sink.write(packed(start + b" coverage_pct=0.0,quality=0i,revision=2i 60"))
    everything = "SELECT kwh_per_t, revision FROM energy_intensity"
    usable = "SELECT kwh_per_t FROM energy_intensity WHERE quality >= 64"
    assert await asyncio.to_thread(influxdb1.query, "plant", everything) == [
        {"time": 60, "kwh_per_t": 13500, "revision": 2}  # a line replaces fields one by one, and takes none away
    ]
    assert await asyncio.to_thread(influxdb1.query, "plant", usable) == []


async def test_a_paused_influxdb_1_is_unavailable_and_loses_nothing(influxdb1: InfluxDB1) -> None:
    async with influx_sink(influxdb1.url, version=1, bucket="plant", create=True, timeout_s=0.3) as sink:
        influxdb1.pause()
        with pytest.raises(SinkUnavailable, match="no answer in time"):
            await sink.write(packed(b"m n=1i 1"))
        influxdb1.resume()
        await sink.write(packed(b"m n=1i 1"))
    assert len(await asyncio.to_thread(influxdb1.query, "plant", "SELECT n FROM m")) == 1


async def test_a_body_above_the_limit_of_influxdb_1_is_refused_as_too_large(influxdb1: InfluxDB1) -> None:
    influxdb1.stop()
    influxdb1.max_body_size = 1000
    influxdb1.start()
    async with influx_sink(influxdb1.url, version=1, bucket="plant", create=True) as sink:
        with pytest.raises(SinkRefused, match=r"^413: "):
            await sink.write(packed(*(b"m,pot=%d x=%d.5 %d" % (number, number, number) for number in range(2000))))


async def test_victoria_metrics_takes_the_write_api_of_version_2(victoria_metrics: VictoriaMetrics) -> None:
    texts = [line({"power_kw": 1.5 + place, "n": place}, T + place * 10**9, pot="10,7 a=b") for place in range(6)]
    async with influx_sink(victoria_metrics.url, version=2) as sink:
        await sink.write(packed(*texts[:3]) + packed(*texts[3:]))
    await asyncio.to_thread(victoria_metrics.flush)
    (found,) = await asyncio.to_thread(victoria_metrics.export, '{__name__="meter_power_kw"}')
    assert found["metric"]["pot"] == "10,7 a=b"
    assert found["values"] == [1.5, 2.5, 3.5, 4.5, 5.5, 6.5]
    assert found["timestamps"] == [(T + place * 10**9) // 10**6 for place in range(6)]
