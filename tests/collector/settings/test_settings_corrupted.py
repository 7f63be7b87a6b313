"""Whatever is done to the shipped files: problems, never a crash."""

import copy
import json
import math
import shutil
import tomllib
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from draws import drawn
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.settings import ConfigurationError, load

CONFIG = Path(__file__).parents[3] / "config"
NAMES = sorted(str(path.relative_to(CONFIG)) for path in CONFIG.rglob("*.toml"))
TREES = {name: tomllib.loads((CONFIG / name).read_text(encoding="utf-8")) for name in NAMES}


def places(values: object, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    return [path for key, value in inner for path in [(*at, key), *places(value, (*at, key))]]


PLACES = [(name, path) for name in NAMES for path in places(TREES[name])]
NUMBERS = [0, -1, 1, 255, 256, 65535, 65536, 70000, 10**18, -(10**18), 10**400, 0.0, -0.5, 1e-300, 1e308]
EXTREMES: list[object] = [
    *NUMBERS,
    *(math.inf, -math.inf, math.nan, True, False, "", " ", "0", "x", "../x", "/", ".", "\0", "a\nb", "é" * 300),
    *("1 s", "1e999 s", "-1 MW", "0 %", "100 %", "50 %", "1e-300 kW", "36500 d", "0.1 s", "1..2", "9..1", "1..999999"),
    *("127.0.0.1", "::1", "http://x", "http://[", "127.0.0.1:99999", "UTC", "Asia", "0x0/0x0", "0xFF", "FFFF"),
    *(date(1, 1, 1), date(9999, 12, 31), datetime(2024, 1, 1), time(1)),  # noqa: DTZ001 - TOML has such, too
    *([], {}, [1], ["x"], [[]], {"x": 1}, {"x": {"y": {}}}, [{"value": 1}]),
]
DELETE = object()


def toml(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, str | bool):
        return json.dumps(value)
    return hex(value) if isinstance(value, int) and value > 10**300 else repr(value)


def spoiled(tree: dict[str, Any], path: tuple[str | int, ...], value: object) -> str:
    tree = copy.deepcopy(tree)
    around: Any = tree
    for part in path[:-1]:
        around = around[part]
    if value is DELETE:
        del around[path[-1]]
    else:
        around[path[-1]] = value
    return "".join(f"{json.dumps(key)} = {toml(item)}\n" for key, item in tree.items())


def problems(config: Path) -> list[str]:
    """Return what is wrong; anything but that fails the test."""
    try:
        load(config / "collector.toml")
    except ConfigurationError as exc:
        return [str(problem) if problem.what else "nothing is told" for problem in exc.problems] or [
            "no problem at all"
        ]
    return []


def is_readable(problem: str) -> bool:
    return "\n" not in problem and not any(
        words in problem for words in ("Input should", "nothing is told", "no problem at all", "cannot stand here")
    )


@given(
    spoilings=st.lists(
        st.tuples(st.sampled_from(PLACES), st.just(DELETE) | st.sampled_from(EXTREMES)), min_size=1, max_size=3
    )
)
@settings(max_examples=drawn(60), deadline=None)
def test_nothing_but_readable_problems_comes_of_spoiled_files(
    tmp_path_factory: pytest.TempPathFactory, spoilings: list[tuple[tuple[str, tuple[str | int, ...]], object]]
) -> None:
    config = tmp_path_factory.mktemp("spoiled") / "config"
    shutil.copytree(CONFIG, config)
    for (name, path), value in spoilings:  # of two in one file the last one counts
        (config / name).write_text(spoiled(TREES[name], path, value), encoding="utf-8")
    assert [problem for problem in problems(config) if not is_readable(problem)] == []


@given(name=st.sampled_from(NAMES), cut=st.integers(0, 4000), put=st.text(alphabet="[]{}=\"'#.,\n\\ a1é\0", max_size=6))
@settings(max_examples=drawn(50), deadline=None)
def test_nothing_but_readable_problems_comes_of_torn_texts(
    tmp_path_factory: pytest.TempPathFactory, name: str, cut: int, put: str
) -> None:
    config = tmp_path_factory.mktemp("torn") / "config"
    shutil.copytree(CONFIG, config)
    text = (config / name).read_text(encoding="utf-8")
    at = cut % len(text)
    (config / name).write_text(text[:at] + put + text[at + len(put) // 2 :], encoding="utf-8")
    assert [problem for problem in problems(config) if not is_readable(problem)] == []


PARTS = [
    *("STORE", "STORE__", "STORE__PATH", "__", "PAGE__LISTEN", "PLANT_FILE", "PROFILES_DIR", "PLANT__TIME_ZONE__X"),
    *("METERS", "METERS__PL1_DC", "METERS__PL1_DC__UNIT", "METERS__NEW__UNIT", "BROKERS__POTROOM__PORT"),
    *("POTLINES__PL1__POTS", "POTLINES__PL1__CURRENT_EFFICIENCY", "DELIVERY__X__KIND"),
]
JSON = [json.dumps(value) for value in EXTREMES if not isinstance(value, date | time)]


@given(part=st.sampled_from(PARTS), value=st.sampled_from(JSON) | st.text(alphabet='[]{}":,a1. é', max_size=8))
@settings(max_examples=drawn(50), deadline=None)
def test_nothing_but_readable_problems_comes_of_any_variable(part: str, value: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(f"POTLINE_{part}", value)
        told = problems(CONFIG)
    assert [problem for problem in told if not is_readable(problem)] == []


USUAL_TABLE = {
    "for": "1..3",
    "measures": "monitored",
    "profile": "eastron-sdm630",
    "endpoint": "plc",
    "unit": "{n+100}",
}
TABLE_KEYS = ["for", "from_csv", "unit", "base", "also", "constants", "measures", "profile"]
TABLE_VALUES = [*EXTREMES, "{n}", "{n-99999}", "{", "{}", "{{n}}", "{n}{m}", ["{n}"], {"{n}": "{n}"}]


@given(key=st.sampled_from(TABLE_KEYS), value=st.sampled_from(TABLE_VALUES))
@settings(max_examples=drawn(80), deadline=None)
def test_nothing_but_readable_problems_comes_of_a_table_for_many_meters(
    tmp_path_factory: pytest.TempPathFactory, key: str, value: object
) -> None:
    config = tmp_path_factory.mktemp("many") / "config"
    shutil.copytree(CONFIG, config)
    plant = config / "plants" / "example.toml"
    table = "".join(f"{json.dumps(name)} = {toml(item)}\n" for name, item in (USUAL_TABLE | {key: value}).items())
    plant.write_text(f'{plant.read_text(encoding="utf-8")}\n[meters."many_{{n}}"]\n{table}', encoding="utf-8")
    assert [problem for problem in problems(config) if not is_readable(problem)] == []
