"""One Modbus connection, over the network or a serial line: questions in, answers with their time out.

Reads only: functions 1 to 4, and device identification.
"""

import asyncio
import time
from dataclasses import dataclass
from ssl import SSLContext
from types import TracebackType
from typing import Self

from collector.acquisition import security
from collector.acquisition.modbus import identification, reasons
from collector.acquisition.modbus.conversation import Conversation
from collector.acquisition.modbus.errors import (
    EXCEPTIONS,
    GATEWAY_TARGET_SILENT,
    EndpointUnreachable,
    MeterGarbled,
    MeterNotAsked,
    MeterRefused,
    MeterSilent,
)
from collector.acquisition.modbus.frames import AsciiFrames, MbapFrames, Question, RtuFrames
from collector.acquisition.modbus.wire import Wire
from collector.acquisition.source import raise_if_cancelled
from collector.clock import Clock
from collector.plant.meter import Endpoint, Tls, Transport

__all__ = [
    "EXCEPTIONS",
    "GATEWAY_TARGET_SILENT",
    "Answer",
    "EndpointUnreachable",
    "MeterGarbled",
    "MeterNotAsked",
    "MeterRefused",
    "MeterSilent",
    "ModbusConnection",
]

# Where nothing can be made out any more in so many answers in a row, a new connection is the way back.
_SENSELESS_IN_A_ROW = 3
# Of RTU: 3.5 characters of 11 bits between two frames, and never less than this.
_RTU_SILENCE_BITS, _RTU_SILENCE_S = 38.5, 0.00175
# Device identification: everything, or what devices have that refuse that. Each part leads on, so these are enough.
_EXTENDED, _BASIC = 3, 1
_MOST_PARTS = 64


@dataclass(frozen=True, slots=True)
class Answer:
    """What was read, and the midpoint of request and answer [ns UTC] with its half width as uncertainty [ns].

    Registers come as bytes; coils and discrete inputs packed eight to a byte, the lowest first, as on the wire.
    ``doubtful``: an earlier asking of the same is unanswered, and this may be its answer, so the time is in doubt.
    """

    data: bytes
    time_ns: int
    uncertainty_ns: int
    doubtful: bool = False


