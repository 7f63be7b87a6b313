"""Statements of direct emissions: the European border adjustment, and the Chinese emissions trading. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from collector.domain.anode_effect import pfc_co2e_t
from collector.domain.cbam_obligation import specific_embedded_emissions
from collector.domain.pfc_account import sum_of_lines
from collector.domain.rule_sets import (
    AnodeEffectMinutes,
    Carbonate,
    CarbonStream,
    ChinaEtsRules,
    DefaultGases,
    DefaultPerMetal,
    DirectEmissions,
    Direction,
    NetAnodes,
    cbam_direct,
    china_ets_process,
)
from collector.plant.rule_tables import CbamNumbers, Sourced
from collector.reporting import shares
from collector.reporting.basis import Basis, LineBasis
from collector.reporting.statement import PLANT, Lack, Row, Section, Statement

T = TypeVar("T")

_CBAM, _CHINA = "cbam.toml", "china_ets.toml"
_ANNEX_IV = (
    ("scrap used per tonne of unwrought aluminium [t/t]", "enter it from the cast house's books"),
    ("pre-consumer share of the scrap [%]", "enter it from the cast house's books"),
    ("share of elements other than aluminium, where above 1 % [%]", "enter it from the laboratory's analysis"),
    ("precursors: none are configured, and none are counted", "add them by hand if bought metal was alloyed in"),
)


class NoRules(LookupError):
    """There is no rule set to state by. The text says what to add."""


def cbam_statement(basis: Basis) -> Statement:
    """Return the statement of direct embedded emissions for the border adjustment.

    Raises
    ------
    NoRules
        If there is no file of its numbers.
    """
    name, told = _one(basis.rules.cbam, "cbam", _CBAM)
    emissions, missing = _cbam_emissions(basis, name, told)
    rows = list(_sources(basis, emissions))
    lost = shares.too_little(basis) or _lost(missing)
    rows += _embedded(emissions, told, lost)
    missing += [Lack(what, remedy) for what, remedy in _ANNEX_IV]
    return basis.statement(
        "cbam",
        "Direct emissions for the carbon border adjustment",
        rule=f"{name}: {told.source} ({told.verified})",
        sections=[
            Section("Direct emissions by source", tuple(rows), emissions.remarks),
            Section("Activity", tuple(_activity(basis))),
            Section("Benchmarks and share in force", tuple(_obligation(basis))),
        ],
        missing=missing,
        remarks=[
            "Indirect emissions of electricity are excluded for aluminium (article 3 (2)); none are in any number.",
            "Alumina and purchased anodes bring no embedded emissions; the anodes' carbon is counted where it burns.",
            shares.metal_remark(basis.metal),
            "A declaration's activity level is what was weighed.",
        ],
    )


def _cbam_emissions(basis: Basis, name: str, told: Sourced[CbamNumbers]) -> tuple[DirectEmissions, list[Lack]]:
    missing = list(shares.without_parameters(basis))
    streams = [
        CarbonStream(
            f"anodes of {line.potline.id}",
            Direction.INTO_PROCESS,
            anodes.net_t,
            (100 - anodes.sulphur_percent - anodes.ash_percent) / 100,
        )
        for line in basis.lines
        for anodes in shares.anodes_of(line)
    ]
    fuels, lacks = shares.fuels_of(basis)
    missing += lacks
    if not basis.plant.materials.fuels:
        missing.append(Lack("fuels: none is configured, and none is counted", "add [fuels.NAME] for each that burns"))
    carbonates, lack = _carbonates(basis)
    missing += lack
    gases = []
    slopes = basis.rules.slopes.get(name, {})
    for line in basis.lines:
        slope = slopes.get(line.potline.slope.technology)
        if slope is None:
            what = f"perfluorocarbons of {line.potline.id}: {name} has no slope of {line.potline.slope.technology}"
            missing.append(Lack(what, "add it to pfc_slope.toml with its source"))
            continue
        found = shares.gases_of(line, slope)
        if found is None:
            what = f"perfluorocarbons of {line.potline.id}: no cell-days are known"
            missing.append(Lack(what, "see 'potline status' for its meters"))
        else:
            gases.append(found)
    numbers = told.value
    emissions = cbam_direct(
        shares.metal_t(basis),
        rules=numbers.rules,
        carbon=streams,
        fuels=[shares.fuel_by_heat(fuel, amount, co2_per_carbon=numbers.co2_per_carbon) for fuel, amount in fuels],
        carbonates=carbonates,
        pfc=sum_of_lines(gases),
    )
    return emissions, missing


def _carbonates(basis: Basis) -> tuple[list[Carbonate], list[Lack]]:
    ash = basis.plant.materials.soda_ash
    if ash is None:
        return [], [Lack("soda ash: none is configured, and none is counted", "add [soda_ash] if scrubbers use it")]
    start_ns, end_ns = basis.window.start_ns, basis.window.start_ns + round(basis.known_s * 1e9)
    if ash.amounts.known_ns(start_ns, end_ns) < shares.WHOLE * (end_ns - start_ns):
        return [], [Lack("soda ash: no amount is told for all of the period", "complete its sheet")]
    return [Carbonate("soda ash", ash.amounts.between(start_ns, end_ns), ash.t_co2_per_t)], []


def _lost(missing: list[Lack]) -> str:
    """Return why a sum is withheld: anodes or gases of some metal are not known. Fuels are the plant's to tell."""
    lost = [lack.what for lack in missing if lack.what.startswith(("anodes", "perfluorocarbons", "anode effects"))]
    return f"withheld: {lost[0]}" if lost else ""


