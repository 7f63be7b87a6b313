"""Statement of the smelting process for the Chinese emissions trading. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import msgspec

from collector.accounting.direct_emissions import anode_co2_t
from collector.accounting.emission_sources import anodes_of, gases_of
from collector.accounting.error_sources import Emission
from collector.accounting.fuel_spread import by_carbon
from collector.accounting.parameters import Parameters
from collector.domain.anode_effect import pfc_co2e_t
from collector.domain.constants import CO2_PER_CARBON
from collector.domain.rule_sets import (
    AnodeActivity,
    AnodeEffectActivity,
    AnodeEffectMinutes,
    ChinaEtsRules,
    DefaultGases,
    DefaultPerMetal,
    DirectEmissions,
    GrossAnodes,
    NetAnodes,
    china_ets_process,
)
from collector.plant.rule_tables import NetConsumption, Sourced
from collector.reporting import direct, figures, shares
from collector.reporting.basis import Basis, LineBasis
from collector.reporting.direct import NoRules
from collector.reporting.figures import Known
from collector.reporting.statement import Lack, Row, Section, Statement

_FILE = "china_ets.toml"


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What the plant, or whoever asks, has chosen in place of what was measured: printed defaults, or gross anodes."""

    anode_effects: Sourced[DefaultGases | DefaultPerMetal] | None
    anodes: Sourced[DefaultPerMetal | NetConsumption] | None
    gross_t: float | None


def china_ets_statement(basis: Basis, *, anode_effects: str | None) -> Statement:
    """Return the statement of the smelting process for the Chinese emissions trading.

    Parameters
    ----------
    anode_effects
        The printed default of the anode effects to state by; None: that of the settings, else their minutes per
        cell-day, as measured.

    Raises
    ------
    NoRules
        If there is no file of its numbers, or no such default in it.
    """
    name, told = direct.one_of(basis.rules.china_ets, "china-ets", _FILE)
    missing = list(shares.without_parameters(basis))
    chosen = _chosen(basis, anode_effects, missing)
    rows: list[Row] = []
    parts: list[Known] = []
    remarks: list[str] = []
    for line in basis.lines:
        found = _line(basis, line, told.value, chosen, missing)
        if found is None:
            continue
        emissions, known = found
        parts += known.values()
        rows += [one.row(label, "t CO2e", where=line.potline.id) for label, one in known.items()]
        remarks += [*emissions.remarks, *_remarks(line)]
    fuels, lacks = shares.fuels_of(basis, "china_ets")
    missing += lacks
    for fuel, amount in fuels:
        burnt, note = direct.burnt(basis, fuel, by_carbon(fuel, amount), amount)
        rows.append(burnt.row(f"fuel {fuel.name}", "t CO2e", note=note, source=f"{fuel.source} ({fuel.verified})"))
        parts.append(burnt)
    source = direct.cited(told)
    whole = figures.whole_of(parts).marked(_FILE, told.verified)
    metal = figures.whole_of(figures.metal_of(basis, line) for line in basis.lines)
    rows.append(whole.row("emissions of the process", "t CO2e", source=source))
    lost = shares.too_little(basis) or direct.lost(missing) or ("" if metal.value > 0 else "withheld: no metal")
    ratio = figures.per(whole, metal) if metal.value > 0 else whole
    rows.append(ratio.row("emissions per tonne of metal", "t CO2e/t", digits=4, withheld=lost, source=source))
    return basis.statement(
        "china-ets",
        "Emissions of the smelting process for the emissions trading",
        rule=f"{name}: {source}",
        sections=[
            Section(
                "Emissions by source", tuple(rows), tuple(dict.fromkeys([*remarks, *figures.exact_remarks(parts)]))
            ),
            Section(
                "Auxiliary parameters", (_electricity(basis, metal), *direct.activity(basis, direct.net_anodes(basis)))
            ),
            _conflict(basis, told.value, metal.value),
        ],
        missing=missing,
        remarks=["Captive power stations and other products are stated by guidelines of their own."],
    )


