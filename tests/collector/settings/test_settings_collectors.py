"""[collectors] of the plant file: who has what, which one this is, and what can be wrong with it."""

from pathlib import Path

import pytest
from settings_folder import COLLECTOR, PLANT, SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture

from collector.commands.division import assignment_warnings
from collector.settings import Choice, Configuration, ConfigurationError, load
from collector.settings.assignment import AS_SET

SECOND = """
[potlines.PL2]
name = "Potline 2"
pots = ["2001..2004"]
technology = "cwpb"
current_efficiency = [{ value = "93.5 %", valid_from = 2024-01-01, source = "balance" }]
net_anode_consumption = [{ value = "0.415 t/t", valid_from = 2024-01-01, source = "report" }]
anode_sulphur = "2 %"
anode_ash = "0.4 %"
"""
A, B = '[collectors.a]\npotlines = ["PL1"]\nshared = true\n', '[collectors.b]\npotlines = ["PL2"]\n'


def loaded(settings_folder: SettingsFolder, text: str, choice: Choice) -> Configuration:
    settings_folder.add(PLANT, SECOND + text)
    return load(settings_folder.path / COLLECTOR, choice=choice)


def problems(settings_folder: SettingsFolder, text: str, choice: Choice = AS_SET) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        loaded(settings_folder, text, choice)
    return [f"{problem.key}: {problem.what}; {problem.remedy}" for problem in caught.value.problems]


def lines(configuration: Configuration) -> list[str]:
    return [potline.id for potline in configuration.plant.potlines]


def test_without_a_choice_the_plant_is_whole(settings_folder: SettingsFolder) -> None:
    found = loaded(settings_folder, A + B, Choice())
    assert (found.part, lines(found), found.store.path.name) == (None, ["PL1", "PL2"], "store.sqlite")


def test_a_collector_by_name_has_its_lines_and_its_own_store(settings_folder: SettingsFolder) -> None:
    found = loaded(settings_folder, A + B, Choice("b"))
    assert (lines(found), found.store.path.name) == (["PL2"], "store-b.sqlite")
    assert found.plant.elsewhere.pots == {"PL1": ("1001", "1002", "1003", "1004")}
    assert found.plant.elsewhere.plant_wide


def test_the_environment_names_a_collector_and_the_command_comes_before_it(
    settings_folder: SettingsFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_folder.add(PLANT, SECOND + A + B)
    monkeypatch.setenv("POTLINE_COLLECTOR", "a")
    assert lines(load(settings_folder.path / COLLECTOR)) == ["PL1"]
    assert lines(load(settings_folder.path / COLLECTOR, choice=Choice("b"))) == ["PL2"]


def test_potlines_can_be_named_in_the_place_of_a_collector(settings_folder: SettingsFolder) -> None:
    found = loaded(settings_folder, "", Choice("PL1"))
    assert (lines(found), found.store.path.name) == (["PL1"], "store-PL1.sqlite")
    both = load(settings_folder.path / COLLECTOR, choice=Choice("PL1+PL2"))
    assert lines(both) == ["PL1", "PL2"]
    assert not both.plant.elsewhere.plant_wide
    by_option = load(settings_folder.path / COLLECTOR, choice=Choice(potlines=("PL1", "PL2")))
    assert by_option.store.path == both.store.path == Path(found.store.path.parent, "store-PL1-PL2.sqlite")


def test_a_line_of_nobody_is_told(settings_folder: SettingsFolder) -> None:
    found = loaded(settings_folder, A, Choice("a"))
    assert list(assignment_warnings(found)) == ["PL2: no collector looks after it; add it to a [collectors.NAME]"]


def test_a_line_of_two_is_refused(settings_folder: SettingsFolder) -> None:
    twice = B.replace('["PL2"]', '["PL2", "PL1"]')
    assert problems(settings_folder, A + twice) == [
        "collectors.b.potlines[1]: PL1 stands at a, too; a potline has one collector"
    ]


def test_a_line_that_stands_twice_or_is_not_there_is_refused(settings_folder: SettingsFolder) -> None:
    wrong = A.replace('["PL1"]', '["PL1", "PL1", "PL9"]')
    found = problems(settings_folder, wrong)
    assert "collectors.a.potlines[0]: PL1 stands twice; a potline has one collector" in found
    assert any("there is no potline 'PL9'; one of: PL1, PL2" in each for each in found)


def test_the_plant_as_a_whole_belongs_to_exactly_one(settings_folder: SettingsFolder) -> None:
    nobody = A.replace("shared = true\n", "")
    [said] = problems(settings_folder, nobody + B)
    assert said.startswith("collectors: nobody has what belongs to the plant as a whole")
    assert said.endswith("add shared = true to one collector")


def test_the_plant_as_a_whole_with_two_is_refused(settings_folder: SettingsFolder) -> None:
    [said] = problems(settings_folder, A + B + "shared = true\n")
    assert said == (
        "collectors.b.shared: a and b both have what belongs to the plant as a whole; "
        "leave shared = true with one of them"
    )


def test_a_name_that_is_no_collector_and_no_line_is_refused(settings_folder: SettingsFolder) -> None:
    [said] = problems(settings_folder, A + B, Choice("c"))
    assert said == (
        "collector: there is neither a collector nor a potline 'c' in the plant file; one of: a, b, PL1, PL2"
    )


def test_a_name_and_lines_together_are_refused(settings_folder: SettingsFolder) -> None:
    [said] = problems(settings_folder, A + B, Choice("a", ("PL2",)))
    assert said == "collector: a collector and potlines are both asked for; name one of them"


@pytest.mark.parametrize(
    ("written", "addresses"),
    [
        ('["b1:1884", "b2"]', [("b1", 1884), ("b2", 1883)]),
        ('["[::1]:1884", "10.0.0.2:1885"]', [("::1", 1884), ("10.0.0.2", 1885)]),
    ],
)
def test_a_broker_may_have_several_addresses(
    settings_folder: SettingsFolder, written: str, addresses: list[tuple[str, int]]
) -> None:
    settings_folder.change(PLANT, 'host = "127.0.0.1"\nsite', f"host = {written}\nsite")
    [broker] = settings_folder.load().plant.brokers
    assert list(broker.addresses) == addresses
    assert [(broker.at(n).host, broker.at(n).port) for n in range(3)] == [*addresses, addresses[0]]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("[]", "is neither a host nor a list of them"),
        ("[1]", "is neither a host nor a list of them"),
        ('["b1", "b1"]', "names an address twice"),
        ('["b1:70000"]', "port 70000 does not exist"),
        ('["b 1:1883"]', "is no host"),
    ],
)
def test_addresses_that_cannot_be_are_refused(settings_folder: SettingsFolder, written: str, said: str) -> None:
    settings_folder.change(PLANT, 'host = "127.0.0.1"\nsite', f"host = {written}\nsite")
    with pytest.raises(ConfigurationError, match="host") as caught:
        settings_folder.load()
    assert said in str(caught.value)
