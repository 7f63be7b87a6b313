"""Register maps: what a family of meters offers, where, and how it is encoded."""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Self

from collector.readings.quantity import Quantity

BIT_FUNCTIONS = frozenset({1, 2})
"""The tables of single bits: coils and discrete inputs. In the others an address is a register of 16 bits."""

Term = float | str
"""A number, or the name of a constant or an information register, with '-' before it for its negative."""


class WordOrder(Enum):
    """Which register of a wide value comes first."""

    MSW_FIRST = "msw_first"
    LSW_FIRST = "lsw_first"


class ByteOrder(Enum):
    """Which byte of a register comes first. The standard has the high byte first."""

    BIG = "big"
    LITTLE = "little"


class Convention(Enum):
    """Conventions of vendors for what a number means."""

    PLAIN = "plain"
    SCHNEIDER_4Q = "schneider_4q"
    """Power factor in four quadrants: beyond 1 it is leading, and 2 - x is meant; below -1, -2 - x."""


class Reading(Enum):
    """How a device wants to be asked."""

    BLOCKS = "blocks"
    ONE_VALUE = "one_value"
    DECLARED = "declared"


class Encoding(Enum):
    """How the bits of a value are to be understood."""

    UNSIGNED = "unsigned"
    SIGNED = "signed"
    FLOAT = "float"
    BCD = "bcd"
    """Four decimal digits a register, one in four bits."""
    DECIMAL = "decimal"
    """Four decimal digits a register, as a number from 0 to 9999."""
    ISKRA_UNSIGNED = "iskra_unsigned"
    ISKRA_SIGNED = "iskra_signed"
    ISKRA_POWER_FACTOR = "iskra_power_factor"
    TEXT = "text"
    BIT = "bit"


class RegisterType(Enum):
    """Encoding of a value, and the number of registers it takes (a text: as many as its register says)."""

    U16 = ("u16", 1, Encoding.UNSIGNED)
    S16 = ("s16", 1, Encoding.SIGNED)
    U32 = ("u32", 2, Encoding.UNSIGNED)
    S32 = ("s32", 2, Encoding.SIGNED)
    U48 = ("u48", 3, Encoding.UNSIGNED)
    S48 = ("s48", 3, Encoding.SIGNED)
    U64 = ("u64", 4, Encoding.UNSIGNED)
    S64 = ("s64", 4, Encoding.SIGNED)
    F32 = ("f32", 2, Encoding.FLOAT)
    F64 = ("f64", 4, Encoding.FLOAT)
    BCD16 = ("bcd16", 1, Encoding.BCD)
    BCD32 = ("bcd32", 2, Encoding.BCD)
    BCD48 = ("bcd48", 3, Encoding.BCD)
    BCD64 = ("bcd64", 4, Encoding.BCD)
    MOD10000X2 = ("mod10000x2", 2, Encoding.DECIMAL)
    MOD10000X3 = ("mod10000x3", 3, Encoding.DECIMAL)
    MOD10000X4 = ("mod10000x4", 4, Encoding.DECIMAL)
    ISKRA_T5 = ("iskra_t5", 2, Encoding.ISKRA_UNSIGNED)
    ISKRA_T6 = ("iskra_t6", 2, Encoding.ISKRA_SIGNED)
    ISKRA_T7 = ("iskra_t7", 2, Encoding.ISKRA_POWER_FACTOR)
    STRING = ("string", 0, Encoding.TEXT)
    BIT = ("bit", 1, Encoding.BIT)

    def __init__(self, label: str, registers: int, encoding: Encoding) -> None:
        self.label = label
        self.registers = registers
        self.encoding = encoding

    @property
    def width(self) -> int:
        """The number of its bits."""
        return 1 if self is RegisterType.BIT else self.registers * 16

    @property
    def is_integer(self) -> bool:
        """True for the encodings of whole numbers, which can serve as exact counters."""
        return self.encoding in {Encoding.UNSIGNED, Encoding.SIGNED, Encoding.BCD, Encoding.DECIMAL, Encoding.BIT}

    @property
    def span(self) -> int | None:
        """The number of values from zero on that it distinguishes, after which a counter wraps; None: no such end."""
        match self.encoding:
            case Encoding.UNSIGNED | Encoding.BIT:
                return 1 << self.width
            case Encoding.SIGNED:
                return 1 << (self.width - 1)
            case Encoding.BCD | Encoding.DECIMAL:
                return int(10 ** (4 * self.registers))
        return None


@dataclass(frozen=True, slots=True)
class Sentinel:
    """Raw bits by which a device says 'not available'. Compared before decoding: ``raw & mask == bits & mask``."""

    bits: int
    mask: int


@dataclass(frozen=True, slots=True)
class Linear:
    """A straight line through two points: the raw numbers, and the values that they stand for."""

    raw: tuple[float, float]
    value: tuple[Term, Term]

    @property
    def names(self) -> tuple[str, ...]:
        """The constants and information registers in it."""
        return tuple(term.removeprefix("-") for term in self.value if isinstance(term, str))