def _chosen(basis: Basis, anode_effects: str | None, missing: list[Lack]) -> _Chosen:
    choices, rules = basis.plant.declared.china_ets, basis.rules
    name = choices.anode_effects if anode_effects is None else anode_effects
    known = rules.anode_effect_defaults
    if name and name not in known:
        listed = ", ".join(known) or "there is none"
        raise NoRules(f"state china-ets: {_FILE} has no default of anode effects '{name}'; one of: {listed}")
    gross = None
    if choices.gross_anodes is not None:
        gross = shares.told_amount(basis, choices.gross_anodes)
        if gross is None:
            what = "anodes set into the pots: no mass is told for all of the period"
            missing.append(Lack(what, "complete the sheet of gross_anodes_csv"))
    return _Chosen(known[name] if name else None, rules.anode_defaults.get(choices.anodes), gross)


def _line(
    basis: Basis, line: LineBasis, rules: ChinaEtsRules, chosen: _Chosen, missing: list[Lack]
) -> tuple[DirectEmissions, dict[str, Known]] | None:
    where, technology = line.potline.id, line.potline.slope.technology
    minutes, parameters = shares.minutes_per_cell_day(line), direct.last_parameters(line)
    if chosen.anode_effects is None and minutes is None:
        what = f"anode effects of {where}: no cell-days are known"
        missing.append(Lack(what, "see 'potline status', or name a default with --anode-effects"))
        return None
    if parameters is None:
        return None
    if parameters.low_voltage is not None:
        what = f"low-voltage emissions of {where}: the guideline counts none beside its slope, and none are in"
        missing.append(Lack(what, "state them beside this, if your authority asks for them"))
    metal = figures.metal_of(basis, line)
    activity, anodes, assay = _anodes(basis, line, rules, chosen, metal, parameters)
    effects: AnodeEffectActivity = AnodeEffectMinutes(minutes or 0.0)
    if chosen.anode_effects is not None:
        effects = chosen.anode_effects.value
    emissions = china_ets_process(
        metal.value,
        rules=assay,
        fuels=[],
        anodes=activity,
        anode_effects=effects,
        auxiliary_kwh=line.sums.comprehensive.energy_kwh,
    )
    by_source = {each.source: each.co2e_t for each in emissions.sources}
    anodes = figures.times(anodes, by_source["anodes"] / anodes.value if anodes.value > 0 else 0.0)
    known = {"anodes": anodes, "anode effects": figures.times(metal, 0.0)}
    if chosen.anode_effects is not None:
        prescribed = figures.times(metal, by_source["anode effects"] / metal.value if metal.value > 0 else 0.0)
        known["anode effects"] = prescribed.marked("default of the anode effects", chosen.anode_effects.verified)
    else:
        made = direct.with_slope(
            direct.without_low_voltage(msgspec.structs.replace(parameters, overvoltage=None, gas_defaults=None)),
            slope=rules.slope,
            ratio=rules.c2f6_per_cf4,
            relative=None,
            gwp=(rules.gwp_cf4, rules.gwp_c2f6),
        )
        known["anode effects"] = figures.emitted(
            gases_of(line.sums, made), metal, by_source["anode effects"], line=where, technology=technology
        )
    return emissions, known


def _anodes(
    basis: Basis, line: LineBasis, rules: ChinaEtsRules, chosen: _Chosen, metal: Known, parameters: Parameters
) -> tuple[AnodeActivity, Known, ChinaEtsRules]:
    """Return how the anodes of a line are known, how well, and the rule with the assay that goes with it."""
    where, default = line.potline.id, chosen.anodes
    if default is not None:
        if isinstance(default.value, DefaultPerMetal):
            return default.value, metal.marked("default of the anodes", default.verified), rules
        net_t = metal.value * default.value.net_anode_consumption
        return NetAnodes(net_t), metal.marked("default of the anodes", default.verified), rules
    if chosen.gross_t is not None:
        part = metal.value / shares.metal_t(basis) if shares.metal_t(basis) > 0 else 0.0
        choices = basis.plant.declared.china_ets
        sure = choices.gross_anodes_relative_standard_uncertainty
        amount = choices.gross_anodes
        spread = 0.0 if amount is None else shares.spread_pct(basis, amount)
        gross = figures.told("gross anodes", chosen.gross_t * part, sure, estimated_pct=spread)
        return GrossAnodes(gross.value), gross, _with_assay(line, rules, parameters)
    parts = []
    for segment in shares.known_segments(line):
        if segment.parameters is not None:
            of_part = direct.of_segment(basis, line, segment)
            formula: Emission = anodes_of(segment.parameters)
            co2_t = anode_co2_t(of_part.value, segment.parameters)
            technology = line.potline.slope.technology
            known = figures.emitted(formula, of_part, co2_t, line=where, technology=technology)
            parts.append(known.marked(*direct.assay_of(line)))
    whole = figures.whole_of(parts)
    if parameters.paste is not None:  # what burns of it, as pure carbon: its assays are off already
        pure = replace(rules, sulphur_percent=0.0, ash_percent=0.0)
        return NetAnodes(whole.value / CO2_PER_CARBON), whole, pure
    if parameters.anode_default is not None:
        per_t = whole.value / metal.value if metal.value > 0 else 0.0
        return DefaultPerMetal(per_t, parameters.anode_default.source), whole, rules
    net = direct.net_anodes(basis).get(where)
    return NetAnodes(0.0 if net is None else net.value), whole, _with_assay(line, rules, parameters)


