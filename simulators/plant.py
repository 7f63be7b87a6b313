"""The plant file, as far as a simulated smelter needs it: potlines, endpoints, meters, broker."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from simulators.expansion import expanded
from simulators.tables import MASS_RATIO, POWER, SHARE, Table

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from decimal import Decimal
    from pathlib import Path

MONITORED_POWER = "200 kW"
"""What a monitored meter is made for, if the plant file does not say."""

_POT_RANGE = re.compile(r"(\d+)\.\.(\d+)")


class Measures(StrEnum):
    """What a meter measures."""

    LINE_DC = "line_dc"
    RECTIFIER_AC = "rectifier_ac"
    AUXILIARY_AC = "auxiliary_ac"
    MONITORED = "monitored"


TRANSPORTS = ("modbus_tcp", "modbus_tls", "rtu_over_tcp", "ascii_over_tcp", "modbus_rtu", "modbus_ascii")
_SERIAL = frozenset({"modbus_rtu", "modbus_ascii"})
_PARITIES = ("none", "even", "odd", "N", "E", "O")


@dataclass(frozen=True, slots=True)
class Dated:
    """A value that holds from a day on, until the next one's day."""

    valid_from: dt.date
    value: float


@dataclass(frozen=True, slots=True)
class Potline:
    """A potline of the plant file.

    Parameters
    ----------
    pots
        Pot numbers, in the order of the line.
    current_efficiency
        Dated shares [1].
    net_anode_consumption
        Dated masses of anode per metal [t/t].
    anode_sulphur, anode_ash
        Shares of the anode's mass [1].
    """

    id: str
    pots: tuple[str, ...]
    technology: str
    current_efficiency: tuple[Dated, ...]
    net_anode_consumption: tuple[Dated, ...]
    anode_sulphur: float
    anode_ash: float


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Something that a Modbus connection is opened to.

    Parameters
    ----------
    port
        Of a serial line 0.
    transport
        One of ``TRANSPORTS``.
    device
        Of a serial line, its device in the plant; the simulator has another one.
    baud
        Of a serial line.
    """

    id: str
    port: int
    transport: str = "modbus_tcp"
    device: str = ""
    baud: int = 19_200


@dataclass(frozen=True, slots=True)
class Meter:
    """A meter of the plant file.

    Parameters
    ----------
    potline
        Of a monitored meter it may be empty.
    rated_power
        In W.
    also
        The optional quantities that are polled, as written.
    constants
        Numbers that its profile asks for.
    base
        Is added to every address of its profile.
    """

    id: str
    measures: Measures
    potline: str
    profile: str
    endpoint: str
    unit: int
    rated_power: float
    also: tuple[str, ...] = ()
    constants: Mapping[str, float] = field(default_factory=dict)
    base: int = 0


@dataclass(frozen=True, slots=True)
class Broker:
    """The MQTT broker of the plant file; ``protocol`` is "5" or "3.1.1"."""

    id: str
    port: int
    protocol: str
    site: str


@dataclass(frozen=True, slots=True)
class Plant:
    """The plant file: what stands where, and which factors apply. ``grid_factor``: one, or each from a day on."""

    file: Path
    method: str
    gwp: str
    grid_factor: str | tuple[tuple[dt.date, str], ...]
    potlines: Mapping[str, Potline]
    endpoints: Mapping[str, Endpoint]
    meters: Mapping[str, Meter]
    broker: Broker | None


def value_on(values: tuple[Dated, ...], day: dt.date) -> float:
    """Return the value that holds on a day; before the first one's day, the first one."""
    ordered = sorted(values, key=lambda dated: dated.valid_from)
    return next((dated.value for dated in reversed(ordered) if dated.valid_from <= day), ordered[0].value)


def load_plant(file: Path) -> Plant:
    """Read a plant file.

    Raises
    ------
    ConfigurationError
        If something that the simulator needs is missing, wrong or not simulated.
    """
    root = Table.read(file)
    emissions = root.table("emissions")
    potlines = {name: _potline(name, table) for name, table in root.tables("potlines").items()}
    if not potlines:
        raise root.error("potlines", "has no potline", "add a [potlines.NAME]")
    endpoints = {name: _endpoint(name, table) for name, table in expanded(root, "endpoints").items()}
    # A meter with a broker speaks by itself: what is said over MQTT, the scenario decides.
    polled = {name: table for name, table in expanded(root, "meters").items() if "broker" not in table}
    meters = {name: _meter(name, table, potlines, endpoints) for name, table in polled.items()}
    _refuse_shared_units(root, meters)
    return Plant(
        file=file,
        method=emissions.text("method"),
        gwp=emissions.text("gwp"),
        grid_factor=_grid_factor(emissions),
        potlines=potlines,
        endpoints=endpoints,
        meters=meters,
        broker=_broker(root),
    )


