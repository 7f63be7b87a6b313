"""What is written of an interval: a record of the ledger, and lines of the streams."""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from collector.accounting import intensity
from collector.accounting.fuel_spread import FuelsOfWindow
from collector.accounting.intensity import FARADAY, Metal
from collector.accounting.parameters import Parameters
from collector.accounting.stating import Uncertainties
from collector.accounting.sums import Pair, Sums
from collector.accounting.windows import Window
from collector.delivery import lineprotocol
from collector.delivery.lineprotocol import Field
from collector.readings.quality import Quality
from collector.store.commit import LedgerRecord

COMPREHENSIVE = "liquid_comprehensive_ac"


@dataclass(frozen=True, slots=True)
class Interval:
    """All that is stated of a potline's interval. ``sure`` is None where it is not worked out, as for a minute."""

    potline: str
    window: Window
    sums: Sums
    revision: int
    metal: Metal = FARADAY
    sure: Uncertainties | None = None
    findings: tuple[str, ...] = ()
    fuels: FuelsOfWindow | None = None


def record(
    of: Interval,
    *,
    reason: str,
    parameters: Iterable[str],
    inputs: str = "",
    stated_with: str = "",
    metal_rules: str = "",
) -> LedgerRecord:
    """Return the record of an interval.

    Parameters
    ----------
    of
        What is stated.
    parameters
        The digests under which the parameters are kept that it was computed with.
    inputs
        The digest of a minute's inputs; empty for longer windows, which are sums of others.
    stated_with
        The digest of the parameters by which the uncertainty of a longer window is told. It is written down where it
        does not follow from ``parameters``.
    metal_rules
        The digest of the rules by which weighed metal is stated; empty where there are none.
    """
    body: dict[str, object] = {"window": of.window.name, "sums": of.sums, "parameters": tuple(parameters)}
    if stated_with and body["parameters"] != (stated_with,):
        body["stated_with"] = stated_with
    if metal_rules:
        body["metal_rules"] = metal_rules
    if inputs:
        body["inputs"] = inputs
    if of.metal != FARADAY:
        body["metal"] = of.metal
    if of.fuels is not None:
        body["fuels"] = of.fuels
    if of.findings:
        body["findings"] = of.findings
    if of.sure is not None:
        body["expanded_relative_uncertainty"] = {"t_co2e_per_t": of.sure.t_co2e_per_t, **of.sure.kwh_per_t}
        body["not_configured"] = of.sure.missing
    return LedgerRecord(
        potline=of.potline,
        window=of.window.name,
        start_ns=of.window.start_ns,
        length_s=round(of.window.length_s),
        revision=of.revision,
        reason=reason,
        body=msgspec.json.encode(body, order="sorted"),
    )


def lines(of: Interval, parameters: Parameters, *, least_coverage_pct: float) -> list[bytes]:
    """Return the lines of an interval: intensities, and for a minute the pots in operation."""
    window, sums = of.window, of.sums
    tags = {"plant": parameters.plant, "potline": parameters.potline, "window": window.name}
    found: list[bytes | None] = []
    nothing = _nothing(of)
    for boundary, pair in intensity.boundaries(sums).items():
        if boundary == COMPREHENSIVE and parameters.wanted.shares_by_metal:
            continue  # told with the plant's account, which has the services
        stated = intensity.energy_intensity(
            pair, length_s=window.length_s, least_coverage_pct=least_coverage_pct, metal=of.metal
        )
        fields = nothing
        if stated is not None:
            relative = None if of.sure is None else of.sure.kwh_per_t.get(boundary)
            fields = {
                "energy_kwh": stated.energy_kwh,
                "metal_t": stated.metal_t,
                "kwh_per_t": stated.kwh_per_t,
                "kwh_per_t_u95": _of(stated.kwh_per_t, relative),
                "coverage_pct": stated.coverage_pct,
                "estimated_pct": stated.estimated_pct,
                # A missing field does not erase one that was written before: a ratio that is withheld now is
                # known by the line's quality.
                "quality": int(Quality.BAD) if stated.kwh_per_t is None else stated.quality,
                "revision": of.revision,
                "metal_basis": stated.basis.value,
            }
        start = lineprotocol.series("energy_intensity", tags | {"boundary": boundary})
        found.append(lineprotocol.line(start, fields, window.start_ns))
    found.append(emissions(of, parameters, least_coverage_pct=least_coverage_pct))
    if window.name == "minute":
        start = lineprotocol.series("potline", {"plant": parameters.plant, "potline": parameters.potline})
        found.append(lineprotocol.line(start, {"pots_operating": sums.pots}, window.start_ns))
    return [line for line in found if line is not None]


