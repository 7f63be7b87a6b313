"""Writes values into registers as meters do. Made from the descriptions of the encodings, not from the decoder."""

import struct

from collector.plant.profile import ByteOrder, Encoding, Register, RegisterType, WordOrder

FORMATS = {RegisterType.F32: ">f", RegisterType.F64: ">d"}


def raw_bits(register: Register, value: float) -> int:
    """Return the bits of a value, the most significant word first, as one whole number."""
    type_ = register.type
    if type_ in FORMATS:
        return int.from_bytes(struct.pack(FORMATS[type_], value), "big")
    number = int(value)
    if type_.encoding is Encoding.BCD:
        return int(str(number), 16)
    if type_.encoding is Encoding.DECIMAL:
        digits = str(number).zfill(4 * type_.registers)
        words = [int(digits[at : at + 4]) for at in range(0, len(digits), 4)]
        return int("".join(f"{word:04X}" for word in words), 16)
    if register.bits:
        return number << register.bits[0]
    return number % (1 << 16 * type_.registers)


def on_the_wire(register: Register, bits: int) -> bytes:
    """Return the registers of some bits in the orders of a register."""
    digits = f"{bits:0{4 * register.count}X}"
    words = [bytes.fromhex(digits[at : at + 4]) for at in range(0, len(digits), 4)]
    if register.word_order is WordOrder.LSW_FIRST:
        words.reverse()
    if register.byte_order is ByteOrder.LITTLE:
        words = [word[::-1] for word in words]
    return b"".join(words)


def encoded(register: Register, value: float) -> bytes:
    """Return the registers that mean a value."""
    return on_the_wire(register, raw_bits(register, value))
