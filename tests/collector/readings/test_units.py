"""Values as people write them."""

import re

import pytest

from collector.readings import units
from collector.readings.quantity import Quantity


@pytest.mark.parametrize(
    ("text", "to", "value"),
    [
        ("60 MW", "kW", 60000.0),
        ("60MW", "kW", 60000.0),
        (" 1.5  kWh ", "kWh", 1.5),
        ("500ms", "s", 0.5),
        (".5 h", "s", 1800.0),
        ("2 m", "s", 120.0),
        ("45d", "s", 3888000.0),
        ("1e3 W", "kW", 1.0),
        ("-5 V", "V", -5.0),
        ("93.5 %", "%", 93.5),
        ("0.935 1", "%", 93.5),
        ("415 kg/t", "t/t", 0.415),
        ("2 GiB", "B", 2147483648.0),
        ("400 kA", "A", 400000.0),
        ("3 GWh", "kWh", 3000000.0),
    ],
)
def test_a_value_is_read_with_its_unit(text: str, to: str, value: float) -> None:
    assert units.parse(text, to) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "to", "told"),
    [
        ("60", "kW", "'60' is not a number with a unit; write it like '60 kW'"),
        ("6 0 kW", "kW", "'6 0 kW' is not a number with a unit; write it like '60 kW'"),
        ("1,5 s", "s", "'1,5 s' is not a number with a unit; write it like '60 s'"),
        ("fast", "s", "'fast' is not a number with a unit; write it like '60 s'"),
        ("", "s", "'' is not a number with a unit; write it like '60 s'"),
        ("nan s", "s", "'nan s' is not a number with a unit; write it like '60 s'"),
        ("0x10 s", "s", "'0x10 s' is not a number with a unit; write it like '60 s'"),
        ("2 GB", "B", "'GB' is no unit that is known here; one of: B, KiB, MiB, GiB"),
        ("2 mw", "kW", "'mw' is no unit that is known here; one of: W, kW, MW"),
        ("60 MWh", "kW", "'MWh' measures energy, and power is needed here; one of: W, kW, MW"),
        ("60 kg/t", "%", "'kg/t' measures mass ratio, and ratio is needed here; one of: 1, %"),
        ("1e400 s", "s", "'1e400 s' is larger than any number; write it like '60 s'"),
        ("1e308 GWh", "kWh", "'1e308 GWh' is larger than any number; write it like '60 kWh'"),
    ],
)
def test_what_is_no_value_in_that_unit_is_refused(text: str, to: str, told: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(told)}$"):
        units.parse(text, to)


def test_a_unit_that_the_program_itself_does_not_know_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="'furlong' is no unit that is known here; one of: W, kW, MW, var,"):
        units.factor("W", "furlong")


def test_every_quantity_has_a_canonical_unit_that_is_known() -> None:
    assert [units.factor(quantity.unit, quantity.unit) for quantity in Quantity] == [1.0] * len(Quantity)


def test_a_canonical_unit_counts_one_in_its_dimension() -> None:
    dimensions = {unit.dimension for unit in units.UNITS.values()}
    assert dimensions == {unit.dimension for unit in units.UNITS.values() if unit.factor == 1.0}


def test_every_quantity_is_found_by_its_name_and_no_other_is() -> None:
    assert [Quantity.named(quantity.name.lower()) for quantity in Quantity] == list(Quantity)
    with pytest.raises(ValueError, match=r"'ACTIVE_POWER' is no quantity; did you mean 'active_power'\?"):
        Quantity.named("ACTIVE_POWER")
    with pytest.raises(ValueError, match=r"'weather' is no quantity; config/profiles/_blueprint.toml lists them all"):
        Quantity.named("weather")
