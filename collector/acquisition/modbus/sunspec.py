"""Where a SunSpec model begins: a device lists its models one after the other, each with its id and length."""

from collections.abc import Generator
from dataclasses import dataclass

from collector.acquisition.modbus.connection import MeterRefused, MeterSilent, ModbusConnection

STARTS = (40000, 0, 50000)
"""Where the list of models may begin."""
MARK = (0x5375, 0x6E53)
"""'SunS', which stands before the first model."""
_END = 0xFFFF
_MOST_MODELS = 100
_HEADER = 2
_FUNCTION = 3


class SunSpecMissing(Exception):
    """The device has no SunSpec models, or not the one that was asked for."""


@dataclass(frozen=True, slots=True)
class Span:
    """Registers to be read."""

    address: int
    count: int


Words = tuple[int, ...] | None
"""The registers that were asked for; None: the device does not give them."""


def walk(model: int) -> Generator[Span, Words, int]:
    """Find a model. Pure: yields what is to be read, is sent what came, and returns where the model begins.

    That is the address of its id: the length stands after it, and after that the first point.

    Raises
    ------
    SunSpecMissing
        If there is no list, or the model is not in it.
    """
    for start in STARTS:
        if (yield Span(start, len(MARK))) == MARK:
            break
    else:
        places = ", ".join(map(str, STARTS))
        raise SunSpecMissing(f"no 'SunS' at {places}: the device speaks no SunSpec, or has it switched off")
    address = start + len(MARK)
    found: list[int] = []
    while len(found) < _MOST_MODELS and address + _HEADER <= 65536:
        header = yield Span(address, _HEADER)
        if header is None:
            raise SunSpecMissing(f"its list of models breaks off at {address}; {_listed(model, found)}")
        if header[0] == model:
            return address
        if header[0] == _END:
            break
        found.append(header[0])
        address += _HEADER + header[1]
    raise SunSpecMissing(_listed(model, found))


async def locate(connection: ModbusConnection, *, unit: int, model: int, whom: str) -> int:
    """Return the address at which a model of a device begins.

    Raises
    ------
    EndpointUnreachable, MeterSilent
        If the device does not answer at all.
    SunSpecMissing
        If it has no such model.
    """
    steps = walk(model)
    silent: MeterSilent | None = None
    answered = False
    span = next(steps)
    try:
        while True:
            words: Words = None
            try:
                answer = await connection.read(
                    function=_FUNCTION, unit=unit, address=span.address, count=span.count, whom=whom
                )
                words = tuple(int.from_bytes(answer.data[place : place + 2]) for place in range(0, 2 * span.count, 2))
                answered = True
            except MeterRefused:
                answered = True
            except MeterSilent as exc:  # some devices say nothing where they have nothing
                silent = exc
            span = steps.send(words)
    except StopIteration as done:
        return int(done.value)
    except SunSpecMissing as exc:
        if silent is not None and not answered:
            raise silent from exc
        raise SunSpecMissing(f"find SunSpec model {model} of {whom} (unit {unit}): {exc}") from exc


def _listed(model: int, found: list[int]) -> str:
    has = ", ".join(map(str, found)) or "none"
    return f"there is no model {model}; the device has: {has}. Choose the profile of a model that it has"
