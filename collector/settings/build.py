"""From checked sections to the plant: references, uniqueness, and everything that looks right and is wrong."""

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from collector.plant.factors import DatedSeries, SlopeCoefficients
from collector.plant.layout import Layout, Tells
from collector.plant.meter import Broker, Endpoint
from collector.plant.rule_tables import RuleTables
from collector.plant.topology import Plant, Potline, Startup
from collector.settings import formulas, models
from collector.settings.bounds import Bounds
from collector.settings.brokers import Brokers
from collector.settings.casthouse import CasthouseSections
from collector.settings.declarations import DeclarationSections
from collector.settings.electricity import Electricity
from collector.settings.endpoints import Endpoints
from collector.settings.factor_files import FactorFiles
from collector.settings.fields import pots_of
from collector.settings.layouts import Layouts
from collector.settings.materials import MaterialSections
from collector.settings.meters import Meters
from collector.settings.methods import Methods
from collector.settings.parameter_models import Dated
from collector.settings.part import DatedPart
from collector.settings.problems import shown
from collector.settings.sources import Origins
from collector.settings.tapping import Tappings
from collector.settings.toml_file import Path_, is_under

_Secret = Callable[[Path_, str], Path]


class Builder(DatedPart):
    """Builds the plant and collects the problems that only show when the parts are put together."""

    def __init__(
        self,
        settings: models.Settings,
        origins: Origins,
        *,
        broken: AbstractSet[Path_],
        profiles_dir: Path,
        factors_dir: Path,
        layouts_dir: Path,
        secret: _Secret,
        find: Callable[[str], Path],
        today: date,
        rules: RuleTables,
    ) -> None:
        super().__init__(origins, broken, ZoneInfo(settings.plant.time_zone))
        self._settings = settings
        self._broken |= self._missing(profiles_dir=profiles_dir, factors_dir=factors_dir)
        if any(section.layouts for section in settings.brokers.values()):
            self._broken |= self._missing(layouts_dir=layouts_dir)
        self._profiles_dir = profiles_dir
        self._factors_dir = factors_dir
        self._layouts_dir = layouts_dir
        self._secret = secret
        self._find = find
        self._today = today
        self._rules = rules
        self._methods = Methods(settings, origins, self._broken, self._zone, rules)

    def plant(self) -> Plant | None:
        """Return the plant, or None where ``problems``, or what is broken, says why not."""
        settings = self._settings
        files = FactorFiles(
            settings,
            self._origins,
            broken=self._broken,
            factors_dir=self._factors_dir,
            zone=self._zone,
            today=self._today,
        )
        grid = files.series("grid_factor")
        residual, footprint = files.series("residual_factor"), files.series("footprint_factor")
        gwp = files.gwp()
        slopes = files.slopes()
        endpoints = self._endpoints()
        pots = {id_: self._pots(("potlines", id_, "pots"), section.pots) for id_, section in settings.potlines.items()}
        self._unique_pots(pots)
        potlines = [self._potline(id_, section, pots[id_], slopes) for id_, section in settings.potlines.items()]
        layouts = Layouts(settings, self._origins, broken=self._broken, layouts_dir=self._layouts_dir)
        of_brokers = layouts.of_brokers()
        meters = Meters(settings, self._origins, broken=self._broken, profiles_dir=self._profiles_dir)
        built = meters.built(endpoints, of_brokers)
        electricity = Electricity(settings, self._origins, self._broken, self._zone)
        portfolio = electricity.portfolio()
        bounds = Bounds(settings, self._origins, self._broken, self._zone)
        limits, targets, price_region = bounds.limits(), bounds.targets(), bounds.price_region()
        limit_rules = bounds.limit_rules()
        sections = MaterialSections(settings, self._origins, self._broken, self._zone, self._rules.carbonates)
        materials = sections.materials({meter.id: meter for meter in built})
        declarations = DeclarationSections(settings, self._origins, self._broken, self._zone, self._rules)
        declared = declarations.declarations()
        tappings = Tappings(settings, self._origins, self._broken, self._zone)
        casting = CasthouseSections(settings, self._origins, self._broken, self._zone)
        casthouse = casting.casthouse()
        shifts, day_starts_min, tapping = tappings.shifts(), tappings.day_starts_min(), tappings.tapping()
        if all(read is not None for read in of_brokers.values()):
            self._check_told(layouts.read)
        parts = (files, self._methods, layouts, meters, electricity, bounds, sections, declarations, tappings, casting)
        for part in parts:
            self.problems += part.problems
        brokers = self._brokers()
        if not settings.potlines and not self._any_broken("potlines"):
            self._report(("potlines",), "no potline is configured", "add [potlines.NAME]")
        if not settings.meters and not settings.brokers and not self._any_broken("meters", "brokers"):
            self._report(("meters",), "neither a meter nor a broker is configured", "add [meters.NAME]")
        if self.problems or self._broken or grid is None or gwp is None:
            return None
        return Plant(
            id=settings.plant.id,
            name=settings.plant.name,
            time_zone=ZoneInfo(settings.plant.time_zone),
            method=settings.emissions.method,
            gwp=gwp,
            grid_factor=grid,
            potlines=tuple(potline for potline in potlines if potline is not None),
            endpoints=tuple(endpoints.values()),
            meters=built,
            brokers=brokers,
            layouts=layouts.read,
            residual_factor=residual,
            footprint_factor=footprint,
            portfolio=portfolio,
            limits=limits,
            targets=targets,
            price_region=price_region,
            materials=materials,
            casthouse=casthouse,
            limit_rules=limit_rules,
            shifts=shifts,
            day_starts_min=day_starts_min,
            tapping=tapping,
            declared=declared,
        )

    def _check_told(self, layouts: Sequence[Layout]) -> None:
        """Report what is to be told as time goes, where no message can tell it: nothing would ever come."""
        if any(message.tells is Tells.FACTOR for layout in layouts for message in layout.messages):
            return
        emissions, certificates = self._settings.emissions, self._settings.certificates
        wanted: dict[Path_, bool] = {
            ("emissions", "grid_factor_untold"): emissions.grid_factor_untold is not None,
            ("emissions", "residual_factor_untold"): emissions.residual_factor_untold is not None,
            ("certificates", "told"): certificates is not None and certificates.told,
        }
        wanted |= {
            ("contracts", id_, "untold"): each.untold is not None for id_, each in self._settings.contracts.items()
        }
        for at, is_wanted in wanted.items():
            if is_wanted and self._fine(*at):
                remedy = 'add a layout with a message of tells = "factor" to a broker, or remove it'
                self._report(at, "belongs to what is told over MQTT, and no broker's layout tells factors", remedy)

    def _missing(self, **folders: Path) -> set[Path_]:
        """Report the folders that are not there; nothing else needs to be said about what should be in them."""
        found: set[Path_] = set()
        for key, folder in folders.items():
            if not os.path.isdir(folder):  # noqa: PTH112 - never raises
                if not is_under((key,), self._broken):
                    self._report((key,), f"there is no folder {shown(folder)}", "correct its path, or make it")
                found.add((key,))
        return found

    def _potline(
        self,
        id_: str,
        section: models.PotlineSection,
        pots: tuple[str, ...],
        slopes: dict[str, SlopeCoefficients] | None,
    ) -> Potline | None:
        at = ("potlines", id_)
        slope = None if slopes is None else slopes.get(section.technology)
        if slopes is not None and slope is None and self._fine(*at, "technology"):
            what = f"{self._settings.emissions.method} has no technology '{section.technology}'"
            self._report((*at, "technology"), what, f"one of: {', '.join(sorted(slopes))}")
        for place, row in enumerate(section.current_efficiency):
            self._refuse((*at, "current_efficiency", place, "value"), formulas.current_efficiency(row.value))
        self._in_force((*at, "current_efficiency"), section.current_efficiency)
        efficiency = self._series((*at, "current_efficiency"), section.current_efficiency, 100.0)
        direct = self._methods.of(id_, section)
        consumption = self._consumption(at, section)
        if section.paste is not None:
            self._in_force((*at, "paste", "consumption"), section.paste.consumption)
        sulphur, ash = self._methods.assay(section)
        self._refuse((*at, "anode_sulphur"), formulas.anode_sulphur(sulphur))
        self._refuse((*at, "anode_ash"), formulas.anode_ash(ash))
        weighing = section.weighing_uncertainty
        heights = section.metal_per_height
        below = section.anode_effect_above if section.anode_effect_below is None else section.anode_effect_below
        if below > section.anode_effect_above and self._fine(*at, "anode_effect_above"):
            what = f"{below:g} V is above anode_effect_above, {section.anode_effect_above:g} V"
            self._report((*at, "anode_effect_below"), what, "give the same or less, or leave it out")
        if slope is None:
            return None
        return Potline(
            id=id_,
            name=section.name,
            pots=pots,
            slope=slope,
            current_efficiency=efficiency,
            net_anode_consumption=consumption,
            anode_sulphur_pct=sulphur,
            anode_ash_pct=ash,
            pot_out_below_v=section.pot_out_below,
            weighing_relative_standard_uncertainty=None if weighing is None else weighing / 200,
            metal_kg_per_cm=self._series((*at, "metal_per_height"), heights) if heights else None,
            idle_busbar_share=(
                self._series((*at, "idle_busbar_loss"), section.idle_busbar_loss, 100.0)
                if section.idle_busbar_loss
                else None
            ),
            line_loss_share=(
                self._series((*at, "line_losses"), section.line_losses, 100.0) if section.line_losses else None
            ),
            effect_above_v=section.anode_effect_above,
            effect_below_v=below,
            direct=direct,
            startups=self._startups((*at, "startups"), section.startups, pots),
            group_dc=() if section.balance is None else tuple(section.balance.dc_meters.values()),
        )

    def _startups(self, at: Path_, rows: Sequence[models.StartupSection], pots: tuple[str, ...]) -> tuple[Startup, ...]:
        """Return the start-ups that are counted apart; none where the rule counts them with the others."""
        rule = self._settings.anode_effects.startup
        if rows and rule is None and self._fine("anode_effects", "startup"):
            what = "startups are given, and whether they count in frequency and slope is not"
            self._report(at, what, 'say startup = "apart" or "counted" in [anode_effects], as your rule set has it')
        found: list[Startup] = []
        for place, row in enumerate(rows):
            where = (*at, place)
            if row.pot not in pots:
                self._report((*where, "pot"), f"{row.pot} is no pot of the line", "name one of its pots")
            until_ns = self._to_ns(where, row.valid_from, row.valid_to)
            if until_ns is not None:
                here = Startup(row.pot, self._from_ns(row.valid_from), until_ns)
                if any(one.pot == here.pot and one.from_ns < until_ns and here.from_ns < one.until_ns for one in found):
                    self._report(where, f"{row.pot} is in start-up already in a part of it", "make them one")
                found.append(here)
        return tuple(found) if rule == "apart" else ()

    def _consumption(self, at: Path_, section: models.PotlineSection) -> DatedSeries | None:
        rows, at = section.net_anode_consumption, (*at, "net_anode_consumption")
        if rows is None:
            return None
        for place, row in enumerate(rows):
            self._refuse((*at, place, "value"), formulas.net_anode_consumption(row.value))
        self._in_force(at, rows)
        return self._series(at, rows)

    def _in_force(self, at: Path_, rows: list[Dated[float]]) -> None:
        """Check that a value is in force today. An hour of today may have begun yesterday."""
        first = min(row.valid_from for row in rows)
        if first >= self._today:
            what = f"the first value is in force from {first} on only"
            self._report(at, what, "add the one before it, valid from an earlier day than today")

    def _pots(self, at: Path_, texts: list[str]) -> tuple[str, ...]:
        pots: list[str] = []
        for place, text in enumerate(texts):
            try:
                pots += pots_of(text)
            except ValueError as exc:
                what, _, remedy = str(exc).partition("; ")
                self._report((*at, place), what, remedy)
        return tuple(pots)

    def _unique_pots(self, pots_by_line: Mapping[str, tuple[str, ...]]) -> None:
        seen: dict[str, str] = {}
        for id_, pots in pots_by_line.items():
            if not self._fine("potlines", id_, "pots"):
                continue
            counted = Counter(pots)
            twice = [pot for pot, times in counted.items() if times > 1 or pot in seen]
            if twice:
                where = f"in {seen[twice[0]]}, too" if twice[0] in seen else "twice"
                more = f" (and {len(twice) - 1} more)" if len(twice) > 1 else ""
                self._report(
                    ("potlines", id_, "pots"),
                    f"pot {twice[0]} stands {where}{more}",
                    "pot numbers are unique in the plant",
                )
            seen |= dict.fromkeys(pots, id_)

    def _endpoints(self) -> dict[str, Endpoint]:
        return Endpoints(fine=self._fine, report=self._report, find=self._find).made(self._settings.endpoints)

    def _brokers(self) -> tuple[Broker, ...]:
        made = Brokers(
            fine=self._fine,
            report=self._report,
            find=self._find,
            secret=self._secret,
            layouts_dir=self._layouts_dir,
        )
        brokers = made.made(self._settings.brokers)
        self.problems += made.problems
        return brokers
