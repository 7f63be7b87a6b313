"""Every kind of fault by its name, and how one is read from a scenario or from an HTTP request."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from simulators.faults import counters, lines, raw, refusals, values, wire
from simulators.faults.fault import Context, Effect, Fault, When, Where
from simulators.instants import SECOND_NS
from simulators.profile import load_profile
from simulators.quantities import QUANTITIES
from simulators.servers.registers import RegisterMap
from simulators.tables import DURATION, SHARE, Table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from simulators.plant import Plant
    from simulators.serving import Serving

KINDS: Mapping[str, type[Effect]] = {
    effect.kind: effect for family in (lines, refusals, wire, values, raw, counters) for effect in family.KINDS
}
"""Every kind by its name."""

_LONGEST_S = 1e9
"""No fault is further away than thirty years [s]."""

_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FaultReader:
    """Reads faults, knowing the plant that they are to happen in.

    Parameters
    ----------
    profiles
        The folder of register maps.
    seed
        Of faults that have none of their own.
    rows
        The scenario's own faults.
    """

    plant: Plant
    serving: Mapping[str, Serving]
    profiles: Path
    seed: int
    rows: tuple[Table, ...] = field(default=())

    def all(self, begin_ns: int) -> tuple[Fault, ...]:
        """Make the scenario's own faults anew, their times counted from the simulation's beginning [UTC ns].

        Raises
        ------
        ConfigurationError
            If one of them cannot be used.
        """
        faults: dict[str, Fault] = {}
        for row in self.rows:
            fault = self.one(row, begin_ns, number=len(faults) + 1)
            if fault.id in faults:
                raise row.error("id", f"is {fault.id!r}, as is that of another fault", "give each its own")
            faults[fault.id] = fault
        return tuple(faults.values())

    def one(self, table: Table, origin_ns: int, *, number: int) -> Fault:
        """Make one fault, its times counted from ``origin_ns`` [UTC ns]; ``number`` tells it from others of its kind.

        Raises
        ------
        ConfigurationError
            If it cannot be used.
        """
        kind = table.text("kind")
        if kind not in KINDS:
            raise table.error("kind", f"is {kind!r}, which is no fault", f"use one of {', '.join(sorted(KINDS))}")
        where = self._where(table)
        effect = KINDS[kind].read(table, Context(self._register_map, table.file))
        self._refuse_impossible(table, effect, where)
        name = table.text("id", f"{kind}-{number}")
        if not _NAME.fullmatch(name):
            raise table.error("id", f"is {name!r}", "use letters, digits, dots, hyphens and underscores")
        fault = Fault(
            id=name,
            effect=effect,
            where=where,
            when=_when(table, origin_ns),
            probability=_probability(table),
            at_most=table.whole("at_most", low=1) if "at_most" in table else None,
            seed=table.whole("seed", self.seed),
        )
        table.refuse_unknown_keys()
        return fault

    def _register_map(self, name: str) -> RegisterMap:
        return RegisterMap(load_profile(self.profiles / f"{name}.toml"))

    def _where(self, table: Table) -> Where:
        endpoint = table.text("endpoint") if "endpoint" in table else None
        unit = table.whole("unit", high=255) if "unit" in table else None
        register = table.text("register") if "register" in table else ""
        if endpoint is not None and endpoint not in self.plant.endpoints:
            known = ", ".join(self.plant.endpoints)
            raise table.error("endpoint", f"is {endpoint!r}, which is not in the plant file", f"use one of {known}")
        if register and register not in QUANTITIES and not self._informs(register):
            remedy = f"use an information register of a meter's profile, or one of {', '.join(QUANTITIES)}"
            raise table.error("register", f"is {register!r}, no quantity", remedy)
        if "meter" in table:
            name = table.text("meter")
            if name not in self.plant.meters:
                known = ", ".join(self.plant.meters)
                raise table.error("meter", f"is {name!r}, which is not in the plant file", f"use one of {known}")
            if endpoint is not None or unit is not None:
                raise table.error("meter", "says endpoint and unit already", "take those away")
            endpoint, unit = self.plant.meters[name].endpoint, self.plant.meters[name].unit
        return Where(endpoint, unit, register)

    def _informs(self, register: str) -> bool:
        """Whether a meter's profile has an information register of that name."""
        files = {self.profiles / f"{meter.profile}.toml" for meter in self.plant.meters.values()}
        return any(register in load_profile(file).registers for file in files if file.is_file())

    def _refuse_impossible(self, table: Table, effect: Effect, where: Where) -> None:
        if effect.needs_register and not where.register:
            raise table.error("register", "is missing", "say which quantity this is about")
        if not effect.transports:
            return
        names = self.plant.endpoints if where.endpoint is None else (where.endpoint,)
        served = {name: str(self.serving[name].transport) for name in names}
        if not effect.transports.intersection(served.values()):
            fitting = ", ".join(sorted(effect.transports))
            there = ", ".join(f"{name} is served over {transport}" for name, transport in served.items())
            raise table.error("kind", f"is {effect.kind!r}, but {there}", f"it needs one of {fitting}")


def _when(table: Table, origin_ns: int) -> When:
    begin = _moment(table, "from", origin_ns)
    end = _moment(table, "until", origin_ns)
    if end is not None and end <= (origin_ns if begin is None else begin):
        raise table.error("until", "is not after the beginning", "correct one of them")
    every = table.quantity("every", DURATION, low=0.001, high=_LONGEST_S) if "every" in table else None
    length = table.quantity("for", DURATION, low=0.001, high=every or _LONGEST_S) if "for" in table else None
    return When(
        origin_ns if begin is None else begin,
        end,
        None if every is None else round(every * SECOND_NS),
        None if length is None else round(length * SECOND_NS),
    )


def _moment(table: Table, key: str, origin_ns: int) -> int | None:
    """Return a time given as a duration from the origin or as RFC 3339 [UTC ns]."""
    if key not in table:
        return None
    try:
        moment = datetime.fromisoformat(table.text(key))
    except ValueError:
        return origin_ns + round(table.quantity(key, DURATION, low=0, high=_LONGEST_S) * SECOND_NS)
    if moment.tzinfo is None:
        raise table.error(key, f"is {table.text(key)!r}, without a time zone", "add a Z for UTC")
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


def _probability(table: Table) -> float:
    return table.quantity("probability", SHARE, low=0, high=1) if "probability" in table else 1.0


def read_faults(root: Table, plant: Plant, serving: Mapping[str, Serving], profiles: Path, seed: int) -> FaultReader:
    """Read every ``[[faults]]`` of a scenario; what is returned makes them when the simulation begins.

    Raises
    ------
    ConfigurationError
        If one of them cannot be used.
    """
    reader = FaultReader(plant, serving, profiles, seed, root.rows("faults"))
    reader.all(0)
    return reader
