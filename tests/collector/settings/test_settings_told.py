"""What is told as time goes, in the settings: what counts where nothing is told, and what is wrong with it."""

# ruff: noqa: E501 - whole lines, as a person reads them

import shutil

import pytest
from settings_folder import COLLECTOR, PLANT, SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture
from test_settings_example import CONFIG

from collector.plant.told import Untold

ONE = 'grid_factor = "grid"'
RIVER = (
    '[contracts.river]\ntechnology = "hydro"\nkg_co2_per_kwh = 0.0\nuntold = "withhold"\nvalid_from = 2025-01-01\n'
    'source = "contract"\n'
)
P = "config/plants/p.toml"


@pytest.fixture(name="heard")
def heard_(settings_folder: SettingsFolder) -> SettingsFolder:
    """Return settings with a broker whose layout tells factors."""
    shutil.copytree(CONFIG / "layouts", settings_folder.path / "layouts", dirs_exist_ok=True)
    return settings_folder


def test_what_counts_where_nothing_is_told_is_said_for_each_factor(heard: SettingsFolder) -> None:
    heard.change(
        PLANT,
        ONE,
        f'{ONE}\ngrid_factor_untold = "estimate"\nresidual_factor = "grid"\nresidual_factor_untold = "withhold"',
    )
    heard.add(PLANT, f"{RIVER}[certificates]\ntold = true\n")
    plant = heard.load().plant
    assert plant.residual_factor is not None
    assert (plant.grid_factor.untold, plant.residual_factor.untold) == (Untold.ESTIMATE, Untold.WITHHOLD)
    (river,) = plant.portfolio.contracts
    assert (river.untold, river.each, river.hourly, river.share) == (Untold.WITHHOLD, None, None, None)
    assert plant.portfolio.certificates_told
    assert plant.grid_factor.at(1_772_337_600 * 10**9).estimated


@pytest.mark.parametrize(
    ("change", "added", "told"),
    [
        ('residual_factor_untold = "estimate"', "", "emissions.residual_factor_untold: belongs to a residual_factor; add residual_factor, or remove it"),
        ('grid_factor_untold = "refuse"', "", 'emissions.grid_factor_untold: \'refuse\' is not possible here; write "estimate" or "withhold"'),
        ("", RIVER + 'share = "5 %"\n', 'contracts.river: untold = "withhold" and share exclude each other; let these stand in: untold = "estimate"; or remove them'),
        ("", RIVER.replace("withhold", "estimate"), 'contracts.river: has nothing that could stand in for a delivery that is not told; give energy and per, or generation_csv; or write untold = "withhold"'),
        ("", "[certificates]\n", "certificates: are neither in a sheet nor told; add csv, or told = true"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_with_its_place_and_remedy(
    heard: SettingsFolder, change: str, added: str, told: str
) -> None:
    heard.change(PLANT, ONE, f"{ONE}\n{change}")
    heard.add(PLANT, added)
    (problem,) = heard.problems()
    assert problem.startswith(f"{P}:")
    assert problem.split(" ", 1)[1] == told


def test_what_no_layout_can_tell_is_a_mistake(settings_folder: SettingsFolder) -> None:
    settings_folder.change(PLANT, ONE, f'{ONE}\ngrid_factor_untold = "estimate"')
    (problem,) = settings_folder.problems()
    assert problem.endswith(
        "emissions.grid_factor_untold: belongs to what is told over MQTT, and no broker's layout tells factors; add a"
        ' layout with a message of tells = "factor" to a broker, or remove it'
    )
    assert COLLECTOR not in problem


def test_five_percent_expanded_of_told_values_are_a_standard_uncertainty_of_2_5_percent(heard: SettingsFolder) -> None:
    heard.change(PLANT, ONE, f'{ONE}\ngrid_factor_untold = "estimate"\ngrid_factor_uncertainty = "5 %"')
    grid = heard.load().plant.grid_factor
    assert grid.relative_standard_uncertainty == 0.025


def test_an_uncertainty_of_told_values_where_none_are_told_is_a_mistake(settings_folder: SettingsFolder) -> None:
    settings_folder.change(PLANT, ONE, f'{ONE}\ngrid_factor_uncertainty = "5 %"')
    (problem,) = settings_folder.problems()
    assert problem.endswith(
        "emissions.grid_factor_uncertainty: belongs to the values of a grid_factor_csv or to those that are told, and"
        " there are none; give the named factor an uncertainty in its file, and remove this"
    )
