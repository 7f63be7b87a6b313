"""What a restatement changes, in words and as JSON: what 'potline restate' shows before it writes."""

from collections.abc import Iterator, Sequence

from collector.accounting.intensity import EmissionsIntensity, EnergyIntensity
from collector.accounting.periods import label_of
from collector.closing.rehearsing import WindowChange
from collector.closing.restating import Change, Figures
from collector.commands.invocation import counted, table
from collector.plant.calendar import Calendar

_SHOWN_DAYS = 62
_SHOWN_WINDOWS = 40
_SHOWN_FOLLOWING = ("day", "month")


def told(found: Sequence[Change], windows: Sequence[WindowChange], calendar: Calendar) -> Iterator[str]:
    """Yield lines that say day by day, and window by window, what a restatement changes."""
    if not found:
        yield "there is nothing in the ledger in this period"
        return
    head = ("potline", "day", "minutes", "differ", "kWh/t before", "after", "t CO2e/t before", "after")
    rows = [
        (
            change.potline or "plant",
            change.day.isoformat(),
            str(change.minutes),
            str(len(change.differing)),
            _number(_field(change.before.energy, "kwh_per_t"), 1),
            _number(_field(change.after.energy, "kwh_per_t"), 1),
            _number(_field(change.before.emissions, "t_co2e_per_t"), 4),
            _number(_field(change.after.emissions, "t_co2e_per_t"), 4),
        )
        for change in found
        if change.differing
    ]
    if rows:
        yield from table([head, *rows[:_SHOWN_DAYS]], right=frozenset(range(2, 8)))
        if len(rows) > _SHOWN_DAYS:
            yield f"  ... and {len(rows) - _SHOWN_DAYS} more; --json has all"
        yield "  comprehensive consumption; location-based electricity; of the minutes whose inputs are kept"
    yield from _told_of_windows(windows, calendar)
    gone = sum(change.without_inputs for change in found)
    if gone:
        yield f"{counted(gone, 'minute')} without inputs: they are no longer kept, so these stay as they are"
    differing = sum(len(change.differing) for change in found)
    yield f"{counted(sum(change.minutes for change in found), 'minute')}, {differing} come out differently"


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def _told_of_windows(windows: Sequence[WindowChange], calendar: Calendar) -> Iterator[str]:
    """Yield those that are wrong themselves, and days and longer ones that follow from their minutes."""
    shown = [each for each in windows if not each.follows or each.window.name in _SHOWN_FOLLOWING]
    if shown:
        head = ("potline", "window", "", "why", "kWh/t before", "after")
        rows = [
            (
                each.potline or "plant",
                each.window.name,
                label_of(each.window, calendar),
                "its minutes" if each.follows else "itself",
                _number(_field(each.before, "kwh_per_t"), 1),
                _number(_field(each.after, "kwh_per_t"), 1),
            )
            for each in shown[:_SHOWN_WINDOWS]
        ]
        yield from table([head, *rows], right=frozenset({4, 5}))
    if len(windows) > len(shown[:_SHOWN_WINDOWS]):
        yield f"  {counted(len(windows), 'longer window')} in all; --json has each of them"
    own = sum(not each.follows for each in windows)
    if own:
        yield f"{counted(own, 'longer window')} to be stated again for their own sake"


def document(
    reason: str, found: Sequence[Change], windows: Sequence[WindowChange], calendar: Calendar
) -> dict[str, object]:
    """Return the same for programs."""
    return {
        "reason": reason,
        "changes": [_document(change) for change in found],
        "windows": [
            {
                "potline": each.potline,
                "window": each.window.name,
                "name": label_of(each.window, calendar),
                "start_ns": each.window.start_ns,
                "follows": each.follows,
                "before": _energy(each.before),
                "after": _energy(each.after),
            }
            for each in windows
        ],
    }


def _energy(of: EnergyIntensity | None) -> dict[str, float | None]:
    return {name: _field(of, name) for name in ("energy_kwh", "metal_t", "kwh_per_t")}


def _document(change: Change) -> dict[str, object]:
    return {
        "potline": change.potline,
        "day": change.day.isoformat(),
        "minutes": change.minutes,
        "differing": len(change.differing),
        "without_inputs": change.without_inputs,
        "before": _figures(change.before),
        "after": _figures(change.after),
    }


def _figures(figures: Figures) -> dict[str, float | None]:
    names = {"energy_kwh": figures.energy, "metal_t": figures.energy, "kwh_per_t": figures.energy}
    more = {"total_t_co2e": figures.emissions, "t_co2e_per_t": figures.emissions}
    return {name: _field(of, name) for name, of in {**names, **more}.items()}


def _field(of: EnergyIntensity | EmissionsIntensity | None, name: str) -> float | None:
    return None if of is None else getattr(of, name)
