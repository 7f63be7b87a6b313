"""The door of this room: files and environment in, a frozen configuration or all problems out."""

import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from collector.settings.build import Builder
from collector.settings.configuration import (
    AccountingSettings,
    Configuration,
    DeliveryTarget,
    InfluxKind,
    LogSettings,
    PageSettings,
    StoreSettings,
)
from collector.settings.models import Delivery, Settings
from collector.settings.problems import ConfigurationError, Problem
from collector.settings.sources import Origins, read_sources
from collector.settings.validation import explain

ENTITIES = frozenset({"potlines", "endpoints", "meters", "brokers", "delivery"})


def load(collector_file: Path) -> Configuration:
    """Read the collector's file, the files it names and the environment.

    Relative paths start at the folder of the file that holds them. A secret's file is looked for in the systemd
    credentials directory first.

    Raises
    ------
    ConfigurationError
        With every problem that was found.
    """
    tree, origins, problems = read_sources(collector_file)
    settings, broken = _validated(tree, origins, problems)
    if settings is None:
        raise ConfigurationError(problems)
    folder = collector_file.parent
    builder = Builder(
        settings,
        origins,
        broken=broken,
        profiles_dir=folder / settings.profiles_dir,
        factors_dir=folder / settings.factors_dir,
        secret=lambda path, written: _secret(folder, path, written, origins, problems),
    )
    plant = builder.plant()
    problems += builder.problems
    targets = tuple(_target(name, section, folder, origins, problems) for name, section in settings.delivery.items())
    page = _page(settings, origins, problems)
    if problems or plant is None:
        raise ConfigurationError(problems)
    store = settings.store
    return Configuration(
        plant=plant,
        store=StoreSettings(
            path=(folder / store.path).resolve(),
            commit_every_s=store.commit_every,
            outbox_max_bytes=int(store.outbox_max_bytes),
            outbox_max_age_s=store.outbox_max_age,
            keep_inputs_s=store.keep_inputs,
            keep_minutes_s=store.keep_minutes,
        ),
        accounting=AccountingSettings(
            grace_s=settings.accounting.grace,
            longest_gap_s=settings.accounting.longest_gap,
            least_coverage_pct=settings.accounting.least_coverage,
            longest_tare_age_s=settings.accounting.longest_tare_age,
        ),
        page=page,
        log=LogSettings(json=settings.log.format == "json", level=settings.log.level),
        targets=targets,
    )


def _validated(
    tree: dict[str, Any], origins: Origins, problems: list[Problem]
) -> tuple[Settings | None, frozenset[tuple[str, str]]]:
    """Check the shape. What is wrong is taken out and the rest is checked on, so that nothing hides behind it."""
    broken: set[tuple[str, str]] = set()
    for _ in range(8):  # each round takes out what was wrong; defaults that are missing end it
        try:
            return Settings.model_validate(tree), frozenset(broken)
        except ValidationError as exc:
            taken = False
            for error in exc.errors():
                path = tuple(error["loc"])
                what, remedy = explain(error, Settings)
                problems.append(origins.problem(path, what, remedy))
                taken = _take_out(tree, path, broken) or taken
            if not taken:
                return None, frozenset(broken)
    return None, frozenset(broken)


def _take_out(tree: dict[str, Any], path: tuple[str | int, ...], broken: set[tuple[str, str]]) -> bool:
    if len(path) > 1 and path[0] in ENTITIES and isinstance(tree.get(str(path[0])), dict):
        section, name = str(path[0]), str(path[1])
        broken.add((section, name))
        tree[section] = {key: value for key, value in tree[section].items() if key != name}
        return True
    *way, last = path
    table: Any = tree
    for part in way:
        table = table.get(part) if isinstance(table, dict) else None
    if isinstance(table, dict) and last in table:
        del table[last]
        return True
    return False


def _page(settings: Settings, origins: Origins, problems: list[Problem]) -> PageSettings:
    host, _, port = settings.page.listen.rpartition(":")
    number = int(port)
    if number > 65535:
        what = f"port {number} does not exist"
        problems.append(origins.problem(("page", "listen"), what, "ports go from 1 to 65535; 0 takes a free one"))
    return PageSettings(host=host.strip("[]"), port=number)


def _target(name: str, section: Delivery, folder: Path, origins: Origins, problems: list[Problem]) -> DeliveryTarget:
    def need(key: str, value: str | None) -> str:
        if value is None:
            what = f"is needed for kind {section.kind}"
            problems.append(origins.problem(("delivery", name, key), what, "add it"))
        return value or ""

    def refuse(*keys: str) -> None:
        for key in keys:
            if getattr(section, key):
                what = f"does not belong to kind {section.kind}"
                problems.append(origins.problem(("delivery", name, key), what, "remove it"))

    if InfluxKind(section.kind) is InfluxKind.INFLUXDB1:
        refuse("org", "bucket", "token_file")
        org, bucket = "", need("database", section.database)
        secret_key, secret_file = "password_file", section.password_file
        if (section.username is None) != (section.password_file is None):
            what = "username and password_file go together"
            problems.append(origins.problem(("delivery", name), what, "give both or neither"))
    else:
        refuse("database", "create_database", "username", "password_file")
        org, bucket = need("org", section.org), need("bucket", section.bucket)
        secret_key, secret_file = "token_file", section.token_file
    return DeliveryTarget(
        name=name,
        kind=InfluxKind(section.kind),
        url=section.url.rstrip("/"),
        org=org,
        bucket=bucket,
        create=section.create_database,
        username=section.username,
        secret_file=_secret(folder, ("delivery", name, secret_key), secret_file, origins, problems)
        if secret_file
        else None,
        timeout_s=section.timeout,
        max_body_bytes=int(section.max_body),
    )


def _secret(folder: Path, path: tuple[str | int, ...], written: str, origins: Origins, problems: list[Problem]) -> Path:
    """Find a secret's file: in the systemd credentials directory by name, else relative to the settings' folder."""
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    candidates = [Path(credentials) / written] if credentials else []
    candidates.append(folder / written)
    found = next((candidate for candidate in candidates if candidate.is_file()), candidates[-1])
    try:
        empty = not found.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is not text"
        what = f"the secret's file {found} cannot be read: {reason}"
        problems.append(origins.problem(path, what, "create it, readable for the collector's user only"))
    else:
        if empty:
            problems.append(origins.problem(path, f"the secret's file {found} is empty", "write the secret into it"))
    return found
