"""Polls the meters of one endpoint, each at its own period, over one connection."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

import numpy as np
import structlog

from collector.acquisition.cadence import Cadence
from collector.acquisition.modbus.connection import (
    GATEWAY_TARGET_SILENT,
    Answer,
    EndpointUnreachable,
    MeterGarbled,
    MeterRefused,
    MeterSilent,
    ModbusConnection,
)
from collector.acquisition.modbus.decode import BlockDecoder
from collector.acquisition.modbus.plan import plan_scan
from collector.acquisition.source import Arrival, SourceUnavailable
from collector.clock import Clock
from collector.instruments import Instruments
from collector.plant.meter import Endpoint, Meter
from collector.readings.batch import ReadingBatch
from collector.readings.point import PointTable
from collector.readings.quality import Quality

log = structlog.get_logger()

_LONGEST_PAUSE_S = 60.0


@dataclass(slots=True)
class _Turn:
    """A meter's place in the round: what to ask, when, and how it has been answering."""

    meter: Meter
    decoders: tuple[BlockDecoder, ...]
    points: tuple[tuple[int, ...], ...]
    cadence: Cadence
    failures: int = 0
    unanswered: int = 0
    ask_again_s: float = 0.0
    error: str = ""
    all_points: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.all_points = tuple(place for block in self.points for place in block)


class ModbusPoller:
    """The meters behind one endpoint as a source of readings.

    A meter that does not answer yields readings without a value; it is asked ever more rarely (up to a minute apart),
    so that its time-outs cost its siblings little. A lost connection yields such readings for all, and ends the source.
    So does a connection on which nobody answers any more: it may be dead without a word, as after a power cut.
    """

    def __init__(
        self, endpoint: Endpoint, meters: Sequence[Meter], *, points: PointTable, clock: Clock, instruments: Instruments
    ) -> None:
        self._endpoint = endpoint
        # One for all attempts: on a line, it knows which answers of an earlier one may still be under way.
        self._connection = ModbusConnection(endpoint, clock)
        self._clock = clock
        self._instruments = instruments
        start = clock.steady_s()
        self._turns = [self._turn(meter, points, start + n * 0.02) for n, meter in enumerate(meters)]

    @property
    def name(self) -> str:
        """The endpoint's id."""
        return f"modbus:{self._endpoint.id}"

    def _turn(self, meter: Meter, points: PointTable, start_s: float) -> _Turn:
        rules = meter.profile.rules
        read = [register for register in meter.registers if register.quantity is not None]
        blocks = plan_scan(read, max_registers=rules.max_registers, max_gap=rules.max_gap)
        places = tuple(
            tuple(points.place(meter.id, register.quantity) for register in block.registers if register.quantity)
            for block in blocks
        )
        cadence = Cadence(period_s=meter.every_s, start_s=start_s)
        return _Turn(meter, tuple(BlockDecoder(block) for block in blocks), places, cadence)

    async def arrivals(self) -> AsyncGenerator[Arrival, None]:
        """Yield one arrival for each poll of a meter.

        Raises
        ------
        SourceUnavailable
            If the endpoint cannot be reached or the connection is lost.
        """
        for turn in self._turns:
            turn.unanswered = 0
        try:
            async with self._connection as connection:
                while True:
                    turn = min(self._turns, key=lambda turn: turn.cadence.due_s)
                    await self._clock.sleep(turn.cadence.due_s - self._clock.steady_s())
                    yield Arrival(await self._poll(connection, turn))
                    skipped = turn.cadence.skipped
                    turn.cadence.advance(self._clock.steady_s())
                    self._instruments.poll_late_total += turn.cadence.skipped - skipped
                    self._end_if_forsaken()
        except EndpointUnreachable as exc:
            for turn in self._turns:
                self._note(turn, str(exc), silent=False)
            everything = [place for turn in self._turns for place in turn.all_points]
            yield Arrival(ReadingBatch.gap(everything, time_ns=self._clock.now_ns(), quality=Quality.BAD_NOT_CONNECTED))
            raise SourceUnavailable(str(exc)) from exc

    def _end_if_forsaken(self) -> None:
        """Give the connection up if no meter answered when it was last asked, in two requests or more."""
        unanswered = [turn.unanswered for turn in self._turns]
        if min(unanswered) >= 1 and sum(unanswered) >= 2:
            place = f"read from {self._endpoint.place} ({self._endpoint.id})"
            raise EndpointUnreachable(f"{place}: connected, but nobody answers; check power, cables and unit ids")

    async def _poll(self, connection: ModbusConnection, turn: _Turn) -> ReadingBatch:
        if turn.failures and self._clock.steady_s() < turn.ask_again_s:
            return self._gap(turn.all_points)
        parts: list[ReadingBatch] = []
        error = ""
        silent = False
        for decoder, places in zip(turn.decoders, turn.points, strict=True):
            try:
                answer = await self._ask(connection, turn.meter, decoder)
            except MeterSilent as exc:
                error, silent = str(exc), True
                turn.unanswered = 0 if isinstance(exc, MeterGarbled) else turn.unanswered + 1
            except MeterRefused as exc:
                # The gateway lives. If it says that the meter is silent, it has waited as long as we would have.
                error, silent = str(exc), exc.code == GATEWAY_TARGET_SILENT
                turn.unanswered = 0
                if not silent:
                    parts.append(self._gap(places))
                    continue
            else:
                turn.unanswered = 0
                parts.append(_readings(places, decoder.decode(answer.data), answer))
                continue
            parts.append(self._gap(turn.all_points[sum(len(part) for part in parts) :]))
            break
        self._note(turn, error, silent=silent)
        return ReadingBatch.joined(parts)

    async def _ask(self, connection: ModbusConnection, meter: Meter, decoder: BlockDecoder) -> Answer:
        block = decoder.block
        function, unit = meter.profile.rules.function, meter.unit
        return await connection.read(
            function=function, unit=unit, address=block.address, count=block.count, whom=meter.id
        )

    def _gap(self, places: Sequence[int]) -> ReadingBatch:
        return ReadingBatch.gap(places, time_ns=self._clock.now_ns(), quality=Quality.BAD_COMM_FAILURE)

    def _note(self, turn: _Turn, error: str, *, silent: bool) -> None:
        """Log when a meter falls silent and when it returns, and decide when to ask a silent one again."""
        if error and not turn.failures:
            log.warning("meter does not answer", meter=turn.meter.id, reason=error)
        elif not error and turn.failures:
            log.info("meter answers again", meter=turn.meter.id, after_failures=turn.failures)
        turn.failures = turn.failures + 1 if error else 0
        pause = 0.0
        if silent and turn.failures > 1:
            pause = min(_LONGEST_PAUSE_S, turn.meter.every_s * 2.0 ** min(turn.failures - 1, 10))
        turn.ask_again_s = self._clock.steady_s() + pause
        self._instruments.meter_errors[turn.meter.id] = error


def _readings(places: tuple[int, ...], values: list[float], answer: Answer) -> ReadingBatch:
    value = np.array(values, np.float64)
    return ReadingBatch(
        np.array(places, np.int32),
        np.full(len(places), answer.time_ns, np.int64),
        value,
        np.where(np.isnan(value), np.uint8(Quality.BAD), np.uint8(Quality.GOOD)),
    )
