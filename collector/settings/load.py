"""The door of this room: files and environment in, a frozen configuration or all problems out."""

import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from collector.readings.event import EffectOrigin
from collector.readings.outgoing import WhenFull
from collector.settings.alerts import AlertRules
from collector.settings.assignment import AS_SET, Assignment, Choice
from collector.settings.balances import Balances
from collector.settings.build import Builder
from collector.settings.configuration import (
    AccountingSettings,
    AnodeEffectSettings,
    Configuration,
    LogSettings,
    StoreSettings,
)
from collector.settings.databases import Databases
from collector.settings.divided import of_part, own_store
from collector.settings.limit_choice import LimitChoice
from collector.settings.models import Settings
from collector.settings.page import PageSection
from collector.settings.price_choice import PriceChoice
from collector.settings.problems import ConfigurationError, Problem
from collector.settings.rule_files import RuleFiles
from collector.settings.sources import OF_THE_PLANT, Origins, read_sources
from collector.settings.toml_file import Path_, is_under
from collector.settings.validation import KEY, told

ENTITIES = frozenset({"potlines", "endpoints", "meters", "brokers", "collectors", "delivery", "alerts"})

_ROW = [{"value": "90 %", "valid_from": date(2000, 1, 1), "source": "none"}]
STAND_INS: dict[str, Any] = {
    "plant_file": "none",
    "profiles_dir": "none",
    "factors_dir": "none",
    "store": {"path": "none"},
    "plant": {"id": "none", "name": "none", "time_zone": "UTC"},
    "emissions": {"method": "none", "gwp": "none", "grid_factor": "none"},
    "potlines": {
        "*": {
            "name": "none",
            "pots": ["0"],
            "technology": "none",
            "current_efficiency": _ROW,
            "net_anode_consumption": [{**_ROW[0], "value": "0.4 t/t"}],
            "anode_sulphur": "2 %",
            "anode_ash": "0.4 %",
        }
    },
    "endpoints": {"*": {"transport": "modbus_tcp", "host": "none"}},
    "meters": {
        "*": {"measures": "auxiliary_ac", "profile": "none", "endpoint": "none", "unit": 1, "rated_power": "1 kW"}
    },
    "collectors": {"*": {"potlines": ["none"]}},
    "brokers": {"*": {"host": "none", "site": "none", "client_id": "none"}},
    "delivery": {"*": {"kind": "influxdb2", "url": "http://none"}},
    "alerts": {"*": {"stream": "none", "field": "none"}},
    "alert_mqtt": {"broker": "none"},
    "certificates": {"csv": "none"},
    "price": {"region": "none", "rule": "none"},
    "casthouse": {"cast_csv": "none", "source": "none"},
    "soda_ash": {"t_co2_per_t": 0.0, "amounts_csv": "none", "source": "none", "verified": "own"},
}
"""What stands for a required value that is wrong, until everything else is checked. It never leaves this room."""


def load(
    collector_file: Path, *, today: date | None = None, with_secrets: bool = True, choice: Choice = AS_SET
) -> Configuration:
    """Read the collector's file, the files it names and the environment.

    Relative paths start at the folder of the collector's file. A secret's file is looked for in the systemd
    credentials directory first. ``today`` (UTC) is the day on which dated values must be in force. Without
    ``with_secrets`` the secrets of databases need not be there yet. ``choice``: which part of the plant is wanted.

    Raises
    ------
    ConfigurationError
        With every problem that was found.
    """
    tree, origins, problems = read_sources(collector_file)
    broken: set[Path_] = set() if origins.plant else {(section,) for section in OF_THE_PLANT}
    broken |= origins.broken
    settings = _validated(tree, origins, problems, broken)
    folder = collector_file.parent
    files = RuleFiles(folder / settings.factors_dir)
    rules = files.tables()
    builder = Builder(
        settings,
        origins,
        broken=broken,
        profiles_dir=folder / settings.profiles_dir,
        factors_dir=folder / settings.factors_dir,
        layouts_dir=folder / settings.layouts_dir,
        secret=lambda path, written: _secret(folder, path, written, origins, problems),
        find=lambda written: _found(folder, written),
        today=today or datetime.now(UTC).date(),
        rules=rules,
    )
    plant = builder.plant()
    problems += builder.problems
    problems += files.problems
    price = PriceChoice(settings, origins, broken)
    price.check(rules)
    problems += price.problems
    chosen = LimitChoice(settings, origins, broken)
    chosen.check(rules)
    problems += chosen.problems
    balances = Balances(origins, broken, ZoneInfo(settings.plant.time_zone))
    of_lines = balances.built(settings, () if plant is None else plant.meters)
    problems += balances.problems
    databases = Databases(
        origins,
        broken,
        secret=lambda path, written: (
            _secret(folder, path, written, origins, problems) if with_secrets else _found(folder, written)
        ),
        find=lambda written: _found(folder, written),
    )
    targets = databases.made(settings.delivery)
    problems += databases.problems
    shown = PageSection(
        settings,
        origins,
        broken,
        find=lambda written: _found(folder, written),
        secret=lambda path, written: _secret(folder, path, written, origins, problems),
    )
    page = shown.made()
    problems += shown.problems
    alerts = None if plant is None else AlertRules(origins, broken, plant)
    alert_rules = () if alerts is None else alerts.made(settings.alerts)
    alert_topic = None if alerts is None else alerts.topic(settings.alert_mqtt)
    problems += [] if alerts is None else alerts.problems
    assignment = Assignment(settings, origins, broken, choice)
    parts = assignment.parts()
    part = assignment.chosen(parts)
    problems += assignment.problems
    store = settings.store
    store_path = Path(os.path.abspath(folder / store.path))  # noqa: PTH100 - resolve() fails where links form a circle
    if not is_under(("store", "path"), broken) and os.path.isdir(store_path):  # noqa: PTH112 - never raises
        problems.append(origins.problem(("store", "path"), f"{store_path} is a folder", "name a file in it"))
    if store.when_full == "block" and not settings.delivery and not is_under(("store", "when_full"), broken):
        what = "'block' without a database would end in a standstill: nobody takes anything from the outbox"
        problems.append(origins.problem(("store", "when_full"), what, "add [delivery.NAME], or write 'drop_oldest'"))
    if problems or plant is None:
        raise ConfigurationError(origins.told_once(problems))
    whole = Configuration(
        plant=plant,
        store=StoreSettings(
            path=store_path,
            commit_every_s=store.commit_every,
            outbox_max_bytes=int(store.outbox_max_bytes),
            outbox_max_age_s=store.outbox_max_age,
            when_full=WhenFull(store.when_full),
            keep_delivered_s=store.keep_delivered,
            keep_inputs_s=store.keep_inputs,
            keep_minutes_s=store.keep_minutes,
        ),
        accounting=AccountingSettings(
            grace_s=settings.accounting.grace,
            longest_gap_s=settings.accounting.longest_gap,
            least_coverage_pct=settings.accounting.least_coverage,
            longest_tare_age_s=settings.accounting.longest_tare_age,
        ),
        anode_effects=AnodeEffectSettings(
            merging_gap_s=settings.anode_effects.merging_gap,
            shortest_s=settings.anode_effects.shortest,
            sensor_limit_v=settings.anode_effects.sensor_limit,
            together=settings.anode_effects.together / 100,
            same_within_s=settings.anode_effects.same_within,
            precedence=EffectOrigin(settings.anode_effects.precedence),
        ),
        page=page,
        log=LogSettings(json=settings.log.format == "json", level=settings.log.level),
        targets=targets,
        rules=rules,
        balances=of_lines,
        alerts=alert_rules,
        alert_topic=alert_topic,
        choice=choice,
        parts=parts,
    )
    return whole if part is None else of_part(whole, part)


