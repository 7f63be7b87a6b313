"""New pots in start-up: from the plant file, by the rule that says whether they count."""

# ruff: noqa: E501 - whole messages, as a person reads them

import pytest
from settings_folder import COLLECTOR, PLANT, SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture

from collector.plant.topology import Startup

ASH = 'anode_ash = "0.4 %"\n'
MIDNIGHT = 1_772_294_400_000_000_000
"""2026-03-01 in Shanghai."""
DAY_NS = 86_400_000_000_000


def told(folder: SettingsFolder, rows: str, *, rule: str) -> list[str]:
    folder.change(PLANT, ASH, f"{ASH}startups = [{rows}]\n")
    if rule:
        folder.add(COLLECTOR, f'[anode_effects]\nstartup = "{rule}"\n')
    return folder.problems()


ROW = '{ pot = "1002", valid_from = 2026-03-01, valid_to = 2026-03-14 }'


def test_a_pot_in_start_up_is_counted_apart_from_its_first_day_to_its_last(settings_folder: SettingsFolder) -> None:
    assert told(settings_folder, ROW, rule="apart") == []
    [line] = settings_folder.load().plant.potlines
    assert line.startups == (Startup("1002", MIDNIGHT, MIDNIGHT + 14 * DAY_NS),)


def test_a_rule_that_counts_them_leaves_nothing_apart(settings_folder: SettingsFolder) -> None:
    assert told(settings_folder, ROW, rule="counted") == []
    [line] = settings_folder.load().plant.potlines
    assert line.startups == ()


@pytest.mark.parametrize(
    ("rows", "rule", "what"),
    [
        (ROW, "", 'startups: startups are given, and whether they count in frequency and slope is not; say startup = "apart" or "counted" in [anode_effects], as your rule set has it'),
        (ROW.replace("1002", "1009"), "apart", "startups[0].pot: 1009 is no pot of the line; name one of its pots"),
        (f"{ROW}, {ROW}", "apart", "startups[1]: 1002 is in start-up already in a part of it; make them one"),
        (ROW.replace("03-14", "02-14"), "apart", "startups[0].valid_to: 2026-02-14 is before valid_from, 2026-03-01; give the last day"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_start_up_is_told(
    settings_folder: SettingsFolder, rows: str, rule: str, what: str
) -> None:
    [problem] = told(settings_folder, rows, rule=rule)
    assert problem.split(" potlines.PL1.")[1] == what
