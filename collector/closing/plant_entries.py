"""What is written of an interval of the plant as a whole: a record of the ledger, and lines of the streams."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from collector.accounting.intensity import Metal, energy_intensity
from collector.accounting.metal_basis import MetalBasis
from collector.accounting.plant_metal import PlantUncertainties
from collector.accounting.plant_sums import WHOLE_PLANT, MassSum, PlantSums
from collector.accounting.sums import Pair
from collector.accounting.windows import Window
from collector.closing.renewable import StatedShare
from collector.delivery import lineprotocol
from collector.delivery.lineprotocol import Field
from collector.domain.pollutants import specific_emission_kg_per_t
from collector.plant.limits import Boundary
from collector.readings.quality import Quality
from collector.store.commit import LedgerRecord


def plant_record(
    window: Window,
    sums: PlantSums,
    *,
    revision: int,
    reason: str,
    parameters: Iterable[str],
    inputs: str = "",
    metal: Mapping[str, Metal] | None = None,
    sure: PlantUncertainties | None = None,
    told: Sequence[str] = (),
) -> LedgerRecord:
    """Return the record of an interval.

    Parameters
    ----------
    parameters
        The digests under which the parameters are kept that it was computed with.
    inputs
        The digest of a minute's inputs; empty for longer windows, which are sums of others.
    metal
        How potlines state their metal, those that do not do so by charge.
    sure
        How well metal and kWh/t are known, where the metal is weighed.
    told
        Ids and revisions of the factors that were told for the interval, and that its shares and its market-based
        electricity were made with.
    """
    body: dict[str, object] = {"window": window.name, "sums": sums, "parameters": tuple(parameters)}
    if told:
        body["told"] = tuple(told)
    if inputs:
        body["inputs"] = inputs
    if metal:
        body["metal"] = dict(metal)
    if sure is not None:
        body["metal_standard_uncertainty_t"] = sure.metal_standard_t
        body["expanded_relative_uncertainty"] = {
            Boundary.LIQUID_COMPREHENSIVE_AC.value: sure.liquid,
            Boundary.INGOT_COMPREHENSIVE_AC.value: sure.ingot,
        }
        body["not_configured"] = sure.missing
    return LedgerRecord(
        potline=WHOLE_PLANT,
        window=window.name,
        start_ns=window.start_ns,
        length_s=round(window.length_s),
        revision=revision,
        reason=reason,
        body=msgspec.json.encode(body, order="sorted"),
    )


def plant_lines(
    window: Window,
    sums: PlantSums,
    shares: Sequence[StatedShare],
    *,
    plant: str,
    has_casthouse: bool,
    revision: int,
    least_coverage_pct: float,
    basis: MetalBasis = MetalBasis.FARADAY,
    sure: PlantUncertainties | None = None,
) -> list[bytes]:
    """Return the lines of an interval: kWh/t of the plant, kg/t of its stacks, shares of renewable electricity.

    ``sums`` have their metal as it is stated, on ``basis``; ``sure`` is how well it is known.

    Energy up to ingots is stated where the casthouse is measured. Nobody tells the mass of ingots: all liquid metal is
    taken to be cast, and what is lost in melting is not counted.
    """
    pairs = {Boundary.LIQUID_COMPREHENSIVE_AC: sums.liquid}
    if has_casthouse:
        pairs[Boundary.INGOT_COMPREHENSIVE_AC] = sums.ingot
    found: list[bytes | None] = []
    for boundary, pair in pairs.items():
        start = lineprotocol.series(
            "energy_intensity", {"plant": plant, "window": window.name, "boundary": boundary.value}
        )
        relative = None if sure is None else {Boundary.INGOT_COMPREHENSIVE_AC: sure.ingot}.get(boundary, sure.liquid)
        fields = _energy(window, pair, revision, least_coverage_pct, basis, relative)
        found.append(lineprotocol.line(start, fields, window.start_ns))
    for stack, pollutants in sums.masses.items():
        for pollutant, mass in pollutants.items():
            tags = {"plant": plant, "stack": stack, "window": window.name, "pollutant": pollutant}
            start = lineprotocol.series("pollutant_intensity", tags)
            fields = _pollutant(window, mass, revision, least_coverage_pct, basis)
            found.append(lineprotocol.line(start, fields, window.start_ns))
    for share in shares:
        start = lineprotocol.series(
            "renewable_share", {"plant": plant, "window": window.name, "basis": share.basis.value}
        )
        found.append(lineprotocol.line(start, _share(share, revision), window.start_ns))
    return [line for line in found if line is not None]


def _nothing(revision: int) -> dict[str, Field]:
    return {"coverage_pct": 0.0, "quality": int(Quality.BAD), "revision": revision}


def _energy(
    window: Window, pair: Pair, revision: int, least_coverage_pct: float, basis: MetalBasis, relative: float | None
) -> dict[str, Field]:
    stated = energy_intensity(pair, length_s=window.length_s, least_coverage_pct=least_coverage_pct)
    if stated is None:
        return _nothing(revision)
    is_sure = stated.kwh_per_t is not None and relative is not None
    return {
        "energy_kwh": stated.energy_kwh,
        "metal_t": stated.metal_t,
        "kwh_per_t": stated.kwh_per_t,
        "kwh_per_t_u95": (stated.kwh_per_t or 0.0) * (relative or 0.0) if is_sure else None,
        "coverage_pct": stated.coverage_pct,
        "estimated_pct": stated.estimated_pct,
        # A field that was written before is not erased by one that is missing: see the potlines' lines.
        "quality": int(Quality.BAD) if stated.kwh_per_t is None else stated.quality,
        "revision": revision,
        "metal_basis": basis.value,
    }


def _pollutant(
    window: Window, mass: MassSum, revision: int, least_coverage_pct: float, basis: MetalBasis
) -> dict[str, Field]:
    if not mass.minutes:
        return _nothing(revision)
    coverage = 100 * (mass.covered_s + mass.estimated_s) / window.length_s
    is_stated = coverage >= least_coverage_pct - 1e-6 and mass.metal_t > 0
    return {
        "mass_kg": mass.mass_kg,
        "metal_t": mass.metal_t if mass.metal_t > 0 else None,
        "kg_per_t": specific_emission_kg_per_t(mass.mass_kg, metal_t=mass.metal_t) if is_stated else None,
        "coverage_pct": min(100.0, 100 * mass.covered_s / window.length_s),
        "quality": mass.quality if is_stated else int(Quality.BAD),
        "revision": revision,
        "metal_basis": basis.value,
    }


def _share(share: StatedShare, revision: int) -> dict[str, Field]:
    return {
        "renewable_kwh": share.renewable_kwh,
        "total_kwh": share.total_kwh,
        "share_pct": share.share_pct,
        "target_pct": share.target_pct,
        "denominator": share.denominator.value,
        "coverage_pct": share.coverage_pct,
        "quality": int(Quality.BAD) if share.share_pct is None else share.quality,
        "revision": revision,
    }