def _grid_factor(emissions: Table) -> str | tuple[tuple[dt.date, str], ...]:
    if not isinstance(emissions.values().get("grid_factor"), list):
        return emissions.text("grid_factor")
    rows = emissions.rows("grid_factor")
    if not rows:
        raise emissions.error("grid_factor", "names no factor", "name one of factors/grid_electricity.toml")
    return tuple(sorted((row.date("valid_from"), row.text("factor")) for row in rows))


def _potline(name: str, table: Table) -> Potline:
    return Potline(
        id=name,
        pots=_pots(table),
        technology=table.text("technology"),
        current_efficiency=_dated(table, "current_efficiency", SHARE),
        net_anode_consumption=_dated(table, "net_anode_consumption", MASS_RATIO),
        anode_sulphur=table.quantity("anode_sulphur", SHARE, low=0, high=1),
        anode_ash=table.quantity("anode_ash", SHARE, low=0, high=1),
    )


def _pots(table: Table) -> tuple[str, ...]:
    pots: list[str] = []
    for item in table.texts("pots"):
        match = _POT_RANGE.fullmatch(item)
        if match is None:
            pots.append(item)
            continue
        first, last = int(match[1]), int(match[2])
        if not first <= last < first + 10_000:
            raise table.error("pots", f"has the range {item!r}", "write the lower number first, at most 10000 pots")
        # Leading zeros are part of a pot's name.
        pots.extend(f"{number:0{len(match[1])}}" for number in range(first, last + 1))
    if len(set(pots)) != len(pots):
        raise table.error("pots", "names a pot twice", "name each pot once")
    return tuple(pots)


def _dated(table: Table, key: str, units: Mapping[str, Decimal]) -> tuple[Dated, ...]:
    rows = table.rows(key)
    if not rows:
        raise table.error(key, "has no value", 'write it as [{ value = "…", valid_from = 2024-01-01, source = "…" }]')
    return tuple(Dated(row.date("valid_from"), row.quantity("value", units, low=0, high=1)) for row in rows)


def _endpoint(name: str, table: Table) -> Endpoint:
    transport = table.text("transport")
    if transport not in TRANSPORTS:
        raise table.error(
            "transport", f"is {transport!r}, which is not simulated", f"use one of {', '.join(TRANSPORTS)}"
        )
    if transport not in _SERIAL:
        usual = 802 if transport == "modbus_tls" else 502
        return Endpoint(name, table.whole("port", usual, low=1, high=65535), transport)
    parity = table.text("parity", "even")
    if parity not in _PARITIES:
        raise table.error("parity", f"is {parity!r}", f"use one of {', '.join(_PARITIES)}")
    baud = table.whole("baud", 19_200, low=1200, high=921_600)
    return Endpoint(name, 0, transport, table.text("device"), baud)


def _meter(name: str, table: Table, potlines: Mapping[str, Potline], endpoints: Mapping[str, Endpoint]) -> Meter:
    measures = table.text("measures")
    if measures not in list(Measures):
        raise table.error("measures", f"is {measures!r}", f"use one of {', '.join(Measures)}")
    monitored = measures == Measures.MONITORED
    potline = table.text("potline", "" if monitored else None)
    for key, named, known in (("potline", potline, potlines), ("endpoint", table.text("endpoint"), endpoints)):
        if named not in known and not (monitored and not named):
            raise table.error(key, f"names {named!r}, which is not in the file", f"use one of {', '.join(known)}")
    constants = table.table("constants", required=False)
    return Meter(
        id=name,
        measures=Measures(measures),
        potline=potline,
        profile=table.text("profile"),
        endpoint=table.text("endpoint"),
        unit=table.whole("unit", 1, high=255),
        rated_power=table.quantity("rated_power", POWER, MONITORED_POWER if monitored else None, low=1),
        also=table.texts("also") if "also" in table else (),
        constants={key: constants.number(key) for key in constants.keys()},  # noqa: SIM118 -- a Table is no dict
        base=table.whole("base", 0, high=65535),
    )


def _refuse_shared_units(root: Table, meters: Mapping[str, Meter]) -> None:
    seen: dict[tuple[str, int], str] = {}
    for meter in meters.values():
        other = seen.setdefault((meter.endpoint, meter.unit), meter.id)
        if other != meter.id:
            wrong = f"is {meter.unit} on endpoint {meter.endpoint!r}, as is that of {other!r}"
            raise root.error(f"meters.{meter.id}.unit", wrong, "give each meter of an endpoint its own unit")


def _broker(root: Table) -> Broker | None:
    brokers = root.tables("brokers", required=False)
    if not brokers:
        return None
    if len(brokers) > 1:
        raise root.error("brokers", f"names {len(brokers)} brokers", "leave one: the simulator publishes to one")
    name, table = next(iter(brokers.items()))
    protocol = table.text("protocol", "5")
    if protocol not in {"5", "3.1.1"}:
        raise table.error("protocol", f"is {protocol!r}", 'use "5" or "3.1.1"')
    return Broker(name, table.whole("port", 1883, low=1, high=65535), protocol, table.text("site"))
