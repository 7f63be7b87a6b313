"""Each single mistake in a layout, and the exact text that tells it: line, key, what is wrong, what to do."""

# ruff: noqa: E501 - whole lines, as a person reads them

import re
import tomllib
from pathlib import Path

import pytest
from draws import drawn
from hypothesis import given, settings
from hypothesis import strategies as st
from settings_folder import COLLECTOR, LAYOUT, PLANT, SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture
from test_settings_corrupted import DELETE, EXTREMES, is_readable, places, spoiled

from collector.plant.layout import dotted, path_of
from collector.settings import ConfigurationError, layout_models
from collector.settings.layouts import read_layout

FOLDER = Path(__file__).parents[3] / "config" / "layouts"
BLUEPRINT = FOLDER / "_blueprint.toml"
TEXT = BLUEPRINT.read_text(encoding="utf-8")

POT = """\
title = "T"
[[messages]]
topic = "p/{site}/{potline}/{pot}"
tells = "readings"
time = { path = "t", format = "ms" }
quality = { path = "q", words = { ok = "good" } }
[messages.values]
pot_voltage = { path = "m.u", unit = "V" }
"""
WEIGHING = """\
title = "T"
[[messages]]
topic = "w/{*}"
tells = "weighing"
[messages.fields]
id = { path = "id" }
time = { path = "t" }
pots = { path = "pots" }
net = { path = "net", unit = "kg" }
stable = { path = "ok" }
"""
LABORATORY = """\
title = "T"
[[messages]]
topic = "l/{pot}"
tells = "laboratory"
[messages.kept]
iron = { path = "fe" }
[messages.fields]
id = { path = "id" }
sampled_at = { path = "t" }
"""
PRODUCTION = """\
title = "T"
[[messages]]
topic = "p/books"
tells = "production"
[messages.fields]
id = { path = "id" }
net = { path = "t", unit = "t" }
potline = { path = "line" }
day = { path = "day" }
"""


def problems(folder: Path, text: str) -> list[str]:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    try:
        read_layout(path)
    except ConfigurationError as exc:
        return [re.sub(r"^\S*mine\.toml:", "", str(problem)) for problem in exc.problems]
    return []


@pytest.mark.parametrize("text", [POT, WEIGHING, LABORATORY, PRODUCTION])
def test_the_layouts_that_are_spoilt_here_are_well(tmp_path: Path, text: str) -> None:
    assert problems(tmp_path, text) == []


