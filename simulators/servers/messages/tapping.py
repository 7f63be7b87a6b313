"""Metal on its way out: tap events, the crane's weighings, and what the plant's own books make of them, with revisions.

A scale can err in two ways. A void weighing is wrong and said to be, and the crucible is weighed again under another
id. A corrected one had a wrong tare, and comes again under the same id with a higher ``rev``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from simulators.instants import DAY_NS, SECOND_NS, iso_milliseconds
from simulators.physics.noise import stream
from simulators.servers.messages.events import OperationMessages, Tap
from simulators.servers.messages.message import Later, Message, json_message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulators.mqtt_scenario import ScaleErrors
    from simulators.physics.potline import LineStep
    from simulators.physics.tapping import Weighing

_TAP_NS = 240 * SECOND_NS
_AGAIN_NS = 180 * SECOND_NS
_WRONG_TARE_KG = 200
_SHIFTS = "NDE"
_PRELIMINARY_NS = 6 * 3600 * SECOND_NS
_FINAL_NS = 3 * DAY_NS


class TappingMessages:
    """The tapping of one line: its crane, and what the manufacturing execution system books."""

    def __init__(
        self, site: str, potline: str, pots: Sequence[str], *, crane: str, errors: ScaleErrors, seed: int
    ) -> None:
        prefix = f"smelter/v1/{site}"
        self._operations = OperationMessages(f"{prefix}/potline/{potline}", potline, pots)
        self._potline = potline
        self._pots = pots
        self._crane = crane
        self._errors = errors
        self._rng = stream(seed, f"{potline} scale errors")
        self._weighing_topic = f"{prefix}/crane/{crane}/weighing"
        self._tapped_topic = f"{prefix}/mes/metal_tapped"
        self._later: Later[Message] = Later()
        self._made_kg = np.zeros(len(pots))

    def of(self, step: LineStep) -> tuple[list[Message], list[Message], list[Message]]:
        """Take a step in, and give its tap events, its weighings, and what is booked of them."""
        taps: list[Message] = []
        weighings = self._later.due(step.end_ns)
        booked: list[Message] = []
        self._made_kg += step.pot_metal_kg
        for weighing in step.weighings:
            taps.extend(self._taps(weighing))
            weighings.extend(self._weighings(weighing))
            booked.append(self._booked(weighing))
        return taps, weighings, booked

    def _taps(self, weighing: Weighing) -> list[Message]:
        number = _number(weighing.time_ns)
        end_ns = weighing.time_ns - _TAP_NS
        target_kg = round((weighing.gross_kg - weighing.tare_kg) / len(weighing.pots) / 50) * 50
        tap = Tap(f"TO-{number}", end_ns - _TAP_NS, end_ns, target_kg, f"CR-{weighing.crucible:02}", self._crane)
        return [self._operations.message(pot, end_ns, tap) for pot in weighing.pots]

    def _weighings(self, weighing: Weighing) -> list[Message]:
        luck = self._rng.random() if self._errors.void or self._errors.corrected else 1.0
        number = _number(weighing.time_ns)
        right = self._body(weighing, number)
        if luck < self._errors.void:
            wrong = right | {"stable": False, "in_motion": True, "void": True}
            again_ns = weighing.time_ns + _AGAIN_NS
            again = right | {"id": f"W-{self._crane}-{_number(again_ns)}", "ts": iso_milliseconds(again_ns)}
            self._later.at(again_ns, json_message(self._weighing_topic, again))
            return [json_message(self._weighing_topic, wrong)]
        if luck < self._errors.void + self._errors.corrected:
            tare_kg = weighing.tare_kg - _WRONG_TARE_KG
            wrong = right | {"tare_kg": tare_kg, "net_kg": weighing.gross_kg - tare_kg, "rev": 1}
            due_ns = weighing.time_ns + round(self._errors.corrected_after_s * SECOND_NS)
            self._later.at(due_ns, json_message(self._weighing_topic, right | {"rev": 2}))
            return [json_message(self._weighing_topic, wrong)]
        return [json_message(self._weighing_topic, right)]

    def _body(self, weighing: Weighing, number: str) -> dict[str, object]:
        # Named by its time: another run of the same minute says the same of the same crucible.
        return {
            "v": 1,
            "id": f"W-{self._crane}-{number}",
            "src": f"scale-{self._crane}",
            "ts": iso_milliseconds(weighing.time_ns),
            "crucible": f"CR-{weighing.crucible:02}",
            "order_id": f"TO-{number}",
            "pots": [self._pots[pot] for pot in weighing.pots],
            "gross_kg": weighing.gross_kg,
            "tare_kg": weighing.tare_kg,
            "net_kg": weighing.gross_kg - weighing.tare_kg,
            "stable": True,
            "in_motion": False,
            "zeroed_at": iso_milliseconds(weighing.zeroed_ns),
            "resolution_kg": 5,
            "manual": False,
            "void": False,
        }

    def _booked(self, weighing: Weighing) -> Message:
        net_kg = weighing.gross_kg - weighing.tare_kg
        pots = list(weighing.pots)
        # By what each has made since it was tapped; whole kilogrammes whose sum is the net weight.
        made_kg = np.cumsum(self._made_kg[pots])
        up_to = made_kg / made_kg[-1] if made_kg[-1] > 0 else np.arange(1, len(pots) + 1) / len(pots)
        shares = np.diff(np.round(net_kg * up_to), prepend=0).astype(int).tolist()
        self._made_kg[pots] = 0.0
        number = _number(weighing.time_ns)
        body = {
            "v": 1,
            "id": f"PT-{self._crane}-{number}",
            "kind": "metal_tapped",
            "shift": shift(weighing.time_ns),
            "line": self._potline,
            "pots": [{"pot": self._pots[pot], "kg": kg} for pot, kg in zip(weighing.pots, shares, strict=True)],
            "net_kg": net_kg,
            "weighing_id": f"W-{self._crane}-{number}",
        }
        return json_message(self._tapped_topic, body)


class ProductionMessages:
    """What the plant's books say of a day's production: a preliminary figure in the morning, the final one days later.

    The preliminary figure is what was tapped; the final one is what the pots made, as the inventory shows later.
    """

    def __init__(self, site: str, potline: str) -> None:
        self._topic = f"smelter/v1/{site}/mes/production"
        self._potline = potline
        self._day: int | None = None
        self._made_kg = 0.0
        self._tapped_kg = 0.0
        self._later: Later[Message] = Later()

    def of(self, step: LineStep) -> list[Message]:
        """Take a step in, and give the figures that are reported at its end."""
        day = step.time_ns // DAY_NS
        if self._day is not None and day != self._day:
            self._close(self._day)
        self._day = day
        self._made_kg += float(step.pot_metal_kg.sum())
        self._tapped_kg += sum(weighing.gross_kg - weighing.tare_kg for weighing in step.weighings)
        return self._later.due(step.end_ns)

    def _close(self, day: int) -> None:
        end_ns = (day + 1) * DAY_NS
        name = iso_milliseconds(day * DAY_NS)[:10]
        for rev, kg, status, due_ns in (
            (1, self._tapped_kg, "preliminary", end_ns + _PRELIMINARY_NS),
            (2, self._made_kg, "final", end_ns + _FINAL_NS),
        ):
            body = {
                "v": 1,
                "kind": "production",
                "id": f"MES-DAY-{name}-{self._potline}",
                "day": name,
                "line": self._potline,
                "metal_net_t": round(kg / 1000, 3),
                "basis": "tapped" if rev == 1 else "tapped+inventory_change",
                "rev": rev,
                "status": status,
            }
            self._later.at(due_ns, json_message(self._topic, body))
        self._made_kg = self._tapped_kg = 0.0


def shift(time_ns: int) -> str:
    """Name the eight-hour shift of a time [UTC ns]: night, day and evening, the night belonging to its morning."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=time_ns // SECOND_NS)
    return f"{moment:%Y-%m-%d}{_SHIFTS[moment.hour // 8]}"


def _number(time_ns: int) -> str:
    time = iso_milliseconds(time_ns)
    return f"{time[:10].replace('-', '')}-{time[11:19].replace(':', '')}"
