"""Who is behind an endpoint: unit ids that answer, what they call themselves, and the profiles that fit. Reads only."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from collector.acquisition.modbus.connection import (
    EndpointUnreachable,
    MeterGarbled,
    MeterRefused,
    MeterSilent,
    ModbusConnection,
)
from collector.acquisition.modbus.decode import MeterValues
from collector.acquisition.modbus.fit import CERTAIN, LIKELY, Fit, judge, telling
from collector.acquisition.modbus.plan import ReadBlock, plan_scan
from collector.acquisition.modbus.refusal import Meaning, meaning
from collector.acquisition.modbus.sunspec import SunSpecMissing, locate
from collector.clock import Clock
from collector.plant.meter import Endpoint
from collector.plant.profile import BIT_FUNCTIONS, MeterProfile, Register

REQUESTS_A_PROFILE = 6
"""So many requests a unit at most for one profile."""
MOST_PROFILES = 5
FIRST_PATIENCE_S = 3.0
"""So long the first unit that is silent is waited for over TCP: a gateway says by then that nobody is there."""
_DIRECT = 255
_FIRST = 1
_SILENT_IN_A_ROW = 3
_MOST_LOSSES, _AFTER_LOSS_S = 8, 0.2
_PROBES = ((3, 0), (4, 0), (3, 40000))
"""Function and address of the registers by which it is told whether two ids are one device."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit id that answers, what it says of itself (function 43/14), and the profiles that fit, best first."""

    id: int
    told: Mapping[int, str]
    fits: tuple[Fit, ...]
    note: str = ""


@dataclass(slots=True)
class Scan:
    """A scan of one endpoint.

    Attributes
    ----------
    endpoint : Endpoint
        Where.
    units : sequence of int
        The ids to try.
    profiles : sequence of MeterProfile
        The profiles to compare with.
    clock : Clock
        For patience.
    say : Progress
        Is told what is being done.
    notes : list of str
        What the person should know when the scan is over.
    """

    endpoint: Endpoint
    units: Sequence[int]
    profiles: Sequence[MeterProfile]
    clock: Clock
    say: Progress
    notes: list[str] = field(default_factory=list)
    _patience_s: float | None = None

    async def found(self) -> AsyncGenerator[Unit, None]:
        """Yield the units that answer, one after the other.

        Raises
        ------
        EndpointUnreachable
            If there is no connection, or it is lost again and again.
        """
        pending = self._in_order()
        fingerprints: dict[int, object] = {}
        losses: dict[int, int] = {}
        while pending:
            patience_s = self._patience_s or self._first_patience_s
            patient = replace(self.endpoint, timeout_s=patience_s)
            is_open = False
            try:
                async with ModbusConnection(patient, self.clock) as connection:
                    is_open = True
                    while pending and (self._patience_s or patience_s) == patience_s:
                        unit = pending[0]
                        self.say(f"unit {unit}, {len(pending)} to go")
                        if await self._answers(connection, unit):
                            looker = _Looker(connection, unit)
                            told = await looker.identity()
                            if self._is_tcp and unit in {_FIRST, _DIRECT}:
                                fingerprints[unit] = await looker.fingerprint(told)
                                if unit == _DIRECT and self._is_direct(fingerprints):
                                    return
                            yield Unit(unit, told, await self._fits(looker, told), looker.note)
                        pending.pop(0)
            except EndpointUnreachable:
                if not is_open or not pending:
                    raise
                # Some devices hang up when an id is asked that they do not have.
                losses[pending[0]] = losses.get(pending[0], 0) + 1
                if len(losses) > _MOST_LOSSES:
                    raise
                if losses[pending[0]] > 1:
                    self.notes.append(f"unit {pending[0]}: the connection is closed when it is asked; not looked at")
                    pending.pop(0)
                await self.clock.sleep(_AFTER_LOSS_S)

    @property
    def _is_tcp(self) -> bool:
        return self.endpoint.transport.has_transaction_ids

    @property
    def _first_patience_s(self) -> float:
        """Return how long the first unit is waited for; lines without transaction ids have no gateways that queue."""
        return max(self.endpoint.timeout_s, FIRST_PATIENCE_S if self._is_tcp else 0.0)

    def _in_order(self) -> list[int]:
        """Return the ids, with 1 and 255 first where both are wanted: they tell a direct device."""
        units = list(dict.fromkeys(self.units))
        if self._is_tcp and _FIRST in units and _DIRECT in units:
            return [_FIRST, _DIRECT, *(unit for unit in units if unit not in {_FIRST, _DIRECT})]
        return units

    def _is_direct(self, fingerprints: Mapping[int, object]) -> bool:
        if fingerprints.get(_FIRST) != fingerprints[_DIRECT]:
            return False
        what = "unit ids 1 and 255 answer the same: one device, which does not look at the unit id"
        self.notes.append(f"{what}. The scan ended there; --units asks for others all the same")
        return True

    async def _answers(self, connection: ModbusConnection, unit: int) -> bool:
        """Tell whether somebody has this id, and learn from who has none how long to wait for an answer."""
        begun_s = self.clock.steady_s()
        function, address = _PROBES[0]
        try:
            await connection.read(function=function, unit=unit, address=address, count=1, whom=f"unit {unit}")
        except MeterRefused as exc:
            if meaning(exc.code) is not Meaning.ABSENT:
                return True
            # A gateway: it serves one after the other, so an answer may take as long as its own patience.
            took_s = self.clock.steady_s() - begun_s
            if self._patience_s is None or took_s > self._patience_s / 1.5:
                self._patience_s = max(self.endpoint.timeout_s, 2 * took_s)
            return False
        except MeterGarbled:
            return True
        except MeterSilent:
            self._patience_s = self._patience_s or self.endpoint.timeout_s
            return False
        return True

    async def _fits(self, looker: "_Looker", told: Mapping[int, str]) -> tuple[Fit, ...]:
        fits = []
        for number, profile in enumerate(self.profiles, 1):
            self.say(f"unit {looker.unit}, profile {number} of {len(self.profiles)}")
            fit = await looker.fit(profile, told)
            if fit is not None:
                fits.append(fit)
        fits.sort(key=lambda fit: (fit.words != CERTAIN, -fit.bits))
        if sum(fit.words == CERTAIN for fit in fits) > 1:  # maps of one family: the device fits both
            fits = [replace(fit, words=LIKELY) if fit.words == CERTAIN else fit for fit in fits]
        return tuple(fits[:MOST_PROFILES])


