"""From sections to contracts and certificates, and what must not be counted twice."""

from collections import defaultdict
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from collector.plant.amounts import Amount, ToldAmounts
from collector.plant.contracts import Certificates, Contract, EachPeriod, Portfolio, Technology
from collector.plant.days import Period, day_of
from collector.plant.factors import HOUR_NS
from collector.plant.told import Untold
from collector.settings import formulas, models
from collector.settings import parameter_models as shapes
from collector.settings.part import DatedPart
from collector.settings.problems import written
from collector.settings.sheet import Row
from collector.settings.sources import Origins
from collector.settings.told_sheets import ToldSheet, hour_of, in_hours, month_of, number_of
from collector.settings.toml_file import Path_

_CERTIFICATES = ("month", "mwh", "technology", "registry_id")
_AT = ("certificates", "csv")
_Retired = tuple[tuple[int, int], float, Technology, str, str]


class Electricity(DatedPart):
    """Builds the portfolio of contracts and certificates."""

    def __init__(self, settings: models.Settings, origins: Origins, broken: set[Path_], zone: ZoneInfo) -> None:
        super().__init__(origins, broken, zone)
        self._settings = settings

    def portfolio(self) -> Portfolio:
        """Return what is well; ``problems`` says what is wrong with the rest."""
        built = [self._contract(id_, section) for id_, section in self._settings.contracts.items()]
        contracts = tuple(contract for contract in built if contract is not None)
        self._check_shares(contracts)
        section = self._settings.certificates
        if section is not None and section.csv is None and not section.told and self._fine("certificates"):
            self._report(("certificates",), "are neither in a sheet nor told", "add csv, or told = true")
        return Portfolio(contracts, self._certificates(contracts), section is not None and section.told)

    def _contract(self, id_: str, section: shapes.ContractSection) -> Contract | None:
        at: Path_ = ("contracts", id_)
        before = len(self.problems)
        self._refuse((*at, "kg_co2_per_kwh"), formulas.grid_factor(section.kg_co2_per_kwh))
        valid_to_ns = self._to_ns(at, section.valid_from, section.valid_to)
        amounts = [key for key in ("energy", "share", "generation_csv") if getattr(section, key) is not None]
        if section.untold is not None:
            self._check_told(at, section.untold, amounts)
        elif len(amounts) != 1:
            what = f"{' and '.join(amounts)} exclude each other" if amounts else "does not say how much it is"
            self._report(at, what, "give energy and per, share, or generation_csv")
        if (section.per is None) != (section.energy is None):
            self._report(at, "energy and per go together", 'write them like energy = "20 GWh", per = "month"')
        hourly = None if section.generation_csv is None else self._generation(at, section.generation_csv)
        if len(self.problems) > before:
            return None
        each = None
        if section.energy is not None and section.per is not None:
            each = EachPeriod(section.energy, Period(section.per), self._zone)
        return Contract(
            name=id_,
            technology=Technology(section.technology),
            kg_co2_per_kwh=section.kg_co2_per_kwh,
            source=section.source,
            valid_from_ns=self._from_ns(section.valid_from),
            valid_to_ns=valid_to_ns,
            each=each,
            share=None if section.share is None else section.share / 100,
            hourly=hourly,
            certificate=section.certificate,
            untold=None if section.untold is None else Untold(section.untold),
        )

    def _check_told(self, at: Path_, untold: str, amounts: list[str]) -> None:
        """Check that there is something to stand in for a delivery that is not told, and nothing where none may."""
        if untold == "withhold" and amounts:
            what = f'untold = "withhold" and {" and ".join(amounts)} exclude each other'
            self._report(at, what, 'let these stand in: untold = "estimate"; or remove them')
        if untold == "estimate" and (len(amounts) != 1 or amounts == ["share"]):
            what = "has nothing that could stand in for a delivery that is not told"
            self._report(at, what, 'give energy and per, or generation_csv; or write untold = "withhold"')

    def _generation(self, at: Path_, name: str) -> ToldAmounts | None:
        told = ToldSheet(self._folder, name, ("time", "kwh"), at=(*at, "generation_csv"), report=self._report)
        rows = told.read(lambda row: (hour_of(row), number_of(row, "kwh")))
        if rows is None:
            return None
        wrong = list(in_hours([(row, hour[0]) for row, hour in rows]))
        told.refuse(wrong)
        if wrong:
            return None
        hours = sorted(hour for _, hour in rows)
        return ToldAmounts(name, tuple(Amount(start, start + HOUR_NS, kwh) for start, kwh in hours))

    def _check_shares(self, contracts: tuple[Contract, ...]) -> None:
        """Check that contracts by share do not promise more than the load at any time."""
        shared = [contract for contract in contracts if contract.share is not None]
        for begun in shared:
            there = [
                each
                for each in shared
                if each.valid_from_ns <= begun.valid_from_ns
                and (each.valid_to_ns is None or begun.valid_from_ns < each.valid_to_ns)
            ]
            whole = sum(each.share or 0.0 for each in there)
            if whole > 1 + 1e-9:
                when = day_of(begun.valid_from_ns, self._zone)
                what = f"from {when} on, the shares of {', '.join(each.name for each in there)} add up to {whole:.4g}"
                self._report(("contracts", begun.name, "share"), what, "together they may be 1 at most (100 %)")

    def _certificates(self, contracts: tuple[Contract, ...]) -> tuple[Certificates, ...]:
        section = self._settings.certificates
        if section is None or section.csv is None or not self._fine(*_AT):
            return ()
        told = ToldSheet(self._folder, section.csv, _CERTIFICATES, at=_AT, report=self._report)
        rows = told.read(self._retired)
        if rows is None:
            return ()
        wrong = [*_twice(rows), *self._counted_twice(rows, contracts)]
        told.refuse(wrong)
        if wrong:
            return ()
        lots: dict[tuple[str, Technology], list[Amount]] = defaultdict(list)
        for _, ((start_ns, end_ns), mwh, technology, registry_id, _) in rows:
            lots[registry_id, technology].append(Amount(start_ns, end_ns, mwh, registry_id))
        name = section.csv
        return tuple(
            Certificates(registry_id, technology, ToldAmounts(name, tuple(sorted(lot, key=_start))))
            for (registry_id, technology), lot in lots.items()
        )

    def _retired(self, row: Row) -> _Retired:
        """Return what a row tells: month, MWh, technology, registry id, and the contract that it is about."""
        technology = row.cells["technology"]
        known = [each.value for each in Technology]
        if technology not in known:
            raise ValueError(f"{written(technology)} is no technology; one of: {', '.join(known)}")
        if not row.cells["registry_id"]:
            raise ValueError("its registry_id is empty; write the number under which the registry retired it")
        contract = row.cells.get("contract", "")
        if contract and contract not in self._settings.contracts and self._fine("contracts", contract):
            listed = ", ".join(self._settings.contracts)
            raise ValueError(
                f"there is no contract {written(contract)}; {f'one of: {listed}' if listed else 'none is configured'}"
            )
        mwh = number_of(row, "mwh")
        return month_of(row, self._zone), mwh, Technology(technology), row.cells["registry_id"], contract

    def _counted_twice(
        self, rows: list[tuple[Row, _Retired]], contracts: tuple[Contract, ...]
    ) -> Iterator[tuple[Row, str]]:
        """Yield the certificates whose energy a contract counts already."""
        for row, ((start_ns, end_ns), _, technology, _, named) in rows:
            if named:
                what = f"is about the energy of contract {named}, which counts it already"
                yield row, f"{what}; remove the row, or the contract"
            if "contract" in row.cells:
                continue
            for contract in contracts:
                over = contract.valid_to_ns is not None and contract.valid_to_ns <= start_ns
                if (
                    contract.certificate
                    and contract.technology is technology
                    and contract.valid_from_ns < end_ns
                    and not over
                ):
                    what = f"may be about the energy of contract {contract.name}, which has certificate = true"
                    remedy = "remove the row, or add a column 'contract', empty where a certificate was bought apart"
                    yield row, f"{what}; {remedy}"


def _start(amount: Amount) -> int:
    return amount.start_ns


def _twice(rows: list[tuple[Row, _Retired]]) -> Iterator[tuple[Row, str]]:
    """Yield the rows whose registry id was there before for the same month and technology."""
    seen: dict[tuple[int, Technology, str], Row] = {}
    for row, ((start_ns, _), _, technology, registry_id, _) in rows:
        first = seen.setdefault((start_ns, technology, registry_id), row)
        if first is not row:
            yield row, f"row {first.number} tells {registry_id} of the same month; a certificate is retired once"
