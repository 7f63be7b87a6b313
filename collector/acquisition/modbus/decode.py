"""From the bytes of an answer to numbers. Pure; one compiled layout a block."""

import math
import struct

from collector.acquisition.modbus.plan import ReadBlock
from collector.plant.profile import Register, RegisterType, WordOrder

_FORMAT = {
    RegisterType.U16: "H",
    RegisterType.S16: "h",
    RegisterType.U32: "I",
    RegisterType.S32: "i",
    RegisterType.U64: "Q",
    RegisterType.S64: "q",
    RegisterType.F32: "f",
    RegisterType.F64: "d",
}


class BlockDecoder:
    """Decodes answers to one block.

    The registers are first put into one order, high word first, then unpacked in one call. Sentinels are compared with
    the raw bits before anything is taken for a number: 0x80008000 is a valid float, and means 'not available'.
    """

    def __init__(self, block: ReadBlock) -> None:
        self.block = block
        order: list[int] = []
        for register in block.registers:
            start = (register.address - block.address) * 2
            words = [(start + 2 * n, start + 2 * n + 1) for n in range(register.type.registers)]
            if register.word_order is WordOrder.LSW_FIRST:
                words.reverse()
            order += [place for word in words for place in word]
        self._order = order
        self._layout = struct.Struct(">" + "".join(_FORMAT[register.type] for register in block.registers))
        self._raw = struct.Struct(">" + "".join(_unsigned(register) for register in block.registers))
        self._marked = [place for place, register in enumerate(block.registers) if register.sentinels]

    def decode(self, data: bytes) -> list[float]:
        """Return the value of each register of the block in its unit, NaN where the device says that there is none.

        Parameters
        ----------
        data : bytes
            The registers as they came, two bytes each, high byte first.

        Raises
        ------
        ValueError
            If there are more or fewer bytes than were asked for.
        """
        if len(data) != self.block.count * 2:
            raise ValueError(f"{len(data)} bytes came for {self.block.count} registers")
        ordered = bytes(data[place] for place in self._order)
        values = [float(value) for value in self._layout.unpack(ordered)]
        if self._marked:
            raw = self._raw.unpack(ordered)
            for place in self._marked:
                if any(raw[place] & s.mask == s.bits & s.mask for s in self.block.registers[place].sentinels):
                    values[place] = math.nan
        return [
            value * register.scale + register.offset if math.isfinite(value) else math.nan
            for value, register in zip(values, self.block.registers, strict=True)
        ]


def _unsigned(register: Register) -> str:
    return {1: "H", 2: "I", 4: "Q"}[register.type.registers]