class _Looker:
    """Reads from one unit, and asks for nothing twice: profiles that share a block share its answer."""

    def __init__(self, connection: ModbusConnection, unit: int) -> None:
        self.unit = unit
        self.note = ""
        self._connection = connection
        self._known: dict[tuple[int, int], bytes] = {}
        self._refused: set[tuple[int, int, int]] = set()
        self._bases: dict[int, int | None] = {}
        self._silent = 0

    async def identity(self) -> dict[int, str]:
        """Return what the unit says of itself; nothing if it does not know that function."""
        try:
            return await self._connection.identify(unit=self.unit, whom=f"unit {self.unit}")
        except (MeterRefused, MeterSilent):
            return {}

    async def fingerprint(self, told: Mapping[int, str]) -> object:
        """Return what tells a device, and does not change with what it measures."""
        answers = [await self._read(function, address, 1) is not None for function, address in _PROBES]
        return dict(told), answers

    async def fit(self, profile: MeterProfile, told: Mapping[int, str]) -> Fit | None:
        """Return how well a profile fits, None if not at all."""
        registers = telling(profile)
        base = 0
        if profile.sunspec_model is not None:
            found = await self._base(profile.sunspec_model)
            if found is None:
                return None
            base = found
        registers = tuple(register.moved(base) for register in registers)
        blocks = _first_ones(plan_scan(registers, profile.rules.moved(base)))
        answered: list[tuple[ReadBlock, bytes]] = []
        for block in blocks:
            data = await self._read(block.function, block.address, block.count)
            if data is not None:
                answered.append((block, data))
        if not answered:
            return None
        # Ratios that only the plant knows are taken as 1: that leaves relations between the values as they are.
        constants = {each.name: 1.0 if each.default is None else each.default for each in profile.constants}
        values = MeterValues(registers, constants)
        for block, data in answered * 2:  # twice: what stands in a later one may be needed in an earlier
            values.take(block, data)
        raw = {register.name: _raw(register, block, data) for block, data in answered for register in block.registers}
        return judge(
            profile,
            registers,
            values,
            raw,
            answered=len(answered),
            refused=len(blocks) - len(answered),
            told=list(told.values()),
        )

    async def _base(self, model: int) -> int | None:
        if model not in self._bases:
            try:
                self._bases[model] = await locate(
                    self._connection, unit=self.unit, model=model, whom=f"unit {self.unit}"
                )
            except (SunSpecMissing, MeterSilent):
                self._bases[model] = None
        return self._bases[model]

    async def _read(self, function: int, address: int, count: int) -> bytes | None:
        """Return a block, None if the unit does not give it."""
        places = [(function, place) for place in range(address, address + count)]
        if function not in BIT_FUNCTIONS and all(place in self._known for place in places):
            return b"".join(self._known[place] for place in places)
        if (function, address, count) in self._refused or self._silent >= _SILENT_IN_A_ROW:
            return None
        try:
            answer = await self._connection.read(
                function=function,
                unit=self.unit,
                address=address,
                count=count,
                whom=f"unit {self.unit}",
            )
        except MeterRefused:
            self._silent = 0
            self._refused.add((function, address, count))
            return None
        except MeterSilent:
            self._silent += 1
            self._refused.add((function, address, count))
            if self._silent == _SILENT_IN_A_ROW:
                self.note = "fell silent while it was looked at; some profiles were not compared"
            return None
        self._silent = 0
        if function not in BIT_FUNCTIONS:
            self._known.update({place: answer.data[2 * n : 2 * n + 2] for n, place in enumerate(places)})
        return answer.data


def _first_ones(blocks: Sequence[ReadBlock]) -> list[ReadBlock]:
    """Return the requests that tell most: with what is expected, with the frequency, then with most values."""

    def tells(block: ReadBlock) -> tuple[bool, bool, int]:
        is_expected = any(register.expect for register in block.registers)
        return not is_expected, all(each.name != "frequency" for each in block.registers), -len(block.registers)

    ranked = sorted(blocks, key=tells)
    return ranked[:REQUESTS_A_PROFILE]


def _raw(register: Register, block: ReadBlock, data: bytes) -> bytes:
    start = register.address - block.address
    if block.function in BIT_FUNCTIONS:
        return bytes([data[start // 8] >> start % 8 & 1])
    return data[2 * start : 2 * (start + register.count)]
