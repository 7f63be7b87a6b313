"""Whether the device that answers is the one that its profile describes. Pure."""

from collections.abc import Iterable

from collector.acquisition.modbus.decode import MeterValues
from collector.plant.profile import Register


def another_device(telling: Iterable[Register], values: MeterValues) -> str:
    """Return why the device must be another one, or nothing. What has not been read says nothing."""
    for register in telling:
        told = values.text(register.name)
        if told and not any(told.startswith(start) for start in register.expect):
            expected = " or ".join(register.expect)
            return f"{register.name} is '{told}', and the profile is for {expected}; check address, unit id and profile"
    return ""
