"""A line of five rectifier groups at 400 kA and 1300 V whose meters all tell the truth, with realistic classes."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from collector.accounting.balance import Reading
from collector.accounting.metering import Incomer, Metering, RectifierGroup
from collector.domain.metering import class_relative, metering_relative
from collector.domain.uncertainty import rectangular

AC = metering_relative(0.2, current_transformer_percent=0.2, voltage_transformer_percent=0.2)
CURRENT, VOLTAGE = class_relative(0.1), class_relative(0.2)
GROUP_DC = float(np.hypot(CURRENT, VOLTAGE))
EFFICIENCY = rectangular(0.005)
GROUPS = range(1, 6)
FEEDERS = tuple(f"ac-{k}" for k in GROUPS)
ALL_METERS = (*FEEDERS, *(f"dc-{k}" for k in GROUPS), "incomer", "charge", "charge-b", "volts", "pots")


def metering(*, group_dc: bool) -> Metering:
    """Return the meters of the line: with or without a DC meter behind each group."""
    return Metering(
        groups=tuple(
            RectifierGroup(str(k), (f"ac-{k}",), f"efficiency-{k}", f"dc-{k}" if group_dc else None) for k in GROUPS
        ),
        charge=("charge", "charge-b"),
        voltage=("volts",),
        pots="pots",
        busbar="busbar",
        incomers=(Incomer("incomer", FEEDERS),),
    )


def truth(*, hours: float = 1.0) -> dict[str, Reading]:
    """Return what the meters say of some hours if all of them are right: 520 MWh DC an hour."""
    dc_kwh = 400 * hours * 1300
    ac_kwh = dc_kwh / 0.985
    found = {
        "charge": Reading(400 * hours, 400 * hours * CURRENT),
        "charge-b": Reading(400 * hours, 400 * hours * CURRENT),
        "volts": Reading(1300.0, 1300 * VOLTAGE),
        "pots": Reading(1280.0, 1280 * VOLTAGE),
        "busbar": Reading(20.0, 2.0),
        "incomer": Reading(ac_kwh, ac_kwh * AC),
    }
    for k in GROUPS:
        found[f"ac-{k}"] = Reading(ac_kwh / 5, ac_kwh / 5 * AC)
        found[f"dc-{k}"] = Reading(dc_kwh / 5, dc_kwh / 5 * GROUP_DC)
        found[f"efficiency-{k}"] = Reading(0.985, 0.985 * EFFICIENCY)
    return found


def off_by(readings: Mapping[str, Reading], **relative: float) -> dict[str, Reading]:
    """Return readings of which some are wrong: ``ac_1=0.02`` reads 2 % too much."""
    wrong = dict(readings)
    for name, error in relative.items():
        meter = name.replace("_", "-")
        wrong[meter] = replace(wrong[meter], value=wrong[meter].value * (1 + error))
    return wrong


def drawn(readings: Mapping[str, Reading], rng: np.random.Generator) -> dict[str, Reading]:
    """Return readings with errors as large as their classes and their noise allow."""
    return {name: replace(one, value=one.value + rng.normal(0, one.standard or 0.0)) for name, one in readings.items()}


def columns(readings: Mapping[str, Reading], names: tuple[str, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return values and standard uncertainties in an order."""
    return (
        np.array([readings[name].value for name in names]),
        np.array([readings[name].standard for name in names], dtype=np.float64),
    )
