"""The quality of a reading: one byte, with the codes of OPC DA, so that every historian understands it."""

from enum import IntEnum


class Quality(IntEnum):
    """Quality codes. The worse of two is the smaller number; a derived value inherits the worst of its inputs."""

    BAD = 0x00
    """There is no value that could be true, and no better word for why."""
    BAD_CONFIG_ERROR = 0x04
    """The device does not offer it, or it is another device than the one that is configured."""
    BAD_NOT_CONNECTED = 0x08
    """No connection to the endpoint."""
    BAD_DEVICE_FAILURE = 0x0C
    """The device itself says that it has failed."""
    BAD_SENSOR_FAILURE = 0x10
    """The device answers that this value is not available, or what it shows is no number."""
    BAD_COMM_FAILURE = 0x18
    """Connected, but no answer, or a broken one."""
    UNCERTAIN = 0x40
    """A value whose time or origin is in doubt."""
    UNCERTAIN_EU_EXCEEDED = 0x54
    """A value outside what the device can physically deliver."""
    GOOD = 0xC0
    """A value to account with."""

    @property
    def words(self) -> str:
        """The code in words, for the page and the terminal."""
        return _WORDS[self]


_WORDS = {
    Quality.BAD: "bad",
    Quality.BAD_CONFIG_ERROR: "not offered by the device",
    Quality.BAD_NOT_CONNECTED: "not connected",
    Quality.BAD_DEVICE_FAILURE: "device failure",
    Quality.BAD_SENSOR_FAILURE: "not available",
    Quality.BAD_COMM_FAILURE: "no answer",
    Quality.UNCERTAIN: "uncertain",
    Quality.UNCERTAIN_EU_EXCEEDED: "out of range",
    Quality.GOOD: "good",
}

USABLE = int(Quality.UNCERTAIN)
"""From this code on a value may enter the accounts; below it there is no value."""