def _embedded(emissions: DirectEmissions, told: Sourced[CbamNumbers], lost: str) -> Iterator[Row]:
    source = f"{told.source} ({told.verified})"
    yield Row("direct emissions", emissions.co2e_t, "t CO2e", digits=1, source=source)
    value, note = None, lost or "no metal"
    if emissions.metal_t > 0 and not lost:
        value = specific_embedded_emissions(emissions.co2e_t, precursors=(), activity_level_t=emissions.metal_t)
        note = "of what is counted here: see what is missing"
    yield Row("specific embedded emissions (SEE), direct", value, "t CO2e/t", digits=4, note=note, source=source)


def _obligation(basis: Basis) -> Iterator[Row]:
    year, rules = basis.day.year, basis.rules
    marks = rules.cbam_benchmarks.get(str(year))
    if marks is not None:
        source = f"{marks.source} ({marks.verified})"
        yield Row("benchmark, primary", marks.value.primary, "t CO2e/t", digits=3, source=source)
    if rules.cbam_shares is not None and year in rules.cbam_shares.value:
        source = f"{rules.cbam_shares.source} ({rules.cbam_shares.verified})"
        share = 100 * rules.cbam_shares.value[year]
        yield Row(f"share of the obligation in force in {year}", share, "%", source=source)


def china_ets_statement(basis: Basis, *, anode_effects: str | None) -> Statement:
    """Return the statement of the smelting process for the Chinese emissions trading.

    Parameters
    ----------
    anode_effects
        The printed default of the anode effects to state by; None: by their minutes per cell-day, as measured.

    Raises
    ------
    NoRules
        If there is no file of its numbers, or no such default in it.
    """
    name, told = _one(basis.rules.china_ets, "china-ets", _CHINA)
    default = _default(basis, anode_effects)
    missing = list(shares.without_parameters(basis))
    rows: list[Row] = []
    whole = 0.0
    remarks: list[str] = []
    for line in basis.lines:
        emissions = _china_line(line, told.value, default)
        if emissions is None:
            what = f"anode effects of {line.potline.id}: no cell-days are known"
            missing.append(Lack(what, "see 'potline status', or name a default with --anode-effects"))
            continue
        rows += _sources(basis, emissions, where=line.potline.id)
        whole += emissions.co2e_t
        remarks += emissions.remarks
    fuels, lacks = shares.fuels_of(basis)
    missing += lacks
    if not basis.plant.materials.fuels:
        missing.append(Lack("fuels: none is configured, and none is counted", "add [fuels.NAME] for each that burns"))
    for fuel, amount in fuels:
        burnt = shares.fuel_by_carbon(fuel, amount).co2_t
        rows.append(Row(f"fuel {fuel.name}", burnt, "t CO2e", digits=1, source=f"{fuel.source} ({fuel.verified})"))
        whole += burnt
    metal = shares.metal_t(basis)
    source = f"{told.source} ({told.verified})"
    rows.append(Row("emissions of the process", whole, "t CO2e", digits=1, source=source))
    lost = shares.too_little(basis) or _lost(missing)
    per_t = whole / metal if metal > 0 and not lost else None
    rows.append(Row("emissions per tonne of metal", per_t, "t CO2e/t", digits=4, note=lost, source=source))
    kwh = basis.whole.comprehensive.energy_kwh
    note = "auxiliary parameter: reported beside the emissions, in none of them"
    auxiliary = Row("electricity of the process", kwh / 1000, "MWh", note=note)
    return basis.statement(
        "china-ets",
        "Emissions of the smelting process for the emissions trading",
        rule=f"{name}: {source}",
        sections=[
            Section("Emissions by source", tuple(rows), tuple(dict.fromkeys(remarks))),
            Section("Auxiliary parameters", (auxiliary, *_activity(basis))),
            _conflict(basis, told.value, metal),
        ],
        missing=missing,
        remarks=[
            shares.metal_remark(basis.metal),
            "Captive power stations and other products are stated by guidelines of their own.",
        ],
    )


