"""Closing minutes, and accounting closed ones again when something about them changes.

Live and restated are one function: the inputs of a minute are read from the store, accounted, and compared with what
the ledger has. A difference is a new revision with its reason; the hours and rolling windows it touches follow.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
import structlog

from collector.accounting import account
from collector.accounting.account import MinuteInputs, Sums
from collector.accounting.integrals import Amount, between
from collector.accounting.production import PotWatch
from collector.accounting.rules import accounted, rules
from collector.accounting.windows import DAY_NS, ROLLING_STEP_NS, Window, minute_window, windows_touched
from collector.delivery import lineprotocol
from collector.instruments import Instruments
from collector.plant.meter import Measures
from collector.plant.topology import Plant, Potline
from collector.readings.cell import MINUTE_NS, minute_of
from collector.readings.event import AnodeEffect, AnodeEffectKind, Weighing
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity
from collector.store.commit import LedgerRecord
from collector.store.store import Store

log = structlog.get_logger()

_MOST_MINUTES = 60
"""Minutes that are closed in one step, so that catching up after a long stop does not hold up the line."""

_KWH_PER_MWS = 1000 / 3600
_KAH_PER_KAS = 1 / 3600


@dataclass(slots=True)
class Closed:
    """What closing and restating produced, to be committed together."""

    records: list[LedgerRecord] = field(default_factory=list)
    lines: list[bytes] = field(default_factory=list)
    pots: list[tuple[str, int, int]] = field(default_factory=list)
    accounted: list[tuple[str, int]] = field(default_factory=list)


@dataclass(slots=True)
class _Line:
    """A potline's state: the next minute to close, and the sums of the last day's minutes by their start.

    ``tens`` holds the totals of ten minutes that rolling windows are made of.
    """

    potline: Potline
    next_ns: int
    minutes: dict[int, Sums]
    tens: dict[int, Sums] = field(default_factory=dict)

    def ten(self, start_ns: int) -> Sums:
        """Return the total of the ten minutes from a time on."""
        if start_ns not in self.tens:
            starts = range(start_ns, start_ns + ROLLING_STEP_NS, MINUTE_NS)
            self.tens[start_ns] = account.total(self.minutes[start] for start in starts if start in self.minutes)
        return self.tens[start_ns]

    def put(self, minute_ns: int, sums: Sums) -> None:
        """Note the sums of a minute."""
        self.minutes[minute_ns] = sums
        self.tens.pop(minute_ns - minute_ns % ROLLING_STEP_NS, None)

    def forget(self) -> None:
        """Let go of what is older than a day and some minutes."""
        oldest_ns = self.next_ns - DAY_NS - ROLLING_STEP_NS
        for kept in (self.minutes, self.tens):
            for start in [start for start in kept if start < oldest_ns]:
                del kept[start]


class Closer:
    """Closes minutes in order, potline by potline, once nothing more is expected for them."""

    def __init__(
        self,
        plant: Plant,
        store: Store,
        *,
        grace_s: float,
        longest_gap_s: float,
        least_coverage_pct: float,
        pots: PotWatch,
        instruments: Instruments,
    ) -> None:
        self._plant = plant
        self._store = store
        self._grace_ns = int(grace_s * 1e9)
        self._longest_gap_s = longest_gap_s
        self._least_coverage_pct = least_coverage_pct
        self._pots = pots
        self._instruments = instruments
        self._rules = rules(plant)
        self._lines: list[_Line] = []
        self._not_before_ns = 0
        self._since_ns = 0

    async def open(self, now_ns: int) -> None:
        """Go on where the ledger ends; the first minute of all is the first whole one after the first start.

        For as long as the grace nothing is closed after a start: the first readings bridge the time it was away.
        """
        self._not_before_ns = now_ns + self._grace_ns
        self._since_ns = int(await self._store.meta("accounts_since_ns", str(minute_of(now_ns) + MINUTE_NS)))
        for potline in self._plant.potlines:
            last_ns = await self._store.last_minute(potline.id)
            next_ns = self._since_ns if last_ns is None else last_ns + MINUTE_NS
            records = await self._store.latest_records(potline.id, 60, next_ns - DAY_NS - ROLLING_STEP_NS, next_ns)
            minutes = {record.start_ns: _sums(record) for record in records}
            self._lines.append(_Line(potline, next_ns, minutes))

    @property
    def since_ns(self) -> int:
        """The start of the first minute of all [ns]: there are no accounts of what was before."""
        return self._since_ns

    def closed_until(self, potline_id: str) -> int:
        """Return the end of the last closed minute of a potline [ns]."""
        return next(line.next_ns for line in self._lines if line.potline.id == potline_id)

    def potlines_of(self, point: int) -> list[str]:
        """Return the potlines in whose accounts a point stands."""
        owner = self._plant.points[point].owner
        return [m.potline for m in self._plant.meters if m.id == owner and m.potline is not None]

    async def step(self, now_ns: int) -> Closed | None:
        """Close what is due and account again what is dirty, or return None if there is nothing to do."""
        closed = Closed()
        touched: dict[str, set[int]] = {}
        if now_ns >= self._not_before_ns:
            for line in self._lines:
                for _ in range(_MOST_MINUTES):
                    if line.next_ns + MINUTE_NS + self._grace_ns > now_ns:
                        break
                    await self._minute(line, line.next_ns, "closed", closed)
                    touched.setdefault(line.potline.id, set()).add(line.next_ns)
                    line.next_ns += MINUTE_NS
        for (potline, minute), reason in (await self._store.dirty(_MOST_MINUTES)).items():
            dirty_line = next((line for line in self._lines if line.potline.id == potline), None)
            known = dirty_line is not None and minute < dirty_line.next_ns
            if dirty_line is not None and known and await self._again(dirty_line, minute, reason, closed):
                touched.setdefault(potline, set()).add(minute)
            closed.accounted.append((potline, minute))
        for line in self._lines:
            await self._windows(line, touched.get(line.potline.id, set()), closed)
            line.forget()
        if not closed.records and not closed.accounted:
            return None
        self._instruments.entries_total += len(closed.records)
        return closed

    async def _again(self, line: _Line, minute_ns: int, reason: str, closed: Closed) -> bool:
        """Account a closed minute again; where that is not possible, the entry it has stands, and that is said."""
        try:
            return await self._minute(line, minute_ns, reason, closed)
        except LookupError as exc:
            log.error(  # noqa: TRY400 - the sentence says it all
                "minute cannot be stated again", potline=line.potline.id, minute_ns=minute_ns, reason=str(exc)
            )
            return False

    async def _minute(self, line: _Line, minute_ns: int, reason: str, closed: Closed) -> bool:
        """Account one minute; False if the ledger says the same already."""
        known = line.minutes.get(minute_ns)
        if known is None and minute_ns < line.next_ns:
            records = await self._store.latest_records(line.potline.id, 60, minute_ns, minute_ns + 1)
            known = _sums(records[0]) if records else None
        inputs = await self._inputs(line, minute_ns)
        restatements = 0 if known is None else known.restatements + 1
        sums = account.account_minute(inputs, line.potline, self._plant.grid_factor, restatements=restatements)
        if known is not None and msgspec.structs.replace(sums, restatements=known.restatements) == known:
            return False
        if known is not None:
            log.info("minute restated", potline=line.potline.id, minute_ns=minute_ns, reason=reason)
        line.put(minute_ns, sums)
        closed.pots.append((line.potline.id, minute_ns, inputs.pots_operating))
        self._write(line, minute_window(minute_ns), sums, reason, closed)
        return True

    async def _inputs(self, line: _Line, minute_ns: int) -> MinuteInputs:
        potline, end_ns = line.potline, minute_ns + MINUTE_NS
        meters = [meter for meter in self._plant.meters if meter.potline == potline.id]
        places = {meter.id: self._plant.points.of(meter.id) for meter in meters}
        wanted = [places[meter.id][quantity] for meter in meters for quantity in accounted(meter)]
        cells = await self._store.cells_around(wanted, minute_ns, end_ns)
        amounts = {
            place: between(
                found,
                minute_ns,
                end_ns,
                shape=self._rules[place].shape,
                longest_gap_s=self._longest_gap_s,
                modulus=self._rules[place].modulus,
            )
            for place, found in cells.items()
        }
        dc_kwh = charge_kah = None
        line_current_ka = None
        line_meter = self._plant.line_meter(potline)
        if line_meter is not None:
            here = places[line_meter.id]
            current = amounts[here[Quantity.LINE_CURRENT]]
            line_current_ka = current.amount / current.known_s if current.known_s > 0 else None
            dc_kwh = _counted(here, amounts, Quantity.DC_ENERGY, Quantity.DC_POWER, _KWH_PER_MWS)
            charge_kah = _counted(here, amounts, Quantity.DC_CHARGE, Quantity.LINE_CURRENT, _KAH_PER_KAS)
        pots = await self._store.pots_operating(potline.id, minute_ns)
        if pots is None:
            pots = self._pots.operating(potline, minute_ns, line_current_ka=line_current_ka)
        events = await self._store.events_between(potline.id, minute_ns, end_ns)
        energies = {
            measures: {
                meter.id: amounts[places[meter.id][Quantity.ACTIVE_ENERGY_IMPORT]]
                for meter in meters
                if meter.measures is measures
            }
            for measures in (Measures.RECTIFIER_AC, Measures.AUXILIARY_AC)
        }
        return MinuteInputs(
            start_ns=minute_ns,
            dc_kwh=dc_kwh,
            charge_kah=charge_kah,
            ac_kwh=energies[Measures.RECTIFIER_AC],
            auxiliary_kwh=energies[Measures.AUXILIARY_AC],
            pots_operating=pots,
            # The slope coefficients speak of effects above the threshold; low-voltage ones have a term of their own.
            anode_effect_s=tuple(
                event.duration_s or 0.0
                for event in events
                if isinstance(event, AnodeEffect) and event.kind is AnodeEffectKind.HVAE
            ),
            tapped_kg=tuple(event.net_kg for event in events if isinstance(event, Weighing) and event.refused is None),
        )

    async def _windows(self, line: _Line, minutes: set[int], closed: Closed) -> None:
        oldest_ns = min(line.minutes, default=line.next_ns)
        for window in windows_touched(minutes, closed_until_ns=line.next_ns, zone=self._plant.time_zone):
            if window.start_ns < oldest_ns <= line.next_ns - DAY_NS:
                sums = account.total(await self._old_minutes(line, window))
            elif window.name == "rolling_24h":
                tens = range(window.start_ns, window.end_ns, ROLLING_STEP_NS)
                sums = account.total(line.ten(start) for start in tens)
            else:
                starts = range(window.start_ns, window.end_ns, MINUTE_NS)
                sums = account.total(line.minutes[start] for start in starts if start in line.minutes)
            if sums.minutes:
                reason = "a minute of it was restated" if sums.restatements else "closed"
                self._write(line, window, sums, reason, closed)
            await asyncio.sleep(0)  # a late correction touches many windows; others work in between

    async def _old_minutes(self, line: _Line, window: Window) -> list[Sums]:
        """Return the minutes of a window that reaches further back than what is kept at hand."""
        records = await self._store.latest_records(line.potline.id, 60, window.start_ns, window.end_ns)
        known = {record.start_ns: _sums(record) for record in records}
        known |= {start: sums for start, sums in line.minutes.items() if window.start_ns <= start < window.end_ns}
        return [known[start] for start in sorted(known)]

    def _write(self, line: _Line, window: Window, sums: Sums, reason: str, closed: Closed) -> None:
        """Write an interval: a record of the ledger (rolling windows have none), and its lines."""
        revision = sums.restatements + 1
        if window.name != "rolling_24h":
            closed.records.append(
                LedgerRecord(
                    potline=line.potline.id,
                    start_ns=window.start_ns,
                    length_s=int(window.length_s),
                    revision=revision,
                    reason=reason,
                    body=self._body(line.potline, window, sums),
                )
            )
        closed.lines += self._encode(line.potline, window, sums, revision)

    def _body(self, potline: Potline, window: Window, sums: Sums) -> bytes:
        efficiency = potline.current_efficiency.at(window.start_ns)
        consumption = potline.net_anode_consumption.at(window.start_ns)
        parameters = {
            "method": self._plant.method,
            "gwp": self._plant.gwp.id,
            "gwp_cf4": self._plant.gwp.cf4,
            "gwp_c2f6": self._plant.gwp.c2f6,
            "grid_factor": self._plant.grid_factor.id,
            "grid_kg_co2_per_kwh": self._plant.grid_factor.value,
            "slope": potline.slope.slope,
            "c2f6_per_cf4": potline.slope.c2f6_per_cf4,
            "technology": potline.slope.technology,
            "current_efficiency": efficiency.value,
            "current_efficiency_source": efficiency.source,
            "net_anode_consumption": consumption.value,
            "net_anode_consumption_source": consumption.source,
            "anode_sulphur_pct": potline.anode_sulphur_pct,
            "anode_ash_pct": potline.anode_ash_pct,
        }
        body = {"plant": self._plant.id, "window": window.name, "sums": sums, "parameters": parameters}
        return msgspec.json.encode(body, order="sorted")

    def _encode(self, potline: Potline, window: Window, sums: Sums, revision: int) -> list[bytes]:
        tags = {"plant": self._plant.id, "potline": potline.id, "window": window.name}
        lines: list[bytes | None] = []
        nothing = {"coverage_pct": 0.0, "quality": int(Quality.BAD), "revision": revision}
        length_s, least = window.length_s, self._least_coverage_pct
        pairs = {"dc": sums.dc, "liquid_ac": sums.ac}
        for boundary, pair in pairs.items():
            intensity = account.energy_intensity(pair, length_s=length_s, least_coverage_pct=least)
            fields: Mapping[str, lineprotocol.Field] = nothing
            if intensity is not None:
                fields = {
                    "energy_kwh": intensity.energy_kwh,
                    "metal_t": intensity.metal_t,
                    "kwh_per_t": intensity.kwh_per_t,
                    "coverage_pct": intensity.coverage_pct,
                    "estimated_pct": intensity.estimated_pct,
                    # A missing field does not erase one that was written before: a ratio that is withheld now is
                    # known by the line's quality.
                    "quality": int(Quality.BAD) if intensity.kwh_per_t is None else intensity.quality,
                    "revision": revision,
                    "metal_basis": "faraday",
                }
            start = lineprotocol.series("energy_intensity", tags | {"boundary": boundary})
            lines.append(lineprotocol.line(start, fields, window.start_ns))
        emitted = account.emissions_intensity(
            sums, potline, self._plant.gwp, length_s=length_s, least_coverage_pct=least
        )
        fields = nothing
        if emitted is not None:
            fields = {
                "anode_t_co2e": emitted.anode_t_co2e,
                "pfc_t_co2e": emitted.pfc_t_co2e,
                "cf4_kg": emitted.cf4_kg,
                "c2f6_kg": emitted.c2f6_kg,
                "electricity_t_co2e": emitted.electricity_t_co2e,
                "total_t_co2e": emitted.total_t_co2e,
                "metal_t": emitted.metal_t,
                "t_co2e_per_t": emitted.t_co2e_per_t,
                "coverage_pct": emitted.coverage_pct,
                "quality": int(Quality.BAD) if emitted.t_co2e_per_t is None else emitted.quality,
                "revision": revision,
            }
        start = lineprotocol.series(
            "emissions_intensity", tags | {"method": self._plant.method, "electricity": "location"}
        )
        lines.append(lineprotocol.line(start, fields, window.start_ns))
        if window.name == "minute":
            start = lineprotocol.series("potline", {"plant": self._plant.id, "potline": potline.id})
            lines.append(lineprotocol.line(start, {"pots_operating": sums.pots}, window.start_ns))
        return [line for line in lines if line is not None]


def _counted(
    places: Mapping[Quantity, int], amounts: Mapping[int, Amount], counter: Quantity, gauge: Quantity, factor: float
) -> Amount:
    """Return the counter's amount where the meter has one, else the gauge's integral in the same unit."""
    if counter in places:
        return amounts[places[counter]]
    integral = amounts[places[gauge]]
    return Amount(integral.amount * factor, integral.covered_s, integral.estimated_s, integral.quality)


def _sums(record: LedgerRecord) -> Sums:
    return msgspec.json.decode(record.body, type=_Body).sums


class _Body(msgspec.Struct):
    sums: Sums
