"""The energy of the pots by their own voltages, beside that of the line."""

import pytest
from example_plant import example_plant

from collector.accounting.production import PotWatch
from collector.readings.batch import ReadingBatch
from collector.readings.cell import MINUTE_NS
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity

PLANT = example_plant()
LINE = PLANT.potlines[0]
START = 1_772_337_600_000_000_000  # 2026-03-01T04:00:00Z
S = 1_000_000_000
CURRENT = PLANT.points.place("pl1_dc", Quantity.LINE_CURRENT)
POTS = [PLANT.points.place(f"pot:{pot}", Quantity.POT_VOLTAGE) for pot in LINE.pots]

Row = tuple[int, int, float, int]


def current(t_s: float, ka: float, quality: Quality = Quality.GOOD) -> Row:
    return CURRENT, START + round(t_s * S), ka, int(quality)


def voltages(t_s: float, volts: float) -> list[Row]:
    return [(point, START + round(t_s * S), volts, int(Quality.GOOD)) for point in POTS]


def told(*rows: Row) -> float | None:
    watch = PotWatch(PLANT)
    watch.take(ReadingBatch.of(rows))
    return watch.inputs(LINE, START, line_current_ka=400.0).kwh


def test_forty_pots_at_4_volts_and_400_ka_take_1066_kwh_in_a_minute() -> None:
    assert told(current(0, 400.0), *voltages(10, 4.0), *voltages(40, 4.0)) == pytest.approx(40 * 4.0 * 400 / 60)


def test_each_voltage_is_multiplied_with_the_current_at_its_time() -> None:
    """Voltage and current rise together: the product of the means would be 0.4 % too low."""
    rows = (current(10, 300.0), current(50, 500.0), *voltages(10, 3.9), *voltages(50, 4.1))
    assert told(*rows) == pytest.approx(40 * (3.9 * 300 + 4.1 * 500) / 2 / 60)
    assert told(*rows) != pytest.approx(40 * 4.0 * 400 / 60, rel=1e-3)


def test_between_two_readings_the_current_goes_straight() -> None:
    assert told(current(0, 300.0), current(40, 500.0), *voltages(20, 4.0)) == pytest.approx(40 * 4.0 * 400 / 60)


def test_with_one_pot_unheard_nothing_is_told_of_the_line() -> None:
    assert told(current(0, 400.0), *voltages(10, 4.0)[1:]) is None


def test_without_a_current_near_enough_nothing_is_told() -> None:
    assert told(*voltages(10, 4.0)) is None
    assert told(current(-90, 400.0), *voltages(10, 4.0)) is None
    assert told(current(0, 400.0, Quality.BAD_COMM_FAILURE), *voltages(10, 4.0)) is None
    assert told(current(-30, 400.0), *voltages(10, 4.0)) == pytest.approx(40 * 4.0 * 400 / 60)


def test_batches_make_no_difference_where_the_current_came_before() -> None:
    watch = PotWatch(PLANT)
    for t in range(0, 60, 5):
        watch.take(ReadingBatch.of([current(t, 390.0 + t), *voltages(t + 1, 4.0)]))
    before = watch.inputs(LINE, START, line_current_ka=400.0).kwh
    # The line's own minute, with the current of five seconds held: 390 + 27.5 kA on average.
    assert before == pytest.approx(40 * 4.0 * 417.5 / 60)


def test_minutes_are_kept_apart() -> None:
    watch = PotWatch(PLANT)
    watch.take(ReadingBatch.of([current(0, 400.0), *voltages(30, 4.0), current(60, 400.0), *voltages(90, 4.2)]))
    first, second = (watch.inputs(LINE, START + n * MINUTE_NS, line_current_ka=400.0).kwh for n in (0, 1))
    assert first == pytest.approx(40 * 4.0 * 400 / 60)
    assert second == pytest.approx(40 * 4.2 * 400 / 60)
