"""Energy, against what sources print or what follows from them; each test names its source."""

import math

import pytest

from collector.domain.boundaries import liquid_comprehensive_ac_kwh_per_t
from collector.domain.constants import ALUMINIUM_KG_PER_KAH
from collector.domain.electrolysis import (
    current_efficiency_from_metal,
    faraday_charge_kah,
    faraday_metal_kg,
    faraday_metal_t,
)
from collector.domain.energy import (
    ac_from_dc,
    dc_kwh_per_t,
    pot_voltage_from_dc,
    rectifier_efficiency,
    rectifier_loss,
    sample_energy_kwh,
    specific_energy,
)


def test_e01_one_kiloampere_hour_makes_0_3355727277_kilograms() -> None:
    """CODATA 2022 and IUPAC: F = 96485.33212 C/mol, Ar(Al) = 26.9815384, three electrons; 2.98 kAh/kg in textbooks."""
    assert faraday_metal_kg(1.0, current_efficiency=1.0, pots=1) == pytest.approx(0.3355727277, rel=1e-9)
    assert faraday_metal_kg(24.0, current_efficiency=1.0, pots=1) == pytest.approx(8.0537454642, rel=1e-9)
    assert faraday_charge_kah(1.0, current_efficiency=1.0, pots=1) == pytest.approx(2.9799799493, rel=1e-9)
    assert faraday_charge_kah(1.0, current_efficiency=1.0, pots=1) == pytest.approx(2.98, rel=5e-4)


def test_e02_textbook_constants_give_2_9779_kiloampere_hours_per_kilogram() -> None:
    """Teaching slides (scribd.com/presentation/424318118): M = 27, F = 96484; a thousandth off the exact value."""
    textbook = 96484.0 / (27.0 / 3) * 1000 / 3600 / 1000
    assert textbook == pytest.approx(2.9779012346, rel=1e-9)
    assert faraday_charge_kah(1.0, current_efficiency=1.0, pots=1) == pytest.approx(textbook, rel=1e-3)


def test_e03_a_pot_of_601_kiloampere_at_92_5_percent_makes_4_48_tonnes_a_day() -> None:
    """az-china.com on Hongqiao's 600 kA line: 376 pots, 601 kA, 92.5 %, 4.5 t a pot and day, 600 kt a year."""
    assert faraday_metal_t(601.0 * 24, current_efficiency=0.925, pots=1) == pytest.approx(4.4772784, rel=1e-6)
    assert faraday_metal_t(601.0 * 24, current_efficiency=0.925, pots=1) == pytest.approx(4.5, rel=6e-3)
    assert faraday_metal_t(601.0 * 24 * 365, current_efficiency=0.925, pots=376) == pytest.approx(600_000, rel=0.03)


def test_e04_12500_kwh_per_tonne_at_92_5_percent_is_3_88_volts() -> None:
    """az-china.com on Hongqiao's 600 kA line: DC 12,500 kWh/t."""
    assert pot_voltage_from_dc(12500.0, current_efficiency=0.925) == pytest.approx(3.8800596637, rel=1e-9)


def test_e05_12870_kwh_per_tonne_at_95_percent_is_4_10_volts() -> None:
    """Alba, line 6: 465 kA, DC 12.87 kWh/kg, 95 %."""
    assert pot_voltage_from_dc(12870.0, current_efficiency=0.95) == pytest.approx(4.1028, rel=1e-4)


def test_e06_nameplate_of_704_pots_implies_94_2_percent_and_13283_kwh_per_tonne() -> None:
    """Qatalum, "Primary Aluminium": 704 cells, 300 kA, 4.20 V, 585,000 t/a."""
    efficiency = current_efficiency_from_metal(585_000.0, charge_kah=300.0 * 24 * 365, pots=704)
    assert efficiency == pytest.approx(0.942260939, rel=1e-9)
    assert dc_kwh_per_t(4.2, current_efficiency=efficiency) == pytest.approx(13282.8553846154, rel=1e-9)


def test_e07_reference_pot_takes_840_kilowatts_and_13_17_kwh_per_kilogram() -> None:
    """P. Entner, AlPrg, "Cell Voltage": 200 kA, 4.2 V, 95 %, 840 kW."""
    assert sample_energy_kwh(4.2, current_ka=200.0, seconds=3600.0) == pytest.approx(840.0, rel=1e-12)
    assert dc_kwh_per_t(4.2, current_efficiency=0.95) / 1000 == pytest.approx(13.1746481969, rel=1e-9)


