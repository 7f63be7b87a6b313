"""Polls the meters of one endpoint over one connection, each of its registers at its own period."""

import math
from collections.abc import AsyncGenerator, Sequence

import structlog

from collector.acquisition.modbus.connection import (
    EndpointUnreachable,
    MeterGarbled,
    MeterNotAsked,
    MeterRefused,
    MeterSilent,
    ModbusConnection,
)
from collector.acquisition.modbus.quarantine import BELIEVED
from collector.acquisition.modbus.refusal import Meaning, meaning
from collector.acquisition.modbus.rounds import Question, Round, RoundTrips, Waiting, next_instant, next_round, slack_s
from collector.acquisition.modbus.search import Step
from collector.acquisition.modbus.turn import Turn
from collector.acquisition.source import Arrival, SourceUnavailable
from collector.clock import Clock
from collector.instruments import Instruments
from collector.plant.meter import Endpoint, PolledMeter, paced
from collector.readings.batch import ReadingBatch
from collector.readings.point import PointTable
from collector.readings.quality import Quality

log = structlog.get_logger()

_STAGGER_S = 0.02
_GRID_S, _LONGEST_GRID_S = 0.01, 0.1
"""Ticks of all endpoints lie on one grid, so that the machine wakes for many meters at once and not for each."""
_MOST_BUSY = 5
_FIRST_BUSY_PAUSE_S = 0.1
_EVERYTHING = 8
"""So many refusals, and not one answer: the device refuses everything, and looking for a culprit is no use."""
_LONG_SILENT = 2


