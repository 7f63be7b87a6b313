"""Contracts, certificates, limits, targets, the price region, fuels and raw materials: what they mean, what is refused."""

# ruff: noqa: E501 - whole lines, as a person reads them

import pytest
from price_rules import PRICE_RULES
from settings_folder import AC, PLANT, SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture

from collector.plant.contracts import Technology
from collector.plant.limits import Boundary
from collector.plant.materials import FuelContent, Stage
from collector.readings.quantity import Quantity

P = "config/plants/p.toml"
WIND = """\
[contracts.park]
technology = "wind"
kg_co2_per_kwh = 0.0
energy = "2 GWh"
per = "month"
valid_from = 2025-01-01
valid_to = 2025-12-31
source = "contract 17"
"""
LIMIT = """\
[limits.bath]
of = "bath_temperature"
most = "970 degC"
averaged_over = "1d"
potline = "PL1"
valid_from = 2024-01-01
source = "standard"
"""
ALUMINA = """\
[footprint.alumina]
value = 1200
unit = "kg CO2e/t"
amount = "1930 kg/t"
valid_from = 2025-01-01
source = "supplier"
verified = "own"
uncertainty = "10 %"
"""
DIESEL = """\
[fuels.diesel]
unit = "t"
kg_co2_per_unit = 3100
amounts_csv = "diesel.csv"
source = "analysis"
verified = "own"
"""
FIRST_LINE = 42
"""Of what a test adds to the plant file."""


def told(folder: SettingsFolder, text: str, **sheets: str) -> list[str]:
    """Return what is wrong with an addition to the plant file, with the lines counted from its first."""
    folder.add(PLANT, text)
    for name, rows in sheets.items():
        folder.write(f"plants/{name}.csv", rows)
    return folder.problems()


def test_a_contract_means_this(settings_folder: SettingsFolder) -> None:
    assert told(settings_folder, WIND) == []
    [contract] = settings_folder.load().plant.portfolio.contracts
    assert (contract.name, contract.technology, contract.source) == ("park", Technology.WIND, "contract 17")
    march = 1740758400_000_000_000  # 2025-03-01 in Shanghai
    assert contract.covered_kwh(march, march + 31 * 86400 * 10**9, 1e9) == pytest.approx(2e6)
    january_2026 = 1767196800_000_000_000
    assert contract.covered_kwh(january_2026, january_2026 + 3_600_000_000_000, 1e9) == 0.0