def test_e08_the_trade_constant_0_3355_makes_0_022_percent_less_metal() -> None:
    """dushuang.com (detail/626245.html): 0.3355 in Chinese practice, hence 2980 V/CE."""
    assert pytest.approx(-0.00022, abs=4e-6) == 0.3355 / ALUMINIUM_KG_PER_KAH - 1
    assert dc_kwh_per_t(4.0, current_efficiency=0.94) == pytest.approx(2980 * 4.0 / 0.94, rel=1e-5)


def test_e09_300_pots_at_14_kwh_per_kilogram_take_1_583_terawatt_hours_at_4_463_volts() -> None:
    """P. Entner, AlPrg, "Consumptions": 300 pots, 135 kA, 95 %, 8760 h, 14.0 kWh/kg."""
    metal_t = faraday_metal_t(135.0 * 8760, current_efficiency=0.95, pots=300)
    assert metal_t * 14_000 / 1e9 == pytest.approx(1.583, rel=5e-4)
    assert pot_voltage_from_dc(14_000.0, current_efficiency=0.95) == pytest.approx(4.463, rel=5e-5)


@pytest.mark.parametrize(
    ("exajoules", "kilotonnes", "kwh_per_t"),
    [
        (1.1729016, 23534.0, 13844.0554091952),
        (1.3124772, 26534.0, 13739.9939700008),
        (1.5388092, 31518.0, 13561.9963195634),
    ],
)
def test_e10_national_statistics_give_13844_and_13740_and_13562(
    exajoules: float, kilotonnes: float, kwh_per_t: float
) -> None:
    """International Aluminium Institute, in JGCRI/gcam-core's tables; 13,844 for 2012 printed by the SCMP."""
    assert specific_energy(exajoules * 1e18 / 3.6e6, kilotonnes * 1000) == pytest.approx(kwh_per_t, rel=1e-9)


def test_e10_the_figure_13762_for_2013_is_0_16_percent_above_the_statistics() -> None:
    """The same tables; 13,762 circulates without a source and is shipped nowhere."""
    assert 13762 / specific_energy(1.3124772e18 / 3.6e6, 26_534_000.0) - 1 == pytest.approx(0.0016, abs=2e-5)


def test_e11_dc_and_ac_of_2015_lie_687_kwh_per_tonne_apart() -> None:
    """Fastmarkets, LME Week 2016 (DC 12,875); AC from the statistics, 13,562."""
    assert rectifier_efficiency(12875.0, ac_energy=13562.0) == pytest.approx(0.9493437546, rel=1e-9)
    assert rectifier_loss(ac_energy=13562.0, dc_energy=12875.0) == 687.0


def test_e12_a_year_of_5884634_megawatt_hours_takes_14437_kwh_per_tonne() -> None:
    """Hindalco Renukoot, CBAM communication template, FY 2024-25."""
    assert specific_energy(5_884_634e3, 407_602.44) == pytest.approx(14437.1903171139, rel=1e-9)


def test_e13_voltage_rectifiers_and_services_add_up_to_13101_kwh_per_tonne() -> None:
    """From the definitions: 3.95 V, 93.5 %, rectifiers 98.5 %, services 320 kWh/t."""
    dc = dc_kwh_per_t(3.95, current_efficiency=0.935)
    ac = ac_from_dc(dc, rectifier_efficiency=0.985)
    assert dc == pytest.approx(12589.2201066787, rel=1e-9)
    assert ac == pytest.approx(12780.9341184555, rel=1e-9)
    comprehensive = liquid_comprehensive_ac_kwh_per_t(
        1000 * ac,
        potroom_services_kwh=320_000.0,
        line_losses_kwh=0.0,
        desulphurisation_kwh=0.0,
        liquid_metal_t=1000.0,
    )
    assert comprehensive == pytest.approx(13100.9341184555, rel=1e-9)


def test_e18_energy_under_modulation_is_no_product_of_means() -> None:
    """Definition of energy; steps of 25 % and resistance of a line as at TRIMET, Essen (trimet.eu)."""
    current_ka = [125.0, 75.0]
    voltage_v = [1.65 + 0.0235 * amperes for amperes in current_ka]
    samples = [sample_energy_kwh(v, current_ka=i, seconds=1800.0) for v, i in zip(voltage_v, current_ka, strict=True)]
    of_means = sample_energy_kwh(math.fsum(voltage_v) / 2, current_ka=100.0, seconds=3600.0)
    assert math.fsum(samples) == pytest.approx(414.6875, rel=1e-12)
    assert of_means == pytest.approx(400.0, rel=1e-12)
