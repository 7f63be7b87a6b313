"""Files that say what Sparkplug metrics mean: what is right, and what is told where it is not."""

from pathlib import Path

import pytest
from settings_folder import METRICS, PLANT, SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture

from collector.plant.sparkplug import EventField, MetricMeaning
from collector.readings.quantity import Quantity
from collector.settings.metrics import read_metrics

SPARKPLUG = '[brokers.potroom.sparkplug]\ngroups = ["north"]\n'


@pytest.fixture
def folder(settings_folder: SettingsFolder) -> SettingsFolder:
    settings_folder.add(PLANT, SPARKPLUG)
    return settings_folder


def test_metrics_are_quantities_or_parts_of_events(folder: SettingsFolder) -> None:
    (broker,) = folder.load().plant.brokers
    assert broker.sparkplug is not None
    assert broker.sparkplug.metrics == (
        MetricMeaning("Pot/Voltage", Quantity.POT_VOLTAGE, "V"),
        MetricMeaning("Pot/AE/LastId", EventField.EFFECT_ID, ""),
    )


def test_the_file_that_comes_with_it_reads_what_the_simulated_pots_tell() -> None:
    read = read_metrics(Path(__file__).parents[3] / "config" / "layouts" / "sparkplug-pots.toml")
    assert {meaning.tells for meaning in read} == {
        Quantity.POT_VOLTAGE,
        Quantity.POT_RESISTANCE,
        Quantity.POT_NOISE,
        Quantity.BATH_TEMPERATURE,
        Quantity.LINE_CURRENT,
        *EventField,
    }


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ('name = "A"', "needs either a quantity or a field of an event; write one of both"),
        (
            'name = "A"\nquantity = "pot_noise"\nfield = "weighing.id"\nunit = "mV"',
            "needs either a quantity or a field of an event; write one of both",
        ),
        ('name = "A"\nquantity = "pot_nois"\nunit = "mV"', "'pot_nois' is no quantity; did you mean 'pot_noise'?"),
        ('name = "A"\nfield = "weighing"', "'weighing' is no part of an event; one of: anode_effect.id"),
        ('name = "A"\nquantity = "pot_noise"', 'is missing; write the unit of the values, like unit = "mV"'),
        ('name = "A"\nquantity = "pot_noise"\nunit = "kA"', "'kA' measures current, and voltage is needed here"),
        ('name = "A"\nfield = "weighing.net"', "is missing; one of: kg, t"),
        ('name = "A"\nfield = "weighing.net"\nunit = "V"', "'V' is no unit for it; one of: kg, t"),
        ('name = "A"\nfield = "weighing.id"\nunit = "kg"', "does not belong to weighing.id, which has none; remove it"),
        ('name = "Pot/Voltage"\nquantity = "pot_noise"\nunit = "mV"', "Pot/Voltage stands here twice; keep one"),
        ('name = "A"\nquantity = "pot_voltage"\nunit = "V"', "is told by Pot/Voltage, too; keep one"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(folder: SettingsFolder, row: str, problem: str) -> None:
    folder.add(METRICS, f"[[metrics]]\n{row}\n")
    (told,) = folder.problems()
    assert problem in told
    assert "sparkplug-pots.toml:" in told


def test_a_file_that_is_not_there_is_told_at_its_name(folder: SettingsFolder) -> None:
    folder.add(PLANT, 'metrics = "other"\n')
    (told,) = folder.problems()
    assert "brokers.potroom.sparkplug.metrics: there is no file" in told
    assert "layouts/other.toml; correct the name, or write the file" in told
