"""What is checked of every meter, whether it is asked or speaks by itself."""

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from zoneinfo import ZoneInfo

from collector.plant.accuracy import Accuracy
from collector.plant.allocation import Allocation
from collector.plant.meter import STACK_QUANTITIES, Measures
from collector.readings.quantity import Quantity
from collector.settings import models
from collector.settings.part import DatedPart, of_class
from collector.settings.sources import Origins
from collector.settings.toml_file import Path_

_SHARED = frozenset({Measures.AUXILIARY_AC, Measures.DESULPHURISATION_AC, Measures.CASTHOUSE_AC})
"""What may serve several potlines."""
_WITHOUT_POTLINE = _SHARED | {Measures.INCOMER_AC, Measures.GENERATION, Measures.STACK, Measures.MONITORED}
_WITHOUT_ENERGY = frozenset({Measures.STACK, Measures.MONITORED})


class AnyMeter(DatedPart):
    """Meters while they are built."""

    def __init__(self, settings: models.Settings, origins: Origins, broken: AbstractSet[Path_]) -> None:
        super().__init__(origins, broken, ZoneInfo(settings.plant.time_zone))
        self._settings = settings

    def _check_common(self, at: tuple[str, str], section: models.MeterSection, measures: Measures) -> None:
        """Check what is needed or not for what the meter measures."""
        self._check_potline(at, section.potline)
        for key, value in (("for", section.for_), ("from_csv", section.from_csv)):
            if value is not None:
                self._report((*at, key), "makes many meters of one table of the plant file only", "write it there")
        if not self._fine(*at, "measures"):
            return
        if section.potline is None and measures not in _WITHOUT_POTLINE and self._fine(*at, "potline"):
            self._report((*at, "potline"), f"is missing, and {measures.value} belongs to a potline", "add it")
        if section.rated_power is None and measures not in _WITHOUT_ENERGY and self._fine(*at, "rated_power"):
            what = f"is missing, and it bounds what {measures.value} may book"
            self._report((*at, "rated_power"), what, 'add it, like "60 MW"')
        self._check_belongs(at, "stack", section.stack, measures is Measures.STACK, 'add it, like stack = "GTC-1"')
        if section.conditions is not None and measures is not Measures.STACK and self._fine(*at, "conditions"):
            what = f"belongs to a meter that measures {Measures.STACK.value}"
            self._report((*at, "conditions"), what, "remove it")
        generation = measures is Measures.GENERATION
        self._check_belongs(at, "technology", section.technology, generation, 'add it, like technology = "solar"')

    def _check_belongs(self, at: tuple[str, str], key: str, value: str | None, needed: bool, remedy: str) -> None:  # noqa: FBT001 - one of five
        """Check a key that goes with one kind of meter, and with no other."""
        if needed == (value is not None) or not self._fine(*at, key):
            return
        if needed:
            self._report((*at, key), "is missing", remedy)
        else:
            of = Measures.STACK if key == "stack" else Measures.GENERATION
            self._report((*at, key), f"belongs to a meter that measures {of.value}", "remove it")

    def _check_stack(self, at: tuple[str, str], measures: Measures, quantities: Collection[Quantity]) -> None:
        if measures is Measures.STACK and not any(quantity in STACK_QUANTITIES for quantity in quantities):
            listed = ", ".join(quantity.label for quantity in STACK_QUANTITIES)
            self._report((*at, "measures"), "it has nothing that is booked of a stack", f"one of: {listed}")

    def _accuracy(self, at: tuple[str, str], section: models.MeterSection) -> Accuracy:
        """Return how sure a meter is: by its uncertainty, or by classes."""
        classes = {"class": section.class_, "ct_class": section.ct_class, "vt_class": section.vt_class}
        given = [key for key, value in classes.items() if value is not None]
        whole = self._relative(at, section)
        if whole is not None and given:
            what = f"{given[0]} and an uncertainty of the whole exclude each other"
            self._report((*at, given[0]), what, "keep one: the uncertainty is that of the meter with its transformers")
        return Accuracy(whole, *(of_class(value) for value in classes.values()))

    def _allocation(self, at: tuple[str, str], section: models.MeterSection, measures: Measures) -> Allocation | None:
        """Return how an energy is shared between potlines; None where it is not."""
        shares, potlines = section.allocate, self._settings.potlines
        where = (*at, "allocate")
        if shares is None:
            open_ = measures in _SHARED - {Measures.AUXILIARY_AC} and section.potline is None and len(potlines) > 1
            if open_ and self._fine(*where) and self._fine(*at, "potline"):
                what = f"is missing, and this {measures.value} serves {len(potlines)} potlines"
                self._report(where, what, 'add allocate = "by_metal", or shares like { PL1 = "60 %", PL2 = "40 %" }')
            return None
        if measures not in _SHARED or section.potline is not None:
            what = "belongs to a meter of services, desulphurisation or casthouse that has no potline"
            self._report(where, what, "remove it")
            return None
        for name in shares:
            if name not in potlines and self._fine("potlines", name):
                self._unknown((*where, name), "potline", name, potlines)
        whole = sum(shares.values())
        if shares and abs(whole - 100) > 1e-6:
            self._report(where, f"the shares add up to {whole:g} %", "give shares of 100 % together")
        return Allocation(tuple((name, share / 100) for name, share in shares.items()))

    def _check_potline(self, at: tuple[str, str], potline: str | None) -> None:
        known = self._settings.potlines
        if (
            potline is not None
            and potline not in known
            and self._fine(*at, "potline")
            and self._fine("potlines", potline)
        ):
            self._unknown((*at, "potline"), "potline", potline, known)
