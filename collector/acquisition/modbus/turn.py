"""One meter on its line: its rounds, what comes of them, and how it has been answering. No I/O."""

import math
from collections import deque
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import structlog

from collector.acquisition.cadence import Cadence
from collector.acquisition.modbus.block_columns import BlockColumns, column_of
from collector.acquisition.modbus.decode import MeterValues
from collector.acquisition.modbus.plan import ReadBlock
from collector.acquisition.modbus.quarantine import Quarantine
from collector.acquisition.modbus.rounds import Question, Round, RoundTrips, periods
from collector.acquisition.modbus.search import Search, Step
from collector.acquisition.modbus.sunspec import SunSpecMissing
from collector.plant.meter import PolledMeter
from collector.plant.profile import Register
from collector.readings.batch import ReadingBatch
from collector.readings.health import MeterHealth, Refused
from collector.readings.point import PointTable
from collector.readings.quality import Quality

log = structlog.get_logger()

_LONGEST_PAUSE_S = 60.0
_FULL_PATIENCE_EVERY = 8


class Turn:
    """A meter's rounds and the readings that they yield.

    Registers that others need, and those that tell the device, are read first on every new connection. While a device
    says that it is another one than the profile expects, no value of it is believed. Where the registers of a SunSpec
    model begin is found out before, also on every new connection.
    """

    def __init__(
        self, meter: PolledMeter, points: PointTable, health: MeterHealth, *, number: int, start_s: float
    ) -> None:
        self.meter = meter
        self.health = health
        self.trips = RoundTrips()
        self.unanswered = 0
        self._values = MeterValues(meter.registers, meter.constants)
        self._place = {
            register.name: points.place(meter.id, register.quantity)
            for register in meter.registers
            if register.quantity is not None
        }
        needed = {name for register in meter.registers for name in register.needs} - set(meter.constants)
        ratios = {name for register in meter.registers for name in register.scale_by} - set(meter.constants)
        self._ratios = tuple(sorted(ratios))
        self._telling = tuple(register for register in meter.registers if register.expect)
        self._first = needed | {register.name for register in self._telling}
        self.rounds = tuple(
            Round(
                number,
                Quarantine(registers, meter.rules),
                Cadence(period_s=period_s, start_s=start_s),
                readings=sum(register.name in self._place for register in registers),
            )
            for period_s, registers in periods(meter.profile, meter.registers, meter.every_s).items()
        )
        self._columns = BlockColumns(self._place, self._first)
        self._model = meter.profile.sunspec_model
        self._located = self._model is None
        self._base = 0
        self.failures = 0
        self._is_away = False
        self._failed_s = 0.0
        self._ask_again_s = 0.0
        self._silence = ""
        self._stranger = ""

    @property
    def all_points(self) -> tuple[int, ...]:
        """The places of all its points."""
        return tuple(self._place.values())

    def connected(self) -> None:
        """Begin anew on a new connection."""
        self.unanswered = 0
        self._located = self._model is None
        self._values.forget()
        for round_ in self.rounds:
            round_.drop()
            round_.resumes_s = -math.inf
            round_.at_once = any(register.name in self._first for register in round_.quarantine.registers)

    def lost(self, reason: str) -> None:
        """Take note that there is no connection."""
        self._silence = reason
        self._note()

    @property
    def is_away(self) -> bool:
        """Whether nothing was heard of the meter when it was asked last."""
        return self.failures > 0 and self._is_away

    def may_be_back(self) -> None:
        """Ask at the next tick: what kept it away may have kept others away, too, and one of those is back."""
        self._ask_again_s = -math.inf
        for round_ in self.rounds:
            round_.resumes_s = -math.inf

    def rests(self, round_: Round, now_s: float, *, all_are_away: bool) -> bool:
        """Tell whether a silent meter is left alone now. A round of a long period then waits, others are skipped.

        Where nobody on the line answers, nobody is spared by long pauses, and all may be back at any moment.
        """
        ask_again_s = self._ask_again_s
        if all_are_away:
            ask_again_s = min(ask_again_s, self._failed_s + self.meter.every_s)
        if self.failures == 0 or now_s >= ask_again_s:
            return False
        if round_.at_once or round_.cadence.period_s > ask_again_s - now_s:
            round_.resumes_s = ask_again_s
        return True

    @property
    def wants_full_patience(self) -> bool:
        """Whether a silent meter is to be waited for in full now, whoever waits: it may have become slow."""
        return self.failures > 0 and self.failures % _FULL_PATIENCE_EVERY == 0

    def begin(self, round_: Round, now_s: float) -> None:
        """Open a round. A meter that was silent is asked for a single value first, when nobody else is due.

        If it answers that, but not the whole request, then the request is more than it can take.
        """
        round_.begin(now_s)
        if self._model is not None and not self._located and round_.pending:
            search = Search(self._model, f"{self.meter.id} (unit {self.meter.unit})")
            round_.pending.clear()
            round_.pending.append(Step(search.block, search=search))
            round_.hushed = self.failures > 0
            return
        # What others need comes before them: an exponent, a ratio, the other half of a sum.
        of_need = [self._columns.of(q.block).is_first for q in round_.pending] if self._first else []
        if any(of_need) and not all(of_need):
            ordered = sorted(zip(of_need, round_.pending, strict=True), key=lambda each: not each[0])
            round_.pending = deque(question for _, question in ordered)
        if self.failures and round_.pending:
            round_.hushed = True
            probe = round_.quarantine.smallest(round_.pending[0].block)
            if probe is not None:
                round_.pending.appendleft(Question(probe, probe=True))

    def go_on(self, round_: Round, step: Step, data: bytes | None, *, now_s: float, silence: str = "") -> None:
        """Go on with a search: with its next question, with the round if it has found, or not at all.

        What came are registers, a refusal (None), or nothing: then ``silence`` says why.
        """
        try:
            base = step.search.go_on(data, silence)
        except SunSpecMissing as exc:
            self.fail(round_, str(exc), is_away=bool(silence))
            return
        if base is not None:
            self._move(base)
            self.begin(round_, now_s)
            return
        round_.pending.append(Step(step.search.block, search=step.search))
        # A list may be long: others who are due come first.
        round_.deadline_s = max(round_.deadline_s, now_s + round_.cadence.period_s)

    def _move(self, base: int) -> None:
        """Look for all registers where the model begins."""
        self._located = True
        if base != self._base:
            log.info("SunSpec model found", meter=self.meter.id, model=self._model, address=base)
            for round_ in self.rounds:
                registers = [register.moved(base - self._base) for register in round_.quarantine.registers]
                round_.quarantine = Quarantine(registers, self.meter.rules.moved(base))
        self._base = base

    def take(
        self,
        round_: Round,
        question: Question,
        data: bytes,
        *,
        time_ns: int,
        trip_s: float,
        now_s: float,
        doubt: bool,
    ) -> None:
        """Take an answer: its bytes, its time [ns UTC], how long it took [s], and whether its time is in doubt."""
        block = question.block
        self.trips.took(trip_s)
        self.health.round_trip_s = trip_s
        self.health.answered += 1
        self.unanswered = 0
        round_.answers += 1
        round_.hushed = False
        if isinstance(question, Step):
            self.go_on(round_, question, data, now_s=now_s)
            return
        if question.probe:
            round_.probed = True
            return
        round_.unheard.pop(block, None)
        if question.part:
            round_.longest_part = max(round_.longest_part, block.count)
        back = round_.quarantine.answered(block)
        if back is not None:
            log.info("registers answer again", meter=self.meter.id, registers=back.names)
        before = [self._values.value(name) for name in self._ratios]
        values = self._values.take(block, data)
        self._look_at_ratios(before)
        self._look_at_the_device(block)
        counts = self._values.counts(block, data, values) if self._values.has_wide else None
        self._keep(round_, block, values, counts, time_ns, doubt=doubt)

    def miss(self, round_: Round, block: ReadBlock, quality: Quality, error: str, now_ns: int) -> None:
        """Take note that a request brought no values, though the device lives."""
        round_.error = round_.error or error
        self._gap(round_, block, quality, now_ns)

    def refuse(self, round_: Round, block: ReadBlock, reason: str, *, now_s: float, now_ns: int) -> None:
        """Take note that registers which can be asked for in no smaller request are refused."""
        round_.culprits += 1
        lives = round_.answers > 0 or any(other.answers > 0 for other in self.rounds if other is not round_)
        if lives:
            self._set_aside(round_, block, reason, now_s=now_s, now_ns=now_ns)
        else:
            # A device that refuses everything is starting up, or is another one: that is no fault of a register.
            round_.unproved.append((block, reason))

    def fail(self, round_: Round, error: str, *, is_away: bool) -> None:
        """End a round of a meter that is away, or refuses everything."""
        round_.pending.clear()
        round_.error = error
        round_.failed = True
        self._is_away = is_away

    def close(self, round_: Round, *, now_s: float, now_ns: int) -> ReadingBatch:
        """End a round and return its readings; what did not come is a reading without a value."""
        for block, reason in round_.unproved:
            if round_.answers:
                self._set_aside(round_, block, reason, now_s=now_s, now_ns=now_ns)
            else:
                self.fail(round_, f"{reason}; it refuses everything", is_away=False)
        if round_.longest_part and not round_.culprits and round_.quarantine.limit(round_.longest_part, now_s):
            self.health.most_registers = round_.longest_part
            log.warning("meter takes shorter requests only", meter=self.meter.id, registers=round_.longest_part)
        if round_.failed:
            self.failures += 1
            pause_s = self.meter.every_s * 2.0 ** min(self.failures - 1, 10) if self.failures > 1 else 0.0
            self._failed_s = now_s
            self._ask_again_s = now_s + min(_LONGEST_PAUSE_S, pause_s)
            self._silence = round_.error
        else:
            round_.last_error = round_.error
            if round_.answers and (self.failures or self._silence):
                self._returned()
        self._note()
        if self.health.set_aside or not round_.quarantine.is_whole:
            self.health.set_aside = tuple(
                Refused(aside.names, aside.reason, aside.since_ns)
                for each in self.rounds
                for aside in each.quarantine.set_aside
            )
        return self._readings(round_, now_ns)

    def gap_of(self, round_: Round, now_ns: int) -> ReadingBatch:
        """Return the readings of a round that is not asked at all."""
        round_.parts.clear()
        return self._readings(round_, now_ns)

    def _readings(self, round_: Round, now_ns: int) -> ReadingBatch:
        if round_.quarantine.is_whole and sum(map(len, round_.parts)) == round_.readings:  # all has come, as mostly
            return ReadingBatch.joined(round_.parts)
        come = {place for part in round_.parts for place in part.point.tolist()}
        aside = {name for each in round_.quarantine.set_aside for name in each.names}
        # What is set aside shares the time of what was answered: a gap of its own would outlive it as the last reading.
        answered_ns = next((int(part.time_ns[0]) for part in round_.parts if part.usable.any()), now_ns)
        for quality in (Quality.BAD_CONFIG_ERROR, Quality.BAD_COMM_FAILURE):
            missing = [
                self._place[register.name]
                for register in round_.quarantine.registers
                if register.name in self._place
                and self._place[register.name] not in come
                and (register.name in aside) == (quality is Quality.BAD_CONFIG_ERROR)
            ]
            if missing:
                time_ns = answered_ns if quality is Quality.BAD_CONFIG_ERROR else now_ns
                round_.parts.append(ReadingBatch.gap(missing, time_ns=time_ns, quality=quality))
        return ReadingBatch.joined(round_.parts)

    def _set_aside(self, round_: Round, block: ReadBlock, reason: str, *, now_s: float, now_ns: int) -> None:
        news = round_.quarantine.refused(block, reason, now_s=now_s, now_ns=now_ns)
        if news is not None:
            log.warning("registers set aside", meter=self.meter.id, registers=news.names, reason=reason)

    def _gap(self, round_: Round, block: ReadBlock, quality: Quality, now_ns: int) -> None:
        round_.parts.append(ReadingBatch.gap(self._columns.of(block).point.tolist(), time_ns=now_ns, quality=quality))

    def _keep(
        self,
        round_: Round,
        block: ReadBlock,
        values: npt.NDArray[np.float64],
        counts: npt.NDArray[np.int64] | None,
        time_ns: int,
        *,
        doubt: bool,
    ) -> None:
        columns = self._columns.of(block)
        point, rows = columns.point, columns.rows
        time = np.full(len(point), time_ns, np.int64)
        if self._stranger:
            value = np.full(len(point), np.nan)
            round_.parts.append(ReadingBatch(point, time, value, column_of(Quality.BAD_CONFIG_ERROR, len(point))))
            return
        value = values if rows is None else values[rows]
        count = counts if counts is None or rows is None else counts[rows]
        good = Quality.UNCERTAIN if doubt else Quality.GOOD
        none = np.isnan(value)
        quality = (
            np.where(none, np.uint8(Quality.BAD_SENSOR_FAILURE), np.uint8(good))
            if none.any()
            else column_of(good, len(point))
        )
        round_.parts.append(ReadingBatch(point, time, value, quality, count))

    def _look_at_ratios(self, before: Iterable[float]) -> None:
        for name, old in zip(self._ratios, before, strict=True):
            new = self._values.value(name)
            if new != old and not np.isnan(old) and not np.isnan(new):
                log.warning("a ratio was changed in the device", meter=self.meter.id, register=name, was=old, now=new)

    def _look_at_the_device(self, block: ReadBlock) -> None:
        told = self._columns.of(block).telling
        if not told:
            return
        self.health.device.update({register.name: self._values.shown(register) for register in told})
        stranger = next((self._strange(r) for r in self._telling if not self._values.is_expected(r)), "")
        if stranger and stranger != self._stranger:
            log.error("another device answers; no value of it is booked", meter=self.meter.id, reason=stranger)
        elif self._stranger and not stranger:
            log.info("the right device answers again", meter=self.meter.id)
        self._stranger = stranger

    def _strange(self, register: Register) -> str:
        shown, expected = self._values.shown(register), " or ".join(register.expect)
        return f"{register.name} is '{shown}', and the profile is for {expected}; check address, unit id and profile"

    def _returned(self) -> None:
        """Ask at once for what could not be asked while the meter was silent."""
        self.failures = 0
        self._silence = ""
        for round_ in self.rounds:
            round_.at_once = round_.at_once or round_.failed or round_.resumes_s > -math.inf
            round_.resumes_s = -math.inf

    def _note(self) -> None:
        """Log when a meter falls silent and when it returns."""
        error = self._silence or self._stranger or next((r.last_error for r in self.rounds if r.last_error), "")
        if error and not self.health.error:
            log.warning("meter does not answer", meter=self.meter.id, reason=error)
        elif not error and self.health.error:
            log.info("meter answers again", meter=self.meter.id)
        self.health.error = error