def store_path(collector_file: Path, choice: Choice = AS_SET) -> Path | None:
    """Return where the store of a choice is, whatever else is wrong with the settings; None if they do not tell."""
    try:
        tree, _, _ = read_sources(collector_file)
    except ConfigurationError:  # the file cannot be read at all; ``load`` says why
        return None
    store = tree.get("store")
    written = store.get("path") if isinstance(store, dict) else None
    if not isinstance(written, str) or not written:
        return None
    path = Path(os.path.abspath(collector_file.parent / written))  # noqa: PTH100 - as where it is opened
    as_set = tree.get("collector")
    name = choice.name(as_set if isinstance(as_set, str) else "")
    return own_store(path, name) if name else path


def _validated(tree: dict[str, Any], origins: Origins, problems: list[Problem], broken: set[Path_]) -> Settings:
    """Check the shape. What is wrong is replaced and the rest is checked on, so that nothing hides behind it.

    ``broken`` takes up the paths of what was replaced: nothing more is to be said about them.
    """
    replaced: set[Path_] = set()
    while True:
        try:
            return Settings.model_validate(tree)
        except ValidationError as exc:
            problems += [
                origins.problem(path, what, remedy)
                for path, what, remedy in told(exc, Settings)
                if not is_under(path, broken)
            ]
            places = [tuple(part for part in error["loc"] if part != KEY) for error in exc.errors()]
            wrong = {path[: 3 if path[0] in ENTITIES else 2] for path in places}
            if wrong <= replaced:  # a stand-in is not valid, which is our own mistake
                raise ConfigurationError(origins.told_once(problems)) from exc
            for path in wrong:
                _replace(tree, path)
            replaced |= wrong
            broken |= wrong


def _replace(tree: dict[str, Any], path: Path_) -> None:
    """Put a stand-in for what is wrong, or take it out where none is needed."""
    *around, last = (str(part) for part in path)
    table, known = tree, STAND_INS
    for part in around:
        below = table.get(part)
        table[part] = table = dict(below) if isinstance(below, dict) else {}
        known = known.get(part, known.get("*", {}))
    stand_in = known.get(last)
    if stand_in is None:
        table.pop(last, None)
    elif isinstance(stand_in, dict):
        table[last] = {key: value for key, value in stand_in.items() if key != "*"}
    else:
        table[last] = stand_in


def _found(folder: Path, written: str) -> Path:
    """Find a file: in the systemd credentials directory by name, else relative to the settings' folder."""
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    candidates = [Path(credentials) / written] if credentials else []
    candidates.append(folder / written)
    return next((candidate for candidate in candidates if os.path.isfile(candidate)), candidates[-1])  # noqa: PTH113 - never raises


def _secret(folder: Path, path: Path_, written: str, origins: Origins, problems: list[Problem]) -> Path:
    """Find a secret's file, and see that it holds one."""
    found = _found(folder, written)
    problem = ""
    remedy = "write the secret into it, in one line"
    try:
        lines = found.read_text(encoding="utf-8").strip().splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is not text"
        problem, remedy = f"cannot be read: {reason}", "create it, readable for the collector's user only"
    else:
        if len(lines) != 1:
            problem = "holds several lines" if lines else "is empty"
    if problem:
        problems.append(origins.problem(path, f"the secret's file {found} {problem}", remedy))
    return found
