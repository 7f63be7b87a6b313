"""What a block of registers may hold when nobody knows its layout: every way to read it, ranked. Pure.

A candidate is worth what its number is worth by its likeness to what meters show. As all values of a device are in one
order as a rule, candidates are ranked by what the best reading of the whole block is worth that contains them: one
frequency that is unmistakable tells the order of everything around it.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from collector.acquisition.modbus.anyorder import RawNumber, raw_number
from collector.acquisition.modbus.likeness import Kind, alike, worth, worth_of_change
from collector.plant.profile import ByteOrder, RegisterType, WordOrder

_UNEXPLAINED = -4.0
"""Bits for a register that no value explains: a map has few of those."""
_TYPES = {
    RegisterType.U16: -2.3,
    RegisterType.S16: -3.0,
    RegisterType.F32: -2.0,
    RegisterType.U32: -2.5,
    RegisterType.S32: -3.0,
    RegisterType.U64: -4.5,
    RegisterType.S64: -4.5,
    RegisterType.F64: -5.5,
    RegisterType.U48: -8.0,
    RegisterType.S48: -8.5,
    RegisterType.BCD16: -8.0,
    RegisterType.BCD32: -9.0,
    RegisterType.BCD48: -11.0,
    RegisterType.BCD64: -13.0,
    RegisterType.MOD10000X2: -10.0,
    RegisterType.MOD10000X3: -13.0,
    RegisterType.MOD10000X4: -15.0,
    RegisterType.ISKRA_T5: -9.0,
    RegisterType.ISKRA_T6: -9.5,
}
"""How common the types are among meters [bits]."""
_SCALES = {1.0: -1.0, 0.1: -2.0, 0.01: -2.3, 0.001: -2.8}
"""How common the scales of whole numbers are [bits]."""
_ORDERS = {
    (WordOrder.MSW_FIRST, ByteOrder.BIG): -0.6,
    (WordOrder.LSW_FIRST, ByteOrder.BIG): -1.8,
    (WordOrder.MSW_FIRST, ByteOrder.LITTLE): -4.0,
    (WordOrder.LSW_FIRST, ByteOrder.LITTLE): -4.5,
}
"""How common the orders are [bits]."""
USUAL_ORDER = (WordOrder.MSW_FIRST, ByteOrder.BIG)
_WORDS = ((8.0, 1.5, "very likely"), (2.0, 6.0, "likely"), (-6.0, 14.0, "possible"), (-math.inf, math.inf, "unlikely"))
"""What is worth so many bits by itself, and lacks at most so many to the best reading, in words."""
_ALIKE = 3.0
"""Bits for a neighbour of the same form that shows nearly the same: the next phase."""
_LEAST_TEXT = 4
_TEXT_BITS, _BITS_A_CHARACTER = -13.0, 2.8


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to read registers of a block.

    Attributes
    ----------
    place, count : int
        The first register, counted from the beginning of the block, and how many.
    types : tuple of RegisterType
        The types that make the same number of these bits, the most common one first.
    value : float
        With ``scale``; NaN for a text and for what is no number.
    kind : Kind or None
        What it looks like; None: like nothing that a meter shows.
    bits, total : float
        What it is worth by itself, and what the best reading of the whole block is worth that contains it.
    lacks : float
        By how much that is less than the best reading of all.
    reasons : tuple of str
        Why, in words.
    """

    place: int
    count: int
    types: tuple[RegisterType, ...]
    word_order: WordOrder
    byte_order: ByteOrder
    scale: float
    value: float
    text: str
    kind: Kind | None
    bits: float
    reasons: tuple[str, ...]
    total: float = -math.inf
    lacks: float = math.inf

    @property
    def end(self) -> int:
        """The first place after it."""
        return self.place + self.count

    @property
    def order(self) -> str:
        """The order in words; empty where there is nothing to order."""
        words = self.word_order.value if self.count > 1 and self.kind is not Kind.TEXT else ""
        swapped = "bytes swapped" if self.byte_order is ByteOrder.LITTLE else ""
        return ", ".join(filter(None, (words, swapped)))

    @property
    def likelihood(self) -> str:
        """How plausible it is, in words."""
        if self.kind is None:
            return "no"
        if self.kind is Kind.ZERO:
            return "says nothing"
        return next(word for least, most, word in _WORDS if self.bits >= least and self.lacks <= most)

    def follows(self, order: tuple[WordOrder, ByteOrder]) -> bool:
        """Tell whether it means something and agrees with an order; one register has no order of words."""
        ordered = self.count == 1 or self.kind is Kind.TEXT or self.word_order is order[0]
        return self.kind is not None and ordered and self.byte_order is order[1]


