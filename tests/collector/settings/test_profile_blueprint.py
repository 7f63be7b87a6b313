"""The blueprint of a register map explains every key, and can be used as it stands."""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any

import pytest
from draws import drawn
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo
from test_settings_corrupted import DELETE, EXTREMES, is_readable, places, spoiled

from collector.plant.profile import RegisterType
from collector.plant.topology import POT_QUANTITIES
from collector.readings.quantity import Quantity
from collector.settings import ConfigurationError, profile_models
from collector.settings.profiles import read_profile

BLUEPRINT = Path(__file__).parents[3] / "config" / "profiles" / "_blueprint.toml"
TEXT = BLUEPRINT.read_text(encoding="utf-8")


def fields() -> list[tuple[str, str, FieldInfo]]:
    """Return every key of every table of a profile."""
    models = [
        model
        for model in vars(profile_models).values()
        if isinstance(model, type) and issubclass(model, BaseModel) and model.__module__ == profile_models.__name__
    ]
    return [
        (model.__name__, field.alias or name, field) for model in models for name, field in model.model_fields.items()
    ]


def named(key: tuple[str, str, FieldInfo]) -> str:
    return f"{key[0]}.{key[1]}"


def shown_values(key: str) -> list[object]:
    """Return the values that the blueprint shows for a key, in force or in a comment."""
    found = re.findall(rf"(?m)^(?:##? ?)?{re.escape(key)} *= *(.+)$", TEXT)
    return [tomllib.loads(f"key = {text}")["key"] for text in found]


@pytest.mark.parametrize("key", fields(), ids=named)
def test_every_key_stands_in_the_blueprint(key: tuple[str, str, FieldInfo]) -> None:
    name = re.escape(key[1])
    assert shown_values(key[1]) or re.search(rf"(?m)^\[+{name}[\].]|[{{,] *{name} = ", TEXT)


@pytest.mark.parametrize(
    "key",
    [key for key in fields() if key[2].default not in (None, [], {}, False) and not key[2].is_required()],
    ids=named,
)
def test_every_key_that_has_a_default_is_shown_with_it(key: tuple[str, str, FieldInfo]) -> None:
    _, name, field = key
    annotation: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    adapter: TypeAdapter[object] = TypeAdapter(annotation)
    assert field.default in [adapter.validate_python(value) for value in shown_values(name)]


def test_every_type_and_every_quantity_of_a_meter_is_named_in_it() -> None:
    words = set(re.findall(r"[a-z0-9_]+", "\n".join(re.findall(r"(?m)^##.*$", TEXT))))
    assert {type_.label for type_ in RegisterType} <= words
    assert {quantity.label for quantity in Quantity if quantity not in POT_QUANTITIES} <= words


def test_it_is_a_valid_map_with_and_without_the_defaults_that_it_shows(tmp_path: Path) -> None:
    plain = read_profile(BLUEPRINT)
    path = tmp_path / "_blueprint.toml"
    path.write_text(re.sub(r"(?m)^# ?(?=[^#])", "", TEXT), encoding="utf-8")
    assert read_profile(path) == plain
    assert plain.test_vectors


def problems(path: Path) -> list[str]:
    """Return what is wrong; anything but that fails the test."""
    try:
        read_profile(path)
    except ConfigurationError as exc:
        return [str(problem) for problem in exc.problems] or ["no problem at all"]
    return []


TREE = tomllib.loads(TEXT)
PLACES = places(TREE)


@settings(max_examples=drawn(120), deadline=None)
@given(st.sampled_from(PLACES), st.sampled_from([DELETE, *EXTREMES]))
def test_whatever_is_done_to_a_register_map_gives_problems_and_never_a_crash(
    tmp_path_factory: pytest.TempPathFactory, place: tuple[str | int, ...], value: object
) -> None:
    path = tmp_path_factory.getbasetemp() / "spoiled.toml"
    path.write_text(spoiled(TREE, place, value), encoding="utf-8")
    assert [problem for problem in problems(path) if not is_readable(problem)] == []
