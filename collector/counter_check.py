"""What controllers count of anode effects, once a shift and once a day, against what is counted here.

An hour after a shift or a day has ended, what the counters have gained in it is set against the effects that count. The
stream ``anode_effect_count`` has both, and how many pots differ. Where pots begin to differ, and where all agree again,
the stream ``alert`` and the log tell it once, also over a restart. Nothing is ever added to the accounts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import structlog

from collector.accounting.effect_counters import PotCheck, checked
from collector.accounting.effect_counting import REACH_NS, counted
from collector.accounting.excursions import EffectRules
from collector.accounting.windows import DAY_NS, Window, window_of
from collector.delivery import lineprotocol
from collector.plant.topology import Plant
from collector.store import inputs
from collector.store.store import Store

log = structlog.get_logger()

KEY = "effect_counters_checked"
RULE = "anode_effect_counters"
_AFTER_NS = 3_600_000_000_000
_KNOWN_FOR_NS = 45 * DAY_NS
"""A counter that tells only what changes may have told its last word so long ago: as long as events are kept."""


class _Checked(msgspec.Struct, frozen=True):
    """End of the last window of each name that was checked [UTC ns]; by potline and window which pots differ."""

    until: dict[str, int] = {}
    differ: dict[str, list[str]] = {}


@dataclass(frozen=True, slots=True)
class Found:
    """What is to be committed: lines, and what is to be remembered."""

    lines: Sequence[bytes] = ()
    remembered: Mapping[str, str] = field(default_factory=dict)


class CounterCheck:
    """Compares the counters of controllers with the effects that count.

    Parameters
    ----------
    plant, store, rules
        Whose pots, where events are kept, and what counts as one effect.
    kept
        What was remembered, empty at first.
    now_ns
        Present time [UTC ns]: windows that were over before the first start are not checked.
    """

    def __init__(self, plant: Plant, store: Store, rules: EffectRules, *, kept: str, now_ns: int) -> None:
        self._plant, self._store, self._rules = plant, store, rules
        self._now = _Checked(self._ends(now_ns)) if not kept else _decoded(kept)

    @classmethod
    async def opened(cls, plant: Plant, store: Store, rules: EffectRules, now_ns: int) -> "CounterCheck":
        """Go on where the store ends."""
        return cls(plant, store, rules, kept=await store.meta(KEY, ""), now_ns=now_ns)

    async def due(self, now_ns: int) -> Found:
        """Check the windows that have been over for an hour, each once."""
        lines: list[bytes] = []
        before = self._now
        for name, end_ns in self._ends(now_ns).items():
            if end_ns <= self._now.until.get(name, 0):
                continue
            window = window_of(name, end_ns - 1, self._plant.calendar)
            self._now = _Checked(self._now.until | {name: end_ns}, self._now.differ)
            for line in self._plant.potlines:
                lines += await self._line(line.id, window)
        if self._now == before:
            return Found()
        return Found(lines, {KEY: msgspec.json.encode(self._now).decode()})

    def _ends(self, now_ns: int) -> dict[str, int]:
        """Return when the last window of each name ended that has been over for an hour [UTC ns]."""
        calendar = self._plant.calendar
        names = ("shift", "day") if calendar.shifts.names else ("day",)
        return {name: window_of(name, now_ns - _AFTER_NS, calendar).start_ns for name in names}

    async def _line(self, potline: str, window: Window) -> list[bytes]:
        start_ns, end_ns = window.start_ns, window.end_ns
        told = await self._store.ask(lambda db: inputs.counters_between(db, potline, start_ns - _KNOWN_FOR_NS, end_ns))
        if not told:
            return []
        around = await self._store.effects_between(potline, start_ns - REACH_NS, end_ns + REACH_NS)
        agreed = self._rules
        count = counted(around, same_within_s=agreed.same_within_s, precedence=agreed.precedence)
        pots = checked(told, count.effects, start_ns, end_ns, same_within_s=agreed.same_within_s)
        differ = [each for each in pots if each.difference]
        series = lineprotocol.series(
            "anode_effect_count", {"plant": self._plant.id, "potline": potline, "window": window.name}
        )
        seconds = [each.controller_s for each in pots if each.controller_s is not None]
        fields = {
            "controllers": sum(each.controller for each in pots),
            "counted": sum(each.counted for each in pots),
            "controllers_s": sum(seconds) if len(seconds) == len(pots) else None,
            "counted_s": sum(each.counted_s for each in pots),
            "pots_compared": len(pots),
            "pots_differing": len(differ),
        }
        line = lineprotocol.line(series, fields, start_ns) if pots else None
        return [*([] if line is None else [line]), *self._alert(potline, window, differ)]

    def _alert(self, potline: str, window: Window, differ: Sequence[PotCheck]) -> list[bytes]:
        key = f"{potline}.{window.name}"
        now, before = [each.pot for each in differ], self._now.differ.get(key, [])
        if now == before:
            return []
        self._now = _Checked(self._now.until, self._now.differ | {key: now})
        text = f"{window.name}: counters and anode effects of all pots agree again"
        at = {"potline": potline, "window": window.name, "start_ns": window.start_ns}
        if differ:
            listed = ", ".join(f"{each.pot} counts {each.controller}, known are {each.counted}" for each in differ[:5])
            more = f" and {len(differ) - 5} pots more" if len(differ) > 5 else ""
            text = f"{window.name}: controllers count other anode effects: {listed}{more}"
            hint = "look for messages or voltages of these pots that did not arrive"
            log.warning("controllers count other anode effects", pots=listed + more, hint=hint, **at)
        else:
            log.info("controllers count the anode effects that are known again", **at)
        tags = {"plant": self._plant.id, "potline": potline, "rule": f"{RULE}_{window.name}", "severity": "warning"}
        fields = {
            "state": "firing" if differ else "resolved",
            "value": float(sum(abs(each.difference) for each in differ)),
            "limit": 0.0,
            "text": text,
            "firing": int(bool(differ)),
        }
        line = lineprotocol.line(lineprotocol.series("alert", tags), fields, window.end_ns)
        return [] if line is None else [line]


def _decoded(kept: str) -> _Checked:
    try:
        return msgspec.json.decode(kept, type=_Checked)
    except msgspec.DecodeError as exc:
        what = "read from the store which counters of anode effects were checked"
        raise ValueError(f"{what}: {exc}; 'potline verify' tells whether the store is damaged") from exc
