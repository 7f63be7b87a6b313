"""One look at one meter, for the person at the panel: every register of its profile, and whether it all makes sense."""

import asyncio
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from collector.acquisition.modbus.anyorder import RawNumber, raw_number
from collector.acquisition.modbus.connection import EndpointUnreachable, MeterRefused, MeterSilent, ModbusConnection
from collector.acquisition.modbus.decode import NOT_AVAILABLE, MeterValues
from collector.acquisition.modbus.errors import EXCEPTIONS
from collector.acquisition.modbus.plan import ReadBlock, plan_scan
from collector.acquisition.modbus.quarantine import Quarantine
from collector.acquisition.modbus.refusal import Meaning, meaning
from collector.acquisition.modbus.sense import COUNTERS, Count, Finding, counted, dc_power_kw, findings
from collector.acquisition.modbus.sunspec import SunSpecMissing, locate
from collector.clock import Clock
from collector.plant.meter import PolledMeter
from collector.plant.profile import BIT_FUNCTIONS, Encoding, Register, RegisterType
from collector.readings import units

GOOD = "good"
_MOST_SILENT = 6
"""After so many time-outs nothing more is tried."""
_BUSY_S = 0.2
_MOST_BUSY = 4
_LOOKS_A_WATCH = 30
_DIGITS_OF_F32, _DIGITS = 7, 14


@dataclass(frozen=True, slots=True)
class Row:
    """One register as it was read.

    ``raw`` are its registers as they came, empty if none came; ``value`` is in its unit, NaN if there is none;
    ``shown`` is what it says in words, and ``quality`` whether that can be used. ``trouble``: somebody should look.
    """

    register: Register
    raw: bytes
    value: float
    shown: str
    quality: str
    trouble: bool


@dataclass(slots=True)
class Look:
    """What one look at a meter brought.

    ``told`` is its identification (function 43/14), empty where it has none; ``error`` says why nothing came.
    """

    meter: PolledMeter
    base: int
    told: Mapping[int, str] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    findings: tuple[Finding, ...] = ()
    error: str = ""

    @property
    def answered(self) -> bool:
        """Whether anything came."""
        return any(row.raw for row in self.rows)

    @property
    def is_well(self) -> bool:
        """Whether everything could be read and nothing is implausible."""
        return not any(row.trouble for row in self.rows) and all(each.well is not False for each in self.findings)


