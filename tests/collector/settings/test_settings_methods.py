"""How a potline's gases and carbon are found, by settings: what each choice means, and what is refused."""

# ruff: noqa: E501 - whole lines, as a person reads them

import shutil

import pytest
from example_plant import CONFIG
from settings_folder import PLANT, SLOPES, SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture

from collector.plant.direct import DirectMethods

LINE = 'technology = "cwpb"\n'
CARBON = """\
net_anode_consumption = [{ value = "0.415 t/t", valid_from = 2024-01-01, source = "report" }]
anode_sulphur = "2 %"
anode_ash = "0.4 %"
"""
LOW = '[potlines.PL1.low_voltage]\ncf4 = "0.012 kg/t"\nadded_to = "ipcc_2006"\nsource = "campaign"\nverified = "own"\nuncertainty = "15 %"\n'
PASTE = 'consumption = [{ value = "0.52 t/t", valid_from = 2024-01-01, source = "paste plant" }]\nkind = "dry"\nsource = "laboratory"\nverified = "own"\n'


@pytest.fixture(name="folder")
def folder_with_shipped_tables(settings_folder: SettingsFolder) -> SettingsFolder:
    for name in ("pfc_overvoltage", "pfc_tier1", "carbon", "pfc_slope", "gwp"):
        shutil.copy(CONFIG.parent / "factors" / f"{name}.toml", settings_folder.path / "factors" / f"{name}.toml")
    return settings_folder


def chosen(folder: SettingsFolder, line: str, after: str = "") -> DirectMethods:
    folder.change(PLANT, LINE, line)
    folder.add(PLANT, after)
    return folder.load().plant.potlines[0].direct


def test_a_method_that_prescribes_its_warming_potentials_refuses_another_set(folder: SettingsFolder) -> None:
    folder.change(PLANT, 'method = "ipcc_2006"', 'method = "cbam_2025_2547"')
    assert folder.problems() == []
    folder.change(PLANT, 'gwp = "ar5"', 'gwp = "ar4"')
    assert folder.problems() == [
        'config/plants/p.toml:7 emissions.gwp: cbam_2025_2547 prescribes the warming potentials of ar5, and these are those of ar4; write gwp = "ar5", or choose a method that leaves them to the report'
    ]


def test_any_method_may_prescribe_its_warming_potentials(settings_folder: SettingsFolder) -> None:
    settings_folder.change(SLOPES, 'verified = "official"\n', 'verified = "official"\ngwp = "sar"\n')
    [told] = settings_folder.problems()
    assert "ipcc_2006 prescribes the warming potentials of sar, and these are those of ar5" in told


def test_without_a_choice_a_line_goes_by_slope_and_net_consumption(folder: SettingsFolder) -> None:
    assert folder.load().plant.potlines[0].direct == DirectMethods()


def test_overvoltage_takes_1_16_of_the_methods_table(folder: SettingsFolder) -> None:
    found = chosen(folder, LINE + 'pfc_method = "overvoltage"\n').overvoltage
    assert found is not None
    assert (found.coefficient.value, found.c2f6_per_cf4) == (1.16, 0.121)


def test_overvoltage_of_a_technology_that_the_table_has_not_is_refused(folder: SettingsFolder) -> None:
    folder.change(PLANT, LINE, 'technology = "vss"\npfc_method = "overvoltage"\n')
    assert folder.problems() == [
        "config/plants/p.toml:13 potlines.PL1.pfc_method: ipcc_2006 has no technology 'vss' in pfc_overvoltage.toml; choose another pfc_method; its technologies: cwpb, swpb"
    ]


def test_tier_1_takes_both_defaults_and_the_default_of_the_anodes(folder: SettingsFolder) -> None:
    folder.change(PLANT, CARBON, "")
    found = chosen(folder, LINE + 'pfc_method = "tier1"\nanode_method = "tier1"\n')
    assert found.gas_defaults is not None
    assert (found.gas_defaults.cf4_kg_per_t.value, found.gas_defaults.c2f6_kg_per_t.value) == (0.4, 0.04)
    assert found.anode_default is not None
    assert (found.anode_default.value, found.anode_default.verified) == (1.6, "transcription")
    assert folder.load().plant.potlines[0].net_anode_consumption is None


