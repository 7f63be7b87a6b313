"""A block of registers in every type and order, for people. Pure."""

from collections.abc import Iterator, Sequence

from collector.acquisition.modbus.likeness import Kind
from collector.acquisition.modbus.plausible import Candidate, Ranking
from collector.acquisition.modbus.window import Window
from collector.commands.invocation import table, wrapped
from collector.plant.profile import RegisterType

_BEST = 10
_TABLES = {1: "coils", 2: "discrete inputs", 3: "holding registers", 4: "input registers"}
_LEAST = 2


def lines(window: Window, width: int, *, everything: bool) -> Iterator[str]:
    """Yield what a block may hold, for a terminal of so many columns."""
    place = f"{window.address}+{len(window.words)} (0x{window.address:04X})"
    yield f"{_TABLES[window.function]} {place}"
    if window.note:
        yield from wrapped(window.note, width)
    if window.is_of_bits:
        yield from table(
            [["address", "state"], *([str(window.address + n), str(b)] for n, b in enumerate(window.words))]
        )
        return
    ranking = window.ranking(every_scale=everything)
    yield from _words(window, width)
    yield ""
    yield "the most plausible reading of the block:"
    yield from _reading(window, ranking, width)
    yield from _shifts(window, width)
    for number in range(len(window.words)):
        group = ranking.places[number]
        shown = group if everything else _worth_showing(group)
        yield ""
        yield f"{window.address + number} (0x{window.address + number:04X}) {window.words[number]:04X}"
        if not shown:
            yield "  nothing that a meter shows begins here; --all shows every way to read it"
        yield from _candidates(shown, width)


def _worth_showing(group: Sequence[Candidate]) -> Sequence[Candidate]:
    """Return the best ones; of what is unlikely only the very first, so that no place is left without any."""
    numbers = [each for each in group if each.kind is not None]
    return [each for each in numbers if each.likelihood != "unlikely"][:_BEST] or numbers[:_LEAST]


def _words(window: Window, width: int) -> Iterator[str]:
    a_line = max(4, (width - 12) // 5)
    for start in range(0, len(window.words), a_line):
        words = " ".join(f"{word:04X}" for word in window.words[start : start + a_line])
        yield f"  {window.address + start:>5}  {words}"


def _reading(window: Window, ranking: Ranking, width: int) -> Iterator[str]:
    telling = [each for each in ranking.best if each.kind is not Kind.ZERO]
    if not telling:
        yield "  none: nothing here looks like what a meter shows"
        return
    rows = [[str(window.address + each.place), *_cells(each)] for each in telling]
    yield from _explained(rows, telling, frozenset({0, 2}), width)
    firm = [each for each in telling if each.count > 1 and each.kind is not Kind.TEXT and each.likelihood != "possible"]
    if firm:
        keys = f'word_order = "{firm[0].word_order.value}", byte_order = "{firm[0].byte_order.value}"'
        yield from wrapped(f"in a profile: {keys}", width)


def _shifts(window: Window, width: int) -> Iterator[str]:
    for shift in window.shifts():
        better, each = window.address + shift.by, shift.value
        form = f"{_types(each)} {each.order}".strip()
        what = f"Beginning at {better}, at {better + each.place} stands {form} {_shown(each)} ({each.reasons[0]})"
        if not shift.is_better:
            why = "that is as plausible, and in the usual order; all digits on the display decide"
        elif shift.by < 0:
            why = f"the document probably counts from 1, and on the wire it is {better}"
        else:
            why = f"1 was probably taken off an address that counts from 0 already, and on the wire it is {better}"
        yield from wrapped(f"is {window.address} off by one? {what}: {why}", width)


def _candidates(group: Sequence[Candidate], width: int) -> Iterator[str]:
    yield from _explained([_cells(each) for each in group], group, frozenset({1}), width)


def _explained(
    rows: Sequence[list[str]], group: Sequence[Candidate], right: frozenset[int], width: int
) -> Iterator[str]:
    """Yield rows with their reasons: beside them, or below where there is no room beside them."""
    reasons = ["; ".join(each.reasons) for each in group]
    lines = list(table([[*row, why] for row, why in zip(rows, reasons, strict=True)], right=right))
    if all(len(line) <= width for line in lines):
        yield from lines
        return
    for line, why in zip(table(rows, right=right), reasons, strict=True):
        yield line
        yield from wrapped(why, width, indent=6, after=6)


def _cells(candidate: Candidate) -> list[str]:
    form = f"{_types(candidate)} {candidate.order}".strip()
    scale = "" if candidate.scale == 1.0 else f"x {candidate.scale:g}"
    return [form, _shown(candidate), scale, candidate.likelihood]


def _types(candidate: Candidate) -> str:
    labels = [type_.label for type_ in candidate.types]
    return "/".join(labels[:2]) + ("/..." if len(labels) > 2 else "")


def _shown(candidate: Candidate) -> str:
    if candidate.text:
        return f"'{candidate.text}'"
    held = float(f"{candidate.value:.7g}") if RegisterType.F32 in candidate.types else candidate.value
    return f"{held:,.12g}"
