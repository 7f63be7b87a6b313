"""Connections that are quick to find a device silent, and never take a busy machine for a silent device.

What is asked where no answer is to come has a short time-out; connecting, and asking where an answer is to come, a long
one. So silence costs a test little, and no test depends on how fast the machine is.
"""

from dataclasses import replace
from typing import Self

from adversarial_modbus import PATIENT_S

from collector.acquisition.modbus.connection import ModbusConnection


def patient(connection: ModbusConnection) -> None:
    """Let answers to what is asked from now on take their time; how long a line rests stays as it was."""
    connection._endpoint = replace(connection._endpoint, timeout_s=PATIENT_S)


class PatientlyOpened(ModbusConnection):
    """Connects without haste. What is asked then is waited for as long as the endpoint says."""

    async def __aenter__(self) -> Self:
        told = self._endpoint
        patient(self)
        try:
            return await super().__aenter__()
        finally:
            self._endpoint = told
