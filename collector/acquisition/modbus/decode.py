"""What a meter shows: the values, texts and words of its registers, from the answers that came. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

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


_MOST_COMPILED = 500
"""No meter has more requests at a time."""


@dataclass(slots=True)
class _Compiled:
    """A block, how its answers are read, and of which device (they are counted) its values were noted as read."""

    block: ReadBlock
    layout: Layout | BitLayout
    composition: Composition
    wide: list[tuple[int, Register, float, int]]
    """Counters of up to 64 bits: place, register, the largest value that tells its steps, and the steps' sign."""
    of_device: int = 0


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
        names = [*(register.name for register in registers), *constants]
        self._places = {name: place for place, name in enumerate(names)}
        self._units = {register.name: register.unit for register in registers}
        for register in registers:
            for name in register.needs:
                if name not in self._places:
                    raise ValueError(f"{register.name} needs {name}, which is neither read nor a constant")
        self._given = dict(constants)
        self.has_wide = any(needs_count(register) and register.quantity is not None for register in registers)
        self._constants = np.array(list(constants.values()), np.float64)
        self._values: Floats = np.full(len(names), np.nan)
        self._texts: dict[str, str] = {}
        self._read: set[str] = set()
        self._compiled: dict[int, _Compiled] = {}
        self._devices = 0
        self.forget()

    def forget(self) -> None:
        """Forget all that was read: it may be another device now."""
        self._values[:] = np.nan
        self._values[len(self._units) :] = self._constants
        self._texts.clear()
        self._read.clear()
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
        compiled = self._compiled.get(id(block))  # the block is kept with it, so its id stays its own
        if compiled is None:
            compiled = self._compile(block)
        values = compiled.composition.compose(compiled.layout.numbers(data), self._values)
        self._texts |= compiled.layout.texts(data)
        if compiled.of_device != self._devices:
            compiled.of_device = self._devices
            self._read.update(compiled.composition.names)
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
        for place, register, largest, sign in self._compiled[id(block)].wide:
            if abs(values[place]) >= largest:  # never of NaN
                start = (register.address - block.address) * 2
                raw = whole_number(register, data[start : start + register.count * 2])
                found = np.zeros(len(values), np.int64) if found is None else found
                found[place] = wrapped(sign * raw)
        return found

    def _compile(self, block: ReadBlock) -> _Compiled:
        if len(self._compiled) >= _MOST_COMPILED:  # requests were planned anew again and again
            self._compiled.clear()
        kind = BitLayout if block.function in BIT_FUNCTIONS else Layout
        layout = kind(block.registers, block.address, block.count)
        wide = []
        for place, register in enumerate(block.registers):
            step = signed_step(register, self._given) if needs_count(register) else None
            if step is not None and register.quantity is not None:
                # Values are in the register's unit here, and steps are worth something in the quantity's.
                of_unit = abs(step) / Fraction(repr(units.factor(register.unit, register.quantity.unit)))
                wide.append((place, register, float(TOLD_BY_VALUE * of_unit), 1 if step > 0 else -1))
        compiled = _Compiled(block, layout, Composition(block.registers, self._places, self._units), wide)
        self._compiled[id(block)] = compiled
        return compiled

    def value(self, name: str) -> float:
        """Return the last value of a register in its unit, or a constant; NaN: there is none."""
        return float(self._values[self._places[name]])

    def text(self, name: str) -> str:
        """Return the last text of a register; empty: there is none."""
        return self._texts.get(name, "")

    def shown(self, register: Register) -> str:
        """Return the last value of a register in words, for the person at the panel."""
        if register.name not in self._read:
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

    def is_expected(self, register: Register) -> bool:
        """Tell whether a register shows what the profile expects of its devices. What was not read may be it."""
        if not register.expect or register.name not in self._read:
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
