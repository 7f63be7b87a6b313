"""Register maps: what a family of meters offers, where, and how it is encoded."""

from dataclasses import dataclass
from enum import Enum

from collector.readings.quantity import Quantity


class WordOrder(Enum):
    """Which register of a wide value comes first. Within a register the high byte is always first."""

    MSW_FIRST = "msw_first"
    LSW_FIRST = "lsw_first"


class RegisterType(Enum):
    """Encoding of a value: the number of registers it takes, and its name in numpy (big-endian)."""

    U16 = ("u16", 1, ">u2")
    S16 = ("s16", 1, ">i2")
    U32 = ("u32", 2, ">u4")
    S32 = ("s32", 2, ">i4")
    U64 = ("u64", 4, ">u8")
    S64 = ("s64", 4, ">i8")
    F32 = ("f32", 2, ">f4")
    F64 = ("f64", 4, ">f8")

    def __init__(self, label: str, registers: int, dtype: str) -> None:
        self.label = label
        self.registers = registers
        self.dtype = dtype

    @property
    def is_integer(self) -> bool:
        """True for the integer encodings, which can serve as exact counters."""
        return self.dtype[1] != "f"

    @property
    def span(self) -> int:
        """Number of values an integer encoding distinguishes above zero, after which a counter wraps."""
        bits = self.registers * 16 - (1 if self.dtype[1] == "i" else 0)
        return 1 << bits


@dataclass(frozen=True, slots=True)
class Sentinel:
    """Raw bits by which a device says 'not available'. Compared before decoding: ``raw & mask == bits``."""

    bits: int
    mask: int


@dataclass(frozen=True, slots=True)
class Register:
    """One value of a register map.

    ``address`` is the 0-based address on the wire. A decoded raw value times ``scale`` plus ``offset`` is in ``unit``.
    ``wraps_at`` is the raw value at which a counter starts again from zero; None for a counter that does not wrap.
    """

    quantity: Quantity
    address: int
    type: RegisterType
    word_order: WordOrder
    unit: str
    scale: float
    offset: float
    sentinels: tuple[Sentinel, ...]
    wraps_at: float | None

    @property
    def end(self) -> int:
        """The first address after the value."""
        return self.address + self.type.registers


@dataclass(frozen=True, slots=True)
class TestVector:
    """Raw registers and the value that they mean, from a real device or from arithmetic."""

    register: Quantity
    raw: bytes
    value: float
    origin: str

    __test__ = False  # not a test class, whatever its name says to a test runner


@dataclass(frozen=True, slots=True)
class MeterProfile:
    """The register map of a family of meters, and how it wants to be read.

    ``counter_refresh_s``: the device brings its counters up to date at least this often [s].
    """

    name: str
    title: str
    confidence: str
    function: int
    max_registers: int
    max_gap: int
    counter_refresh_s: float
    registers: tuple[Register, ...]
    test_vectors: tuple[TestVector, ...]