def test_the_generation_of_hours_means_this(settings_folder: SettingsFolder) -> None:
    by_hour = WIND.replace('energy = "2 GWh"\nper = "month"\n', 'generation_csv = "sun.csv"\n')
    assert told(settings_folder, by_hour, sun="time,kwh\n2025-03-01T11:00:00+08:00,1850\n") == []
    [contract] = settings_folder.load().plant.portfolio.contracts
    start = 1740758400_000_000_000 + 11 * 3_600_000_000_000
    assert contract.covered_kwh(start, start + 3_600_000_000_000, 5000.0) == 1850.0


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('per = "month"\n', "", f'{P}:{FIRST_LINE} contracts.park: energy and per go together; write them like energy = "20 GWh", per = "month"'),
        ('energy = "2 GWh"\nper = "month"\n', "", f"{P}:{FIRST_LINE} contracts.park: does not say how much it is; give energy and per, share, or generation_csv"),
        ('energy = "2 GWh"\n', 'energy = "2 GWh"\nshare = "5 %"\n', f"{P}:{FIRST_LINE} contracts.park: energy and share exclude each other; give energy and per, share, or generation_csv"),
        ('energy = "2 GWh"', 'energy = "2 MW"', f"{P}:45 contracts.park.energy: 'MW' measures power, and energy is needed here; one of: Wh, kWh, MWh, GWh"),
        ("kg_co2_per_kwh = 0.0", "kg_co2_per_kwh = 500", f"{P}:44 contracts.park.kg_co2_per_kwh: 500 must be from 0 to 3; give kg CO2 per kWh, 0.53 and not 530 g/kWh"),
        ('technology = "wind"', 'technology = "storage"', f'{P}:43 contracts.park.technology: \'storage\' is not possible here; write "hydro", "wind", "solar", "biomass", "geothermal", "nuclear" or "fossil"'),
        ("valid_to = 2025-12-31", "valid_to = 2024-12-31", f"{P}:48 contracts.park.valid_to: 2024-12-31 is before valid_from, 2025-01-01; give the last day"),
        ('source = "contract 17"\n', "", f"{P}:{FIRST_LINE} contracts.park.source: is missing; add it"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_contract_is_told(settings_folder: SettingsFolder, old: str, new: str, what: str) -> None:
    assert told(settings_folder, WIND.replace(old, new)) == [what]


def test_shares_of_more_than_the_load_are_refused_where_they_begin_to_be(settings_folder: SettingsFolder) -> None:
    half = WIND.replace('energy = "2 GWh"\nper = "month"', 'share = "60 %"')
    more = half.replace("contracts.park", "contracts.more").replace(
        "valid_from = 2025-01-01", "valid_from = 2025-06-01"
    )
    after = half.replace("contracts.park", "contracts.after").replace("2025-01-01", "2026-01-01").replace("valid_to = 2025-12-31\n", "")  # fmt: skip
    assert told(settings_folder, half + more + after) == [
        f"{P}:52 contracts.more.share: from 2025-06-01 on, the shares of park, more add up to 1.2; together they may be 1 at most (100 %)"
    ]


CERTIFICATES = '[certificates]\ncsv = "c.csv"\n'
ROWS = "month,mwh,technology,registry_id\n2025-03,1200,wind,R-1\n2025-04,900,wind,R-1\n2025-04,5,hydro,R-1\n"


def test_certificates_mean_this(settings_folder: SettingsFolder) -> None:
    assert told(settings_folder, CERTIFICATES, c=ROWS) == []
    portfolio = settings_folder.load().plant.portfolio
    march, april = 1740758400_000_000_000, 1743436800_000_000_000
    assert portfolio.certificate_kwh(march, april) == 1_200_000.0
    assert portfolio.certificate_kwh(april, april + 30 * 86400 * 10**9) == 905_000.0


def test_a_certificate_and_a_contract_about_the_same_mwh_cannot_be_added(settings_folder: SettingsFolder) -> None:
    bundled = WIND + "certificate = true\n"
    remedy = "remove the row, or add a column 'contract', empty where a certificate was bought apart"
    assert told(settings_folder, bundled + CERTIFICATES, c=ROWS) == [
        f"{P}:52 certificates.csv: config/plants/c.csv row {row}: may be about the energy of contract park, which has certificate = true; {remedy}"
        for row in (2, 3)
    ]
    apart = "month,mwh,technology,registry_id,contract\n2025-03,1200,wind,R-1,\n"
    settings_folder.write("plants/c.csv", apart)
    assert settings_folder.problems() == []
    settings_folder.write("plants/c.csv", f"{apart}2025-04,5,wind,R-2,park\n")
    assert settings_folder.problems() == [
        f"{P}:52 certificates.csv: config/plants/c.csv row 3: is about the energy of contract park, which counts it already; remove the row, or the contract"
    ]


def test_a_contract_that_is_wrong_is_told_once_though_a_certificate_names_it(settings_folder: SettingsFolder) -> None:
    rows = "month,mwh,technology,registry_id,contract\n2025-03,1200,wind,R-1,park\n"
    problems = told(settings_folder, WIND.replace('"wind"', '"gravity"') + CERTIFICATES, c=rows)
    assert not any("there is no contract" in problem for problem in problems)
    assert any("contracts.park.technology: 'gravity' is not possible here" in problem for problem in problems)


def test_certificates_of_another_year_than_the_contract_are_no_conflict(settings_folder: SettingsFolder) -> None:
    rows = "month,mwh,technology,registry_id\n2024-12,1200,wind,R-1\n2026-01,900,wind,R-1\n"
    assert told(settings_folder, f"{WIND}certificate = true\n{CERTIFICATES}", c=rows) == []


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("2025-13,1,wind,R", "'2025-13' is no month; write it like 2026-03"),
        ("2025-03,one,wind,R", "'one' is no mwh of zero or more; write it like 0.53, with a point"),
        ("2025-03,1,battery,R", "'battery' is no technology; one of: hydro, wind, solar, biomass, geothermal, nuclear, fossil"),
        ("2025-03,1,wind,", "its registry_id is empty; write the number under which the registry retired it"),
        ("2025-03,1,wind,R\n2025-03,1,wind,R", "row 2 tells R of the same month; a certificate is retired once"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_certificate_is_told(settings_folder: SettingsFolder, row: str, what: str) -> None:
    number = 3 if "\n" in row else 2
    assert told(settings_folder, CERTIFICATES, c=f"month,mwh,technology,registry_id\n{row}\n") == [
        f"{P}:43 certificates.csv: config/plants/c.csv row {number}: {what}"
    ]


def test_limits_targets_and_the_price_region_mean_this(settings_folder: SettingsFolder) -> None:
    text = f"""{LIMIT}least = "945 degC"
[limits.so2_per_t]
of = "so2"
most = "15 kg/t"
averaged_over = "30d"
valid_from = 2024-01-01
source = "permit"
[targets]
t_co2e_per_t = [{{ value = "8 t/t", valid_from = 2026-01-01, source = "board" }}]
renewable_share = [{{ value = "30 %", valid_from = 2030-01-01, source = "plan" }}]
[targets.kwh_per_t]
dc = [{{ value = "12700 kWh/t", valid_from = 2026-01-01, source = "budget" }}]
[price]
region = "Yunnan"
rule = "tiers"
previous_year_non_hydro_weight = [{{ value = "17 %", valid_from = 2026-01-01, source = "notice" }}]
"""
    settings_folder.write("factors/power_price.toml", PRICE_RULES)
    assert told(settings_folder, text) == []
    plant = settings_folder.load().plant
    bath, so2 = plant.limits
    assert (bath.quantity, bath.least, bath.most, bath.unit, bath.averaged_over_s) == (Quantity.BATH_TEMPERATURE, 945.0, 970.0, "degC", 86400.0)  # fmt: skip
    assert (so2.most, so2.unit, so2.stack, so2.potline) == (15.0, "kg/t", "", "")
    assert plant.targets.kwh_per_t[Boundary.DC].values[0].value == 12700.0
    assert plant.targets.renewable_share is not None
    assert plant.targets.renewable_share.values[0].value == 0.3
    assert plant.price_region is not None
    assert plant.price_region.previous_year_non_hydro_weight is not None
    assert plant.price_region.previous_year_non_hydro_weight.values[0].value == 0.17
    assert plant.price_region.non_hydro_share is None
    assert plant.price_region.rule == "tiers"


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('of = "bath_temperature"', 'of = "bath_temprature"', "43 limits.bath.of: 'bath_temprature' is no quantity; did you mean 'bath_temperature'?"),
        ('most = "970 degC"\n', "", "42 limits.bath: bounds nothing; give most, least, or both"),
        ('most = "970 degC"', 'most = "970 V"', "44 limits.bath.most: 'V' measures voltage, and temperature is needed here; one of: degC"),
        ('most = "970 degC"', 'most = "9 degC"\nleast = "10 degC"', "45 limits.bath.least: 10 degC is not below 9 degC; give the smaller one as least"),
        ('potline = "PL1"', 'potline = "PL7"', "46 limits.bath.potline: there is no potline 'PL7'; one of: PL1"),
        ('potline = "PL1"', 'stack = "GTC-1"', "46 limits.bath.stack: there is no stack 'GTC-1'; none is configured"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_limit_is_told(settings_folder: SettingsFolder, old: str, new: str, what: str) -> None:
    assert told(settings_folder, LIMIT.replace(old, new)) == [f"{P}:{what}"]


def test_a_target_of_one_day_stands_once_and_a_price_region_has_a_name(settings_folder: SettingsFolder) -> None:
    row = '{ value = "8 t/t", valid_from = 2026-01-01, source = "board" }'
    assert told(settings_folder, f"[targets]\nt_co2e_per_t = [{row}, {row}]\n[price]\n") == [
        f"{P}:43 targets.t_co2e_per_t[1].valid_from: a value from 2026-01-01 on stands here twice; keep one",
        f"{P}:44 price.region: is missing; add it",
        f"{P}:44 price.rule: is missing; add it",
    ]


def test_raw_materials_fuels_and_soda_ash_mean_this(settings_folder: SettingsFolder) -> None:
    gas = DIESEL.replace("diesel", "gas").replace("kg_co2_per_unit = 3100\n", 'net_calorific_gj = 43.0\ncarbon_t_per_gj = 0.02\noxidation = "98 %"\n')  # fmt: skip
    ash = '[soda_ash]\nt_co2_per_t = 0.415\namounts_csv = "ash.csv"\nsource = "stoichiometry"\nverified = "own"\n'
    months = "month,amount,source\n2025-02,28,book\n2025-03,31,book\n"
    assert told(settings_folder, ALUMINA + DIESEL + gas + ash, diesel=months, gas=months, ash="month,t\n2025-03,3.1\n") == []  # fmt: skip
    materials = settings_folder.load().plant.materials
    alumina = materials.footprint[Stage.ALUMINA]
    assert (alumina.value, alumina.amount_per_t, alumina.relative_standard_uncertainty) == (1200.0, 1.93, 0.05)
    diesel, gas_ = materials.fuels
    assert (diesel.kg_co2_per_unit, diesel.content) == (3100.0, None)
    assert (gas_.kg_co2_per_unit, gas_.content) == (None, FuelContent(43.0, 0.02, 0.98))
    assert diesel.amounts is not None
    day, march = 86400 * 10**9, 1740758400_000_000_000
    assert diesel.amounts.between(march - day, march + 2 * day) == pytest.approx(3.0)
    assert materials.soda_ash is not None
    assert materials.soda_ash.amounts.between(march, march + day) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("text", "whats"),
    [
        (ALUMINA.replace("kg CO2e/t", "kg CO2e/(t km)"), ['44 footprint.alumina.unit: kg CO2e/(t km) belongs to transport; write unit = "kg CO2e/t"']),
        (ALUMINA.replace("alumina", "transport").replace("kg CO2e/t", "kg CO2e/(t km)"), ["42 footprint.transport.distance_km: kg CO2e/(t km) and distance_km go together; give both, or kg CO2e/t alone"]),
        (ALUMINA.replace("value = 1200", "value = -1"), ["43 footprint.alumina.value: -1 is negative; give zero or more"]),
        (ALUMINA.replace('source = "supplier"\n', ""), ["42 footprint.alumina.source: is missing; add it"]),
        (ALUMINA.replace("alumina", "bauxite"), ["42 footprint.bauxite: is not a setting; one of: alumina, anodes, alf3, transport, casting"]),
        (DIESEL.replace("kg_co2_per_unit = 3100\n", ""), ["42 fuels.diesel: has no factor; add kg_co2_per_unit, or net_calorific_gj, carbon_t_per_gj, oxidation"]),
        (DIESEL.replace("kg_co2_per_unit = 3100\n", 'net_calorific_gj = 43\noxidation = "98 %"\n'), ["42 fuels.diesel: carbon_t_per_gj is missing; add kg_co2_per_unit, or net_calorific_gj, carbon_t_per_gj, oxidation"]),
        (DIESEL + 'oxidation = "98 %"\n', ["48 fuels.diesel.oxidation: a fuel has kg_co2_per_unit, or a content; keep one"]),
        (DIESEL.replace('amounts_csv = "diesel.csv"\n', ""), ["42 fuels.diesel: does not say how much of it burns; give meter or amounts_csv"]),
        (DIESEL.replace('amounts_csv = "diesel.csv"\n', 'meter = "ac"\nmost_per_hour = 5\n'), ["45 fuels.diesel.meter: ac measures rectifier_ac, and a fuel's meter nothing but the fuel; give it measures = \"monitored\"", "45 fuels.diesel.meter: ac has no counter of this fuel in t; its counters: active_energy_import [kWh]; volume [m3] or active_energy_import [kWh] is needed"]),
        (DIESEL.replace('amounts_csv = "diesel.csv"\n', 'meter = "gas"\n'), ["42 fuels.diesel.most_per_hour: most_per_hour goes with a meter: it bounds what its counter may gain; give both, most_per_hour in t", "45 fuels.diesel.meter: there is no meter 'gas'; one of: ac, dc"]),
        ("[soda_ash]\n", ["42 soda_ash.amounts_csv: is missing; add it", "42 soda_ash.source: is missing; add it", "42 soda_ash.t_co2_per_t: is missing; add it, or carbonate = \"soda_ash\" for the table's", "42 soda_ash.verified: is missing; add it"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_materials_is_told(settings_folder: SettingsFolder, text: str, whats: list[str]) -> None:
    months = "month,amount\n2025-02,28\n"
    assert told(settings_folder, text, diesel=months) == sorted(f"{P}:{what}" for what in whats)


def test_a_month_of_fuel_stands_once(settings_folder: SettingsFolder) -> None:
    assert told(settings_folder, DIESEL, diesel="month,amount\n2025-02,28\n2025-02,29\n") == [
        f"{P}:45 fuels.diesel.amounts_csv: config/plants/diesel.csv row 3: row 2 tells the same month; keep one"
    ]


def test_a_meter_that_counts_a_fuel_is_found(settings_folder: SettingsFolder) -> None:
    settings_folder.add(AC, '[registers.volume]\naddress = 10\ntype = "u32"\nunit = "m3"\n')
    gas = DIESEL.replace("diesel", "gas").replace('unit = "t"', 'unit = "m3"').replace('amounts_csv = "gas.csv"', 'meter = "gas_meter"\nmost_per_hour = 1500')  # fmt: skip
    meter = '[meters.gas_meter]\nmeasures = "monitored"\nprofile = "ac"\nendpoint = "gate-way"\nunit = 9\n'
    assert told(settings_folder, gas + meter) == []
    [fuel] = settings_folder.load().plant.materials.fuels
    assert (fuel.meter, fuel.most_per_hour, fuel.unit) == ("gas_meter", 1500.0, "m3")
