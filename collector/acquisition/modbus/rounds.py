"""Whose turn it is on a connection, and how long it may take. No I/O: times in, decisions out.

Each meter has a round for each period at which registers of it are read. Of the rounds that are due, the one with the
earliest deadline is asked next (a deadline is a tick plus the period), so short periods come first and long ones are
never starved. Meters that are silent are asked only in the time that nobody else needs.
"""

import math
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

from collector.acquisition.cadence import Cadence
from collector.acquisition.modbus.plan import ReadBlock
from collector.acquisition.modbus.quarantine import Quarantine
from collector.plant.profile import MeterProfile, Register
from collector.readings.batch import ReadingBatch

LEAST_PATIENCE_S = 0.05
"""No answer is given up earlier than this: the network may be busy for a moment."""
_SLOWER = 8.0
"""An answer may take so many times as long as the slowest of late before it is given up."""
_FORGET = 0.98
_PATIENT_PERIODS = 10.0


@dataclass(slots=True)
class Question:
    """One request of a round.

    ``part``: it was cut out of a larger one in this round. ``probe``: it only asks whether the meter lives.
    ``busy``: so often the device has asked for patience.
    """

    block: ReadBlock
    part: bool = False
    probe: bool = False
    busy: int = 0


@dataclass(slots=True, eq=False)
class Round:
    """The registers of one meter that are read at one period, and what has come of them since it began.

    ``meter``: the meter's number on the line. ``hushed``: it is asked only when nobody else is due. ``at_once``: it is
    due whatever its cadence says. ``resumes_s``: it does not begin before. ``last_error``: what was wrong with requests
    of the round before, though the meter answered. ``unproved``: refusals of a meter that has answered nothing yet.
    ``unheard``: how often in a row a request was not answered though the meter answers a shorter one. ``readings``: how
    many it yields.
    """

    meter: int
    quarantine: Quarantine
    cadence: Cadence
    readings: int = 0
    at_once: bool = False
    resumes_s: float = -math.inf
    open: bool = False
    hushed: bool = False
    deadline_s: float = 0.0
    not_before_s: float = -math.inf
    pending: deque[Question] = field(default_factory=deque)
    parts: list[ReadingBatch] = field(default_factory=list)
    error: str = ""
    last_error: str = ""
    answers: int = 0
    refusals: int = 0
    culprits: int = 0
    probed: bool = False
    failed: bool = False
    longest_part: int = 0
    unproved: list[tuple[ReadBlock, str]] = field(default_factory=list)
    unheard: Counter[ReadBlock] = field(default_factory=Counter)

    @property
    def begins_s(self) -> float:
        """When it is to begin, if it is not open [s]."""
        due_s = -math.inf if self.at_once else self.cadence.due_s
        return max(due_s, self.resumes_s)

    def is_due(self, now_s: float) -> bool:
        """Tell whether it is to begin."""
        return not self.open and self.begins_s <= now_s

    def begin(self, now_s: float) -> None:
        """Open it."""
        self.drop()
        self.pending.extend(Question(block) for block in self.quarantine.to_ask(now_s))
        self.open = True
        self.deadline_s = -math.inf if self.at_once else self.cadence.due_s + self.cadence.period_s
        self.answers = 0

    def end(self, now_s: float) -> int:
        """Close it and return how many ticks were missed meanwhile."""
        self.open = self.at_once = False
        before = self.cadence.skipped
        if self.cadence.due_s <= now_s:
            self.cadence.advance(now_s)
        return self.cadence.skipped - before

    def drop(self) -> None:
        """Forget what is pending and what has come."""
        self.open = self.hushed = self.probed = self.failed = False
        self.not_before_s = -math.inf
        self.pending.clear()
        self.parts.clear()
        self.unproved.clear()
        self.error = ""
        self.refusals = self.culprits = self.longest_part = 0

    def yields(self, now_s: float) -> bool:
        """Tell whether everybody else comes first. On a line that is never free, a silent meter is asked even so."""
        return self.hushed and now_s < self.deadline_s + _PATIENT_PERIODS * self.cadence.period_s

    def put_parts(self, parts: Iterable[ReadBlock], now_s: float) -> None:
        """Ask the parts of a refused request next, behind all who are due by now: they did not cause the trouble."""
        self.pending.extendleft(reversed([Question(part, part=True) for part in parts]))
        self.deadline_s = max(self.deadline_s, now_s + self.cadence.period_s)