@dataclass(frozen=True, slots=True)
class Ranking:
    """What a block may hold.

    Attributes
    ----------
    worth : float
        What the best reading is worth.
    best : tuple of Candidate
        The best reading of the whole block: values that follow one another.
    places : tuple of tuples of Candidate
        For each register, what may begin there, best first.
    """

    worth: float
    best: tuple[Candidate, ...]
    places: tuple[tuple[Candidate, ...], ...]

    def covering(self, place: int) -> Candidate | None:
        """Return the value of the best reading that a register belongs to."""
        return next((each for each in self.best if each.place <= place < each.end), None)


def rank(
    words: Sequence[int], later: Sequence[int] = (), seconds: float = 0.0, *, every_scale: bool = False
) -> Ranking:
    """Rank every way to read a block of registers.

    Parameters
    ----------
    words, later : sequence of int
        The registers, and the same ones read again (empty: they were not).
    seconds : float
        How much later [s].
    every_scale : bool
        Tell whole numbers with every scale, not only with the best one.
    """
    candidates = [
        each
        for place in range(len(words))
        for each in (*_numbers(words, later, seconds, place, every_scale=every_scale), *_texts(words, place))
    ]
    totals = [-math.inf] * len(candidates)
    best: tuple[float, tuple[Candidate, ...]] = (-math.inf, ())
    for order, prior in _ORDERS.items():
        places = [number for number, each in enumerate(candidates) if each.follows(order)]
        before, after, reading = _tiled([candidates[number] for number in places], len(words))
        for number in places:
            each = candidates[number]
            totals[number] = max(totals[number], prior + before[each.place] + each.bits + after[each.end])
        if prior + after[0] > best[0]:
            best = (prior + after[0], reading)
    groups: list[list[Candidate]] = [[] for _ in words]
    for each, total in zip(candidates, totals, strict=True):
        groups[each.place].append(replace(each, total=total, lacks=best[0] - total))
    reading = tuple(replace(each, total=best[0], lacks=0.0) for each in best[1])
    return Ranking(best[0], reading, tuple(tuple(sorted(group, key=_by_worth)) for group in groups))


def _by_worth(candidate: Candidate) -> tuple[float, float]:
    return -candidate.total, -candidate.bits


def _tiled(candidates: Sequence[Candidate], size: int) -> tuple[list[float], list[float], tuple[Candidate, ...]]:
    """Return what the best readings before and from each place on are worth, and the best reading of all."""
    starting: list[list[Candidate]] = [[] for _ in range(size)]
    ending: list[list[Candidate]] = [[] for _ in range(size + 1)]
    for each in candidates:
        starting[each.place].append(each)
        ending[each.end].append(each)
    before, after = [0.0] * (size + 1), [0.0] * (size + 1)
    chosen: list[Candidate | None] = [None] * size
    for place in range(1, size + 1):
        skipped = before[place - 1] + _UNEXPLAINED
        before[place] = max([skipped, *(before[each.place] + each.bits for each in ending[place])])
    for place in range(size - 1, -1, -1):
        after[place] = after[place + 1] + _UNEXPLAINED
        for each in starting[place]:
            if each.bits + after[each.end] > after[place]:
                after[place], chosen[place] = each.bits + after[each.end], each
    reading = []
    place = 0
    while place < size:
        found = chosen[place]
        if found is not None:
            reading.append(found)
        place = place + 1 if found is None else found.end
    return before, after, tuple(reading)