@dataclass(frozen=True, slots=True)
class Register:
    """One value of a register map: a quantity, or information that people or other registers need.

    ``address`` is the 0-based address on the wire. The value, in ``unit``, is
    ``(raw x scale + offset) x product(scale_by) x 10^(exponent + exponent_bias) + sum(plus)``, where ``map`` stands
    before it all, ``linear`` takes the place of the first parenthesis, and ``convention`` stands before ``plus``.
    ``wraps_at`` is the raw value at which a counter starts again from zero; None for a counter that does not wrap.
    """

    name: str
    quantity: Quantity | None
    function: int
    address: int
    type: RegisterType
    count: int
    word_order: WordOrder = WordOrder.MSW_FIRST
    byte_order: ByteOrder = ByteOrder.BIG
    bits: tuple[int, int] | None = None
    unit: str = ""
    scale: float = 1.0
    offset: float = 0.0
    scale_by: tuple[str, ...] = ()
    exponent: str = ""
    exponent_bias: int = 0
    linear: Linear | None = None
    plus: tuple[str, ...] = ()
    map: tuple[tuple[int, float], ...] = ()
    labels: tuple[tuple[int, str], ...] = ()
    flags: bool = False
    convention: Convention = Convention.PLAIN
    valid: tuple[float, float] | None = None
    sentinels: tuple[Sentinel, ...] = ()
    wraps_at: float | None = None
    every_s: float | None = None
    optional: bool = False
    unverified: str = ""
    expect: tuple[str, ...] = ()
    one_character: bool = False

    @property
    def end(self) -> int:
        """The first address after the value."""
        return self.address + self.count

    @property
    def needs(self) -> tuple[str, ...]:
        """The names of all constants and registers that its value depends on."""
        of_exponent = (self.exponent,) if self.exponent else ()
        of_linear = self.linear.names if self.linear else ()
        return tuple(dict.fromkeys((*self.scale_by, *of_exponent, *of_linear, *self.plus)))

    @property
    def is_text(self) -> bool:
        """True where it holds characters, and no number."""
        return self.type is RegisterType.STRING

    @property
    def raw_span(self) -> int | None:
        """The number of raw values from zero on, after which a counter wraps; None: no such end."""
        return 1 << self.bits[1] if self.bits else self.type.span

    def moved(self, base: int) -> Self:
        """Return it at ``base`` addresses higher."""
        return replace(self, address=self.address + base) if base else self


@dataclass(frozen=True, slots=True)
class BlockRules:
    """How a device allows its registers to be asked for. Addresses are those on the wire.

    Attributes
    ----------
    max_registers : int
        The most registers in one request (of bits: sixteen times as many).
    max_gap : int
        The most addresses between two values that are read over although nobody asked for them.
    align : int
        Requests begin at a multiple of it, and their count is one.
    reading : Reading
        Blocks, one value a request, or only the requests of ``blocks``.
    blocks : tuple of (first, count)
        Always read whole, in one request of their own.
    holes : tuple of (first, last)
        Never read over.
    atomic : tuple of names
        Registers that come in one request, because their values belong together.
    function : int
        The table to which ``blocks`` and ``holes`` refer.
    """

    max_registers: int = 125
    max_gap: int = 0
    align: int = 1
    reading: Reading = Reading.BLOCKS
    blocks: tuple[tuple[int, int], ...] = ()
    holes: tuple[tuple[int, int], ...] = ()
    atomic: tuple[tuple[str, ...], ...] = ()
    function: int = 3

    def most(self, function: int) -> int:
        """Return the most addresses in one request of a table."""
        most = self.max_registers * (16 if function in BIT_FUNCTIONS else 1)
        return most - most % self.step(function)

    def step(self, function: int) -> int:
        """Return what first address and count are multiples of. Bits are not aligned."""
        return 1 if function in BIT_FUNCTIONS else self.align

    def moved(self, base: int) -> Self:
        """Return the rules for registers that lie ``base`` addresses higher."""
        return replace(
            self,
            blocks=tuple((first + base, count) for first, count in self.blocks),
            holes=tuple((first + base, last + base) for first, last in self.holes),
        )


@dataclass(frozen=True, slots=True)
class Constant:
    """A number that the plant file gives for each meter, such as the ratio of its transformers."""

    name: str
    meaning: str
    default: float | None


@dataclass(frozen=True, slots=True)
class TestVector:
    """Raw registers and what they mean, from a real device or from arithmetic.

    ``value`` is in the unit of the register, None for a text. ``given`` are the values of other registers and of
    constants that the meaning depends on.
    """

    register: str
    raw: bytes
    value: float | None
    text: str
    given: tuple[tuple[str, float], ...]
    origin: str

    __test__ = False  # not a test class, whatever its name says to a test runner


@dataclass(frozen=True, slots=True)
class MeterProfile:
    """The register map of a family of meters, and how it wants to be read.

    Attributes
    ----------
    firmware : str
        For which the map is known; empty: for all.
    notes : tuple of str
        What the person at the panel should know.
    addresses_from : int
        The number that the map's document gives to the register with the address 0 on the wire.
    sunspec_model : int or None
        Addresses count from the SunSpec model with this id, found at run time; None: from 0.
    counter_refresh_s : float
        The device brings its counters up to date at least this often [s].
    pause_between_s, pause_after_connect_s : float
        The device needs this between requests, and before the first [s].
    """

    name: str
    title: str
    vendor: str
    models: tuple[str, ...]
    confidence: str
    sources: tuple[str, ...]
    firmware: str
    notes: tuple[str, ...]
    rules: BlockRules
    sunspec_model: int | None
    counter_refresh_s: float
    pause_between_s: float
    pause_after_connect_s: float
    registers: tuple[Register, ...]
    constants: tuple[Constant, ...]
    test_vectors: tuple[TestVector, ...]
    addresses_from: int = 0

    @property
    def verified(self) -> bool:
        """True where test vectors show that the map is read rightly."""
        return bool(self.test_vectors)

    @property
    def unverified(self) -> tuple[Register, ...]:
        """The registers whose place or scale is not confirmed, each with its reason."""
        return tuple(register for register in self.registers if register.unverified)

    def register(self, name: str) -> Register:
        """Return a register by its name; KeyError if there is none."""
        for register in self.registers:
            if register.name == name:
                return register
        raise KeyError(name)
