"""From checked sections to meters: what each names must be there, fit its profile, and be its own."""

import difflib
import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

from collector.plant.contracts import Technology
from collector.plant.layout import Layout
from collector.plant.meter import (
    NEEDED,
    STACK_QUANTITIES,
    Endpoint,
    GasConditions,
    Measures,
    Meter,
    PolledMeter,
    fits,
    polled,
)
from collector.plant.profile import MeterProfile, Register
from collector.readings.quantity import Quantity
from collector.settings import models
from collector.settings.any_meter import AnyMeter
from collector.settings.expansion import could_make
from collector.settings.heard_meters import HeardMeters
from collector.settings.problems import ConfigurationError
from collector.settings.profiles import profile_names, read_profile
from collector.settings.sources import Origins
from collector.settings.toml_file import Path_

_NEEDED_KEYS = ("profile", "endpoint", "unit")
_KEYS = {field.alias or name for name, field in models.MeterSection.model_fields.items()}


class Meters(AnyMeter):
    """Builds the meters. Each profile is read once, however many meters have it."""

    def __init__(
        self, settings: models.Settings, origins: Origins, *, broken: AbstractSet[Path_], profiles_dir: Path
    ) -> None:
        super().__init__(settings, origins, broken)
        self._profiles_dir = profiles_dir
        self._names = profile_names(profiles_dir) if self._fine("profiles_dir") else []
        self._profiles: dict[str, MeterProfile | None] = {}
        self._registers: dict[tuple[str, frozenset[str], int], tuple[Register, ...]] = {}

    def built(
        self, endpoints: Mapping[str, Endpoint], layouts: Mapping[str, tuple[Layout, ...] | None]
    ) -> tuple[Meter, ...]:
        """Return the meters that are well; ``problems`` says what is wrong with the others.

        Parameters
        ----------
        endpoints
            By id.
        layouts
            Those of each broker; None where they are not all known.
        """
        heard = HeardMeters(self._settings, self._origins, broken=self._broken, layouts=layouts)
        found = [
            self._meter(id_, section, endpoints) if section.broker is None else heard.meter(id_, section)
            for id_, section in self._settings.meters.items()
            if self._fine("meters", id_, "broker")
        ]
        self.problems += heard.problems
        self._unique()
        meters = tuple(meter for meter in found if meter is not None)
        self._measured_once(meters)
        return meters

    def _measured_once(self, meters: tuple[Meter, ...]) -> None:
        """Check that what is booked of a stack comes from one meter."""
        seen: dict[tuple[str, Quantity], str] = {}
        for meter in meters:
            if meter.measures is not Measures.STACK:
                continue
            for quantity in meter.quantities:
                first = seen.setdefault((meter.stack, quantity), meter.id)
                if quantity in STACK_QUANTITIES and first != meter.id:
                    what = f"{quantity.label} of stack {meter.stack} is measured by {first} already"
                    self._report(("meters", meter.id, "stack"), what, 'give one of them measures = "monitored"')

    def _profile(self, at: Path_, name: str) -> MeterProfile | None:
        if name in self._profiles:
            return self._profiles[name]
        if name not in self._names:
            self._unknown(at, "profile", name, self._names)
            return None
        self._profiles[name] = None
        try:
            self._profiles[name] = read_profile(self._profiles_dir / f"{name}.toml")
        except ConfigurationError as exc:
            self.problems += exc.problems
        return self._profiles[name]

    def _meter(self, id_: str, section: models.MeterSection, endpoints: Mapping[str, Endpoint]) -> Meter | None:
        at = ("meters", id_)
        measures = Measures(section.measures)
        self._check_given(at, section)
        profile = None
        if section.profile is not None and self._fine("profiles_dir") and self._fine(*at, "profile"):
            profile = self._profile((*at, "profile"), section.profile)
        named = section.endpoint
        endpoint = None if named is None else endpoints.get(named)
        if named is not None and endpoint is None and self._fine(*at, "endpoint") and not self._may_be(named):
            self._unknown((*at, "endpoint"), "endpoint", named, endpoints)
        self._check_common(at, section, measures)
        if profile is None:
            return None
        self._check_base(at, section.base, profile)
        registers = self._polled(profile, frozenset(self._also(at, section.also, profile)), section.base)
        self._check_needed(at, measures, profile, registers)
        if self._fine(*at, "measures"):
            self._check_stack(at, measures, [r.quantity for r in registers if r.quantity is not None])
        constants = self._constants(at, section.constants, profile)
        accuracy, allocation = self._accuracy(at, section), self._allocation(at, section, measures)
        if endpoint is None or section.unit is None:
            return None
        return PolledMeter(
            id=id_,
            measures=measures,
            potline=section.potline,
            profile=profile,
            endpoint=endpoint,
            unit=section.unit,
            every_s=section.every,
            rated_power_kw=math.inf if section.rated_power is None else section.rated_power,
            registers=registers,
            constants=constants,
            base=section.base,
            stack=section.stack or "",
            conditions=None if section.conditions is None else GasConditions(section.conditions),
            technology=None if section.technology is None else Technology(section.technology),
            accuracy=accuracy,
            allocation=allocation,
        )

    def _polled(self, profile: MeterProfile, also: frozenset[str], base: int) -> tuple[Register, ...]:
        """Return what is polled: one object for all meters of which it is the same."""
        key = profile.name, also, base
        if key not in self._registers:
            self._registers[key] = polled(profile, also, base=base)
        return self._registers[key]

    def _may_be(self, endpoint: str) -> bool:
        """Tell whether an endpoint that is not there would be, if all that was written about endpoints were right."""
        return any(
            path[0] == "endpoints" and (len(path) < 2 or could_make(str(path[1]), endpoint)) for path in self._broken
        )

    def _check_given(self, at: tuple[str, str], section: models.MeterSection) -> None:
        """Check what a meter with an endpoint has, and what only one with a broker has."""
        for key in ("address", "quantities", "wraps_at"):
            if getattr(section, key) and self._fine(*at, key):
                self._report((*at, key), "belongs to a meter with a broker, and this one has none", "remove it")
        if any(len(path) > 2 and path[:2] == at and path[2] not in _KEYS for path in self._broken):
            return  # a misspelt key stands for the one that is missing
        missing = [key for key in _NEEDED_KEYS if getattr(section, key) is None]
        remedy = "add it" if len(missing) < len(_NEEDED_KEYS) else "add it, or a broker if this meter speaks over MQTT"
        for key in missing:
            if self._fine(*at, key):
                self._report((*at, key), "is missing", remedy)

    def _check_base(self, at: tuple[str, str], base: int, profile: MeterProfile) -> None:
        if not base or not self._fine(*at, "base"):
            return
        if profile.sunspec_model is not None:
            what = f"{profile.name} counts from where the device has SunSpec model {profile.sunspec_model}"
            self._report((*at, "base"), what, "remove it")
            return
        moved = [register.moved(base) for register in profile.registers]
        outside = next((register for register in moved if register.address < 0 or register.end > 65536), None)
        if outside is not None:
            what = f"puts {outside.name} at {outside.address} to {outside.end - 1}"
            self._report((*at, "base"), what, "addresses go from 0 to 65535")

    def _also(self, at: tuple[str, str], patterns: list[str], profile: MeterProfile) -> set[str]:
        """Return the optional quantities that are asked for."""
        found: set[str] = set()
        optional = [r.name for r in profile.registers if r.optional and r.quantity is not None]
        for place, pattern in enumerate(patterns):
            if not self._fine(*at, "also", place):
                continue
            names = {name for name in optional if fits(name, pattern)}
            found |= names
            if not names:
                self._report((*at, "also", place), *_fits_nothing(pattern, optional, profile))
        return found

    def _check_needed(
        self, at: tuple[str, str], measures: Measures, profile: MeterProfile, registers: tuple[Register, ...]
    ) -> None:
        if not self._fine(*at, "measures") or not self._fine(*at, "also"):
            return
        offered = {register.quantity for register in registers}
        optional = {register.quantity for register in profile.registers}
        for quantity in NEEDED[measures]:
            if quantity in offered:
                continue
            if quantity in optional:
                what = f"{quantity.label}, which {measures.value} needs, is read only where it is asked for"
                self._report((*at, "also"), what, f'add also = ["{quantity.label}"]')
            else:
                what = f"{profile.name} has no {quantity.label}, which {measures.value} needs"
                self._report((*at, "profile"), what, "choose another profile or another 'measures'")
        if offered <= {None}:
            what = f"{profile.name} has nothing that is read without being asked for"
            self._report((*at, "also"), what, 'name some of its quantities, or all: also = ["*"]')

    def _constants(self, at: tuple[str, str], given: Mapping[str, float], profile: MeterProfile) -> dict[str, float]:
        """Return a value for each constant of the profile."""
        known = {constant.name: constant for constant in profile.constants}
        for name in given:
            if name not in known and self._fine(*at, "constants", name):
                near = difflib.get_close_matches(name, known, n=1)
                listed = f"one of: {', '.join(known)}" if known else "remove it: this profile needs none"
                what = f"{profile.name} has no constant '{name}'"
                self._report((*at, "constants", name), what, f"did you mean '{near[0]}'?" if near else listed)
        found = {}
        for constant in profile.constants:
            value = given.get(constant.name, constant.default)
            if value is not None:
                found[constant.name] = value
                self._check_not_zero((*at, "constants", constant.name), value, profile)
            elif self._fine(*at, "constants", constant.name):
                what = f"{constant.name} is missing ({constant.meaning})"
                self._report((*at, "constants"), what, f"add constants = {{ {constant.name} = … }}")
        return found

    def _check_not_zero(self, at: tuple[str, str, str, str], value: float, profile: MeterProfile) -> None:
        name = at[-1]
        if value != 0 or not self._fine(*at):
            return
        zeroed = next((register.name for register in profile.registers if _multiplies(name, register)), None)
        if zeroed is not None:
            self._report(at, f"a {name} of 0 makes every {zeroed} the same", "give the number from its plate")

    def _unique(self) -> None:
        addressed: dict[tuple[str | None, int | None, int], str] = {}
        lines: dict[str, str] = {}
        for id_, section in self._settings.meters.items():
            at = ("meters", id_)
            polled_one = section.broker is None and section.endpoint is not None and section.unit is not None
            if polled_one and all(self._fine(*at, key) for key in ("endpoint", "unit", "base")):
                other = addressed.setdefault((section.endpoint, section.unit, section.base), id_)
                if other != id_:
                    self._report(
                        (*at, "unit"),
                        f"unit {section.unit} of {section.endpoint} is {other} already",
                        "two meters cannot be one device",
                    )
            if section.measures == Measures.LINE_DC.value and section.potline is not None:
                first = lines.setdefault(section.potline, id_)
                if first != id_ and self._fine(*at, "potline"):
                    self._report(
                        (*at, "measures"),
                        f"{first} is the line_dc of {section.potline} already",
                        "a potline has one",
                    )


def _multiplies(name: str, register: Register) -> bool:
    """Tell whether a register shows one value for ever if a constant is zero."""
    if name in register.scale_by or register.linear is None:
        return name in register.scale_by
    first, last = (0.0 if str(term).removeprefix("-") == name else term for term in register.linear.value)
    return first == last


def _fits_nothing(pattern: str, optional: list[str], profile: MeterProfile) -> tuple[str, str]:
    """Return why a name or pattern asks for nothing, and what to do."""
    named = [register for register in profile.registers if fits(register.name, pattern)]
    if any(register.quantity is not None for register in named):
        return f"'{pattern}' is read always", "remove it"
    if named:
        return f"'{pattern}' is no quantity but information, which 'potline read' shows", "remove it"
    what = f"'{pattern}' fits no optional quantity of {profile.name}"
    near = difflib.get_close_matches(pattern, optional, n=1)
    if near:
        return what, f"did you mean '{near[0]}'?"
    return what, f"one of: {', '.join(optional)}" if optional else "remove it: this profile has none"