def _numbers(
    words: Sequence[int], later: Sequence[int], seconds: float, place: int, *, every_scale: bool
) -> Iterator[Candidate]:
    """Yield the numbers that the registers from a place on can be read as."""
    for count in (1, 2, 3, 4):
        if place + count > len(words):
            return
        for word_order, byte_order in _ORDERS:
            if count == 1 and word_order is WordOrder.LSW_FIRST:
                continue
            found: dict[RawNumber | str, list[RegisterType]] = {}
            for type_ in _TYPES:
                if type_.registers == count:
                    raw = raw_number(type_, words[place : place + count], word_order, byte_order)
                    found.setdefault(raw, []).append(type_)
            for raw, types in found.items():
                again = raw_number(types[0], later[place : place + count], word_order, byte_order) if later else raw
                beside = any(
                    alike(raw, raw_number(types[0], words[start : start + count], word_order, byte_order))
                    for start in (place - count, place + count)
                    if 0 <= start <= len(words) - count
                )
                made = [
                    Candidate(place, count, tuple(types), word_order, byte_order, scale, value, "", kind, bits, reasons)
                    for scale in (_SCALES if isinstance(raw, RawNumber) and raw.whole else (1.0,))
                    for kind, value, bits, reasons in [_judged(raw, again, scale, types[0], seconds, beside=beside)]
                ]
                yield from made if every_scale else [max(made, key=lambda each: each.bits)]


def _judged(
    raw: RawNumber | str, again: RawNumber | str, scale: float, type_: RegisterType, seconds: float, *, beside: bool
) -> tuple[Kind | None, float, float, tuple[str, ...]]:
    """Return what a number is under a scale: kind, value, bits, reasons."""
    if isinstance(raw, str):
        return None, math.nan, -math.inf, (raw,)
    value, step = raw.value * scale, raw.step * scale
    if isinstance(again, str):
        return None, value, -math.inf, (f"read again: {again}",)
    best: tuple[Kind | None, float, float, tuple[str, ...]] = (
        None,
        value,
        -math.inf,
        ("no meter shows such a number",),
    )
    prior = _TYPES[type_] + (_SCALES[scale] if raw.whole else 0.0)
    for kind in Kind:
        bits, why = worth(kind, value, step, 16 * type_.registers)
        if bits == -math.inf:
            continue
        more, movement = worth_of_change(kind, raw, again, scale, seconds)
        total = prior + bits + more + (_ALIKE if beside else 0.0)
        if total > best[2]:
            reasons = (why, movement, "like its neighbour" if beside else "")
            best = (kind, value, total, tuple(filter(None, reasons)))
    return best


def _texts(words: Sequence[int], place: int) -> Iterator[Candidate]:
    """Yield the texts that begin at a register, up to where there is no character any more."""
    for byte_order in ByteOrder:
        data = bytearray()
        for word in words[place:]:
            pair = word.to_bytes(2, byte_order.value)
            if pair == b"\0\0" or not all(byte == 0 or 32 <= byte < 127 for byte in pair):
                break
            data += pair
        text = data.decode("ascii").rstrip("\0 ")
        spoken = sum(character.isalnum() or character in " -_./" for character in text)
        if len(text) < _LEAST_TEXT or spoken < 0.9 * len(text) or not any(character.isalpha() for character in text):
            continue
        bits = _TEXT_BITS + _BITS_A_CHARACTER * len(text)
        fixed = (1.0, math.nan, text, Kind.TEXT, bits, (f"{len(text)} characters",))
        yield Candidate(place, len(data) // 2, (RegisterType.STRING,), WordOrder.MSW_FIRST, byte_order, *fixed)
