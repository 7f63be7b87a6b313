"""What a meter shows: the values, texts and words of its registers, from the answers that came. Pure.

How answers are read is compiled once for all meters of the same registers and constants: for each of a thousand it
would take some milliseconds, and tens of kilobytes.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt

from collector.acquisition.modbus.plan import ReadBlock
from collector.plant.composition import Composition
from collector.plant.encodings import BitLayout, Floats, Layout
from collector.plant.profile import BIT_FUNCTIONS, Register
from collector.plant.steps import needs_count, signed_step, whole_number
from collector.readings import units
from collector.readings.scale import TOLD_BY_VALUE, wrapped

NOT_READ = "not read"
NOT_AVAILABLE = "not available"


_MOST_TAKEN = 500
"""No meter has more requests at a time."""


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class _Compiled:
    """How the answers to a block are read."""

    layout: Layout | BitLayout
    composition: Composition
    wide: tuple[tuple[int, Register, float, int], ...]
    """Counters of up to 64 bits: place, register, the largest value that tells its steps, and the steps' sign."""


@dataclass(slots=True)
class _Taken:
    """A block of one meter, and of which device (they are counted) its values were noted as read."""

    block: ReadBlock
    compiled: _Compiled
    of_device: int = 0


class _Scheme:
    """What is the same for all meters of the same registers and constants."""

    def __init__(self, registers: Sequence[Register], constants: Mapping[str, float]) -> None:
        self._registers = tuple(registers)  # kept, so that their ids stay their own
        names = [*(register.name for register in registers), *constants]
        self.size = len(names)
        self.places = {name: place for place, name in enumerate(names)}  # a name may be both
        self.units = {register.name: register.unit for register in registers}
        for register in registers:
            for name in register.needs:
                if name not in self.places:
                    raise ValueError(f"{register.name} needs {name}, which is neither read nor a constant")
        self._given = dict(constants)
        self.has_wide = any(needs_count(register) and register.quantity is not None for register in registers)
        self.constants = np.array(list(constants.values()), np.float64)
        self._compiled: WeakValueDictionary[ReadBlock, _Compiled] = WeakValueDictionary()

    @classmethod
    def of(cls, registers: Sequence[Register], constants: Mapping[str, float]) -> "_Scheme":
        """Return the scheme of some registers, the one that is there where others have the very same."""
        key = tuple(map(id, registers)), tuple(constants.items())
        found = _SCHEMES.get(key)
        if found is None:
            found = _SCHEMES[key] = cls(registers, constants)
        return found

    def compiled(self, block: ReadBlock) -> _Compiled:
        """Return how the answers to a block are read."""
        found = self._compiled.get(block)
        if found is None:
            kind = BitLayout if block.function in BIT_FUNCTIONS else Layout
            layout = kind(block.registers, block.address, block.count)
            found = _Compiled(layout, Composition(block.registers, self.places, self.units), self._wide(block))
            self._compiled[block] = found
        return found

    def _wide(self, block: ReadBlock) -> tuple[tuple[int, Register, float, int], ...]:
        wide = []
        for place, register in enumerate(block.registers):
            step = signed_step(register, self._given) if needs_count(register) else None
            if step is not None and register.quantity is not None:
                # Values are in the register's unit here, and steps are worth something in the quantity's.
                of_unit = abs(step) / Fraction(repr(units.factor(register.unit, register.quantity.unit)))
                wide.append((place, register, float(TOLD_BY_VALUE * of_unit), 1 if step > 0 else -1))
        return tuple(wide)


_SCHEMES: WeakValueDictionary[tuple[tuple[int, ...], tuple[tuple[str, float], ...]], _Scheme] = WeakValueDictionary()
"""Those in use. A scheme that no meter has any more is gone from here."""


