"""From the bytes of an answer to raw numbers and texts. Pure, and compiled once for each block.

All values of a block are gathered into lanes, one for each kind of encoding, with a single look-up of bytes; a lane is
then read as one array. Sentinels are compared with the raw bits before anything is taken for a number: 0x80008000 is a
valid float, and means 'not available'.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from collector.plant.profile import ByteOrder, Encoding, Register, RegisterType, WordOrder

Floats = npt.NDArray[np.float64]
Bytes = npt.NDArray[np.uint8]
Raw = npt.NDArray[np.uint64]
_Indices = npt.NDArray[np.intp]


class Layout:
    """Where the values of a block lie in an answer to it."""

    def __init__(self, registers: Sequence[Register], address: int, count: int) -> None:
        self._count = count
        self._size = len(registers)
        self._texts = [
            (register, np.array(_bytes_of_text(register, address), np.intp))
            for register in registers
            if register.is_text
        ]
        self._lanes: list[_Lane] = []
        order: list[int] = []
        for kind in _KINDS:
            places = [place for place, register in enumerate(registers) if kind.takes(register)]
            if places:
                lane = _Lane(kind, [registers[place] for place in places], places, len(order))
                self._lanes.append(lane)
                for place in places:
                    order += _padded(_bytes_of_number(registers[place], address), kind, count * 2)
        self._order = np.array(order, np.intp)

    def numbers(self, data: bytes) -> Floats:
        """Return the raw number of each register of the block, NaN where there is none.

        Parameters
        ----------
        data : bytes
            The registers as they came, two bytes each.

        Raises
        ------
        ValueError
            If there are more or fewer bytes than were asked for.
        """
        if len(data) != self._count * 2:
            raise ValueError(f"{len(data)} bytes came for {self._count} registers")
        gathered = np.frombuffer(data + b"\0", np.uint8).take(self._order)  # the last one pads narrow values
        if len(self._lanes) == 1 and self._lanes[0].size == self._size:
            return self._lanes[0].numbers(gathered)
        found = np.full(self._size, np.nan)
        for lane in self._lanes:
            found[lane.places] = lane.numbers(gathered[lane.start : lane.stop])
        return found

    def texts(self, data: bytes) -> dict[str, str]:
        """Return the texts of the block by the names of their registers."""
        return {register.name: _text(data, places) for register, places in self._texts}


class BitLayout:
    """Where the bits of a block lie in an answer to it: eight a byte, the lowest first."""

    def __init__(self, registers: Sequence[Register], address: int, count: int) -> None:
        self._count = count
        self._order = np.array([register.address - address for register in registers], np.intp)

    def numbers(self, data: bytes) -> Floats:
        """Return 0 or 1 for each register of the block; ValueError if there are more or fewer bytes than needed."""
        if len(data) != (self._count + 7) // 8:
            raise ValueError(f"{len(data)} bytes came for {self._count} bits")
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
        return bits.take(self._order).astype(np.float64)

    def texts(self, data: bytes) -> dict[str, str]:
        """Return no text: bits hold none."""
        del data
        return {}


@dataclass(frozen=True, slots=True)
class _Kind:
    """A lane's shape: which registers it takes, the bytes for each, its raw and its own type, and how it is read.

    Signed numbers stand at the high end of their bytes, so that an arithmetic shift brings them down with their sign.
    """

    takes: Callable[[Register], bool]
    width: int
    raw: str
    view: str
    high_end: bool = False
    read: Callable[[Raw], Floats] | None = None


class _Lane:
    """The values of one kind of encoding in a block."""

    def __init__(self, kind: _Kind, registers: Sequence[Register], places: Sequence[int], start: int) -> None:
        self.size = len(registers)
        self.places: slice | _Indices = _slice_of(places)
        self.start, self.stop = start, start + kind.width * len(registers)
        self._kind = kind
        self._marks = _marks(kind, registers)
        shift = [kind.width * 8 - register.type.width for register in registers]
        self._shift = np.array(shift, np.int64) if kind.high_end and any(shift) else None
        self._bits: tuple[Raw, Raw] | None = None
        if any(register.bits for register in registers):
            parts = [register.bits or (0, 64) for register in registers]
            masks = [(1 << count) - 1 for _, count in parts]
            self._bits = np.array([low for low, _ in parts], np.uint64), np.array(masks, np.uint64)

    def numbers(self, gathered: Bytes) -> Floats:
        """Return the raw numbers of the lane, NaN where there is none."""
        values: npt.NDArray[np.generic] = gathered.view(self._kind.view)
        if self._shift is not None:
            values = values.astype(np.int64) >> self._shift
        if self._bits is not None:
            values = (values.astype(np.uint64) >> self._bits[0]) & self._bits[1]
        if self._kind.read is None:
            with np.errstate(invalid="ignore"):  # some NaNs make themselves heard when they are converted
                numbers = values.astype(np.float64)
        else:
            numbers = self._kind.read(values.astype(np.uint64))
        if self._marks:
            raw = gathered.view(self._kind.raw)
            for places, bits, mask in self._marks:
                seen = raw if mask is None else raw & mask
                if places is None:
                    numbers[seen == bits] = np.nan
                else:
                    numbers[places[seen[places] == bits]] = np.nan
        return numbers


def _digits(raw: Raw, width: int, most: int) -> Floats:
    """Return numbers whose decimal digits stand in groups of ``width`` bits, each at most ``most``."""
    shifts = np.arange(0, 64, width, dtype=np.uint64)
    groups = (raw[:, None] >> shifts) & np.uint64((1 << width) - 1)
    weights = np.array([(most + 1) ** place for place in range(len(shifts))], np.uint64)
    numbers: Floats = (groups @ weights).astype(np.float64)
    numbers[(groups > most).any(axis=1)] = np.nan
    return numbers


def _bcd(raw: Raw) -> Floats:
    return _digits(raw, 4, 9)


def _decimal(raw: Raw) -> Floats:
    return _digits(raw, 16, 9999)


def _iskra(mantissa: npt.NDArray[np.int64], raw: Raw) -> Floats:
    exponent = (raw >> np.uint64(24)).astype(np.int8).astype(np.float64)
    power = 10.0 ** np.abs(exponent)
    # 12345 / 1000 is nearer to 12.345 than 12345 x 0.001.
    return np.where(exponent < 0, mantissa / power, mantissa * power)


def _iskra_unsigned(raw: Raw) -> Floats:
    return _iskra((raw & np.uint64(0xFFFFFF)).astype(np.int64), raw)


def _iskra_signed(raw: Raw) -> Floats:
    return _iskra((raw << np.uint64(40)).view(np.int64) >> 40, raw)


def _iskra_power_factor(raw: Raw) -> Floats:
    direction = raw >> np.uint64(24)
    sign = np.where(direction == 0, 1.0, np.where(direction == 0xFF, -1.0, np.nan))
    return sign * (raw & np.uint64(0xFFFF)).astype(np.float64) / 10000


def _has(encoding: Encoding) -> Callable[[Register], bool]:
    return lambda register: register.type.encoding is encoding


def _unsigned(encoding: Encoding, read: Callable[[Raw], Floats] | None = None) -> _Kind:
    return _Kind(_has(encoding), 8, "<u8", "<u8", read=read)


_KINDS = (
    _Kind(lambda register: register.type is RegisterType.F32, 4, "<u4", "<f4"),
    _Kind(lambda register: register.type is RegisterType.F64, 8, "<u8", "<f8"),
    _Kind(_has(Encoding.SIGNED), 8, "<u8", "<i8", high_end=True),
    _unsigned(Encoding.UNSIGNED),
    _unsigned(Encoding.BCD, _bcd),
    _unsigned(Encoding.DECIMAL, _decimal),
    _unsigned(Encoding.ISKRA_UNSIGNED, _iskra_unsigned),
    _unsigned(Encoding.ISKRA_SIGNED, _iskra_signed),
    _unsigned(Encoding.ISKRA_POWER_FACTOR, _iskra_power_factor),
)


def _marks(kind: _Kind, registers: Sequence[Register]) -> list[tuple[_Indices | None, np.generic, np.generic | None]]:
    """Return each sentinel of a lane with the places that it marks; None: all of them. No mask: all bits tell."""
    found: dict[tuple[int, int], list[int]] = {}
    for place, register in enumerate(registers):
        up = kind.width * 8 - register.type.width if kind.high_end else 0
        for sentinel in register.sentinels:
            mask = (1 << register.type.width) - 1 & sentinel.mask
            found.setdefault(((sentinel.bits & mask) << up, mask << up), []).append(place)
    unsigned = np.dtype(kind.raw).type
    everywhere = (1 << kind.width * 8) - 1
    return [
        (
            None if len(places) == len(registers) else np.array(places, np.intp),
            unsigned(bits),
            None if mask == everywhere else unsigned(mask),
        )
        for (bits, mask), places in found.items()
    ]


def _bytes_of_number(register: Register, address: int) -> list[int]:
    """Return the places of a number's bytes in an answer, the least significant first."""
    words = list(range(register.count))
    if register.word_order is WordOrder.MSW_FIRST:
        words.reverse()
    within = (1, 0) if register.byte_order is ByteOrder.BIG else (0, 1)
    return [(register.address - address + word) * 2 + byte for word in words for byte in within]


def _padded(places: list[int], kind: _Kind, zero: int) -> list[int]:
    zeros = [zero] * (kind.width - len(places))
    return [*zeros, *places] if kind.high_end else [*places, *zeros]


def _bytes_of_text(register: Register, address: int) -> list[int]:
    """Return the places of a text's bytes in an answer, the first character first."""
    words = list(range(register.count))
    if register.word_order is WordOrder.LSW_FIRST:
        words.reverse()
    both = [0, 1] if register.byte_order is ByteOrder.BIG else [1, 0]
    within = both[1:] if register.one_character else both
    return [(register.address - address + word) * 2 + byte for word in words for byte in within]


def _text(data: bytes, places: _Indices) -> str:
    """Return a text as it can be shown to anyone: unprintable characters are written as escapes."""
    held = bytes(data[place] for place in places).strip(b"\0 \xff")
    text = held.decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def _slice_of(places: Sequence[int]) -> slice | _Indices:
    """Return places as a slice where they stand in a row: numpy is quicker with it."""
    if list(places) == list(range(places[0], places[0] + len(places))):
        return slice(places[0], places[0] + len(places))
    return np.array(places, np.intp)
