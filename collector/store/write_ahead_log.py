"""The write-ahead log of a store: one damaged byte in it is put right. Pure.

SQLite stops reading its log where a checksum is wrong, as after a loss of power, and forgets all that was committed
behind that place. A checksum goes over all frames before it, so what follows tells whether the writer went on: then the
place is not the torn end of the log but damage. As the checksum is a sum, the byte that is wrong can be computed.

Source: the file format of SQLite 3, sections 4.1 and 4.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

HEAD_BYTES = 32
FRAME_HEAD_BYTES = 24
_COUNTED_HEAD = 8
"""So much of the head of a frame goes into its sums."""
_LITTLE = np.dtype("<u4")
_ORDERS = {bytes.fromhex("377f0682"): _LITTLE, bytes.fromhex("377f0683"): np.dtype(">u4")}
_MASK = 0xFFFFFFFF
_MOST_PAGES = 1 << 24
"""64 GiB: a number of a page with its highest byte set is damage."""

_Words = npt.NDArray[np.uint32]
_Sums = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Mended:
    """A log after a look at it.

    ``put_right`` are the offsets of bytes that were wrong and are right now; ``sealed`` those of frames that hold
    damage of which it cannot be said where it is: they count again, damage and all, and so does what follows them.
    """

    log: bytes
    put_right: Sequence[int]
    sealed: Sequence[int]


def mended(log: bytes, page_bytes: int) -> Mended:
    """Return a log that SQLite reads to its end.

    What no later commit follows and no single byte explains is the torn end of a log: it was never acknowledged, and is
    left to SQLite. A log whose head is damaged in more than one byte is returned as it is.
    """
    walk = _Walk(bytearray(log), page_bytes)
    if walk.begin():
        at = HEAD_BYTES
        while walk.has(at) and walk.step_over(at):
            at += walk.step
    return Mended(bytes(walk.log), walk.put_right, walk.sealed)


class _Walk:
    """Goes through a log frame by frame, as SQLite does, and puts right what it can."""

    def __init__(self, log: bytearray, page_bytes: int) -> None:
        self.log = log
        self.step = FRAME_HEAD_BYTES + page_bytes
        self.put_right: list[int] = []
        self.sealed: list[int] = []
        self._page_bytes = page_bytes
        self._order = _LITTLE
        self._salts = b""
        self._sums: _Sums = 0, 0

    def begin(self) -> bool:
        """Read the head; False if it cannot be understood."""
        if len(self.log) < HEAD_BYTES:
            return False
        self._take_salts_of_frames()
        for magic, order in _ORDERS.items():
            head = magic + self.log[4:24]
            told, computed = _sums_at(self.log, 24), _summed(head, (0, 0), order)
            is_ours = self.log[:4] == magic
            if computed != told and _wrong_places(_written(computed), self.log[24:32]) == 1 and is_ours:
                self._write(24, _written(computed))
                told = computed
            elif computed != told and is_ours:
                places = _wrong_bytes(np.frombuffer(head, np.uint8), computed, told, order)
                if len(places) != 1:
                    return False
                self._write(places[0][0], bytes([places[0][1]]))
                told = computed = _summed(bytes(self.log[:24]), (0, 0), order)
            if computed == told:
                self._write(0, magic)
                self._order, self._sums, self._salts = order, told, bytes(self.log[16:24])
                return True
        return False

    def _take_salts_of_frames(self) -> None:
        """Put the salts in the head right if they are the frames' but for one byte, and its sums say so."""
        salts = self.log[HEAD_BYTES + 8 : HEAD_BYTES + 16]
        if len(salts) == len(self.log[16:24]) and _wrong_places(bytes(salts), self.log[16:24]) == 1:
            head, order = bytes(self.log[:16] + salts), _ORDERS.get(bytes(self.log[:4]))
            if order is not None and _summed(head, (0, 0), order) == _sums_at(self.log, 24):
                self._write(16, bytes(salts))

    def has(self, at: int) -> bool:
        """Tell whether a whole frame of this round of the log begins at some place."""
        if at + self.step > len(self.log):
            return False
        wrong = _wrong_places(self._salts, self.log[at + 8 : at + 16])
        if wrong == 1 and self._frame_sums(at, self._sums) == _sums_at(self.log, at + 16):
            self._write(at + 8, self._salts)
        return wrong <= 1

    def step_over(self, at: int) -> bool:
        """Put a frame right; False if the log ends before it."""
        computed, told = self._frame_sums(at, self._sums), _sums_at(self.log, at + 16)
        if computed != told:
            is_one_place = _wrong_places(_written(computed), self.log[at + 16 : at + 24]) == 1
            if is_one_place and not self._next_follows(at, told):
                self._write(at + 16, _written(computed))
            elif not self._frame_put_right(at, computed, told):
                return False
        self._sums = told if computed == told else _sums_at(self.log, at + 16)
        return True

    def _frame_put_right(self, at: int, computed: _Sums, told: _Sums) -> bool:
        content = np.frombuffer(self._content(at), np.uint8)
        places = _wrong_bytes(content, computed, told, self._order)
        if not self._is_plausible(at):
            places = [(place, value) for place, value in places if place < _COUNTED_HEAD]
        if len(places) == 1:
            place, value = places[0]
            self._write(
                at + (place if place < _COUNTED_HEAD else FRAME_HEAD_BYTES + place - _COUNTED_HEAD), bytes([value])
            )
            return True
        # Which byte it is cannot be said. The writer went on, or meant to: what follows must not be lost.
        if self._is_plausible(at) and (places or self._was_followed(at)):
            self.sealed.append(at)
            self._reseal(at)
            return True
        return False

    def _reseal(self, at: int) -> None:
        """Write the sums of a frame anew, and of all that follow it and were right."""
        before = _sums_at(self.log, at + 16)
        sums = self._frame_sums(at, self._sums)
        while True:
            self.log[at + 16 : at + 24] = _written(sums)
            at += self.step
            if at + self.step > len(self.log) or self.log[at + 8 : at + 16] != self._salts:
                return
            told = _sums_at(self.log, at + 16)
            if self._frame_sums(at, before) != told:
                return
            before, sums = told, self._frame_sums(at, sums)

    def _was_followed(self, at: int) -> bool:
        """Tell whether the commit that a frame is part of was followed by another one, so it was whole on disk."""
        sums, ended = _sums_at(self.log, at + 16), any(self.log[at + 4 : at + 8])
        while (at := at + self.step) + self.step <= len(self.log) and self.log[at + 8 : at + 16] == self._salts:
            told = _sums_at(self.log, at + 16)
            if self._frame_sums(at, sums) != told:
                return False
            if ended:
                return True
            sums, ended = told, any(self.log[at + 4 : at + 8])
        return False

    def _next_follows(self, at: int, sums: _Sums) -> bool:
        """Tell whether the frame behind one was written after sums."""
        after = at + self.step
        return after + self.step <= len(self.log) and self._frame_sums(after, sums) == _sums_at(self.log, after + 16)

    def _is_plausible(self, at: int) -> bool:
        """Tell whether number of page and size of the file, which the head of a frame tells, can be."""
        page, size = int.from_bytes(self.log[at : at + 4], "big"), int.from_bytes(self.log[at + 4 : at + 8], "big")
        return 0 < page < _MOST_PAGES and size < _MOST_PAGES

    def _content(self, at: int) -> bytes:
        return bytes(self.log[at : at + _COUNTED_HEAD] + self.log[at + FRAME_HEAD_BYTES : at + self.step])

    def _frame_sums(self, at: int, sums: _Sums) -> _Sums:
        return _summed(self._content(at), sums, self._order)

    def _write(self, at: int, right: bytes) -> None:
        self.put_right += [at + place for place, byte in enumerate(right) if self.log[at + place] != byte]
        self.log[at : at + len(right)] = right