class MeterValues:
    """The last values of a meter's registers, and how answers turn into them.

    A value may need others: the exponent that stands in another register, the ratio that is read once an hour. So each
    answer is remembered, and a value that needs something not read yet is none. Read information first.

    Parameters
    ----------
    registers : sequence of Register
        All registers that are read.
    constants : mapping of str to float
        The values of all constants that they need.

    Attributes
    ----------
    has_wide : bool
        Whether any register has values whose steps ``counts`` must be asked for.

    Raises
    ------
    ValueError
        If a register needs something that is neither read nor a constant.
    """

    def __init__(self, registers: Sequence[Register], constants: Mapping[str, float]) -> None:
        self._scheme = _Scheme.of(registers, constants)
        self.has_wide = self._scheme.has_wide
        self._places = self._scheme.places
        self._values: Floats = np.full(self._scheme.size, np.nan)
        self._texts: dict[str, str] = {}
        self._read = np.zeros(self._scheme.size, np.bool_)
        self._taken: dict[int, _Taken] = {}
        self._devices = 0
        self.forget()

    def forget(self) -> None:
        """Forget all that was read: it may be another device now."""
        self._values[:] = np.nan
        constants = self._scheme.constants
        self._values[len(self._values) - len(constants) :] = constants
        self._texts.clear()
        self._read[:] = False
        self._devices += 1

    def take(self, block: ReadBlock, data: bytes) -> Floats:
        """Take the answer to a block.

        Parameters
        ----------
        block : ReadBlock
            What was asked for.
        data : bytes
            The registers as they came, two bytes each; of bits, eight a byte, the lowest first.

        Returns
        -------
        float64 [registers of the block]
            The value of each, in the unit of its register; NaN where there is none.

        Raises
        ------
        ValueError
            If there are more or fewer bytes than were asked for.
        """
        taken = self._taken.get(id(block))  # the block is kept with it, so its id stays its own
        if taken is None:
            taken = self._first(block)
        compiled = taken.compiled
        values = compiled.composition.compose(compiled.layout.numbers(data), self._values)
        self._texts |= compiled.layout.texts(data)
        if taken.of_device != self._devices:
            taken.of_device = self._devices
            self._read[compiled.composition.places] = True
        return values

    def counts(self, block: ReadBlock, data: bytes, values: Floats) -> npt.NDArray[np.int64] | None:
        """Return the steps of counters that their values do not tell, of an answer that was taken.

        Parameters
        ----------
        block, data
            As for ``take``.
        values : float64 [registers of the block]
            What ``take`` returned.

        Returns
        -------
        int64 [registers of the block] or None
            Steps modulo 2**64, 0 where the value tells them; None where all values do.
        """
        found: npt.NDArray[np.int64] | None = None
        for place, register, largest, sign in self._taken[id(block)].compiled.wide:
            if abs(values[place]) >= largest:  # never of NaN
                start = (register.address - block.address) * 2
                raw = whole_number(register, data[start : start + register.count * 2])
                found = np.zeros(len(values), np.int64) if found is None else found
                found[place] = wrapped(sign * raw)
        return found

    def _first(self, block: ReadBlock) -> _Taken:
        if len(self._taken) >= _MOST_TAKEN:  # requests were planned anew again and again
            self._taken.clear()
        self._taken[id(block)] = taken = _Taken(block, self._scheme.compiled(block))
        return taken

    def value(self, name: str) -> float:
        """Return the last value of a register in its unit, or a constant; NaN: there is none."""
        return float(self._values[self._places[name]])

    def text(self, name: str) -> str:
        """Return the last text of a register; empty: there is none."""
        return self._texts.get(name, "")

    def shown(self, register: Register) -> str:
        """Return the last value of a register in words, for the person at the panel."""
        if not self._has_read(register):
            return NOT_READ
        if register.is_text:
            return self.text(register.name) or NOT_AVAILABLE
        value = self.value(register.name)
        if math.isnan(value):
            return NOT_AVAILABLE
        if register.labels:
            return _words(register, int(value))
        if register.unit:
            return f"{value:,.10g} {register.unit}"
        return str(int(value)) if value.is_integer() else f"{value:.10g}"

    def _has_read(self, register: Register) -> bool:
        place = self._places.get(register.name)
        return place is not None and bool(self._read[place])

    def is_expected(self, register: Register) -> bool:
        """Tell whether a register shows what the profile expects of its devices. What was not read may be it."""
        if not register.expect or not self._has_read(register):
            return True
        if register.is_text:
            return self.text(register.name).startswith(register.expect)
        return any(float(number) == self.value(register.name) for number in register.expect)


def _words(register: Register, raw: int) -> str:
    """Return the label of a raw number, or of each of its bits that is set."""
    labels = dict(register.labels)
    if not register.flags:
        return f"{labels[raw]} ({raw})" if raw in labels else str(raw)
    bits = [bit for bit in range(raw.bit_length()) if raw >> bit & 1]
    named = [labels.get(bit, f"bit {bit}") for bit in bits]
    return f"{', '.join(named) or 'none'} (0x{raw:0{max(1, register.type.width // 4)}X})"
