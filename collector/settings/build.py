"""From checked sections to the plant: references, uniqueness, and everything that looks right and is wrong."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from collector.plant.factors import DatedSeries, DatedValue, EmissionFactor, GwpSet, SlopeCoefficients
from collector.plant.meter import Broker, Endpoint, Measures, Meter
from collector.plant.profile import MeterProfile
from collector.plant.topology import Plant, Potline
from collector.readings.quantity import Quantity
from collector.settings import models
from collector.settings.problems import ConfigurationError, Problem
from collector.settings.profiles import read_profile
from collector.settings.sources import Origins
from collector.settings.toml_file import Path_, TomlFile
from collector.settings.validation import validated

NEEDED = {
    Measures.LINE_DC: (Quantity.LINE_CURRENT, Quantity.LINE_VOLTAGE),
    Measures.RECTIFIER_AC: (Quantity.ACTIVE_ENERGY_IMPORT,),
    Measures.AUXILIARY_AC: (Quantity.ACTIVE_ENERGY_IMPORT,),
}
_RANGE = re.compile(r"(\d+)\.\.(\d+)")
_MOST_POTS = 5000
_Secret = Callable[[Path_, str], Path]


class Builder:
    """Builds the plant and collects the problems that only show when the parts are put together."""

    def __init__(
        self,
        settings: models.Settings,
        origins: Origins,
        *,
        broken: frozenset[tuple[str, str]],
        profiles_dir: Path,
        factors_dir: Path,
        secret: _Secret,
    ) -> None:
        self.problems: list[Problem] = []
        self._settings = settings
        self._origins = origins
        self._broken = broken
        self._profiles_dir = profiles_dir
        self._factors_dir = factors_dir
        self._secret = secret
        self._profiles: dict[str, MeterProfile | None] = {}

    def plant(self) -> Plant | None:
        """Return the plant, or None where ``problems`` says why not."""
        settings = self._settings
        grid = self._grid_factor()
        gwp = self._gwp()
        slopes = self._slopes()
        endpoints = self._endpoints()
        potlines = [self._potline(id_, section, slopes) for id_, section in settings.potlines.items()]
        self._unique_pots([potline for potline in potlines if potline is not None])
        meters = [self._meter(id_, section, endpoints) for id_, section in settings.meters.items()]
        self._unique_meters()
        brokers = tuple(self._broker(id_, section) for id_, section in settings.brokers.items())
        self._unique_clients()
        if not settings.meters and not settings.brokers and not self._broken:
            self._report(("meters",), "neither a meter nor a broker is configured", "add [meters.NAME]")
        if grid is None or gwp is None or slopes is None or None in potlines or None in meters or self.problems:
            return None
        return Plant(
            id=settings.plant.id,
            name=settings.plant.name,
            time_zone=ZoneInfo(settings.plant.time_zone),
            method=settings.emissions.method,
            gwp=gwp,
            grid_factor=grid,
            potlines=tuple(potline for potline in potlines if potline is not None),
            endpoints=tuple(endpoints.values()),
            meters=tuple(meter for meter in meters if meter is not None),
            brokers=brokers,
        )

    def _report(self, path: Path_, what: str, remedy: str = "") -> None:
        self.problems.append(self._origins.problem(path, what, remedy))

    def _unknown(self, path: Path_, what: str, name: str, known: Iterable[str]) -> None:
        self._report(
            path, f"there is no {what} '{name}'", f"one of: {', '.join(sorted(known)) or '(none is configured)'}"
        )

    def _factor_file(self, name: str) -> TomlFile | None:
        try:
            return TomlFile(self._factors_dir / name)
        except ConfigurationError as exc:
            self.problems += exc.problems
            return None

    def _entry(self, file: TomlFile | None, key: str, name: str, model: Any) -> Any:  # noqa: ANN401 - any model
        if file is None:
            return None
        if name not in file.values:
            self._unknown(("emissions", key), f"entry in {file.name}", name, file.values)
            return None
        found = validated(file, model, file.values[name], (name,))
        if isinstance(found, list):
            self.problems += found
            return None
        return found

    def _grid_factor(self) -> EmissionFactor | None:
        name = self._settings.emissions.grid_factor
        found = self._entry(self._factor_file("grid_electricity.toml"), "grid_factor", name, models.GridFactorSection)
        return found and EmissionFactor(name, found.value, _ns(found.valid_from), found.source, found.verified)

    def _gwp(self) -> GwpSet | None:
        name = self._settings.emissions.gwp
        found = self._entry(self._factor_file("gwp.toml"), "gwp", name, models.GwpSection)
        return found and GwpSet(name, found.cf4, found.c2f6, found.source)

    def _slopes(self) -> dict[str, SlopeCoefficients] | None:
        method = self._settings.emissions.method
        found = self._entry(self._factor_file("pfc_slope.toml"), "method", method, models.SlopeSection)
        if found is None:
            return None
        rows = TypeAdapter(dict[str, models.SlopeRow]).validate_python(found.__pydantic_extra__)
        return {
            technology: SlopeCoefficients(method, technology, row.slope, row.c2f6_per_cf4, found.source)
            for technology, row in rows.items()
        }

    def _potline(
        self, id_: str, section: models.PotlineSection, slopes: dict[str, SlopeCoefficients] | None
    ) -> Potline | None:
        at = ("potlines", id_)
        before = len(self.problems)
        pots = self._pots((*at, "pots"), section.pots)
        if slopes is not None and section.technology not in slopes:
            self._unknown(
                (*at, "technology"), f"technology of {self._settings.emissions.method}", section.technology, slopes
            )
        for row in section.current_efficiency:
            if not 50 < row.value <= 100:
                what = f"a current efficiency of {row.value:g} % is not possible"
                self._report((*at, "current_efficiency"), what, "pots reach 85 to 97 %")
        if slopes is None or len(self.problems) > before:
            return None
        return Potline(
            id=id_,
            name=section.name,
            pots=pots,
            slope=slopes[section.technology],
            current_efficiency=_series(f"potlines.{id_}.current_efficiency", section.current_efficiency, 0.01),
            net_anode_consumption=_series(f"potlines.{id_}.net_anode_consumption", section.net_anode_consumption, 1.0),
            anode_sulphur_pct=section.anode_sulphur,
            anode_ash_pct=section.anode_ash,
            pot_out_below_v=section.pot_out_below,
        )

    def _pots(self, at: Path_, written: list[str]) -> tuple[str, ...]:
        pots: list[str] = []
        for text in written:
            match = _RANGE.fullmatch(text)
            if match is None:
                if ".." in text:
                    self._report(at, f"'{text}' is no range of pot numbers", 'write it like "1001..1040"')
                pots.append(text)
                continue
            first, last = int(match[1]), int(match[2])
            if last < first or last - first >= _MOST_POTS:
                self._report(
                    at,
                    f"the range {text} holds {max(0, last - first + 1)} pots",
                    f"1 to {_MOST_POTS}, smaller number first",
                )
                continue
            pots += [str(number).zfill(len(match[1])) for number in range(first, last + 1)]
        return tuple(pots)

    def _unique_pots(self, potlines: list[Potline]) -> None:
        seen: dict[str, str] = {}
        for potline in potlines:
            for pot in potline.pots:
                if pot in seen:
                    where = "twice" if seen[pot] == potline.id else f"in {seen[pot]}, too"
                    self._report(
                        ("potlines", potline.id, "pots"),
                        f"pot {pot} stands {where}",
                        "pot numbers are unique in the plant",
                    )
                    break
                seen[pot] = potline.id

    def _endpoints(self) -> dict[str, Endpoint]:
        found: dict[str, Endpoint] = {}
        for id_, section in self._settings.endpoints.items():
            same = next((e.id for e in found.values() if (e.host, e.port) == (section.host, section.port)), None)
            if same is not None:
                self._report(
                    ("endpoints", id_),
                    f"is {section.host} port {section.port} like {same}",
                    "one endpoint, its meters share the connection",
                )
            found[id_] = Endpoint(id=id_, host=section.host, port=section.port, timeout_s=section.timeout)
        return found

    def _profile(self, at: Path_, name: str) -> MeterProfile | None:
        if name in self._profiles:
            return self._profiles[name]
        known = sorted(path.stem for path in self._profiles_dir.glob("*.toml"))
        found = None
        if name not in known:
            self._unknown(at, "profile", name, known)
        else:
            try:
                found = read_profile(self._profiles_dir / f"{name}.toml")
            except ConfigurationError as exc:
                self.problems += exc.problems
        self._profiles[name] = found
        return found

    def _meter(self, id_: str, section: models.MeterSection, endpoints: dict[str, Endpoint]) -> Meter | None:
        at = ("meters", id_)
        measures = Measures(section.measures)
        profile = self._profile((*at, "profile"), section.profile)
        endpoint = endpoints.get(section.endpoint)
        if endpoint is None and ("endpoints", section.endpoint) not in self._broken:
            self._unknown((*at, "endpoint"), "endpoint", section.endpoint, endpoints)
        if section.potline is None:
            if measures is not Measures.AUXILIARY_AC:
                self._report((*at, "potline"), f"is missing, and {measures.value} belongs to a potline", "add it")
        elif section.potline not in self._settings.potlines and ("potlines", section.potline) not in self._broken:
            self._unknown((*at, "potline"), "potline", section.potline, self._settings.potlines)
        if profile is not None:
            offered = {register.quantity for register in profile.registers}
            for quantity in NEEDED[measures]:
                if quantity not in offered:
                    what = f"{profile.name} has no {quantity.label}, which {measures.value} needs"
                    self._report((*at, "profile"), what, "choose another profile or another 'measures'")
        if profile is None or endpoint is None:
            return None
        return Meter(
            id=id_,
            measures=measures,
            potline=section.potline,
            profile=profile,
            endpoint=endpoint,
            unit=section.unit,
            every_s=section.every,
            rated_power_kw=section.rated_power,
        )

    def _unique_meters(self) -> None:
        addressed: dict[tuple[str, int], str] = {}
        lines: dict[str, str] = {}
        for id_, section in self._settings.meters.items():
            other = addressed.setdefault((section.endpoint, section.unit), id_)
            if other != id_:
                self._report(
                    ("meters", id_, "unit"),
                    f"unit {section.unit} of {section.endpoint} is {other} already",
                    "two meters cannot be one device",
                )
            if section.measures == Measures.LINE_DC.value and section.potline is not None:
                first = lines.setdefault(section.potline, id_)
                if first != id_:
                    self._report(
                        ("meters", id_, "measures"),
                        f"{first} is the line_dc of {section.potline} already",
                        "a potline has one",
                    )

    def _broker(self, id_: str, section: models.BrokerSection) -> Broker:
        at = ("brokers", id_)
        password = section.password_file and self._secret((*at, "password_file"), section.password_file)
        if (section.username is None) != (section.password_file is None):
            self._report((*at, "username"), "username and password_file go together", "give both or neither")
        return Broker(
            id=id_,
            host=section.host,
            port=section.port,
            protocol=section.protocol,
            site=section.site,
            client_id=section.client_id,
            session_expiry_s=section.session_expiry,
            max_unacknowledged=section.max_unacknowledged,
            username=section.username,
            password_file=password or None,
        )

    def _unique_clients(self) -> None:
        seen: dict[tuple[str, int, str], str] = {}
        for id_, section in self._settings.brokers.items():
            other = seen.setdefault((section.host, section.port, section.client_id), id_)
            if other != id_:
                self._report(
                    ("brokers", id_, "client_id"),
                    f"is the one of {other}, at the same broker",
                    "the broker would throw each out in turn",
                )


def _series(name: str, rows: Iterable[models.Dated[float]], factor: float) -> DatedSeries:
    values = [DatedValue(row.value * factor, _ns(row.valid_from), row.source) for row in rows]
    return DatedSeries(name, tuple(sorted(values, key=lambda value: value.valid_from_ns)))


def _ns(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1_000_000_000
