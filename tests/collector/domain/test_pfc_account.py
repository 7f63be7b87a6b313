"""What perfluorocarbons may be added to which."""

import pytest

from collector.domain.pfc_account import LowVoltageFactor, PfcMethod, PfcOfLine, sum_of_lines, with_low_voltage


def line(name: str = "PL1", method: PfcMethod = PfcMethod.SLOPE, edition: str = "cbam_2025_2547") -> PfcOfLine:
    return PfcOfLine(name, method, edition, cf4_kg=100.0, c2f6_kg=12.1)


def factor(added_to: str = "cbam_2025_2547") -> LowVoltageFactor:
    return LowVoltageFactor(cf4_kg_per_t=0.01, added_to=added_to, source="campaign of May")


def test_slope_and_overvoltage_of_one_line_are_never_added() -> None:
    with pytest.raises(ValueError, match=r"PL1 has gases by slope .* and by overvoltage .*: choose one method"):
        sum_of_lines([line(), line(method=PfcMethod.OVERVOLTAGE)])


def test_a_line_is_not_counted_twice_by_one_method() -> None:
    with pytest.raises(ValueError, match="PL1 has gases by slope"):
        sum_of_lines([line(), line()])


def test_lines_with_methods_of_their_own_are_added() -> None:
    plant = sum_of_lines([line(), line("PL2", PfcMethod.OVERVOLTAGE), line("PL3", PfcMethod.STACK, "campaign of May")])
    assert plant.cf4_kg == pytest.approx(300, rel=1e-12)
    assert plant.c2f6_kg == pytest.approx(36.3, rel=1e-12)


def test_what_is_below_the_threshold_and_not_counted_is_listed() -> None:
    counted = with_low_voltage(line("PL2"), metal_t=1000.0, factor=factor())
    stack = line("PL3", PfcMethod.STACK, "campaign of May")
    assert sum_of_lines([line(), counted, stack]).without_low_voltage == ("PL1",)


def test_low_voltage_adds_10_kg_of_cf4_and_no_c2f6_to_1000_tonnes() -> None:
    counted = with_low_voltage(line(), metal_t=1000.0, factor=factor())
    assert counted.low_voltage_cf4_kg == pytest.approx(10, rel=1e-12)
    plant = sum_of_lines([counted])
    assert plant.cf4_kg == pytest.approx(110, rel=1e-12)
    assert plant.c2f6_kg == 12.1
    assert plant.co2e_t(gwp_cf4=6630, gwp_c2f6=11100) == pytest.approx(0.110 * 6630 + 0.0121 * 11100, rel=1e-12)


def test_slope_of_2006_takes_no_low_voltage_factor_of_another_edition() -> None:
    with pytest.raises(ValueError, match=r"PL1 has gases by ipcc_2006, .*added to cbam_2025_2547\. Remedy: use coeff"):
        with_low_voltage(line(edition="ipcc_2006"), metal_t=1000.0, factor=factor())


def test_slope_of_2006_takes_a_low_voltage_factor_that_names_it() -> None:
    counted = with_low_voltage(line(edition="ipcc_2006"), metal_t=1000.0, factor=factor("ipcc_2006"))
    assert counted.low_voltage_cf4_kg == pytest.approx(10, rel=1e-12)


def test_a_stack_measurement_holds_low_voltage_emissions_already() -> None:
    stack = line(method=PfcMethod.STACK)
    with pytest.raises(ValueError, match=r"PL1 was measured in the stack.*leave the low-voltage factor out"):
        with_low_voltage(stack, metal_t=1000.0, factor=factor())


def test_low_voltage_is_added_once() -> None:
    counted = with_low_voltage(line(), metal_t=1000.0, factor=factor())
    with pytest.raises(ValueError, match=r"PL1 has its low-voltage term already"):
        with_low_voltage(counted, metal_t=1000.0, factor=factor())


def test_low_voltage_of_zero_was_counted() -> None:
    none = LowVoltageFactor(0.0, "cbam_2025_2547", "campaign of May: below detection")
    assert sum_of_lines([with_low_voltage(line(), metal_t=1000.0, factor=none)]).without_low_voltage == ()


@pytest.mark.parametrize(("added_to", "source"), [(" ", "campaign"), ("ipcc_2006", "")])
def test_low_voltage_factor_without_edition_or_source_is_refused(added_to: str, source: str) -> None:
    with pytest.raises(ValueError, match=r"low-voltage factor .*Remedy: "):
        LowVoltageFactor(0.01, added_to, source)


def test_negative_gas_of_a_line_is_refused() -> None:
    with pytest.raises(ValueError, match="cf4_kg is -1"):
        PfcOfLine("PL1", PfcMethod.SLOPE, "ipcc_2006", cf4_kg=-1.0, c2f6_kg=0.0)
    with pytest.raises(ValueError, match="low_voltage_cf4_kg is -1"):
        PfcOfLine("PL1", PfcMethod.SLOPE, "ipcc_2006", cf4_kg=1.0, c2f6_kg=0.0, low_voltage_cf4_kg=-1.0)


def test_a_plant_without_lines_emits_nothing() -> None:
    plant = sum_of_lines([])
    assert (plant.cf4_kg, plant.c2f6_kg, plant.without_low_voltage) == (0, 0, ())