def comprehensive(of: Interval, plant: str, pair: Pair, *, least_coverage_pct: float) -> bytes | None:
    """Return the line of an interval's comprehensive energy, with all services in the pair."""
    window = of.window
    stated = intensity.energy_intensity(
        pair, length_s=window.length_s, least_coverage_pct=least_coverage_pct, metal=of.metal
    )
    fields = _nothing(of)
    if stated is not None:
        fields = {
            "energy_kwh": stated.energy_kwh,
            "metal_t": stated.metal_t,
            "kwh_per_t": stated.kwh_per_t,
            "coverage_pct": stated.coverage_pct,
            "estimated_pct": stated.estimated_pct,
            "quality": int(Quality.BAD) if stated.kwh_per_t is None else stated.quality,
            "revision": of.revision,
            "metal_basis": stated.basis.value,
        }
    tags = {"plant": plant, "potline": of.potline, "window": window.name, "boundary": COMPREHENSIVE}
    return lineprotocol.line(lineprotocol.series("energy_intensity", tags), fields, window.start_ns)


def _of(value: float | None, relative: float | None) -> float | None:
    return None if value is None or relative is None else value * relative


def emissions(
    of: Interval, parameters: Parameters, *, least_coverage_pct: float, market_t: float | None = None
) -> bytes | None:
    """Return the line of an interval's emissions: location-based, or with market-based electricity [t CO2]."""
    window = of.window
    stated = intensity.emissions_intensity(
        of.sums,
        parameters,
        length_s=window.length_s,
        least_coverage_pct=least_coverage_pct,
        metal=of.metal,
        electricity_t=market_t,
        fuel_t=None if of.fuels is None else of.fuels.t_co2,
    )
    fields = _nothing(of)
    if stated is not None:
        sure = None if of.sure is None or market_t is not None else of.sure.t_co2e_per_t
        fields = {
            "anode_t_co2e": stated.anode_t_co2e,
            "pfc_t_co2e": stated.pfc_t_co2e,
            "cf4_kg": stated.cf4_kg,
            "c2f6_kg": stated.c2f6_kg,
            "fuel_t_co2e": stated.fuel_t_co2e,
            "fuel_estimated_pct": None if of.fuels is None else 100.0 * of.fuels.estimated,
            "electricity_t_co2e": stated.electricity_t_co2e,
            "total_t_co2e": stated.total_t_co2e,
            "metal_t": stated.metal_t,
            "t_co2e_per_t": stated.t_co2e_per_t,
            "t_co2e_per_t_u95": _of(stated.t_co2e_per_t, sure),
            "coverage_pct": stated.coverage_pct,
            "quality": int(Quality.BAD) if stated.t_co2e_per_t is None else stated.quality,
            "revision": of.revision,
            "metal_basis": stated.basis.value,
        }
    tags = {
        "plant": parameters.plant,
        "potline": parameters.potline,
        "window": window.name,
        "method": parameters.method,
        "electricity": "location" if market_t is None else "market",
    }
    return lineprotocol.line(lineprotocol.series("emissions_intensity", tags), fields, window.start_ns)


def _nothing(of: Interval) -> dict[str, Field]:
    """Return the fields of an interval of which nothing can be stated."""
    return {"coverage_pct": 0.0, "quality": int(Quality.BAD), "revision": of.revision}
