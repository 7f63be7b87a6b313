"""What potline check tells of the division of a plant between collectors."""

from collections.abc import Iterator
from typing import Any

from collector.settings import Configuration


def assignment(configuration: Configuration) -> list[dict[str, Any]]:
    """Return who looks after what, for programs."""
    return [{"name": part.name, "potlines": list(part.potlines), "shared": part.shared} for part in configuration.parts]


def told_assignment(configuration: Configuration) -> Iterator[str]:
    """Yield who looks after what, for people; nothing where one collector has all of the plant."""
    part = configuration.part
    if configuration.parts:
        yield "collectors:"
    for each in configuration.parts:
        more = " and what belongs to the plant as a whole" if each.shared else ""
        here = " (this one)" if part is not None and each.name == part.name else ""
        yield f"  {each.name}: {', '.join(each.potlines)}{more}{here}"
    if part is not None:
        yield f"this collector: {part.name}, its store {configuration.store.path}"


def assignment_warnings(configuration: Configuration) -> Iterator[str]:
    """Yield what nobody looks after, and what no collector can state, with the remedy."""
    elsewhere = configuration.plant.elsewhere
    for potline in configuration.lines_of_nobody:
        yield f"{potline}: no collector looks after it; add it to a [collectors.NAME]"
    part = configuration.part
    if part is not None and not configuration.parts and elsewhere.plant_wide:
        what = "stacks, incomers, shared services and renewable share are in no account while potlines are named alone"
        yield f"{part.name}: {what}; divide the plant with [collectors], one of them with shared = true"
    if elsewhere.services_by_metal:
        what = "services are shared by the metal of potlines of several collectors: liquid_comprehensive_ac is withheld"
        yield f"{what}; give fixed shares, or leave these potlines to one collector"
    if configuration.lines_share_a_contract:
        what = "contracts and certificates cover the plant as a whole"
        yield f"{what}: this collector states no market-based electricity of its potlines"
    if configuration.price_withheld:
        what = "the relief of the price follows from the plant's contracts: this collector states no price tier"
        yield f"{what}; add the certified non_hydro_share to [price]"
