"""From sections to limits, targets and the price region."""

from collections.abc import Set as AbstractSet
from zoneinfo import ZoneInfo

from collector.plant.factors import DatedSeries
from collector.plant.limits import SPECIFIC, Boundary, Limit, PriceRegion, RuleInForce, Targets
from collector.plant.meter import POLLUTANTS, Measures
from collector.readings import units
from collector.readings.quantity import Quantity
from collector.settings import models
from collector.settings import parameter_models as shapes
from collector.settings.part import DatedPart
from collector.settings.sources import Origins
from collector.settings.toml_file import Path_


class Bounds(DatedPart):
    """Builds what the plant has set itself or was given."""

    def __init__(self, settings: models.Settings, origins: Origins, broken: AbstractSet[Path_], zone: ZoneInfo) -> None:
        super().__init__(origins, broken, zone)
        self._settings = settings

    def limits(self) -> tuple[Limit, ...]:
        """Return the limits that are well; ``problems`` says what is wrong with the others."""
        built = [self._limit(id_, section) for id_, section in self._settings.limits.items()]
        return tuple(limit for limit in built if limit is not None)

    def limit_rules(self) -> tuple[RuleInForce, ...]:
        """Return the rules on pollutants that hold for the plant."""
        return tuple(
            RuleInForce(
                rule=rule,
                valid_from_ns=self._from_ns(section.valid_from),
                source=section.source,
                valid_to_ns=self._to_ns(("limit_rules", rule), section.valid_from, section.valid_to),
                averaged_over_s=section.averaged_over,
                plants=section.plants or "",
                cells=section.cells or "",
            )
            for rule, section in self._settings.limit_rules.items()
        )

    def targets(self) -> Targets:
        """Return the targets."""
        section = self._settings.targets
        kwh_per_t: dict[Boundary, DatedSeries] = {}
        if section.kwh_per_t is not None:
            for boundary in Boundary:
                rows = getattr(section.kwh_per_t, boundary.value)
                if rows:
                    kwh_per_t[boundary] = self._series(("targets", "kwh_per_t", boundary.value), rows)
        co2e, share = section.t_co2e_per_t, section.renewable_share
        return Targets(
            kwh_per_t=kwh_per_t,
            t_co2e_per_t=self._series(("targets", "t_co2e_per_t"), co2e) if co2e else None,
            renewable_share=self._series(("targets", "renewable_share"), share, 100.0) if share else None,
        )

    def price_region(self) -> PriceRegion | None:
        """Return the price region, None where none is configured."""
        section = self._settings.price
        if section is None:
            return None
        weight, share = section.previous_year_non_hydro_weight, section.non_hydro_share
        return PriceRegion(
            region=section.region,
            rule=section.rule,
            previous_year_non_hydro_weight=(
                self._series(("price", "previous_year_non_hydro_weight"), weight, 100.0) if weight else None
            ),
            non_hydro_share=self._series(("price", "non_hydro_share"), share, 100.0) if share else None,
        )

    def _limit(self, id_: str, section: shapes.LimitSection) -> Limit | None:
        at: Path_ = ("limits", id_)
        before = len(self.problems)
        valid_to_ns = self._to_ns(at, section.valid_from, section.valid_to)
        self._check_place(at, section)
        try:
            quantity = Quantity.named(section.of)
        except ValueError as exc:
            what, _, remedy = str(exc).partition("; ")
            self._report((*at, "of"), what, remedy)
            return None
        unit, bounds = quantity.unit, []
        if section.least is None and section.most is None:
            self._report(at, "bounds nothing", "give most, least, or both")
        for key in ("least", "most"):
            text = getattr(section, key)
            value = None
            if text is not None:
                specific = quantity in POLLUTANTS and text.endswith(SPECIFIC)
                try:
                    value = units.parse(text, SPECIFIC if specific else quantity.unit)
                except ValueError as exc:
                    what, _, remedy = str(exc).partition("; ")
                    self._report((*at, key), what, remedy)
                unit = SPECIFIC if specific else unit
            bounds.append(value)
        least, most = bounds
        if least is not None and most is not None and not least < most:
            self._report(
                (*at, "least"), f"{section.least} is not below {section.most}", "give the smaller one as least"
            )
        if len(self.problems) > before:
            return None
        return Limit(
            name=id_,
            quantity=quantity,
            unit=unit,
            averaged_over_s=section.averaged_over,
            valid_from_ns=self._from_ns(section.valid_from),
            source=section.source,
            least=least,
            most=most,
            valid_to_ns=valid_to_ns,
            stack=section.stack or "",
            potline=section.potline or "",
        )

    def _check_place(self, at: Path_, section: shapes.LimitSection) -> None:
        meters = self._settings.meters.values()
        stacks = {meter.stack for meter in meters if meter.measures == Measures.STACK.value and meter.stack}
        if section.stack is not None and section.potline is not None:
            self._report((*at, "stack"), "a limit holds at a stack or in a potline", "keep one of stack and potline")
        if section.stack is not None and section.stack not in stacks and not self._any_broken("meters"):
            self._unknown((*at, "stack"), "stack", section.stack, stacks)
        potlines = self._settings.potlines
        if section.potline is not None and section.potline not in potlines and self._fine("potlines", section.potline):
            self._unknown((*at, "potline"), "potline", section.potline, potlines)
