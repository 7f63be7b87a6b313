"""The shipped files: valid, and an explanation of every setting."""

# ruff: noqa: E501 - whole lines, as a person reads them

import re
import shutil
import tomllib
from datetime import date
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, get_args, get_origin

import pytest
from certificates import authority, certificate
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo
from settings_folder import PLANT, SettingsFolder
from settings_folder import settings_of_a_test as _settings_of_a_test  # noqa: F401 - a fixture

from collector.plant.meter import Endpoint, Transport
from collector.settings import (
    Configuration,
    ConfigurationError,
    InfluxKind,
    alert_models,
    declaration_models,
    load,
    models,
    parameter_models,
)

CONFIG = Path(__file__).parents[3] / "config"

# --- Valid ------------------------------------------------------------------------------------------------------------


def example(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CONFIG, tmp_path / "config"))


def test_the_shipped_example_is_valid_and_means_this(settings_folder: SettingsFolder) -> None:
    shutil.rmtree(settings_folder.path)
    configuration = load(example(settings_folder.path.parent) / "collector.toml")
    plant = configuration.plant
    assert (plant.id, plant.time_zone.key, plant.method, plant.gwp.id) == (
        "example",
        "Asia/Shanghai",
        "ipcc_2006",
        "ar5",
    )
    grid = plant.grid_factor.at(1704067200_000_000_000)
    assert (grid.id, grid.value, grid.estimated) == ("cn-national-2023", 0.5306, False)
    [potline] = plant.potlines
    assert (potline.pots[0], potline.pots[-1], len(potline.pots)) == ("1001", "1040", 40)
    assert (potline.slope.slope, potline.slope.c2f6_per_cf4) == (0.143, 0.121)
    assert [(row.value, row.valid_from_ns) for row in potline.current_efficiency.values] == [
        (0.935, 1704038400_000_000_000)  # midnight in Shanghai
    ]
    assert (potline.anode_sulphur_pct, potline.anode_ash_pct, potline.pot_out_below_v) == (2.0, 0.4, 1.5)
    assert [
        (m.id, m.profile.name, m.endpoint.port, m.unit, m.every_s, m.rated_power_kw) for m in plant.polled_meters
    ] == [
        ("pl1_dc", "generic-dc-bus-plc", 5020, 1, 5.0, 80000.0),
        ("rectifier_1", "schneider-pm5xxx", 5021, 1, 5.0, 60000.0),
        ("rectifier_2", "schneider-pm5xxx", 5021, 2, 5.0, 60000.0),
        ("fume_treatment", "carlogavazzi-em3xx", 5022, 11, 10.0, 3000.0),
        ("compressed_air", "eastron-sdm630", 5022, 12, 10.0, 2000.0),
    ]
    [broker] = plant.brokers
    assert (broker.protocol, broker.session_expiry_s, broker.max_unacknowledged) == ("5", 604800.0, 2000)
    assert configuration.targets == ()


def uncommented(text: str) -> str:
    """Take the '#' away from the lines that show a setting, as their files say; explanations have two."""
    return re.sub(r"(?m)^# ?(?=[^#])", "", text)


def all_shown(here: Path) -> Configuration:
    """Load the shipped settings with every line of them in force, and secrets made for the test."""
    config = example(here)
    for path in (config / "collector.toml", config / "plants" / "example.toml"):
        text = re.sub(r'"/etc/potline/([\w.-]+)"', r'"\1"', uncommented(path.read_text(encoding="utf-8")))
        path.write_text(text, encoding="utf-8")
    for name in ("influx-token", "influx-password", "mqtt-password", "page-token"):
        (config / name).write_text("made for this test\n", encoding="utf-8")
    authority(config, "plant-ca")
    certificate(config, "collector", by="plant-ca")
    return load(config / "collector.toml")


def test_every_line_that_is_shown_as_a_comment_can_be_used(settings_folder: SettingsFolder) -> None:
    shutil.rmtree(settings_folder.path)
    configuration = all_shown(settings_folder.path.parent)
    assert [(target.name, target.kind, target.bucket) for target in configuration.targets] == [
        ("plantdb", InfluxKind.INFLUXDB2, "potline"),
        ("newest", InfluxKind.INFLUXDB3, "potline"),
        ("metrics", InfluxKind.VICTORIAMETRICS, ""),
        ("old", InfluxKind.INFLUXDB1, "potline"),
    ]
    assert configuration.plant.brokers[0].username == "collector"
    assert [(e.id, e.place) for e in configuration.plant.endpoints[3:]] == [
        ("intake", "10.20.0.5 port 802"),
        ("crane_hall", "/dev/ttyUSB0 at 19200 8E1"),
    ]


def test_a_comment_that_shows_a_setting_shows_its_default(settings_folder: SettingsFolder) -> None:
    here = settings_folder.path.parent
    shutil.rmtree(settings_folder.path)
    plain = load(example(here) / "collector.toml")
    shown = all_shown(shutil.copytree(here, here / "shown", ignore=shutil.ignore_patterns("config")))
    assert shown.accounting == plain.accounting
    assert shown.anode_effects == plain.anode_effects
    assert [(line.effect_above_v, line.effect_below_v) for line in shown.plant.potlines] == [
        (line.effect_above_v, line.effect_below_v) for line in plain.plant.potlines
    ]
    assert (shown.page.host, shown.page.port) == (plain.page.host, plain.page.port)
    assert shown.log == plain.log
    assert [line.pot_out_below_v for line in shown.plant.potlines] == [
        line.pot_out_below_v for line in plain.plant.potlines
    ]
    assert shown.plant.endpoints[:3] == plain.plant.endpoints
    assert shown.plant.endpoints[4] == Endpoint("crane_hall", Transport.MODBUS_RTU, "", 0, 1.0, "/dev/ttyUSB0")
    for key in (
        "commit_every_s",
        "outbox_max_bytes",
        "outbox_max_age_s",
        "when_full",
        "keep_inputs_s",
        "keep_minutes_s",
    ):
        assert getattr(shown.store, key) == getattr(plain.store, key), key
    for key in ("protocol", "layouts", "session_expiry_s", "max_unacknowledged", "qos", "keepalive_s", "status_topic"):
        assert getattr(shown.plant.brokers[0], key) == getattr(plain.plant.brokers[0], key), key