@dataclass(slots=True)
class Gathered:
    """What came of registers: the answers, and in words why the others have none."""

    answers: list[tuple[ReadBlock, bytes, int]] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    error: str = ""

    def raw(self, register: Register) -> bytes:
        """Return the bytes of a register (of a bit, one that is 0 or 1); empty if they did not come."""
        for block, data, _ in self.answers:
            if register in block.registers:
                start = register.address - block.address
                if block.function in BIT_FUNCTIONS:
                    return bytes([data[start // 8] >> start % 8 & 1])
                return data[2 * start : 2 * (start + register.count)]
        return b""


async def look(meter: PolledMeter, clock: Clock, *, watch_s: float = 0.0) -> Look:
    """Read everything that a meter's profile knows.

    Parameters
    ----------
    meter : PolledMeter
        The meter.
    clock : Clock
        For the stamps.
    watch_s : float
        Look at the counters again after this time, and at the power meanwhile [s]; 0: not.
    """
    result = Look(meter, meter.base)
    try:
        async with ModbusConnection(meter.endpoint, clock) as connection:
            try:
                await _look(connection, meter, result, watch_s)
            except SunSpecMissing as exc:
                result.error = str(exc)
    except (EndpointUnreachable, MeterSilent) as exc:
        result.error = str(exc)
    return result


async def _look(connection: ModbusConnection, meter: PolledMeter, result: Look, watch_s: float) -> None:
    profile = meter.profile
    if profile.sunspec_model is not None:
        result.base = meter.base + await locate(connection, unit=meter.unit, model=profile.sunspec_model, whom=meter.id)
    registers = tuple(register.moved(result.base) for register in profile.registers)
    gathered = await gather(connection, meter, registers, result.base)
    result.error = gathered.error
    if not gathered.answers and gathered.error:
        return
    try:
        result.told = await connection.identify(unit=meter.unit, whom=meter.id)
    except (MeterRefused, MeterSilent):  # most meters do not know that function
        result.told = {}
    values = _values(registers, meter.constants, gathered)
    result.rows = _rows(registers, meter.constants, gathered, values)
    known = canonical(registers, values)
    found = list(findings(known))
    if watch_s > 0:
        found += await _watch(connection, meter, registers, gathered, values, result.base, watch_s)
    result.findings = tuple(found)


# --- Asking -----------------------------------------------------------------------------------------------------------


async def gather(
    connection: ModbusConnection, meter: PolledMeter, registers: Sequence[Register], base: int
) -> Gathered:
    """Read registers in as few requests as the device allows; a refused request is cut until the culprit is alone."""
    rules = meter.profile.rules.moved(base)
    cutting = Quarantine(registers, rules)
    gathered = Gathered()
    pending = list(plan_scan(registers, rules))
    silent = 0
    while pending:
        block = pending.pop(0)
        if silent >= _MOST_SILENT or (silent >= 2 and not gathered.answers and not gathered.missing):
            _lacks(gathered, block, "no answer")
            continue
        try:
            data, time_ns = await _ask(connection, meter, block)
        except MeterRefused as exc:
            if meaning(exc.code) is Meaning.ABSENT:
                silent = _MOST_SILENT
                gathered.error = gathered.error or str(exc)
                _lacks(gathered, block, "no answer")
                continue
            parts = cutting.cut(block) if meaning(exc.code) is Meaning.NOT_THERE else ()
            pending[:0] = parts
            if not parts:
                known = EXCEPTIONS.get(exc.code, "unknown to the specification")
                _lacks(gathered, block, f"refused: {known} ({exc.code:02X})")
        except MeterSilent as exc:
            silent += 1
            gathered.error = gathered.error or str(exc)
            # A device that lives, and says nothing where it has nothing.
            parts = cutting.cut(block) if gathered.answers else ()
            pending[:0] = parts
            if not parts:
                _lacks(gathered, block, "no answer")
        else:
            gathered.answers.append((block, data, time_ns))
    return gathered


async def _ask(connection: ModbusConnection, meter: PolledMeter, block: ReadBlock) -> tuple[bytes, int]:
    """Ask, and ask again as long as the device is busy."""
    for attempt in range(_MOST_BUSY):
        try:
            answer = await connection.read(
                function=block.function, unit=meter.unit, address=block.address, count=block.count, whom=meter.id
            )
        except MeterRefused as exc:
            if meaning(exc.code) is not Meaning.BUSY or attempt == _MOST_BUSY - 1:
                raise
            await asyncio.sleep(_BUSY_S * 2**attempt)
        else:
            return answer.data, answer.time_ns
    raise AssertionError("the last attempt returns or raises")


def _lacks(gathered: Gathered, block: ReadBlock, why: str) -> None:
    gathered.missing.update({register.name: why for register in block.registers})


# --- Values -----------------------------------------------------------------------------------------------------------


def _values(registers: Sequence[Register], constants: Mapping[str, float], gathered: Gathered) -> MeterValues:
    """Return the values of all answers. Each is taken twice: what stands in a later one may be needed in an earlier."""
    values = MeterValues(registers, constants)
    for block, data, _ in gathered.answers * 2:
        values.take(block, data)
    return values


def _rows(
    registers: Sequence[Register], constants: Mapping[str, float], gathered: Gathered, values: MeterValues
) -> tuple[Row, ...]:
    unbounded = tuple(replace(register, valid=None) for register in registers)
    boundless = MeterValues(unbounded, constants)
    for block, data, _ in gathered.answers * 2:
        names = {register.name for register in block.registers}
        boundless.take(replace(block, registers=tuple(each for each in unbounded if each.name in names)), data)
    return tuple(_row(register, gathered, values, boundless) for register in registers)


def _row(register: Register, gathered: Gathered, values: MeterValues, boundless: MeterValues) -> Row:
    raw = gathered.raw(register)
    if not raw:
        return Row(register, b"", math.nan, "", gathered.missing[register.name], trouble=True)
    shown = _shown(register, values)
    if not values.is_expected(register):
        expected = " or ".join(register.expect)
        return Row(register, raw, values.value(register.name), shown, f"expected: {expected}", trouble=True)
    if register.is_text:
        return Row(register, raw, math.nan, shown, GOOD if shown != NOT_AVAILABLE else NOT_AVAILABLE, trouble=False)
    value = values.value(register.name)
    if not math.isnan(value):
        return Row(register, raw, value, shown, GOOD, trouble=False)
    without = boundless.value(register.name)
    if register.valid is not None and not math.isnan(without):
        low, high = register.valid
        return Row(
            register,
            raw,
            math.nan,
            f"{without:,.10g} {register.unit}",
            f"out of range {low:g} to {high:g}",
            trouble=True,
        )
    lacking = [name for name in register.needs if math.isnan(values.value(name))]
    quality = f"needs {', '.join(lacking)}, which has no value" if lacking else NOT_AVAILABLE
    return Row(register, raw, math.nan, NOT_AVAILABLE, quality, trouble=bool(lacking))


def _shown(register: Register, values: MeterValues) -> str:
    """Return what a register says, a number with the digits that its type can hold."""
    value = math.nan if register.is_text or register.labels else values.value(register.name)
    return values.shown(register) if math.isnan(value) or not register.unit else _number(register, value)


def _number(register: Register, value: float) -> str:
    held = float(f"{value:.{_DIGITS_OF_F32}g}") if register.type is RegisterType.F32 else value
    unit = "" if register.unit == "1" else register.unit
    return f"{held:,.{_DIGITS}g} {unit}".rstrip()


def canonical(registers: Iterable[Register], values: MeterValues) -> dict[str, float]:
    """Return the quantities that have a value, in their canonical units."""
    known = {}
    for register in registers:
        if register.quantity is not None:
            value = values.value(register.name)
            if not math.isnan(value):
                known[register.name] = value * units.factor(register.unit, register.quantity.unit)
    return known


# --- Watching ---------------------------------------------------------------------------------------------------------


async def _watch(
    connection: ModbusConnection,
    meter: PolledMeter,
    registers: Sequence[Register],
    first: Gathered,
    before: MeterValues,
    base: int,
    watch_s: float,
) -> list[Finding]:
    """Look at the counters again after a while, and at what makes the power meanwhile."""
    by_name = {register.name: register for register in registers}
    counters = [name for name in COUNTERS if name in by_name and not math.isnan(before.value(name))]
    if not counters:
        return [Finding("slope of the counter", None, "there is no counter with a value")]
    power_names = ("active_power", "dc_power", "line_voltage", "line_current", "dc_voltage", "dc_current")
    watched = _with_needs([*counters, *(name for name in power_names if name in by_name)], by_name)
    loop = asyncio.get_running_loop()
    begun_s = loop.time()
    looks = [(first, before)]
    error = ""
    every_s = max(watch_s / _LOOKS_A_WATCH, 0.2)
    while (left_s := begun_s + watch_s - loop.time()) > 0:
        await asyncio.sleep(min(every_s, left_s))
        again = await gather(connection, meter, watched, base)
        error = again.error or error
        if not again.missing:
            looks.append((again, _values(watched, meter.constants, again)))
    last, after = looks[-1]
    if last is first:
        return [Finding("slope of the counter", None, f"the meter did not answer again: {error}")]
    return [
        counted(
            Count(
                name=name,
                gained_kwh=(after.value(name) - before.value(name)) * _factor(by_name[name]),
                step_kwh=_step(by_name[name], last, after) * _factor(by_name[name]),
                seconds=(_time_ns(last, by_name[name]) - _time_ns(first, by_name[name])) / 1e9,
                power_kw=[_power_kw(COUNTERS[name], canonical(watched, values)) for _, values in looks],
                refresh_s=meter.profile.counter_refresh_s,
            )
        )
        for name in counters
    ]


def _with_needs(names: Sequence[str], by_name: Mapping[str, Register]) -> tuple[Register, ...]:
    wanted: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name in by_name and name not in wanted:
            wanted.add(name)
            pending += by_name[name].needs
    return tuple(register for name, register in by_name.items() if name in wanted)


def _factor(register: Register) -> float:
    return 1.0 if register.quantity is None else units.factor(register.unit, register.quantity.unit)


def _time_ns(gathered: Gathered, register: Register) -> int:
    return next(time_ns for block, _, time_ns in gathered.answers if register in block.registers)


def _power_kw(of: str, known: Mapping[str, float]) -> float:
    if of == "active_power":
        return known.get("active_power", math.nan)
    told = known.get("dc_power")
    if told is not None:
        return told * 1e3
    made = dc_power_kw(known)
    return known.get("active_power", math.nan) if made is None else made


def _step(register: Register, gathered: Gathered, values: MeterValues) -> float:
    """Return the smallest amount by which a register's value can change, in its unit."""
    if register.type.encoding in {Encoding.TEXT, Encoding.BIT, Encoding.ISKRA_POWER_FACTOR}:
        return 0.0
    data = gathered.raw(register)
    words = [int.from_bytes(data[place : place + 2]) for place in range(0, len(data), 2)]
    raw = raw_number(register.type, words, register.word_order, register.byte_order)
    if not isinstance(raw, RawNumber) or raw.value == 0:
        return abs(register.scale)
    return raw.step * abs((values.value(register.name) - register.offset) / raw.value)