def _wrong_places(right: bytes, told: bytes | bytearray) -> int:
    return sum(one != other for one, other in zip(right, told, strict=True))


def _wrong_bytes(
    content: npt.NDArray[np.uint8], computed: _Sums, told: _Sums, order: np.dtype[np.uint32]
) -> list[tuple[int, int]]:
    """Return offset and right value of each byte that alone explains the difference of two sums.

    A change of a word by d changes both sums by d times what the word counts for. What counts repeats itself every
    some hundred words as far as the highest byte of a word goes, so there may be several.
    """
    counts = _counts(len(content) // 4)
    missing = [np.uint32((t - c) & _MASK) for t, c in zip(told, computed, strict=True)]
    found = []
    for byte in range(4):
        shift = 8 * byte if order == _LITTLE else 8 * (3 - byte)
        values = content[byte::4].astype(np.int64)
        for change in range(1, 256):
            new = values ^ change
            difference = ((new - values) << shift).astype(np.uint32)
            hits = np.flatnonzero((difference * counts[0] == missing[0]) & (difference * counts[1] == missing[1]))
            found += [(int(hit) * 4 + byte, int(new[hit])) for hit in hits]
    return found


_COUNTS: dict[int, tuple[_Words, _Words]] = {}


def _counts(words: int) -> tuple[_Words, _Words]:
    """Return how often each word counts in the first and in the second sum."""
    if words not in _COUNTS:
        first, second = np.empty(words, np.uint32), np.empty(words, np.uint32)
        # The last pair of words counts (1, 1) and (0, 1); each pair before it goes once more through the sums.
        one, two = (1, 1), (0, 1)
        for pair in range(words // 2 - 1, -1, -1):
            first[2 * pair], second[2 * pair] = one
            first[2 * pair + 1], second[2 * pair + 1] = two
            one = ((one[0] + one[1]) & _MASK, (one[0] + 2 * one[1]) & _MASK)
            two = ((two[0] + two[1]) & _MASK, (two[0] + 2 * two[1]) & _MASK)
        _COUNTS[words] = first, second
    return _COUNTS[words]


def _summed(content: bytes | bytearray, sums: _Sums, order: np.dtype[np.uint32]) -> _Sums:
    """Return the sums after some content, of which there are whole pairs of words."""
    words = np.frombuffer(bytes(content), order).astype(np.uint32)
    first, second = _counts(len(words))
    # What the sums before it count for: as if they had been in front of it as one more pair of words.
    lead = _counts(len(words) + 2)
    before = sums[0], (sums[1] - sums[0]) & _MASK
    total = []
    for own, led in ((first, lead[0]), (second, lead[1])):
        of_content = int(np.sum(own * words, dtype=np.uint64)) & _MASK
        total.append((of_content + int(led[0]) * before[0] + int(led[1]) * before[1]) & _MASK)
    return total[0], total[1]


def _sums_at(log: bytes | bytearray, at: int) -> _Sums:
    return int.from_bytes(log[at : at + 4], "big"), int.from_bytes(log[at + 4 : at + 8], "big")


def _written(sums: _Sums) -> bytes:
    return sums[0].to_bytes(4, "big") + sums[1].to_bytes(4, "big")