class Waiting:
    """The rounds that are not open, by when they begin. A line has many, and looks hundreds of times a second.

    It is told of each round whose begin moves; one that moved back without a word is found out when it comes up.
    """

    def __init__(self, rounds: Sequence[Round]) -> None:
        self._rounds = rounds
        self._number = {id(each): number for number, each in enumerate(rounds)}
        self._queued = [math.nan] * len(rounds)
        self._heap: list[tuple[float, int]] = []
        self.refill()

    def refill(self) -> None:
        """Look at all of them again."""
        self._heap.clear()
        self._queued = [math.nan] * len(self._rounds)
        for each in self._rounds:
            self.put(each)

    def put(self, round_: Round) -> None:
        """Take note of when a round begins, unless it is open."""
        number = self._number[id(round_)]
        begins_s = round_.begins_s
        if not round_.open and begins_s != self._queued[number]:  # an entry from before is stale by that
            self._queued[number] = begins_s
            heappush(self._heap, (begins_s, number))

    @property
    def next_s(self) -> float:
        """No round begins before this time [s]."""
        return self._heap[0][0] if self._heap else math.inf

    def due(self, now_s: float) -> list[Round]:
        """Take out the rounds that are to begin, in the order of the line."""
        found = []
        while self._heap and self._heap[0][0] <= now_s:
            begins_s, number = heappop(self._heap)
            if begins_s != self._queued[number]:
                continue
            self._queued[number] = math.nan
            if self._rounds[number].is_due(now_s):
                found.append(number)
            else:
                self.put(self._rounds[number])
        return [self._rounds[number] for number in sorted(found)]


def next_round(rounds: Iterable[Round], now_s: float) -> Round | None:
    """Return the open round to ask now, or None if there is none, or none that may be asked yet."""
    ready = [turn for turn in rounds if turn.open and turn.not_before_s <= now_s]
    return min(ready, key=lambda turn: (turn.yields(now_s), turn.deadline_s), default=None)


def next_instant(rounds: Iterable[Round]) -> float:
    """Return when something is to be done next [s]."""
    return min((turn.not_before_s if turn.open else turn.begins_s for turn in rounds), default=math.inf)


def slack_s(rounds: Iterable[Round], asked: Round, now_s: float) -> float:
    """Return how long the line is free for one round: until another one needs it [s]."""
    free_s = math.inf
    for turn in rounds:
        if turn.meter == asked.meter or turn.hushed:
            continue
        if turn.open:
            return 0.0
        free_s = min(free_s, turn.cadence.due_s - now_s)
    return max(0.0, free_s)


@dataclass(slots=True)
class RoundTrips:
    """How long answers take of late [s]: the slowest, which fades with each that is faster."""

    slowest_s: float = 0.0

    def took(self, seconds: float) -> None:
        """Take note of an answer."""
        self.slowest_s = max(seconds, self.slowest_s * _FORGET)

    def least_patience_s(self, timeout_s: float) -> float:
        """Return how long an answer must be waited for, even if others have to wait [s]."""
        if self.slowest_s == 0.0:
            return timeout_s / 4
        return min(timeout_s, max(LEAST_PATIENCE_S, _SLOWER * self.slowest_s))


def periods(profile: MeterProfile, registers: Sequence[Register], every_s: float) -> dict[float, tuple[Register, ...]]:
    """Return the registers by the period at which they are read [s], shortest first.

    A register that has its own period is not read more often than the meter. Those of an atomic group are read
    together, as often as the one that is read most often.
    """
    own = {register.name: max(every_s, register.every_s or every_s) for register in registers}
    for group in profile.rules.atomic:
        inside = [name for name in group if name in own]
        if inside:
            own.update(dict.fromkeys(inside, min(own[name] for name in inside)))
    return {
        period_s: tuple(register for register in registers if own[register.name] == period_s)
        for period_s in sorted(set(own.values()))
    }