@pytest.mark.parametrize(
    ("method", "gwp"),
    [*(("ipcc_2006", gwp) for gwp in ("sar", "ar4", "ar5", "ar6")), ("cbam_2025_2547", "ar5")],
)
def test_every_shipped_set_of_factors_can_be_chosen(
    settings_folder: SettingsFolder, monkeypatch: pytest.MonkeyPatch, method: str, gwp: str
) -> None:
    shutil.copytree(CONFIG / "factors", settings_folder.path / "factors", dirs_exist_ok=True)
    monkeypatch.setenv("POTLINE_EMISSIONS__GRID_FACTOR", "cn-yunnan-2023")
    monkeypatch.setenv("POTLINE_EMISSIONS__METHOD", method)
    monkeypatch.setenv("POTLINE_EMISSIONS__GWP", gwp)
    assert settings_folder.load().plant.grid_factor.at(1704067200_000_000_000).value == 0.1333


def test_values_must_be_in_force_today_and_an_hour_of_it_may_have_begun_yesterday(
    settings_folder: SettingsFolder,
) -> None:
    file = settings_folder.path / "collector.toml"
    assert load(file, today=date(2024, 1, 2)).plant.id == "north"
    with pytest.raises(ConfigurationError) as caught:
        load(file, today=date(2024, 1, 1))
    remedy = "add the one before it, valid from an earlier day than today"
    assert str(caught.value).splitlines() == [
        f"config/{PLANT}:13 potlines.PL1.current_efficiency: the first value is in force from 2024-01-01 on only; {remedy}",
        (
            f"config/{PLANT}:14 potlines.PL1.net_anode_consumption:"
            f" the first value is in force from 2024-01-01 on only; {remedy}"
        ),
    ]


# --- Explained --------------------------------------------------------------------------------------------------------

SHIPPED = "\n".join(path.read_text(encoding="utf-8") for path in sorted(CONFIG.rglob("*.toml")))


def fields() -> list[tuple[type[BaseModel], str, FieldInfo]]:
    """Return every setting: all fields of all models, as the files write them."""
    found = [
        model
        for module in (models, parameter_models, declaration_models, alert_models)
        for model in vars(module).values()
        if isinstance(model, type) and issubclass(model, BaseModel) and model.__module__ == module.__name__
    ]
    return [(model, field.alias or name, field) for model in found for name, field in model.model_fields.items()]


def named(setting: tuple[type[BaseModel], str, FieldInfo]) -> str:
    model, key, _ = setting
    return f"{model.__name__}.{key}"


def shown_values(key: str) -> list[object]:
    """Return the values that the shipped files show for a key: in force, in a comment, or after '## Default:'."""
    found = re.findall(rf"(?m)^(?:# ?|## Default: )?{re.escape(key)} *= *(.+)$", SHIPPED)
    values: list[object] = []
    for text in found:
        try:
            values.append(tomllib.loads(f"key = {text}")["key"])
        except tomllib.TOMLDecodeError:  # goes on in the next line
            values.append(...)
    return values


def is_table(field: FieldInfo) -> bool:
    annotation = field.annotation
    while get_origin(annotation) in (Annotated, UnionType, list, dict):
        parts = [part for part in get_args(annotation) if part is not NoneType]
        annotation = parts[-1] if get_origin(annotation) is not Annotated else parts[0]
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def has_default(field: FieldInfo) -> bool:
    return not field.is_required() and field.default not in (None, {}, [])


@pytest.mark.parametrize("setting", fields(), ids=named)
def test_every_setting_stands_in_a_shipped_file(setting: tuple[type[BaseModel], str, FieldInfo]) -> None:
    _, key, field = setting
    in_a_row = re.search(rf"[{{,] *{re.escape(key)} = ", SHIPPED)
    as_a_table = is_table(field) and re.search(
        rf"(?m)^(?:# ?)?\[+(?:[\w.-]+\.)?{re.escape(key)}(?:\.[^\]]+)?\]+$", SHIPPED
    )
    assert shown_values(key) or in_a_row or as_a_table


@pytest.mark.parametrize(
    "setting",
    [setting for setting in fields() if has_default(setting[2]) and not is_table(setting[2])],
    ids=named,
)
def test_every_setting_that_has_a_default_is_shown_with_it(
    setting: tuple[type[BaseModel], str, FieldInfo],
) -> None:
    _, key, field = setting
    annotation: Any = field.annotation
    if field.metadata:
        annotation = Annotated[(annotation, *field.metadata)]
    adapter: TypeAdapter[object] = TypeAdapter(annotation)
    found = []
    for value in shown_values(key):
        try:
            found.append(adapter.validate_python(value))
        except ValueError:  # a key of that name in another table
            continue
    assert field.default in found
