"""What rule sets ask for that no meter tells: what the settings mean, and what is refused."""

# ruff: noqa: E501 - whole lines, as a person reads them

import shutil

import pytest
from example_plant import CONFIG
from settings_folder import PLANT, SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture

from collector.plant.declarations import Declarations, Made

CBAM = """\
[cbam]
production_csv = "goods.csv"
production_uncertainty = "1 %"
precursors_complete = true
scrap = [{ value = "0.02 t/t", valid_from = 2025-01-01, source = "books" }]
[cbam.precursors.ingot]
made = "bought"
consumed_csv = "ingot.csv"
embedded = "1.7 t/t"
default_share = "25 %"
source = "supplier"
verified = "own"
uncertainty = "10 %"
amount_uncertainty = "2 %"
"""


def told(folder: SettingsFolder, text: str) -> list[str]:
    for name in ("goods", "ingot"):
        folder.write(f"plants/{name}.csv", "month,t\n2025-03,31\n")
    for name in ("carbon", "china_ets", "gwp"):
        shutil.copy(CONFIG.parent / "factors" / f"{name}.toml", folder.path / "factors" / f"{name}.toml")
    folder.add(PLANT, text)
    return [line.partition(" ")[2] for line in folder.problems()]


def declared(folder: SettingsFolder, text: str) -> Declarations:
    assert told(folder, text) == []
    return folder.load().plant.declared


def test_nothing_is_declared_unless_it_is_told(settings_folder: SettingsFolder) -> None:
    assert declared(settings_folder, "") == Declarations(left_out={"cbam": frozenset(), "china_ets": frozenset()})


def test_a_bought_precursor_has_mass_emissions_and_its_share_of_defaults(settings_folder: SettingsFolder) -> None:
    found = declared(settings_folder, CBAM).cbam
    [ingot] = found.precursors
    assert (ingot.made, ingot.embedded.value, ingot.default_share) == (Made.BOUGHT, 1.7, 0.25)
    assert (ingot.embedded.relative_standard_uncertainty, ingot.amount_relative_standard_uncertainty) == (0.05, 0.01)
    assert ingot.consumed.rows[0].amount == 31.0
    assert found.precursors_complete
    assert found.production is not None
    assert found.scrap is not None
    assert found.scrap.values[0].value == 0.02


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (
            'made = "bought"',
            'made = "own"',
            'cbam.precursors.ingot.default_share: 25 % default values for a precursor of the plant\'s own making; state its own emissions: 0 %, or say made = "bought"',
        ),
        (
            'production_csv = "goods.csv"\n',
            "",
            "cbam.production_csv: is missing: with metal of others in it, the goods are more than the pots made; tell the goods by month",
        ),
    ],
)
def test_what_contradicts_itself_is_refused(settings_folder: SettingsFolder, old: str, new: str, what: str) -> None:
    assert told(settings_folder, CBAM.replace(old, new)) == [what]


def test_a_printed_default_is_taken_by_its_name_and_an_unknown_one_refused(settings_folder: SettingsFolder) -> None:
    text = '[china_ets]\nanodes = "draft_2024"\nanode_effects = "by_gases"\n'
    assert declared(settings_folder, text).china_ets.anodes == "draft_2024"
    settings_folder.change(PLANT, '"by_gases"', '"by_gasses"')
    [line] = settings_folder.problems()
    assert line.endswith("china_ets.anode_effects: 'by_gasses' does not stand in china_ets.toml; one of: by_gases, draft_2024")  # fmt: skip


def test_an_ingot_needs_what_casting_loses_and_liquid_metal_loses_nothing(settings_folder: SettingsFolder) -> None:
    text = '[product]\nmelt_loss = { value = "0.7 %", source = "casthouse", verified = "own" }\n'
    assert told(settings_folder, text) == [
        'product.melt_loss: liquid metal loses nothing in casting; remove it, or write declared_unit = "remelt_ingot"'
    ]
    settings_folder.change(PLANT, "[product]\n", '[product]\ndeclared_unit = "remelt_ingot"\n')
    loss = settings_folder.load().plant.declared.footprint.melt_loss
    assert loss is not None
    assert loss.value == pytest.approx(0.007)


def test_soda_ash_takes_the_factor_of_a_table_that_it_names(settings_folder: SettingsFolder) -> None:
    text = '[soda_ash]\ncarbonate = "soda_ash"\namounts_csv = "ingot.csv"\nsource = "books"\nverified = "own"\n'
    assert told(settings_folder, text) == []
    ash = settings_folder.load().plant.materials.soda_ash
    assert ash is not None
    assert (ash.t_co2_per_t, ash.verified) == (0.415, "transcription")


def test_shares_of_a_fuel_add_up_to_100_percent_of_potlines_that_are_there(settings_folder: SettingsFolder) -> None:
    settings_folder.write("plants/d.csv", "month,amount\n2025-03,31\n")
    text = '[fuels.d]\nunit = "t"\nkg_co2_per_unit = 3100\namounts_csv = "d.csv"\nsource = "s"\nverified = "own"\nshares = { PL1 = "60 %", PL9 = "30 %" }\n'
    assert told(settings_folder, text) == [
        "fuels.d.shares: the shares add up to 90 %; give shares that add up to 100 %",
        "fuels.d.shares.PL9: there is no potline 'PL9'; one of: PL1",
    ]
