"""Questions to a truth ledger: what happened between two instants, exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from simulators.instants import parse_instant
from simulators.tables import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ALL = "all"
"""Name of the sums over every potline."""

_NO_SUMS = {"pots", "current_efficiency"}


@dataclass(slots=True)
class Sums:
    """What a ledger says of one potline between two instants.

    Parameters
    ----------
    minutes
        Minutes added up; of all potlines together those of each.
    first, last
        The first and the last of them.
    values
        Sums of every quantity of the ledger, by its name there.
    meters
        True energy through each meter [kWh].
    pots_kwh
        DC energy of each pot [kWh], in the order of the line; empty for all potlines together.
    ratios
        Sums over sums: energy and CO2e per metal, volts, metal and anode effects per pot.
    """

    minutes: int
    first: str
    last: str
    values: Mapping[str, float]
    meters: Mapping[str, float]
    pots_kwh: list[float]
    ratios: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class _Columns:
    minutes: list[str] = field(default_factory=list)
    values: dict[str, list[float]] = field(default_factory=dict)
    meters: dict[str, list[float]] = field(default_factory=dict)
    pots: list[list[float]] = field(default_factory=list)


def sums(
    file: Path, *, from_ns: int | None = None, to_ns: int | None = None, potline: str | None = None
) -> dict[str, Sums]:
    """Add up the minutes of a ledger that begin in a stretch of time, for each potline and for all together.

    Parameters
    ----------
    file
        Written by the run command; a last line that is not whole yet is left out.
    from_ns, to_ns
        The stretch [UTC ns], its end excluded; None: as far as the ledger goes.
    potline
        This one alone; None: all, then also their total under the name of ``ALL``.

    Raises
    ------
    ConfigurationError
        If the file cannot be read, holds something else, or has no such minute.
    """
    columns: dict[str, _Columns] = {}
    for row in _rows(file):
        name = str(row["potline"])
        start_ns = parse_instant(str(row["minute"]))
        if potline not in {None, name}:
            continue
        if (from_ns is not None and start_ns < from_ns) or (to_ns is not None and start_ns >= to_ns):
            continue
        _take(columns.setdefault(name, _Columns()), row)
    if not columns:
        raise ConfigurationError(file, "", "has no such minute", "look at its first and last line for what it has")
    found = {name: _sums(column) for name, column in columns.items()}
    if potline is None and len(found) > 1:
        total = _Columns()
        for column in columns.values():
            total.minutes += column.minutes
            for own, others in ((total.values, column.values), (total.meters, column.meters)):
                for name, values in others.items():
                    own.setdefault(name, []).extend(values)
        found[ALL] = _sums(total)
    return found


def as_json(found: Mapping[str, Sums]) -> str:
    """Write sums as JSON."""
    return msgspec.json.format(msgspec.json.encode(found), indent=2).decode()


def as_text(found: Mapping[str, Sums]) -> str:
    """Write sums as a table for people."""
    names = list(dict.fromkeys(name for entry in found.values() for name in (*entry.values, *entry.ratios)))
    rows = [["", *found], ["minutes", *(str(entry.minutes) for entry in found.values())]]
    rows += [["first", *(entry.first for entry in found.values())], ["last", *(entry.last for entry in found.values())]]
    for name in names:
        cells = [entry.values.get(name, entry.ratios.get(name)) for entry in found.values()]
        rows.append([name, *(_cell(value) for value in cells)])
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        ).rstrip()
        for row in rows
    )


def _cell(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if abs(value) < 1 else f"{value:,.3f}"


def _rows(file: Path) -> list[dict[str, object]]:
    try:
        lines = file.read_bytes().splitlines(keepends=True)
    except OSError as exc:
        raise ConfigurationError(file, "", f"cannot be read ({exc.strerror})", "check the path") from exc
    rows = []
    for number, line in enumerate(lines, start=1):
        if not line.endswith(b"\n"):
            break
        try:
            row = msgspec.json.decode(line, type=dict[str, object])
            parse_instant(str(row["minute"]))
            row["potline"]
        except (msgspec.MsgspecError, KeyError, ValueError) as exc:
            wrong = "is not a minute of a truth ledger"
            raise ConfigurationError(file, f"line {number}", wrong, "give a file written with --truth") from exc
        rows.append(row)
    return rows


def _take(column: _Columns, row: Mapping[str, object]) -> None:
    column.minutes.append(str(row["minute"]))
    for name, value in row.items():
        if isinstance(value, int | float) and name not in _NO_SUMS:
            column.values.setdefault(name, []).append(value)
    meters = row.get("meters")
    if isinstance(meters, dict):
        for name, value in meters.items():
            column.meters.setdefault(name, []).append(value)
    pots = row.get("pot_kwh")
    if isinstance(pots, list):
        column.pots.append(pots)


def _sums(column: _Columns) -> Sums:
    # Exact to the last digit, whatever the order.
    values = {name: math.fsum(cells) for name, cells in column.values.items()}
    found = Sums(
        minutes=len(column.minutes),
        first=min(column.minutes),
        last=max(column.minutes),
        values=values,
        meters={name: math.fsum(cells) for name, cells in column.meters.items()},
        pots_kwh=[math.fsum(cells) for cells in zip(*column.pots, strict=True)],
    )
    if "busbar_kwh" in values:
        pots_kwh = values["dc_kwh"] - values["busbar_kwh"]
        found.ratios |= _ratio("mean_pot_v", pots_kwh, values.get("pot_kah"))
    for name, numerator, denominator in (
        ("dc_kwh_per_t", "dc_kwh", "metal_t"),
        ("ac_kwh_per_t", "ac_kwh", "metal_t"),
        ("co2e_t_per_t", "total_t_co2e", "metal_t"),
        ("metal_t_per_pot_day", "metal_t", "pot_days"),
        ("ae_per_pot_day", "ae_count", "pot_days"),
        ("ae_mean_s", "ae_s", "ae_count"),
        ("renewable_share", "renewable_kwh", "grid_kwh"),
    ):
        found.ratios |= _ratio(name, values.get(numerator), values.get(denominator))
    return found


def _ratio(name: str, over: float | None, under: float | None) -> dict[str, float]:
    return {name: over / under} if over is not None and under else {}
