"""Metal that the plant's books state, beside the metal that was weighed: the difference, and which one counts. Pure.

Of several statements about one period and basis the one with the highest rank counts under each id, and of different
ids a final one before one that is not. A day is stated by itself or by all of its shifts, a month by all of its days.
Where the books count, each day without a statement counts by its weighings, and that is said.

This is for days and longer. The metal of shifts and hours follows from that of their day (see `spreading`).
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from collector.accounting.metal import Tapped
from collector.accounting.metal_basis import MetalBasis
from collector.accounting.periods import label_of
from collector.accounting.windows import Window, windows_between
from collector.plant.calendar import Calendar
from collector.readings.event import Production


class Counts(Enum):
    """What counts where both are known: the weighings, or the production that the books state."""

    WEIGHINGS = "weighings"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True)
class Words:
    """The plant's words: for a figure that is final, and for what a mass is made of."""

    final: frozenset[str] = frozenset({"final"})
    tapped: frozenset[str] = frozenset({"tapped"})
    reconciled: frozenset[str] = frozenset({"tapped+inventory_change"})


@dataclass(frozen=True, slots=True)
class Statement:
    """What the books state of a period [kg]. ``ids`` are the messages it stands on."""

    period: str
    basis: MetalBasis
    kg: float
    final: bool
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Books:
    """The statements that count, by period and basis. ``findings`` are sentences for whoever keeps the books."""

    statements: Mapping[tuple[str, MetalBasis], Statement]
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TappedMetal:
    """Tapped metal of a day or longer.

    Attributes
    ----------
    kg : float
        What counts [kg].
    counts : Counts
        Whose figure that is; of a month, whose it is for at least one day.
    weighings_kg : float
        What the weighings add up to [kg].
    stated : Statement or None
        What the books state of all of it, if they do.
    difference_kg : float or None
        The books' figure minus that of the weighings, where the books have one [kg].
    """

    window: Window
    kg: float
    counts: Counts
    weighings_kg: float
    stated: Statement | None
    difference_kg: float | None
    findings: tuple[str, ...]


def read_books(productions: Iterable[Production], words: Words) -> Books:
    """Return the statements of one potline that count.

    Parameters
    ----------
    productions
        What was told, in any order and with any repetitions, of one potline.
    words
        The words of the plant. A basis that is none of them is said and not used.
    """
    latest: dict[str, Production] = {}
    for told in productions:
        if told.id not in latest or told.rank > latest[told.id].rank:
            latest[told.id] = told
    statements: dict[tuple[str, MetalBasis], Statement] = {}
    findings: list[str] = []
    # Those that count more come later, and replace.
    ordered = sorted(latest.values(), key=lambda told: (told.status in words.final, told.rank, told.id))
    for told in ordered:
        basis = _basis(told, words)
        if basis is None:
            known = ", ".join(sorted(words.tapped | words.reconciled))
            findings.append(
                f"{told.id} states the metal of {told.period} on the basis '{told.basis}', which is none of: {known};"
                " it is not used"
            )
            continue
        statement = Statement(told.period, basis, told.net_kg, told.status in words.final, (told.id,))
        before = statements.get((told.period, basis))
        if before is not None and before.final and statement.final and before.kg != statement.kg:
            findings.append(
                f"{told.id} and {before.ids[0]} state the metal of {told.period} finally, and not the same"
                f" ({statement.kg:g} and {before.kg:g} kg); {told.id} counts"
            )
        statements[told.period, basis] = statement
    return Books(statements, tuple(findings))


def stated(window: Window, basis: MetalBasis, books: Books, calendar: Calendar) -> Statement | None:
    """Return what the books state of a shift, a day or a month, or None if they do not state all of it."""
    period = label_of(window, calendar)
    found = books.statements.get((period, basis))
    parts = {"day": "shift", "month": "day"}.get(window.name)
    if found is not None or parts is None or (parts == "shift" and not calendar.shifts.names):
        return found
    smaller = list(windows_between(parts, window.start_ns, window.end_ns, calendar))
    if (smaller[0].start_ns, smaller[-1].end_ns) != (window.start_ns, window.end_ns):
        return None
    told = [stated(part, basis, books, calendar) for part in smaller]
    known = [statement for statement in told if statement is not None]
    if len(known) < len(told):
        return None
    return Statement(
        period=period,
        basis=basis,
        kg=math.fsum(statement.kg for statement in known),
        final=all(statement.final for statement in known),
        ids=tuple(id_ for statement in known for id_ in statement.ids),
    )


def tapped_metal(window: Window, weighed: Tapped, books: Books, calendar: Calendar, *, counts: Counts) -> TappedMetal:
    """Return the tapped metal of a day or a month, by weighings or by the books.

    Parameters
    ----------
    window
        A day or a month.
    weighed
        The weighings of the potline; those outside the window are left out.
    books
        The statements of the same potline.
    calendar
        Time zone, shifts and beginning of the day.
    counts
        What counts where both are known.

    Raises
    ------
    ValueError
        If the window is neither a day nor a month.
    """
    if window.name == "month":
        days = windows_between("day", window.start_ns, window.end_ns, calendar)
        return _month(window, [_day(day, weighed, books, calendar, counts) for day in days], books, calendar)
    if window.name != "day":
        raise ValueError(f"tapping does not tell the metal of a window '{window.name}'; take a day or a month")
    return _day(window, weighed, books, calendar, counts)


def _day(window: Window, weighed: Tapped, books: Books, calendar: Calendar, counts: Counts) -> TappedMetal:
    here = weighed.between(window.start_ns, window.end_ns)
    statement = stated(window, MetalBasis.TAPPED, books, calendar)
    findings = []
    if statement is None and not here.taps:
        findings.append(f"nothing is weighed and nothing is stated of {label_of(window, calendar)}")
    elif statement is None and counts is Counts.PRODUCTION:
        findings.append(f"the books state nothing of {label_of(window, calendar)}; its weighings count")
    by_books = statement is not None and counts is Counts.PRODUCTION
    return TappedMetal(
        window=window,
        kg=statement.kg if statement is not None and by_books else here.kg,
        counts=Counts.PRODUCTION if by_books else Counts.WEIGHINGS,
        weighings_kg=here.kg,
        stated=statement,
        difference_kg=None if statement is None else statement.kg - here.kg,
        findings=tuple(findings),
    )


def _month(window: Window, days: list[TappedMetal], books: Books, calendar: Calendar) -> TappedMetal:
    weighings_kg = math.fsum(day.weighings_kg for day in days)
    statement = stated(window, MetalBasis.TAPPED, books, calendar)
    return TappedMetal(
        window=window,
        kg=math.fsum(day.kg for day in days),
        counts=max((day.counts for day in days), key=lambda counts: counts is Counts.PRODUCTION),
        weighings_kg=weighings_kg,
        stated=statement,
        difference_kg=None if statement is None else statement.kg - weighings_kg,
        findings=tuple(finding for day in days for finding in day.findings),
    )


def _basis(told: Production, words: Words) -> MetalBasis | None:
    if told.basis in words.reconciled:
        return MetalBasis.RECONCILED
    return MetalBasis.TAPPED if told.basis in words.tapped else None