@pytest.mark.parametrize(
    ("text", "old", "new", "told"),
    [
        (POT, "pot_voltage =", "pot_volage =", "8 messages[0].values.pot_volage: 'pot_volage' is no quantity; did you mean 'pot_voltage'?"),
        (POT, 'unit = "V"', 'unit = "kW"', "8 messages[0].values.pot_voltage.unit: does not fit pot_voltage: 'kW' measures power, and voltage is needed here; one of: V, mV, kV"),
        (POT, 'unit = "V"', 'unit = "Volt"', "8 messages[0].values.pot_voltage.unit: does not fit pot_voltage: 'Volt' is no unit that is known here; one of: V, mV, kV"),
        (POT, ', unit = "V"', "", "8 messages[0].values.pot_voltage.unit: is missing; add it"),
        (POT, 'path = "m.u", ', "", '8 messages[0].values.pot_voltage.path: is missing; write it like path = "m.pot_voltage_v"'),
        (POT, '"m.u"', '"."', '8 messages[0].values.pot_voltage.path: is the message itself, and no value in it; write it like path = "m.pot_voltage_v"'),
        (POT, '"m.u"', '"m..u"', "8 messages[0].values.pot_voltage.path: 'm..u' is no path; write it like m.pot_voltage_v, a key that holds a dot like m.\"U.avg\""),
        (POT, '"m.u"', '"m.u."', "8 messages[0].values.pot_voltage.path: 'm.u.' is no path; write it like m.pot_voltage_v, a key that holds a dot like m.\"U.avg\""),
        (POT, '"m.u"', "5", '8 messages[0].values.pot_voltage.path: 5 is no path; write it in quotation marks, like "m.pot_voltage_v"'),
        (POT, '"m.u"', '"t.u"', "8 messages[0].values.pot_voltage.path: lies inside of t, which is a value itself; correct one"),
        (POT, 'unit = "V"', 'unit = "V", spellings = ["volts"]', "8 messages[0].values.pot_voltage.spellings: are for the unit that the message tells; add unit_path, or remove them"),
        (POT, 'unit = "V"', 'unit = "V", name = "U"', "8 messages[0].values.pot_voltage.name: is what stands at {quantity} of the topic, which has none; remove it"),
        (POT, 'quality = { path = "q", words = { ok = "good" } }\n[messages.values]\npot_voltage = { path = "m.u"', '[messages.values]\npot_voltage = { quality = "q", path = "m.u"', "7 messages[0].values.pot_voltage.quality: has words that nothing explains; add quality = { path = …, words = { … } }"),
        (POT, 'ok = "good"', 'ok = "fine"', "6 messages[0].quality.words.ok: 'fine' is no quality; one of: good, uncertain, bad, not_connected, device_failure, sensor_failure, comm_failure"),
        (POT, 'format = "ms"', 'format = "iso"', '5 messages[0].time.format: \'iso\' is not possible here; write "rfc3339", "s", "ms", "us" or "ns"'),
        (POT, 'tells = "readings"', 'tells = "reading"', '4 messages[0].tells: \'reading\' is not possible here; write "readings", "anode_effect", "weighing", "metal_tapped", "production", "factor", "laboratory" or "ignore"'),
        (POT, "{pot}", "{pott}", "3 messages[0].topic: '{pott}' is no name; did you mean {pot}?"),
        (POT, "{pot}", "{crucible}", "3 messages[0].topic: '{crucible}' is no name; one of: {site}, {potline}, {pot}, {meter}, {quantity}, {*}, {**}"),
        (POT, "{pot}", "pot{pot}", "3 messages[0].topic: 'pot{pot}' is a name and more; a name like {pot} takes a level of its own"),
        (POT, "{pot}", "+", "3 messages[0].topic: '+' is a wildcard of a subscription; write {*} for one level and {**} for the rest"),
        (POT, "{potline}/{pot}", "{pot}/{pot}", "3 messages[0].topic: names {pot} twice; use {*} for a level that does not matter"),
        (POT, "{potline}", "{**}", "3 messages[0].topic: goes on after {**}, which takes all levels that are left; put it last"),
        (POT, "p/{site}/", "{*}/", "3 messages[0].topic: fits every topic; give the words that tell these messages from others"),
        (POT, "{potline}/{pot}", "{*}", "3 messages[0].topic: names nobody whose values these are; add {pot}, {meter} or {potline}, or pot_of or meter_of"),
        (POT, "{potline}/{pot}", "{meter}/{pot}", "3 messages[0].topic: names a pot and a meter, and the values are of one of them; keep one of the two"),
        (POT, "{potline}/{pot}", "{potline}", "8 messages[0].values.pot_voltage: belongs to a pot, and these messages are of a meter; remove it, or correct the topic"),
        (POT, "pot_voltage = {", "line_voltage = {", "8 messages[0].values.line_voltage: belongs to a meter, and these messages are of a pot; remove it, or correct the topic"),
        (POT, '[messages.values]\npot_voltage = { path = "m.u", unit = "V" }', "", "2 messages[0].values: is missing; say what is read: [messages.values]"),
        (POT, 'time = { path = "t", format = "ms" }', "columns = true", "5 messages[0].columns: are arrays of values and of their times, and there is no time; add time"),
        (POT, "time = { path", 'columns = true\nsamples = "."\ntime = { path', "6 messages[0].samples: the message itself is an array, and has no columns; remove columns"),
        (POT, "[messages.values]", '[messages.fields]\nid = { path = "id" }\n[messages.values]', '7 messages[0].fields: does not belong to tells = "readings"; remove it'),
        (POT, 'tells = "readings"', 'tells = "readings"\nhistorcal = "h"', "5 messages[0].historcal: is not a setting; did you mean 'historical'?"),
        (POT, 'title = "T"', 'title = "T"\nlargest_payload = "1 GiB"', "2 largest_payload: 1 GiB is above 1 MiB; give 64 B to 1 MiB"),
        (POT, 'tells = "readings"', 'tells = "readings"\nversion = { path = "v", is = [] }', "5 messages[0].version.is: is empty; at least one is needed"),
        (WEIGHING, 'stable = { path = "ok" }', "", "5 messages[0].fields: stable is missing, which weighing needs; add it"),
        (WEIGHING, 'unit = "kg"', 'unit = "kWh"', "9 messages[0].fields.net.unit: does not fit net: 'kWh' measures energy, and mass is needed here; one of: t, kg"),
        (WEIGHING, ', unit = "kg"', "", '9 messages[0].fields.net.unit: is missing; add it, like unit = "kg"'),
        (WEIGHING, "stable =", 'tar = { path = "x" }\nstable =', "10 messages[0].fields.tar: 'tar' is no field of weighing; did you mean 'tare'?"),
        (WEIGHING, 'path = "ok"', 'path = "ok", unit = "kg"', "10 messages[0].fields.stable.unit: does not belong to a flag; remove it"),
        (WEIGHING, 'tells = "weighing"', 'tells = "weighing"\nformat = "number"', "5 messages[0].format: a plain number is no weighing; remove it"),
        (WEIGHING, 'path = "net"', 'path = "id.net"', "9 messages[0].fields.net.path: lies inside of id, which is a value itself; correct one"),
        (LABORATORY, "iron =", "Iron =", "6 messages[0].kept.Iron: 'Iron' cannot be a name here; use small letters, digits and '_', a letter first"),
        (LABORATORY, "iron =", "bath_temperature =", "6 messages[0].kept.bath_temperature: bath_temperature is a quantity; move it to [messages.values]"),
        (LABORATORY, "[messages.kept]", '[messages.values]\nline_current = { path = "i", unit = "kA" }\n[messages.kept]', "6 messages[0].values.line_current: is no quantity of a pot; remove it"),
        (LABORATORY, "[messages.kept]", '[messages.values]\nsilicon = { path = "si", unit = "1" }\n[messages.kept]', "6 messages[0].values.silicon: 'silicon' is no quantity; config/profiles/_blueprint.toml lists them all (what is only kept belongs into [messages.kept])"),
        (LABORATORY, "l/{pot}", "l/{*}", "7 messages[0].fields: pot is missing, and the topic does not name it; add it, or {pot} in the topic"),
        (PRODUCTION, 'potline = { path = "line" }', "", "5 messages[0].fields: potline is missing, and the topic does not name it; add it, or {potline} in the topic"),
        (PRODUCTION, 'day = { path = "day" }', "", "5 messages[0].fields: neither day nor shift is there; add the one that the message has"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place_and_remedy(tmp_path: Path, text: str, old: str, new: str, told: str) -> None:
    assert text.count(old) == 1
    found = problems(tmp_path, text.replace(old, new))
    assert told in found
    assert len(found) <= 2


def test_everything_is_told_at_once(tmp_path: Path) -> None:
    text = POT.replace("pot_voltage", "pot_volage") + WEIGHING.partition("\n")[2]
    text = text.replace('unit = "kg"', 'unit = "kWh"').replace("stable =", "stabel =")
    assert [line.split(":")[0] for line in problems(tmp_path, text)] == [
        "8 messages[0].values.pot_volage",
        "12 messages[1].fields",
        "16 messages[1].fields.net.unit",
        "17 messages[1].fields.stabel",
    ]


def test_words_of_an_event_must_be_those_that_it_knows(tmp_path: Path) -> None:
    text = """\
title = "T"
[[messages]]
topic = "e/{pot}"
tells = "anode_effect"
[messages.fields]
id = { path = "id" }
start = { path = "t", format = "us" }
phase = { path = "p", words = { on = "begin", off = "end" } }
"""
    assert problems(tmp_path, text) == [
        "8 messages[0].fields.phase.words.on: 'begin' is no word of phase; one of: correct, end, start, update"
    ]


NUMBER = '[[messages]]\ntopic = "n/{meter}/{quantity}"\ntells = "readings"\nformat = "number"\n[messages.values]\n'


def test_a_plain_number_has_no_parts(tmp_path: Path) -> None:
    text = f'title = "T"\n{NUMBER}active_power = {{ path = "p", unit = "kW" }}\nvoltage = {{ unit = "V", name = "active_power" }}\n'
    assert problems(tmp_path, text) == [
        "7 messages[0].values.active_power: has the name active_power like another; give its own",
        "7 messages[0].values.active_power.path: the payload is one number, and has no parts; remove it",
        "8 messages[0].values.voltage: has the name active_power like another; give its own",
    ]
    text = text.replace("/{quantity}", "").replace('path = "p", ', "").replace(', name = "active_power"', "")
    assert problems(tmp_path, text.replace("[messages.values]", 'time = { path = "t" }\n[messages.values]')) == [
        '6 messages[0].time: does not belong to format = "number"; remove it',
        "7 messages[0].values: are several, and the payload is one number; keep one, or add {quantity} to the topic",
    ]


def test_two_declarations_of_one_topic_must_be_told_apart(tmp_path: Path) -> None:
    again = POT.partition("\n")[2]
    remedy = "tell them apart by where, or remove one"
    assert problems(tmp_path, POT + again) == [
        f"10 messages[1].topic: has the same topics as p/{{site}}/{{potline}}/{{pot}}, and nothing tells their messages apart; {remedy}"
    ]
    assert problems(tmp_path, POT + again.replace("{potline}", "{*}"))[0].startswith(
        "10 messages[1].topic: has the same"
    )
    assert problems(tmp_path, POT + again.replace("time =", 'where = { path = "s" }\ntime =')) == []
    number = NUMBER.replace("n/{meter}/{quantity}", "p/{site}/{*}/{meter}") + 'active_power = { unit = "kW" }\n'
    assert problems(tmp_path, POT + number) == [
        f"10 messages[1].topic: has the same topics as p/{{site}}/{{potline}}/{{pot}}, and nothing tells their messages apart; {remedy}"
    ]


# --- In the settings --------------------------------------------------------------------------------------------------


def test_a_broker_names_layouts_that_there_are(settings_folder: SettingsFolder) -> None:
    settings_folder.change(PLANT, 'site = "north"', 'site = "north"\nlayouts = ["smelter-v1", "smelter-v2", "x"]')
    assert settings_folder.problems() == [
        "config/plants/p.toml:41 brokers.potroom.layouts[1]: there is no layout 'smelter-v2'; did you mean 'smelter-v1'?",
        "config/plants/p.toml:41 brokers.potroom.layouts[2]: there is no layout 'x'; one of: smelter-v1",
    ]


def test_without_layouts_nothing_would_be_read(settings_folder: SettingsFolder) -> None:
    settings_folder.change(PLANT, 'site = "north"', 'site = "north"\nlayouts = []')
    assert settings_folder.problems() == [
        'config/plants/p.toml:41 brokers.potroom.layouts: are none, and so nothing is read; write layouts = ["smelter-v1"]'
    ]
    settings_folder.add(PLANT, '[brokers.potroom.sparkplug]\ngroups = ["north"]\n')
    assert settings_folder.problems() == []


def test_layouts_of_one_broker_must_not_have_the_same_topics(settings_folder: SettingsFolder) -> None:
    text = (settings_folder.path / LAYOUT).read_text(encoding="utf-8")
    settings_folder.write("layouts/other.toml", text)
    settings_folder.change(PLANT, 'site = "north"', 'site = "north"\nlayouts = ["smelter-v1", "other"]')
    found = settings_folder.problems()
    assert len(found) == 3
    assert found[0].startswith(
        "config/plants/p.toml:41 brokers.potroom.layouts: smelter/v1/{site}/crane/{*}/weighing has the same topics"
    )


def test_what_is_wrong_in_a_layout_is_told_once_for_all_brokers(settings_folder: SettingsFolder) -> None:
    settings_folder.change(LAYOUT, "pot_voltage =", "pot_volage =")
    settings_folder.add(PLANT, '[brokers.two]\nhost = "10.0.0.2"\nsite = "south"\nclient_id = "two"\n')
    assert settings_folder.problems() == [
        "config/layouts/smelter-v1.toml:8 messages[0].values.pot_volage: 'pot_volage' is no quantity; did you mean 'pot_voltage'?"
    ]


def test_the_folder_of_layouts_is_needed_by_a_broker_only(settings_folder: SettingsFolder) -> None:
    settings_folder.change(COLLECTOR, "[store]", 'layouts_dir = "elsewhere"\n[store]')
    assert settings_folder.problems() == [
        "config/collector.toml:4 layouts_dir: there is no folder config/elsewhere; correct its path, or make it"
    ]
    text = (settings_folder.path / PLANT).read_text(encoding="utf-8")
    settings_folder.write(PLANT, text[: text.index("[brokers")])
    assert settings_folder.problems() == []


# --- The blueprint ----------------------------------------------------------------------------------------------------


def keys() -> list[tuple[str, str]]:
    models = [
        model
        for model in vars(layout_models).values()
        if isinstance(model, type) and model.__module__ == layout_models.__name__ and hasattr(model, "model_fields")
    ]
    return [(model.__name__, field.alias or name) for model in models for name, field in model.model_fields.items()]


@pytest.mark.parametrize("key", keys(), ids=".".join)
def test_every_key_stands_in_the_blueprint(key: tuple[str, str]) -> None:
    name = re.escape(key[1])
    assert re.search(rf"(?m)^(?:# )?{name} = |[{{,] *{name} = |^\[+(?:messages\.)?{name}\]", TEXT)


def test_the_blueprint_and_what_comes_with_the_collector_are_valid(tmp_path: Path) -> None:
    plain = read_layout(BLUEPRINT)
    path = tmp_path / "_blueprint.toml"
    path.write_text(re.sub(r"(?m)^# ?(?=[^#])", "", TEXT), encoding="utf-8")
    assert read_layout(path) == plain
    assert read_layout(FOLDER / "smelter-v1.toml").largest == 65536


TREE = tomllib.loads(TEXT)


@settings(max_examples=drawn(120), deadline=None)
@given(st.sampled_from(places(TREE)), st.sampled_from([DELETE, *EXTREMES]))
def test_whatever_is_done_to_a_layout_gives_problems_and_never_a_crash(
    tmp_path_factory: pytest.TempPathFactory, place: tuple[str | int, ...], value: object
) -> None:
    found = problems(tmp_path_factory.getbasetemp(), spoiled(TREE, place, value))
    assert [problem for problem in found if not is_readable(problem)] == []


@given(st.lists(st.text(st.characters(exclude_characters='"', exclude_categories=["Cs"]), min_size=1), min_size=1))
def test_a_path_that_is_written_is_read_as_it_was(segments: list[str]) -> None:
    assert path_of(dotted(tuple(segments))) == tuple(segments)
