"""Rules on lines that are no readings: what was written is read back, and what is withheld changes nothing."""

import dataclasses
from pathlib import Path

import pytest
from alert_rules import above
from example_plant import ClockByHand, open_line
from hypothesis import given
from hypothesis import strategies as st
from line_story import T0, S, effect, events, lines_of
from plantwide_story import drive_plant, plantwide

from collector.accounting import windows
from collector.accounting.tiered_price import PriceTier
from collector.alerting.judge import Phase
from collector.alerting.lines import Line, LineRule, read, stream_of
from collector.closing.plant_entries import _share as fields_of_share
from collector.closing.pricing import _fields as fields_of_price
from collector.closing.renewable import StatedShare
from collector.delivery import lineprotocol
from collector.domain.renewables import Basis, Denominator
from collector.plant import streams
from collector.plant.alerts import Side
from collector.plant.limits import Limit
from collector.plant.streams import LINES, WINDOWS, unit_of
from collector.readings.quantity import Quantity
from collector.store.store import Store

TAGS = st.dictionaries(st.sampled_from(["plant", "pot", "a b", "c,d=e"]), st.text('ab"1 ,=é', min_size=1), min_size=1)
VALUES = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(2**40), 2**40),
    st.booleans(),
    st.text('a"\\, ='),
)
FIELDS = st.dictionaries(st.sampled_from(["kwh_per_t", "a b", "c,d=e"]), VALUES, min_size=1)


@given(TAGS, FIELDS, st.integers(0, 2**62))
def test_a_line_is_read_back_as_it_was_told(tags: dict[str, str], fields: dict[str, float | str], time_ns: int) -> None:
    line = lineprotocol.line(lineprotocol.series("an alert", tags), fields, time_ns)
    assert line is not None
    assert read(line.replace(b"an\\ alert", b"alert")) == Line("alert", tags, fields, time_ns)
    assert stream_of(line.replace(b"an\\ alert", b"alert")) == b"alert"


def hour(start_s: int, **fields: float) -> Line:
    return Line("energy_intensity", {"plant": "example", "potline": "PL1", "window": "hour"}, fields, start_s * S)


def phases(rule: LineRule, *lines: Line) -> list[tuple[Phase, float]]:
    found = [change for line in lines for change in rule.take(line, steady_ns=0)]
    return [(change.now.phase, change.value) for change in found if change.now.phase is not change.before.phase]


def test_a_withheld_ratio_neither_fires_nor_resolves() -> None:
    rule = LineRule(above(13600.0, 13500.0, stream="energy_intensity", field="kwh_per_t"), {}, steady_ns=0)
    assert phases(rule, hour(0, quality=0, coverage_pct=40.0)) == []
    assert phases(rule, hour(3600, quality=192, kwh_per_t=13700.0)) == [(Phase.FIRING, 13700.0)]
    assert phases(rule, hour(7200, quality=0, coverage_pct=40.0)) == []
    assert phases(rule, hour(10800, quality=0, kwh_per_t=13000.0)) == []
    assert phases(rule, hour(10800, quality=192, kwh_per_t=13000.0)) == [(Phase.QUIET, 13000.0)]


def test_coverage_counts_where_the_ratio_is_withheld_for_it() -> None:
    rule = LineRule(
        above(95.0, 98.0, side=Side.BELOW, stream="energy_intensity", field="coverage_pct"), {}, steady_ns=0
    )
    assert phases(rule, hour(0, quality=0, coverage_pct=40.0)) == [(Phase.FIRING, 40.0)]


def test_an_hour_that_is_stated_again_counts_and_an_older_one_does_not() -> None:
    rule = LineRule(above(13600.0, stream="energy_intensity", field="kwh_per_t"), {}, steady_ns=0)
    assert phases(rule, hour(3600, kwh_per_t=13000.0), hour(0, kwh_per_t=13700.0)) == []
    assert phases(rule, hour(3600, kwh_per_t=13700.0)) == [(Phase.FIRING, 13700.0)]


def test_a_series_that_was_heard_once_is_missed_when_it_is_silent() -> None:
    rule = LineRule(
        above(0.0, side=None, stream="energy_intensity", field="kwh_per_t", silent_for_s=7200.0), {}, steady_ns=0
    )
    assert list(rule.silent(steady_ns=9000 * S, now_ns=9000 * S)) == []
    assert phases(rule, hour(0, kwh_per_t=13000.0)) == []
    assert [change.value for change in rule.silent(steady_ns=7200 * S, now_ns=7200 * S)] == [7200.0]
    assert [phase for phase, _ in phases(rule, hour(3600, quality=0))] == [Phase.QUIET]


async def _written(folder: Path) -> list[Line]:
    plant = plantwide()
    limit = Limit("current", Quantity.LINE_CURRENT, "kA", 3600.0, 0, "operations", least=410.0, potline="PL1")
    plant = dataclasses.replace(plant, limits=(limit,))
    clock = ClockByHand(T0 - 3 * S)
    async with Store(folder / "s.sqlite", plant.points) as store:
        line = await open_line(plant, store, clock)
        for t in [*range(0, 3700, 20), 4201, 4300]:
            await drive_plant(line, clock, t)
            if t == 60:
                await line.step([events(effect(20, 30.0, rank=1))])
        return [read(text) for text in await lines_of(store)]


@pytest.mark.asyncio
async def test_the_catalogue_knows_every_line_that_a_plant_writes(tmp_path: Path) -> None:
    of_points = {
        (place.stream, tuple(sorted(place.tags.items())), place.field) for place in streams.places(plantwide())
    }
    found = await _written(tmp_path)
    for line in found:
        numbers = {name for name, value in line.fields.items() if not isinstance(value, str | bool)}
        tags = tuple(sorted(line.tags.items()))
        rest = {name for name in numbers if (line.stream, tags, name) not in of_points} - {"quality"}
        if rest and line.stream != "collector":
            known = LINES[line.stream]
            assert rest <= set(known.fields), line
            assert set(line.tags) <= {"plant", *known.tags}, line
    assert {line.stream for line in found} >= {*LINES} - {"anode_effect_count", "renewable_share", "power_price_tier"}
    assert {"meter", "stack"} <= {line.stream for line in found}


def test_the_catalogue_knows_price_tiers_shares_and_windows() -> None:
    price = PriceTier(13300.0, 13200.0, 0.0, 0.0, 13250.0, 30.0, 13400.0, about_to_cross=False)
    assert set(fields_of_price(price)) == {*LINES["power_price_tier"].fields}
    share = StatedShare(Basis.PHYSICAL, Denominator.PLANT_TOTAL, 1.0, 2.0, 50.0, 60.0, 100.0, 192)
    assert set(fields_of_share(share, 0)) - {"denominator"} == {*LINES["renewable_share"].fields}
    assert WINDOWS == windows.NAMES


@pytest.mark.parametrize(
    ("field", "unit"),
    [
        ("kwh_per_t_u95", "kWh/t"),
        ("t_co2e_per_t", "t/t"),
        ("anode_t_co2e", "t"),
        ("kg_per_t", "kg/t"),
        ("cf4_kg", "kg"),
        ("overvoltage_v_s", "V*s"),
        ("max_v", "V"),
        ("coverage_pct", "%"),
        ("outbox_bytes", "B"),
        ("surcharge_cny_per_kwh", ""),
        ("surcharge_cny", ""),
        ("pots_operating", ""),
        ("revision", ""),
    ],
)
def test_the_unit_of_a_field_is_the_end_of_its_name(field: str, unit: str) -> None:
    assert unit_of(field) == unit
