"""What a Modbus exception means for the one who asked. Pure."""

from enum import Enum


class Meaning(Enum):
    """What to do about an exception."""

    NO_SUCH_FUNCTION = "no_such_function"
    """Never ask this way again: the profile is wrong about the function."""
    NOT_THERE = "not_there"
    """A register of the request is not there, or the request is too long: find out which."""
    BUSY = "busy"
    """Ask again after a pause, which doubles."""
    ABSENT = "absent"
    """The gateway lives, the device behind it does not answer: treat the device as silent, and nobody else."""
    FAILED = "failed"
    """The device has a fault of its own: ask again in the next round."""


_MEANINGS = {
    0x01: Meaning.NO_SUCH_FUNCTION,
    0x02: Meaning.NOT_THERE,
    0x03: Meaning.NOT_THERE,
    0x05: Meaning.BUSY,
    0x06: Meaning.BUSY,
    0x0A: Meaning.ABSENT,
    0x0B: Meaning.ABSENT,
}


def meaning(code: int) -> Meaning:
    """Return what an exception code means. Codes that no specification knows are a fault of the device."""
    return _MEANINGS.get(code, Meaning.FAILED)
