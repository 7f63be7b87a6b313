"""The fingerprint of the settings: whatever enters a result is in it, and what is not is listed here."""

import dataclasses
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from closed_day import BOOKS
from draws import drawn
from electricity_told import certified, contract
from hypothesis import given, settings
from hypothesis import strategies as st
from plantwide_story import PLANT

from collector.accounting.fingerprint import LEFT_OUT, fingerprint
from collector.domain.levels import Indicator
from collector.domain.price import Tier
from collector.plant.allocation import Allocation
from collector.plant.amounts import Amount, ToldAmounts
from collector.plant.calendar import Shifts
from collector.plant.contracts import EachPeriod, Portfolio, Technology
from collector.plant.days import Period
from collector.plant.factors import DatedSeries, DatedValue
from collector.plant.limits import PriceRegion, Targets
from collector.plant.meter import Measures
from collector.plant.profile import Register, RegisterType, WordOrder
from collector.plant.rule_tables import SteppedPrice
from collector.plant.tapping import Heights
from collector.plant.topology import Plant

ENTERS_NO_RESULT = frozenset(
    {
        "Plant.name",
        "Plant.endpoints",
        "Plant.brokers",
        "Plant.points_before",
        "Plant.layouts",
        "Potline.name",
        "PolledMeter.endpoint",
        "PolledMeter.unit",
        "PolledMeter.base",
        "PolledMeter.every_s",
        "HeardMeter.broker",
        "HeardMeter.address",
        "HeardMeter.every_s",
        "Register.address",
        "Register.every_s",
        "Register.optional",
        "Register.unverified",
        "MeterProfile.name",
        "MeterProfile.title",
        "MeterProfile.vendor",
        "MeterProfile.models",
        "MeterProfile.confidence",
        "MeterProfile.sources",
        "MeterProfile.firmware",
        "MeterProfile.notes",
        "MeterProfile.rules",
        "MeterProfile.sunspec_model",
        "MeterProfile.pause_between_s",
        "MeterProfile.pause_after_connect_s",
        "MeterProfile.registers",
        "MeterProfile.constants",
        "MeterProfile.test_vectors",
        "MeterProfile.addresses_from",
    }
)

Step = str | int
Path_ = tuple[Step, ...]


def _whole() -> Plant:
    """Return a plant in which there is something of everything that a plant file can say."""
    half = DatedSeries("share", (DatedValue(0.5, 0, "told", 0.01),))
    hours = ToldAmounts("hours.csv", (Amount(0, 3_600_000_000_000, 12.0),))
    month = EachPeriod(9e6, Period.MONTH, ZoneInfo("Asia/Shanghai"))
    contracts = (
        contract("valley", Technology.HYDRO, each=month),
        contract("park", Technology.WIND, share=0.2),
        contract("field", Technology.SOLAR, hourly=hours),
    )
    shared = Allocation((("PL1", 0.4), ("PL2", 0.6)))
    meters = tuple(
        dataclasses.replace(meter, allocation=shared) if meter.measures is Measures.CASTHOUSE_AC else meter
        for meter in PLANT.meters
    )
    [potline] = PLANT.potlines
    return dataclasses.replace(
        PLANT,
        meters=meters,
        potlines=(dataclasses.replace(potline, metal_kg_per_cm=half, weighing_relative_standard_uncertainty=0.002),),
        shifts=Shifts(("A", "B"), (60, 780)),
        portfolio=Portfolio(contracts, (certified(900.0),)),
        residual_factor=PLANT.grid_factor,
        targets=Targets(renewable_share=half, t_co2e_per_t=half),
        price_region=PriceRegion("Shandong", "ndrc_2021_1239", half, half),
        tapping=dataclasses.replace(BOOKS, heights=Heights("metal_height", 0.5, 86_400.0, 80.0)),
    )


WHOLE = _whole()


