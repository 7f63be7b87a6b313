"""Statement of the renewable share of the electricity, on four bases that are never added. Pure."""

from collections.abc import Iterator
from math import fsum

from collector.domain.renewables import Basis as By
from collector.domain.renewables import Denominator, RenewableShare, ShareTarget, gap_to_target_kwh, matched_kwh
from collector.plant.contracts import Portfolio, Technology
from collector.plant.days import day_of
from collector.plant.factors import HOUR_NS, DatedValue
from collector.plant.meter import Measures, Meter
from collector.plant.told import Untold
from collector.readings.quantity import Quantity
from collector.reporting.basis import Basis
from collector.reporting.shares import WHOLE
from collector.reporting.statement import Lack, Row, Section, Statement

_WORDS = {
    By.PHYSICAL: "physical: own plants",
    By.CONTRACT: "contract",
    By.CERTIFICATE: "certificate",
    By.HOURLY_MATCHED: "hourly matched",
}
_ENERGY = Quantity.ACTIVE_ENERGY_IMPORT


def renewable_statement(basis: Basis) -> Statement:
    """Return the statement of the renewable share of the electricity of the potlines."""
    start_ns, end_ns = basis.window.start_ns, basis.window.start_ns + round(basis.known_s * 1e9)
    load_kwh = basis.whole.comprehensive.energy_kwh
    portfolio = basis.plant.portfolio
    found: dict[By, float] = {}
    missing: list[Lack] = []
    own, lacks = _own_kwh(basis)
    missing += lacks
    if own is not None:
        found[By.PHYSICAL] = own
    withheld = list(_withheld(portfolio, start_ns, end_ns))
    missing += withheld
    if portfolio.contracts and not withheld:
        found[By.CONTRACT] = portfolio.contract_kwh(start_ns, end_ns, load_kwh)
    elif not portfolio.contracts:
        missing.append(Lack("contracts: none is configured", "add [contracts.NAME]"))
    if portfolio.certificates:
        found[By.CERTIFICATE] = portfolio.certificate_kwh(start_ns, end_ns)
    else:
        missing.append(Lack("certificates: none are configured", "add [certificates] with what was retired"))
    hours, lacks = (None, []) if withheld else _matched(basis)
    missing += lacks
    shares = [
        (RenewableShare(by, Denominator.ELECTROLYSIS_AC, kwh, load_kwh), "")
        for by, kwh in found.items()
        if load_kwh > 0
    ]
    if hours is not None:
        shares.append(hours)
    if not load_kwh > 0:
        missing.append(Lack("electricity: no minute is known for all meters", "see 'potline status'"))
    targets, lacks = _targets(basis, [share for share, _ in shares])
    missing += lacks
    if not basis.is_of_all_lines and (portfolio.contracts or portfolio.certificates or own):
        what = "shares: contracts, certificates and own plants are the whole plant's, set against some potlines"
        missing.append(Lack(what, "state without --potline"))
    return basis.statement(
        "renewable",
        "Renewable share of the electricity of primary aluminium",
        rule=f"denominator: {Denominator.ELECTROLYSIS_AC.value}, rectifiers and services of the potrooms",
        sections=[
            Section("Electricity", tuple(_load(basis))),
            _by_basis(tuple(_rows(basis, shares))),
            targets,
            Section("Contracts", tuple(_contracts(basis, start_ns, end_ns, load_kwh))),
            Section("Certificates retired", tuple(_retired(basis, start_ns, end_ns))),
            Section("Own generation", tuple(_generated(basis))),
        ],
        missing=missing,
        remarks=[
            "One megawatt-hour may appear on several bases, with a contract and its certificate, and is still one.",
            "Months and years of contracts and certificates count by their part of the period.",
        ],
    )


def _load(basis: Basis) -> Iterator[Row]:
    for line in basis.lines:
        pair = line.sums.comprehensive
        yield Row(
            "electricity",
            pair.energy_kwh / 1000,
            "MWh",
            where=line.potline.id,
            coverage_pct=min(100.0, 100 * pair.covered_s / basis.known_s),
            estimated_pct=100 * pair.estimated_s / basis.known_s,
            quality=pair.quality,
        )


def _own(basis: Basis) -> list[Meter]:
    return [meter for meter in basis.plant.plant_meters(Measures.GENERATION) if _is_renewable(meter)]


def _is_renewable(meter: Meter) -> bool:
    return meter.technology is not None and meter.technology.is_renewable


def _own_kwh(basis: Basis) -> tuple[float | None, list[Lack]]:
    meters = _own(basis)
    if not meters:
        return None, [Lack("own generation: no renewable plant is configured", "add meters with measures = generation")]
    amounts = [basis.counted.get((meter.id, _ENERGY)) for meter in meters]
    known = [amount for amount in amounts if amount is not None and amount.known_s >= WHOLE * basis.known_s]
    if len(known) < len(meters):
        what = "own generation: a meter is not known for all of the period, or its inputs are no longer kept"
        return None, [Lack(what, "state a later period, or keep inputs for longer: [store] keep_inputs")]
    return fsum(amount.amount for amount in known), []