def _with_assay(line: LineBasis, rules: ChinaEtsRules, parameters: Parameters) -> ChinaEtsRules:
    """Return the rule with the assay that the line was accounted with: the plant's own goes before the guideline's."""
    parts = [
        (segment.sums.comprehensive.metal_t, segment.parameters)
        for segment in shares.known_segments(line)
        if segment.parameters is not None and segment.parameters.net_anode_consumption is not None
    ]
    net = [(metal_t * _consumption(told), told) for metal_t, told in parts]
    whole = sum(net_t for net_t, _ in net)
    if parameters.net_anode_consumption is None or not whole > 0:
        return rules
    return replace(
        rules,
        sulphur_percent=sum(net_t * told.anode_sulphur_pct for net_t, told in net) / whole,
        ash_percent=sum(net_t * told.anode_ash_pct for net_t, told in net) / whole,
    )


def _consumption(parameters: Parameters) -> float:
    told = parameters.net_anode_consumption
    return 0.0 if told is None else told.value


def _remarks(line: LineBasis) -> Iterator[str]:
    if line.potline.direct.overvoltage is not None or line.potline.direct.gas_defaults is not None:
        yield f"{line.potline.id}: anode effects by the guideline's own slope, not by the line's method."


def _electricity(basis: Basis, metal: Known) -> Row:
    kwh = basis.whole.comprehensive.energy_kwh
    note = "auxiliary parameter: reported beside the emissions, in none of them"
    expanded, reason = shares.electricity_sure(basis)
    return Row(
        "electricity of the process",
        kwh / 1000,
        "MWh",
        coverage_pct=metal.coverage_pct,
        estimated_pct=metal.estimated_pct,
        expanded_95=None if expanded is None else expanded / 1000,
        uncertainty=reason,
        quality=metal.quality,
        note=note,
    )


def _conflict(basis: Basis, rules: ChinaEtsRules, metal: float) -> Section:
    """Return what each printed default of the anode effects would come to, so that nobody takes one unseen."""
    rows, why = [], "prescribed; the text tells none"
    for name, told in basis.rules.anode_effect_defaults.items():
        each = told.value
        if isinstance(each, DefaultPerMetal):
            per_t = each.co2e_t_per_t
        else:
            per_t = pfc_co2e_t(each.cf4_kg_per_t, each.c2f6_kg_per_t, gwp_cf4=rules.gwp_cf4, gwp_c2f6=rules.gwp_c2f6)
        source = direct.cited(told)
        label = f"default {name}, of this period's metal"
        rows += [
            Row(f"default {name}", per_t, "t CO2e/t", digits=4, uncertainty=why, source=source),
            Row(label, per_t * metal, "t CO2e", digits=1, uncertainty=why, source=source),
        ]
    conflict = "Printed defaults of the anode effects conflict. None is preset: --anode-effects NAME takes the one that"
    return Section(
        "Printed defaults of the anode effects",
        tuple(rows),
        (f"{conflict} your authority accepts; without it, the measured minutes per cell-day count.",) if rows else (),
    )