def leaves(value: object, place: Path_ = (), owner: str = "") -> Iterator[tuple[Path_, str]]:
    """Yield the place of each single setting, and the outermost class and field that it stands in which is left out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        kind = type(value).__name__
        for field in dataclasses.fields(value):
            if field.init:
                left_out = owner or (f"{kind}.{field.name}" if f"{kind}.{field.name}" in ENTERS_NO_RESULT else "")
                yield from leaves(getattr(value, field.name), (*place, field.name), left_out)
    elif isinstance(value, tuple):
        for number, each in enumerate(value):
            yield from leaves(each, (*place, number), owner)
    elif isinstance(value, Mapping):
        for name in value:
            yield from leaves(value[name], (*place, name), owner)
    else:
        yield place, owner


_OTHERS: tuple[tuple[type, Callable[[Any], object]], ...] = (
    (type(None), lambda _: 7),
    (bool, lambda value: not value),
    (int, lambda value: value + 1),
    (float, lambda value: 0.5 if value == float("inf") else value + max(abs(value), 1.0) * 2.0**-40),
    (str, lambda value: value + "x"),
    (Enum, lambda value: next(each for each in type(value) if each is not value)),
    (frozenset, lambda value: value | {"another word"}),
    (ZoneInfo, lambda _: ZoneInfo("Europe/Oslo")),
    (Path, lambda value: value / "x"),
    (bytes, lambda value: value + b"x"),
)


def other(value: object) -> object:
    """Return another setting of the same kind."""
    return next(change for kind, change in _OTHERS if isinstance(value, kind))(value)


def changed(value: object, place: Path_) -> object:
    """Return a copy of a tree of settings in which one of them is another one. Nothing is checked."""
    if not place:
        return other(value)
    step, *rest = place
    if isinstance(value, tuple):
        assert isinstance(step, int)
        return (*value[:step], changed(value[step], tuple(rest)), *value[step + 1 :])
    if isinstance(value, Mapping):
        return {**value, step: changed(value[step], tuple(rest))}
    assert isinstance(step, str)
    copy = object.__new__(type(value))
    for field in dataclasses.fields(value):  # type: ignore[arg-type]
        if hasattr(value, field.name):
            object.__setattr__(copy, field.name, getattr(value, field.name))
    object.__setattr__(copy, step, changed(getattr(value, step), tuple(rest)))
    return copy


LEAVES = list(leaves(WHOLE))
WITHIN = [place for place, owner in LEAVES if not owner]
WITHOUT = [place for place, owner in LEAVES if owner]


def test_what_enters_no_result_is_what_is_listed_here() -> None:
    assert LEFT_OUT == ENTERS_NO_RESULT


@pytest.mark.parametrize(
    "part",
    [
        "portfolio",
        "potlines",
        "shifts",
        "tapping",
        "price_region",
        "targets",
        "residual_factor",
        "gwp",
        "day_starts_min",
    ],
)
def test_every_single_setting_of_a_part_gives_another_fingerprint(part: str) -> None:
    plain = fingerprint(WHOLE)
    places = [place for place in WITHIN if place[0] == part]
    assert places
    same = [place for place in places if fingerprint(changed(WHOLE, place)) == plain]
    # The pots of a line are many: each counts.
    assert same == []


@settings(max_examples=drawn(50), deadline=None)
@given(st.sampled_from(WITHIN))
def test_any_one_setting_that_enters_a_result_gives_another_fingerprint(place: Path_) -> None:
    assert fingerprint(changed(WHOLE, place)) != fingerprint(WHOLE)


@settings(max_examples=drawn(50), deadline=None)
@given(st.sampled_from(WITHOUT))
def test_any_one_setting_that_enters_no_result_gives_the_same_fingerprint(place: Path_) -> None:
    assert fingerprint(changed(WHOLE, place)) == fingerprint(WHOLE)


def test_what_was_agreed_beside_the_plant_counts_too() -> None:
    assert fingerprint(WHOLE, 90.0) != fingerprint(WHOLE, 80.0)
    assert fingerprint({"PL1": WHOLE.tapping}) != fingerprint({"PL2": WHOLE.tapping})


def test_the_day_from_which_a_price_holds_counts() -> None:
    def rule(first: date) -> SteppedPrice:
        tier = Tier(valid_from=first, threshold_kwh_per_t=13300.0, step_kwh_per_t=20.0, cny_per_kwh_per_step=0.01)
        return SteppedPrice(Indicator.LIQUID_COMPREHENSIVE_AC, without_desulphurisation=True, tiers=(tier,))

    assert fingerprint(rule(date(2025, 1, 1))) == fingerprint(rule(date(2025, 1, 1)))
    assert fingerprint(rule(date(2025, 1, 1))) != fingerprint(rule(date(2026, 1, 1)))


def test_what_cannot_be_written_down_is_refused() -> None:
    with pytest.raises(TypeError, match="write down a setting of type datetime"):
        fingerprint(datetime(2026, 3, 1, tzinfo=UTC))


def test_it_is_the_same_in_every_process_whatever_the_order_of_its_sets() -> None:
    said = (
        "from collector.accounting.fingerprint import fingerprint;"
        "print(fingerprint({'b': 1.0, 'a': 2.0}, frozenset({'tapped', 'final', 'word', 'another'})))"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", said],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[3])},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2", "3", "4")
    }
    assert len(printed) == 1


def test_it_is_what_it_was_in_the_stores_that_are_in_use() -> None:
    """Entries name it: another way of writing the same settings down would tell of a change that was none."""
    hours = ToldAmounts("hours.csv", (Amount(0, 3_600_000_000_000, 12.0),))
    found = fingerprint({"b": 1.0, "a": (2, None)}, frozenset({"x", "y"}), hours)
    assert found == "6461f5566b8d584332a5056b8ba928b6"


def test_a_thousand_meters_of_60_registers_are_written_down_in_less_than_a_megabyte() -> None:
    registers = tuple(
        Register(f"r{place}", None, 3, 2 * place, RegisterType.F32, 2, WordOrder.MSW_FIRST) for place in range(60)
    )
    whole = tuple((f"m{number}", registers) for number in range(1000))
    tracemalloc.start()
    try:
        fingerprint(whole)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 1_000_000