def _matched(basis: Basis) -> tuple[tuple[RenewableShare, str] | None, list[Lack]]:
    """Return what of the load generation met in its hour: own plants, and contracts that tell their hours."""
    told = [each for each in basis.plant.portfolio.contracts if each.by_the_hour and each.technology.is_renewable]
    if not told and not _own(basis):
        what = "hourly matched: no generation is told by the hour"
        return None, [Lack(what, "add generation_csv to a contract, or meters with measures = generation")]
    if not basis.hours:
        return None, [Lack("hourly matched: no hour of the period is known", "state a period of whole hours")]
    loads = [hour.load_kwh for hour in basis.hours]
    matched = fsum(
        float(
            matched_kwh(
                hour.load_kwh,
                generation_kwh=hour.generation_kwh
                + sum(each.covered_kwh(hour.start_ns, hour.end_ns, hour.load_kwh) for each in told),
            )
        )
        for hour in basis.hours
    )
    if not fsum(loads) > 0:
        return None, [Lack("hourly matched: there is no load", "state a longer period")]
    share = RenewableShare(By.HOURLY_MATCHED, Denominator.ELECTROLYSIS_AC, matched, fsum(loads))
    return (share, f"{len(loads)} hours are known; what is too much in one hour is lost"), []


def _rows(basis: Basis, shares: list[tuple[RenewableShare, str]]) -> Iterator[Row]:
    pair = basis.whole.comprehensive
    seconds = basis.known_s * len(basis.lines)
    estimated = 100 * pair.estimated_s / seconds
    for share, note in shares:
        label = _WORDS[share.basis]
        coverage = min(100.0, 100 * pair.covered_s / seconds)
        yield Row(f"{label}, energy", share.renewable_kwh / 1000, "MWh", note=note)
        yield Row(
            f"{label}, share", share.percent, "%", digits=2, coverage_pct=coverage, estimated_pct=estimated, note=note
        )


def _by_basis(rows: tuple[Row, ...]) -> Section:
    return Section("Renewable share by basis", rows, ("The bases are not added.",) if rows else ())


def _targets(basis: Basis, shares: list[RenewableShare]) -> tuple[Section, list[Lack]]:
    title, series = "Targets", basis.plant.targets.renewable_share
    if series is None:
        lack = Lack("target: no renewable share is demanded in the settings", "add [targets] renewable_share")
        return Section(title, ()), [lack]
    rows: list[Row] = []
    for value in series.values:
        rows += _target(basis, value, shares)
    remark = "A target that names no basis is set against each of them; the authority says which one counts."
    return Section(title, tuple(rows), (remark,)), []


def _target(basis: Basis, value: DatedValue, shares: list[RenewableShare]) -> Iterator[Row]:
    since = day_of(value.valid_from_ns, basis.plant.time_zone)
    when = "in force" if value.valid_from_ns <= basis.window.start_ns else "to come"
    yield Row(f"target from {since} on", 100 * value.value, "%", note=when, source=value.source)
    for share in shares:
        target = ShareTarget(share.basis, share.denominator, 100 * value.value)
        gap = gap_to_target_kwh(share, target) / 1000
        note = "missing" if gap > 0 else "above the target"
        yield Row(f"to the target from {since} on, {_WORDS[share.basis]}", gap, "MWh", note=note)


def _contracts(basis: Basis, start_ns: int, end_ns: int, load_kwh: float) -> Iterator[Row]:
    for contract in basis.plant.portfolio.contracts:
        kwh = contract.covered_kwh(start_ns, end_ns, load_kwh)
        certificate = "; its certificates are retired" if contract.certificate else ""
        note = (
            f"{contract.technology.value}{'' if contract.technology.is_renewable else ', not renewable'}{certificate}"
        )
        untold_h = contract.untold_ns(start_ns, end_ns) / HOUR_NS
        note += f"; nothing is told of {untold_h:g} h ({contract.untold.value})" if contract.untold and untold_h else ""
        yield Row(contract.name, kwh / 1000, "MWh", note=note, source=contract.source)


def _withheld(portfolio: Portfolio, start_ns: int, end_ns: int) -> Iterator[Lack]:
    """Yield the contracts whose delivery should have been told and was not, where nothing may stand in for it."""
    for each in portfolio.contracts:
        if not each.technology.is_renewable or each.untold is not Untold.WITHHOLD:
            continue
        if untold_ns := each.untold_ns(start_ns, end_ns):
            what = f"contract {each.name}: nothing is told of {untold_ns / HOUR_NS:g} h of its delivery"
            yield Lack(what, 'let it be told, or write untold = "estimate"')


def _retired(basis: Basis, start_ns: int, end_ns: int) -> Iterator[Row]:
    for each in basis.plant.portfolio.certificates:
        kwh = each.retired_kwh(start_ns, end_ns)
        yield Row(each.registry_id, kwh / 1000, "MWh", note=each.technology.value, source=each.mwh.name)


def _generated(basis: Basis) -> Iterator[Row]:
    for meter in basis.plant.plant_meters(Measures.GENERATION):
        amount = basis.counted.get((meter.id, _ENERGY))
        technology = meter.technology.value if isinstance(meter.technology, Technology) else ""
        if amount is None:
            yield Row(meter.id, None, "MWh", note=f"{technology}; its inputs are no longer kept")
            continue
        yield Row(
            meter.id,
            amount.amount / 1000,
            "MWh",
            coverage_pct=min(100.0, 100 * amount.covered_s / basis.known_s),
            estimated_pct=min(100.0, 100 * amount.estimated_s / basis.known_s),
            quality=amount.quality,
            note=technology,
        )
