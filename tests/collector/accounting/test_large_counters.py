"""64-bit counters beyond the whole numbers that a float64 can tell apart: what is lost, and that it never adds up.

A register of Wh reaches 2**53 after two thousand years at 500 MW, so only one that was set there on purpose does. Raw
values become float64 when they are decoded, and kWh after that: each rounds by half a unit in the last place at most.
"""

import math

import numpy as np
import pytest
from bookkeeper import Bookkeeper

from collector.accounting.cells import Rule
from collector.accounting.integrals import Shape
from collector.acquisition.modbus.decode import MeterValues
from collector.acquisition.modbus.plan import ReadBlock
from collector.plant.profile import Register, RegisterType, WordOrder
from collector.readings import units

S = 1_000_000_000
REGISTER = Register("energy", None, 3, 0, RegisterType.U64, 4, WordOrder.MSW_FIRST)
BLOCK = ReadBlock(3, 0, 4, (REGISTER,))
RULE = Rule(Shape.COUNTER, most_per_s=600_000 / 3600, modulus=2.0**64 * 1e-3, slack=20_000.0)
WH_PER_S = 450_000_000 // 3600


def shown_kwh(raw: int) -> float:
    """Return what becomes of a register's bytes: decoded, and in the canonical unit."""
    (value,) = MeterValues([REGISTER], {}).take(BLOCK, raw.to_bytes(8, "big"))
    return float(value) * units.factor("Wh", "kWh")


@pytest.mark.parametrize(
    ("start", "lost_kwh"),
    [
        (0, 1e-9),
        (4_294_967_296, 1e-6),
        (2**53 - WH_PER_S * 1800, 0.004),
        (2**60, 0.3),
        (2**63 - 1, 3.0),
        (2**64 - WH_PER_S * 1800, 5.0),
    ],
)
def test_an_hour_of_any_height_is_wrong_by_the_last_place_of_its_two_ends_and_no_more(
    start: int, lost_kwh: float
) -> None:
    keeper = Bookkeeper({0: RULE})
    times = range(0, 3601, 5)
    keeper.book([(0, t * S, shown_kwh((start + WH_PER_S * t) % 2**64), 0xC0) for t in times])
    hours = WH_PER_S * 3600 * 1e-3

    by_minute = [keeper.amount(0, minute).amount for minute in range(60)]

    assert math.fsum(by_minute) == pytest.approx(hours, rel=1e-12, abs=lost_kwh)
    assert not keeper.incidents or start == 2**64 - WH_PER_S * 1800
    # What a minute loses its neighbour has: the loss does not grow with their number.
    running = np.cumsum(by_minute) - np.arange(1, 61) * hours / 60
    assert np.abs(running).max() <= max(lost_kwh, 1e-9 * hours)


def test_below_2_to_the_53_every_register_is_told_apart_from_the_next() -> None:
    assert shown_kwh(2**53 - 1) < shown_kwh(2**53)
    assert shown_kwh(2**53) == shown_kwh(2**53 + 1)
