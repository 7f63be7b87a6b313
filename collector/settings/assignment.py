"""Which collector looks after which potlines: [collectors] of the plant file, and which of them this one is."""

from collections import Counter
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from collector.plant.division import Part
from collector.settings import models
from collector.settings.part import Part as SettingsPart
from collector.settings.sources import Origins
from collector.settings.toml_file import Path_


@dataclass(frozen=True, slots=True)
class Choice:
    """What was asked for when the collector was called: a name of [collectors], or potlines; neither: as is set.

    A name that is none of [collectors] stands for potlines, like PL1 or PL1+PL2.
    """

    collector: str = ""
    potlines: tuple[str, ...] = ()

    def name(self, as_set: str) -> str:
        """Return the name of the part that is meant, empty for all of the plant. ``as_set``: what the settings say."""
        asked = self.collector or ("" if self.potlines else as_set)
        return "-".join(dict.fromkeys(self.potlines or asked.split("+")))


AS_SET = Choice()


class Assignment(SettingsPart):
    """Checks who looks after what.

    Parameters
    ----------
    choice
        Comes before ``collector`` of the settings.
    """

    def __init__(self, settings: models.Settings, origins: Origins, broken: AbstractSet[Path_], choice: Choice) -> None:
        super().__init__(origins, broken)
        self._settings = settings
        self._choice = choice

    def parts(self) -> tuple[Part, ...]:
        """Return what each collector looks after; ``problems`` says what is wrong with it."""
        sections = self._settings.collectors
        parts = tuple(Part(name, tuple(section.potlines), section.shared) for name, section in sections.items())
        known = self._settings.potlines
        holders: dict[str, str] = {}
        for part in parts:
            at = ("collectors", part.name, "potlines")
            if not self._fine(*at):
                continue
            for place, (potline, times) in enumerate(Counter(part.potlines).items()):
                if potline not in known and self._fine("potlines", potline):
                    self._unknown((*at, place), "potline", potline, known)
                other = part.name if times > 1 else holders.setdefault(potline, part.name)
                if times > 1 or other != part.name:
                    where = "twice" if other == part.name else f"at {other}, too"
                    self._report((*at, place), f"{potline} stands {where}", "a potline has one collector")
        self._check_shared(parts)
        return parts

    def chosen(self, parts: tuple[Part, ...]) -> Part | None:
        """Return what this collector looks after; None: all of the plant."""
        choice = self._choice
        name = choice.collector or ("" if choice.potlines else self._settings.collector or "")
        if choice.collector and choice.potlines:
            self._report(("collector",), "a collector and potlines are both asked for", "name one of them")
            return None
        found = next((part for part in parts if part.name == name), None)
        if found is not None or not (name or choice.potlines):
            return found
        known = self._settings.potlines
        potlines = tuple(dict.fromkeys(choice.potlines or name.split("+")))
        unknown = [potline for potline in potlines if potline not in known]
        if unknown and not self._any_broken("collector", "collectors", "potlines"):
            listed = ", ".join([*(part.name for part in parts), *known])
            what = f"there is neither a collector nor a potline '{unknown[0]}' in the plant file"
            self._report(("collector",), what, f"one of: {listed}")
        if unknown:
            return None
        return Part("-".join(potlines), potlines, shared=set(potlines) == set(known))

    def _check_shared(self, parts: tuple[Part, ...]) -> None:
        """See that exactly one collector has what belongs to the plant as a whole."""
        shared = [part.name for part in parts if part.shared]
        if not parts or len(shared) == 1 or self._any_broken("collectors"):
            return
        if not shared:
            what = "nobody has what belongs to the plant as a whole: stacks, incomers, shared services, renewable share"
            self._report(("collectors",), what, "add shared = true to one collector")
        else:
            what = f"{' and '.join(shared)} both have what belongs to the plant as a whole"
            self._report(("collectors", shared[1], "shared"), what, "leave shared = true with one of them")