class ModbusConnection:
    """A connection to an endpoint, shared by all meters behind it; one request at a time.

    It can be entered again after it was left, and should be: on a line without transaction ids, it then still knows
    which answers may be under way.
    """

    _wire: Wire

    def __init__(self, endpoint: Endpoint, clock: Clock) -> None:
        self._endpoint = endpoint
        self._clock = clock
        self._has_transaction_ids = ids = endpoint.has_transaction_ids
        frames: MbapFrames | RtuFrames | AsciiFrames
        if endpoint.transport.has_transaction_ids:
            frames = MbapFrames(ids=ids)
        else:
            frames = AsciiFrames() if endpoint.transport.is_ascii else RtuFrames()
        self._conversation = Conversation(frames, has_transaction_ids=ids, timeout_s=endpoint.timeout_s)
        is_rtu = endpoint.transport is Transport.MODBUS_RTU
        self._silence_s = max(_RTU_SILENCE_S, _RTU_SILENCE_BITS / endpoint.baud) if is_rtu else 0.0
        self._turn = asyncio.Lock()
        self._not_before_s = 0.0
        self._answered = False

    async def __aenter__(self) -> Self:
        """Connect.

        Raises
        ------
        EndpointUnreachable
            If nobody answers there, or one of the two does not accept the other's certificate.
        """
        endpoint = self._endpoint
        place = f"connect to {endpoint.place} ({endpoint.id})"
        secured = None if endpoint.tls is None else await _secured(endpoint.tls, place)
        self._conversation.begin()
        self._answered = False
        self._wire = wire = Wire(endpoint, self._conversation, secured)
        try:
            connected = await wire.open()
            raise_if_cancelled()
        except ValueError as exc:
            wire.close()
            raise EndpointUnreachable(f"{place}: {reasons.not_connected(exc, endpoint)}") from exc
        except BaseException:
            wire.close()
            raise
        if not connected:
            wire.close()
            cause, wire.cause = wire.cause, None
            raise EndpointUnreachable(f"{place}: {reasons.not_connected(cause, endpoint)}") from cause
        self._not_before_s = _now_s() + endpoint.pause_after_connect_s
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self._wire.close()

    async def read(
        self, *, function: int, unit: int, address: int, count: int, whom: str, patience_s: float | None = None
    ) -> Answer:
        """Read registers or bits.

        Parameters
        ----------
        function : int
            1 reads coils, 2 discrete inputs, 3 holding registers, 4 input registers.
        unit, address, count : int
            Unit id, first register or bit (0-based), and their number.
        whom : str
            The meter's name, for the error.
        patience_s : float, optional
            A shorter wait than the endpoint's timeout. Where answers have no transaction ids it is not heeded: the wait
            for a late answer would only come afterwards.

        Raises
        ------
        EndpointUnreachable, MeterSilent, MeterNotAsked, MeterRefused
            With place and hint.
        """
        return await self._answer(Question(unit, function, address, count), whom, patience_s)

    async def identify(self, *, unit: int, whom: str) -> dict[int, str]:
        """Read what a device tells of itself (function 43/14): 0 is its vendor, 1 its product, 2 its revision.

        Raises
        ------
        EndpointUnreachable, MeterSilent, MeterRefused
            With place and hint.
        """
        objects: dict[int, str] = {}
        question = Question(unit, identification.FUNCTION, 0, _EXTENDED)
        for _ in range(_MOST_PARTS):
            try:
                part = identification.read((await self._answer(question, whom, None)).data)
            except MeterRefused as exc:
                if exc.code == 1 or question.count == _BASIC or objects:
                    raise
                question = Question(unit, identification.FUNCTION, 0, question.count - 1)
                continue
            objects = {**part.objects, **objects}
            if part.next is None:
                return objects
            if part.next <= question.address:
                break
            question = Question(unit, identification.FUNCTION, part.next, question.count)
        at = reasons.place(question, whom, self._endpoint)
        raise MeterGarbled(f"{at}: its answers never end; look at the device")

    async def _answer(self, question: Question, whom: str, patience_s: float | None) -> Answer:
        conversation, endpoint = self._conversation, self._endpoint
        timeout_s = endpoint.timeout_s
        if patience_s is not None and self._has_transaction_ids:
            timeout_s = min(timeout_s, patience_s)
        async with self._turn:
            await self._calm()
            if other := conversation.in_the_way(question, _now_s()):
                raise reasons.not_asked(reasons.place(question, whom, endpoint), other)
            try:
                time_ns, half_ns = await self._asked(question, timeout_s)
            except (ConnectionError, TimeoutError) as exc:
                at = reasons.place(question, whom, endpoint)
                if not self._wire.connected:
                    raise reasons.lost(at, self._wire.cause, endpoint, answered=self._answered) from exc
                if conversation.senseless >= _SENSELESS_IN_A_ROW:
                    self._wire.close()
                    raise reasons.senseless(at) from exc
                raise reasons.unanswered(at, conversation, endpoint, timeout_s) from exc
            reply, doubtful = conversation.reply, conversation.doubtful
            if reply is None:
                at = reasons.place(question, whom, endpoint)
                raise MeterGarbled(f"{at}: {conversation.note}; look at the device")
        self._answered = True
        if reply.code is not None:
            raise reasons.refused(reasons.place(question, whom, endpoint), reply.code)
        return Answer(reply.data, time_ns, half_ns, doubtful)

    async def _asked(self, question: Question, timeout_s: float) -> tuple[int, int]:
        """Ask, and return the midpoint until the answer [ns UTC] and its half width [ns]."""
        conversation = self._conversation
        conversation.ask(question)
        asked_s = self._clock.steady_s()
        try:
            try:
                await self._wire.ask(question, timeout_s)
            except TimeoutError:
                # Where the event loop was held up, an answer may have come in the very moment of the time-out.
                if conversation.reply is None:
                    raise
            # By the steady clock: UTC may be set while we wait.
            half_ns = round((self._clock.steady_s() - asked_s) * 0.5e9)
            time_ns = self._clock.now_ns() - half_ns
            raise_if_cancelled()
        finally:
            now_s = _now_s()
            conversation.end(now_s)
            self._not_before_s = now_s + self._endpoint.pause_between_s
            if conversation.reply is None:
                self._wire.take_back()
        return time_ns, half_ns

    async def _calm(self) -> None:
        """Wait as long as device and line need. On a line without transaction ids, what comes meanwhile is thrown away.

        It is waited for silence, but not for ever: another master's traffic may be on the line.
        """
        conversation = self._conversation
        rest_s = max(self._not_before_s, conversation.rest_until_s) - _now_s()
        if rest_s > 0 and self._wire.connected:
            await asyncio.sleep(rest_s)
        if self._has_transaction_ids:
            return
        until_s = _now_s() + self._endpoint.timeout_s
        while True:
            heard = conversation.heard
            for _ in range(2):  # the event loop looks at the line once in each
                await asyncio.sleep(0)
            now_s = _now_s()
            loud_s = conversation.heard_s + self._silence_s - now_s
            if now_s > until_s or (loud_s <= 0 and heard == conversation.heard):
                return
            await asyncio.sleep(max(0.0, loud_s))


def _now_s() -> float:
    """Return the time of the machine [s]: lines and devices rest in real time, also in a simulation."""
    return time.monotonic()


async def _secured(tls: Tls, place: str) -> SSLContext:
    try:
        return await asyncio.to_thread(security.context, tls)
    except OSError as exc:
        raise EndpointUnreachable(f"{place}: the certificates cannot be used ({exc}); run potline check") from exc