class ModbusPoller:
    """The meters behind one endpoint as a source of readings.

    One request is outstanding at a time. A meter that does not answer yields readings without a value; while others do,
    it is asked ever more rarely (up to a minute apart), and only in time that they do not need, so that it costs them
    nothing. A lost connection yields such readings for all, and ends the source. So does a connection on which nobody
    answers any more: it may be dead without a word, as after a power cut.

    Parameters
    ----------
    phase : float
        Where in the shortest period the first ticks lie, from 0 to 1: different for groups of endpoints, so that not
        all networks are busy at the same instant.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        meters: Sequence[PolledMeter],
        *,
        points: PointTable,
        clock: Clock,
        instruments: Instruments,
        phase: float = 0.0,
    ) -> None:
        self._endpoint = endpoint = paced(endpoint, meters)
        self._has_transaction_ids = endpoint.has_transaction_ids
        self._clock = clock
        self._instruments = instruments
        self._shortest_s = min(meter.every_s for meter in meters)
        start = _on_grid(clock.steady_s(), min(_LONGEST_GRID_S, self._shortest_s / 10))
        start += _on_grid(phase * min(self._shortest_s, 1.0), _GRID_S)
        step = min(_STAGGER_S, self._shortest_s / len(meters))
        self._turns = [
            Turn(meter, points, instruments.meter(meter.id), number=n, start_s=start + n * step)
            for n, meter in enumerate(meters)
        ]
        self._rounds = [round_ for turn in self._turns for round_ in turn.rounds]
        self._open: list[Round] = []
        self._waiting = Waiting(self._rounds)
        # Entered again and again: on a line without transaction ids it knows which answers may still be under way.
        self._connection = ModbusConnection(endpoint, clock)
        self._trips = RoundTrips()
        self._unanswered = 0
        self._silent_since_s = 0.0

    @property
    def name(self) -> str:
        """The endpoint's id."""
        return f"modbus:{self._endpoint.id}"

    @property
    def sends_again(self) -> bool:
        """A meter shows what is now."""
        return False

    @property
    def longest_pause_s(self) -> float:
        """The longest wait before an endpoint that is away is tried again [s]: its meters are to be back at once."""
        return min(30.0, max(1.0, self._shortest_s))

    async def arrivals(self) -> AsyncGenerator[Arrival, None]:
        """Yield one arrival for each round of a meter.

        Raises
        ------
        SourceUnavailable
            If the endpoint cannot be reached or the connection is lost.
        """
        self._unanswered = 0
        self._open.clear()
        for turn in self._turns:
            turn.connected()
        self._waiting.refill()
        try:
            async with self._connection as connection:
                while True:
                    now_s = self._clock.steady_s()
                    if self._waiting.next_s <= now_s:
                        for batch in self._begin_due(now_s):
                            yield Arrival(batch)
                        now_s = self._clock.steady_s()
                    asked = next_round(self._open, now_s)
                    if asked is None:
                        await self._clock.sleep(min(self._waiting.next_s, next_instant(self._open)) - now_s)
                        continue
                    await self._ask(connection, asked)
                    if not asked.pending and len(batch := self._close(asked)):
                        yield Arrival(batch)
                    self._end_if_forsaken()
        except EndpointUnreachable as exc:
            for turn in self._turns:
                turn.lost(str(exc))
            everything = [place for turn in self._turns for place in turn.all_points]
            yield Arrival(ReadingBatch.gap(everything, time_ns=self._clock.now_ns(), quality=Quality.BAD_NOT_CONNECTED))
            raise SourceUnavailable(str(exc)) from exc

    def _begin_due(self, now_s: float) -> list[ReadingBatch]:
        """Open the rounds whose tick has come; those of a meter that is left alone for now are gaps at once."""
        gaps = []
        all_are_away = self._all_are_away()
        for round_ in self._waiting.due(now_s):
            turn = self._turns[round_.meter]
            if turn.rests(round_, now_s, all_are_away=all_are_away):
                if round_.resumes_s <= now_s:
                    gaps.append(turn.gap_of(round_, self._clock.now_ns()))
                    self._count_missed(turn, round_)
                self._waiting.put(round_)
                continue
            turn.begin(round_, now_s)
            self._open.append(round_)
            if not round_.pending:  # everything is set aside
                gaps.append(self._close(round_))
        return [batch for batch in gaps if len(batch)]

    def _close(self, round_: Round) -> ReadingBatch:
        turn = self._turns[round_.meter]
        batch = turn.close(round_, now_s=self._clock.steady_s(), now_ns=self._clock.now_ns())
        self._open.remove(round_)
        self._count_missed(turn, round_)
        for each in turn.rounds:  # a meter that is back is asked at once for what could not be asked before
            self._waiting.put(each)
        return batch

    def _count_missed(self, turn: Turn, round_: Round) -> None:
        missed = round_.end(self._clock.steady_s())
        self._instruments.poll_late_total += missed
        turn.health.late += missed

    async def _ask(self, connection: ModbusConnection, round_: Round) -> None:
        turn = self._turns[round_.meter]
        question = round_.pending.popleft()
        block = question.block
        patience_s = self._patience_s(turn, round_)
        asked_s = self._clock.steady_s()
        try:
            answer = await connection.read(
                function=block.function,
                unit=turn.meter.unit,
                address=block.address,
                count=block.count,
                whom=turn.meter.id,
                patience_s=patience_s,
            )
        except MeterNotAsked as exc:
            # That says nothing about the meter: its other blocks may be asked.
            if isinstance(question, Step):
                turn.fail(round_, str(exc), is_away=True)
            elif not question.probe:
                turn.miss(round_, block, Quality.BAD_COMM_FAILURE, str(exc), self._clock.now_ns())
        except MeterSilent as exc:
            self._was_silent(turn, round_, question, exc, asked_s=asked_s, hurried=patience_s is not None)
        except MeterRefused as exc:
            self._unanswered = 0
            if meaning(exc.code) is not Meaning.ABSENT:
                self._was_heard()
            self._was_refused(turn, round_, question, exc)
        else:
            self._unanswered = 0
            self._was_heard()
            trip_s = 2e-9 * answer.uncertainty_ns / self._clock.speed
            self._trips.took(trip_s)
            turn.take(
                round_,
                question,
                answer.data,
                time_ns=answer.time_ns,
                trip_s=trip_s,
                now_s=self._clock.steady_s(),
                doubt=answer.doubtful,
            )

    def _patience_s(self, turn: Turn, round_: Round) -> float | None:
        """Return how long to wait for the answer [s of real time]; None: as long as the endpoint's time-out.

        Where others would have to wait, an answer that takes far longer than usual is given up, and asked for once more
        when the line is free.
        """
        timeout_s = self._endpoint.timeout_s
        if turn.wants_full_patience or not self._has_transaction_ids:
            return None
        free_s = slack_s(self._rounds, round_, self._clock.steady_s()) / self._clock.speed
        trips = turn.trips if turn.trips.slowest_s else self._trips
        patience_s = max(free_s, trips.least_patience_s(timeout_s))
        return patience_s if patience_s < timeout_s else None

    def _was_silent(
        self, turn: Turn, round_: Round, question: Question, exc: MeterSilent, *, asked_s: float, hurried: bool
    ) -> None:
        turn.health.silent += 1
        garbled = isinstance(exc, MeterGarbled)
        if hurried and not round_.hushed and not garbled:
            round_.hushed = True
            round_.pending.appendleft(question)
        elif isinstance(question, Step):
            turn.go_on(round_, question, None, now_s=self._clock.steady_s(), silence=str(exc))
        elif round_.probed and not garbled:
            round_.unheard[question.block] += 1
            if question.part or round_.unheard[question.block] >= BELIEVED:
                self._cut_or_refuse(turn, round_, question, f"{exc}; it answers to shorter requests")
            else:  # an answer gets lost now and then, and may do so just after a shorter one
                turn.miss(round_, question.block, Quality.BAD_COMM_FAILURE, str(exc), self._clock.now_ns())
        else:
            turn.fail(round_, str(exc), is_away=True)
        if isinstance(question, Step) and not round_.failed:
            return  # a device may say nothing where it has nothing
        if garbled or round_.probed:
            turn.unanswered = 0
            return
        turn.unanswered += 1
        self._silent_since_s = self._silent_since_s if self._unanswered else asked_s
        self._unanswered += 1

    def _was_refused(self, turn: Turn, round_: Round, question: Question, exc: MeterRefused) -> None:
        turn.health.refused += 1
        turn.unanswered = 0
        what = meaning(exc.code)
        if what is Meaning.BUSY:
            turn.health.busy += 1
            if question.busy < _MOST_BUSY:
                pause_s = _FIRST_BUSY_PAUSE_S * 2.0**question.busy
                question.busy += 1
                round_.not_before_s = self._clock.steady_s() + pause_s * self._clock.speed
                round_.pending.appendleft(question)
                return
        if what is Meaning.ABSENT or (isinstance(question, Step) and what is Meaning.BUSY):
            # The gateway has waited as long as we would have.
            turn.fail(round_, str(exc), is_away=True)
        elif isinstance(question, Step):
            turn.go_on(round_, question, None, now_s=self._clock.steady_s())
        elif what in {Meaning.NO_SUCH_FUNCTION, Meaning.NOT_THERE}:
            self._has_it_not(turn, round_, question, exc, what)
        elif not question.probe:
            turn.miss(round_, question.block, Quality.BAD_DEVICE_FAILURE, str(exc), self._clock.now_ns())

    def _has_it_not(self, turn: Turn, round_: Round, question: Question, exc: MeterRefused, what: Meaning) -> None:
        round_.refusals += 1
        if round_.answers == 0 and round_.refusals >= _EVERYTHING:
            turn.fail(round_, f"{exc}; it refuses everything", is_away=False)
        elif question.probe:
            return
        elif what is Meaning.NO_SUCH_FUNCTION:
            self._refuse(turn, round_, question, str(exc))
        else:
            self._cut_or_refuse(turn, round_, question, str(exc))

    def _all_are_away(self) -> bool:
        return all(turn.is_away for turn in self._turns)

    def _was_heard(self) -> None:
        """Take note that a meter said something: after a silence of all, that is the end of it for all."""
        if self._all_are_away():
            for turn in self._turns:
                turn.may_be_back()
            self._waiting.refill()

    def _cut_or_refuse(self, turn: Turn, round_: Round, question: Question, reason: str) -> None:
        parts = round_.quarantine.cut(question.block)
        if parts:
            round_.put_parts(parts, self._clock.steady_s())
        else:
            self._refuse(turn, round_, question, reason)

    def _refuse(self, turn: Turn, round_: Round, question: Question, reason: str) -> None:
        turn.refuse(round_, question.block, reason, now_s=self._clock.steady_s(), now_ns=self._clock.now_ns())

    def _end_if_forsaken(self) -> None:
        """Give the connection up if nobody has answered for a while who was not silent for long before."""
        if self._unanswered < _LONG_SILENT:
            return
        silent_s = self._clock.steady_s() - self._silent_since_s
        if silent_s < max(self._endpoint.timeout_s, self._shortest_s):
            return
        known = [turn for turn in self._turns if turn.failures < _LONG_SILENT] or self._turns
        if all(turn.unanswered for turn in known):
            place = f"read from {self._endpoint.place} ({self._endpoint.id})"
            raise EndpointUnreachable(f"{place}: connected, but nobody answers; check power, cables and unit ids")


def _on_grid(time_s: float, grid_s: float) -> float:
    return math.floor(time_s / grid_s) * grid_s