def _china_line(
    line: LineBasis, rules: ChinaEtsRules, default: DefaultGases | DefaultPerMetal | None
) -> DirectEmissions | None:
    minutes = shares.minutes_per_cell_day(line)
    if default is None and minutes is None:
        return None
    effects = default if default is not None else AnodeEffectMinutes(minutes or 0.0)
    anodes = shares.anodes_of(line)
    net_t = sum(each.net_t for each in anodes)
    if net_t > 0:  # the plant's own assay goes before the guideline's
        rules = replace(
            rules,
            sulphur_percent=sum(each.net_t * each.sulphur_percent for each in anodes) / net_t,
            ash_percent=sum(each.net_t * each.ash_percent for each in anodes) / net_t,
        )
    pair = line.sums.comprehensive
    return china_ets_process(
        pair.metal_t,
        rules=rules,
        fuels=(),
        anodes=NetAnodes(net_t),
        anode_effects=effects,
        auxiliary_kwh=pair.energy_kwh,
    )


def _default(basis: Basis, name: str | None) -> DefaultGases | DefaultPerMetal | None:
    if name is None:
        return None
    known = basis.rules.anode_effect_defaults
    if name not in known:
        listed = ", ".join(known) or "there is none"
        raise NoRules(f"state china-ets: {_CHINA} has no default of anode effects '{name}'; one of: {listed}")
    return known[name].value


def _conflict(basis: Basis, rules: ChinaEtsRules, metal: float) -> Section:
    """Return what each printed default of the anode effects would come to, so that nobody takes one unseen."""
    rows = []
    for name, told in basis.rules.anode_effect_defaults.items():
        each = told.value
        if isinstance(each, DefaultPerMetal):
            per_t = each.co2e_t_per_t
        else:
            per_t = pfc_co2e_t(each.cf4_kg_per_t, each.c2f6_kg_per_t, gwp_cf4=rules.gwp_cf4, gwp_c2f6=rules.gwp_c2f6)
        source = f"{told.source} ({told.verified})"
        rows += [
            Row(f"default {name}", per_t, "t CO2e/t", digits=4, source=source),
            Row(f"default {name}, of this period's metal", per_t * metal, "t CO2e", digits=1, source=source),
        ]
    conflict = "Printed defaults of the anode effects conflict. None is preset: --anode-effects NAME takes the one that"
    return Section(
        "Printed defaults of the anode effects",
        tuple(rows),
        (f"{conflict} your authority accepts; without it, the measured minutes per cell-day count.",) if rows else (),
    )


def _sources(basis: Basis, emissions: DirectEmissions, where: str = PLANT) -> Iterator[Row]:
    estimated = 100 * basis.whole.comprehensive.estimated_s / (basis.known_s * len(basis.lines))
    for each in emissions.sources:
        yield Row(each.source, each.co2e_t, "t CO2e", digits=1, where=where, estimated_pct=estimated)


def _activity(basis: Basis) -> Iterator[Row]:
    for line in basis.lines:
        sums, where = line.sums, line.potline.id
        coverage = 100 * sums.comprehensive.covered_s / basis.known_s
        yield Row(
            "metal",
            sums.comprehensive.metal_t,
            "t",
            digits=3,
            where=where,
            coverage_pct=min(100.0, coverage),
            note=shares.metal_note(line.metal),
        )
        yield Row("net anodes", sum(each.net_t for each in shares.anodes_of(line)), "t", digits=3, where=where)
        minutes = shares.minutes_per_cell_day(line)
        yield Row("anode-effect minutes per cell-day", minutes, "min/d", digits=4, where=where)
        yield Row("cell-days", sums.paired_cell_days, "d", digits=2, where=where)


def _one(tables: Mapping[str, Sourced[T]], kind: str, file: str) -> tuple[str, Sourced[T]]:
    for name, told in tables.items():
        return name, told
    raise NoRules(f"state {kind}: no rules are configured; add {file} to factors_dir")
