"""How anode effects are found in voltages: defaults, thresholds of each line, and what is refused."""

# ruff: noqa: E501 - whole messages, as a person reads them

import pytest
from settings_folder import COLLECTOR, FILES, PLANT, SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture

from collector.readings.event import EffectOrigin
from collector.settings import AnodeEffectSettings


def test_without_a_word_an_effect_is_above_8_v_and_rises_within_15_min_are_one(settings_folder: SettingsFolder) -> None:
    configuration = settings_folder.load()
    assert configuration.anode_effects == AnodeEffectSettings(
        merging_gap_s=900.0,
        shortest_s=0.0,
        sensor_limit_v=60.0,
        together=0.5,
        same_within_s=60.0,
        precedence=EffectOrigin.CONTROLLER,
    )
    (line,) = configuration.plant.potlines
    assert (line.effect_above_v, line.effect_below_v) == (8.0, 8.0)


def test_a_line_has_thresholds_of_its_own_and_the_end_follows_the_beginning(settings_folder: SettingsFolder) -> None:
    text = FILES[PLANT].replace('anode_ash = "0.4 %"', 'anode_ash = "0.4 %"\nanode_effect_above = "7.5 V"')
    settings_folder.write(PLANT, text)
    (line,) = settings_folder.load().plant.potlines
    assert (line.effect_above_v, line.effect_below_v) == (7.5, 7.5)
    settings_folder.write(PLANT, text.replace('"7.5 V"', '"7.5 V"\nanode_effect_below = "6500 mV"'))
    (line,) = settings_folder.load().plant.potlines
    assert (line.effect_above_v, line.effect_below_v) == (7.5, 6.5)


def test_the_rules_are_settings(settings_folder: SettingsFolder) -> None:
    rules = 'merging_gap = "0s"\nshortest = "3s"\ntogether = "80 %"\nprecedence = "voltage"'
    settings_folder.write(COLLECTOR, FILES[COLLECTOR] + f"[anode_effects]\n{rules}\n")
    found = settings_folder.load().anode_effects
    assert (found.merging_gap_s, found.shortest_s, found.together) == (0.0, 3.0, 0.8)
    assert found.precedence is EffectOrigin.VOLTAGE


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        (
            PLANT,
            'anode_ash = "0.4 %"',
            'anode_ash = "0.4 %"\nanode_effect_above = "12 V"',
            "config/plants/p.toml:17 potlines.PL1.anode_effect_above: 12 V is above 10 V; give 6 V to 10 V",
        ),
        (
            PLANT,
            'anode_ash = "0.4 %"',
            'anode_ash = "0.4 %"\nanode_effect_above = "7 V"\nanode_effect_below = "8 V"',
            "config/plants/p.toml:18 potlines.PL1.anode_effect_below: 8 V is above anode_effect_above, 7 V; give the same or less, or leave it out",
        ),
        (
            COLLECTOR,
            "[store]",
            '[anode_effects]\nprecedence = "both"\n[store]',
            'config/collector.toml:5 anode_effects.precedence: \'both\' is not possible here; write "controller" or "voltage"',
        ),
        (
            COLLECTOR,
            "[store]",
            '[anode_effects]\nmerging_gap = "15"\n[store]',
            "config/collector.toml:5 anode_effects.merging_gap: '15' is not a number with a unit; write it like '60 s'",
        ),
    ],
)
def test_what_cannot_be_is_said_with_its_place(
    settings_folder: SettingsFolder, file: str, old: str, new: str, problem: str
) -> None:
    settings_folder.change(file, old, new)
    assert settings_folder.problems() == [problem]
