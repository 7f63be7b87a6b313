"""What follows for the potlines from an account of the plant as a whole, and what the plant's follows from theirs."""

from collections.abc import Mapping

from collector.accounting.plant_metal import LineAccount, PlantUncertainties, plant_uncertainties
from collector.accounting.plant_parameters import PlantWanted
from collector.accounting.plant_sums import PlantSums
from collector.accounting.shared_services import shared_by_metal, with_shared
from collector.accounting.windows import Window
from collector.closing.closer import Closer
from collector.closing.entries import comprehensive, emissions
from collector.closing.market import market_of_potline
from collector.closing.tonnage import BY_WEIGHT
from collector.plant.meter import Measures
from collector.plant.topology import Plant


class Following:
    """Asks the closer of the potlines what it stated of a window of the plant.

    Parameters
    ----------
    lines
        The closer of the potlines.
    least_coverage_pct
        Below it, ratios are withheld [%].
    """

    def __init__(self, lines: Closer, *, least_coverage_pct: float) -> None:
        self._lines = lines
        self._least_coverage_pct = least_coverage_pct

    async def accounts(self, plant: Plant, window: Window) -> dict[str, LineAccount]:
        """Return what the potlines state of a window that may be stated by weight; nothing of others.

        Nothing, too, where potlines are elsewhere: the metal of the plant is not known here.
        """
        if window.name not in BY_WEIGHT or plant.tapping is None or plant.elsewhere.pots:
            return {}
        told = {potline.id: await self._lines.interval(potline.id, window) for potline in plant.potlines}
        return {
            potline: LineAccount(found[0].sums, found[1], found[0].metal)
            for potline, found in told.items()
            if found is not None
        }

    def sure(
        self, plant: Plant, wanted: PlantWanted, window: Window, sums: PlantSums, lines: Mapping[str, LineAccount]
    ) -> PlantUncertainties | None:
        """Return how well weighed metal and kWh/t of the plant are known; None unless all potlines state theirs."""
        if len(lines) < len(plant.potlines):
            return None
        of = {meter.meter: meter.measures for meter in wanted.meters}
        return plant_uncertainties(
            sums,
            list(lines.values()),
            services=[meter for meter in plant.meters if of.get(meter.id) is Measures.AUXILIARY_AC],
            casthouse=[meter for meter in plant.meters if of.get(meter.id) is Measures.CASTHOUSE_AC],
            length_s=window.length_s,
        )

    async def by_the_market(self, plant: Plant, window: Window, sums: PlantSums) -> list[bytes]:
        """Return the emissions of the potlines with electricity by contracts and certificates, where it is known."""
        found = []
        for potline in plant.potlines:
            told = await self._lines.interval(potline.id, window)
            if told is None:
                continue
            interval, parameters = told
            bought = market_of_potline(window, interval.sums.comprehensive.energy_kwh, sums, plant)
            if bought.co2_t is not None:
                least = self._least_coverage_pct
                found.append(emissions(interval, parameters, least_coverage_pct=least, market_t=bought.co2_t))
        return [line for line in found if line is not None]

    async def with_services(self, plant: Plant, window: Window, sums: PlantSums) -> list[bytes]:
        """Return the comprehensive energy of the potlines with the services that the metal shares between them."""
        shared, found = shared_by_metal(plant), []
        for potline in plant.potlines if shared else ():
            told = await self._lines.interval(potline.id, window)
            if told is not None:
                interval, parameters = told
                pair = with_shared(interval.sums.comprehensive, potline.id, shared, sums, window.length_s)
                least = self._least_coverage_pct
                found.append(comprehensive(interval, parameters.plant, pair, least_coverage_pct=least))
        return [line for line in found if line is not None]
