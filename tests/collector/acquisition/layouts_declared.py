"""A topic and a time that declared layouts are tried with."""

import pytest
from declared import Declared

from collector.acquisition.mqtt.message import Cause, PayloadProblem

T_S = 1_772_337_906  # 2026-03-01T04:05:06Z
T_NS = T_S * 1_000_000_000

POT = """
[[messages]]
topic = "p/{site}/{potline}/{pot}"
tells = "readings"
"""
VOLTAGE = """
[messages.values]
pot_voltage = { path = "u", unit = "V" }
"""
TOPIC = "p/north/PL1/1001"


def refused(declared: Declared, topic: str, payload: bytes | str, cause: Cause) -> str:
    with pytest.raises(PayloadProblem) as caught:
        declared.told(topic, payload)
    assert caught.value.cause is cause
    return str(caught.value)