def test_a_default_of_the_anodes_and_their_consumption_exclude_each_other(folder: SettingsFolder) -> None:
    folder.change(PLANT, LINE, LINE + 'anode_method = "tier1"\n')
    told = folder.problems()
    assert len(told) == 3
    assert told[2].endswith('anode_ash: belongs to anode_method = "net_consumption", and this line has "tier1"; remove one of them')  # fmt: skip


def test_without_consumption_and_assay_both_are_missing(folder: SettingsFolder) -> None:
    folder.change(PLANT, CARBON, "")
    assert [line.partition(" potlines.PL1.")[2] for line in folder.problems()] == [
        "anode_ash: is missing; add it",
        "anode_sulphur: is missing; add it",
        "net_anode_consumption: is missing; add it",
    ]


def test_an_assay_of_a_table_stands_for_one_that_the_plant_has_not(folder: SettingsFolder) -> None:
    folder.change(PLANT, 'anode_sulphur = "2 %"\nanode_ash = "0.4 %"\n', 'anode_assay = "40_cfr_98"\n')
    line = folder.load().plant.potlines[0]
    assert (line.anode_sulphur_pct, line.anode_ash_pct) == (2.0, 0.4)
    assert (line.direct.assay, line.direct.assay_verified) == ("40 CFR 98, table F-2", "transcription")


def test_a_low_voltage_term_is_the_plants_own_with_its_source_and_uncertainty(folder: SettingsFolder) -> None:
    found = chosen(folder, LINE, LOW).low_voltage
    assert found is not None
    assert (found.cf4_kg_per_t.value, found.cf4_kg_per_t.source, found.added_to) == (0.012, "campaign", "ipcc_2006")
    assert found.cf4_kg_per_t.relative_standard_uncertainty == 0.075


def test_a_low_voltage_term_of_another_edition_is_refused(folder: SettingsFolder) -> None:
    folder.add(PLANT, LOW.replace("ipcc_2006", "cbam_2025_2547"))
    [told] = folder.problems()
    assert "low_voltage.added_to: is made to be added to cbam_2025_2547, and the method is ipcc_2006; " in told


def test_a_low_voltage_term_on_top_of_tier_1_counts_a_part_twice(folder: SettingsFolder) -> None:
    folder.change(PLANT, LINE, LINE + 'pfc_method = "tier1"\n')
    folder.add(PLANT, LOW)
    [told] = folder.problems()
    assert "low_voltage: the defaults of tier 1 count all emissions together" in told


def test_paste_takes_what_the_plant_has_not_from_the_table_that_it_names(folder: SettingsFolder) -> None:
    folder.change(PLANT, CARBON, "")
    line = 'technology = "vss"\nanode_method = "paste"\n'
    found = chosen(folder, line, f'[potlines.PL1.paste]\n{PASTE}defaults = "40_cfr_98"\ncoke_sulphur = "2.5 %"\n').paste
    assert found is not None
    assert (found.benzene_soluble_kg_per_t, found.binder_percent, found.coke_sulphur_percent) == (0.5, 24.0, 2.5)
    assert found.source == "laboratory; else 40 CFR 98, table F-2"


def test_paste_without_a_table_lists_each_number_that_is_missing(folder: SettingsFolder) -> None:
    folder.change(PLANT, CARBON, "")
    folder.change(PLANT, LINE, 'technology = "hss"\nanode_method = "paste"\n')
    folder.add(PLANT, f"[potlines.PL1.paste]\n{PASTE}")
    told = folder.problems()
    assert len(told) == 8
    assert told[0].endswith('potlines.PL1.paste.benzene_soluble: is missing; add it, or name the table of defaults = "40_cfr_98" that has it')  # fmt: skip


def test_a_prebake_line_has_no_paste(folder: SettingsFolder) -> None:
    folder.change(PLANT, CARBON, "")
    folder.change(PLANT, LINE, LINE + 'anode_method = "paste"\n')
    folder.add(PLANT, f'[potlines.PL1.paste]\n{PASTE}defaults = "40_cfr_98"\n')
    assert any("technology cwpb has no paste" in line for line in folder.problems())
