"""JSON payloads of pot controllers and crucible scales, and what they mean. Pure: bytes in, readings or events out.

Units are fixed by the schema's version ``v``. Unknown keys are ignored, an unknown version is refused. A missing value
is an absent key or null; a number that is not one refuses the message, which is kept with the reason.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import msgspec

from collector.acquisition.mqtt.topics import Address, Kind
from collector.plant.topology import Plant
from collector.readings.batch import Reading
from collector.readings.event import AnodeEffect, AnodeEffectKind, Weighing
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLY = 60 * 1_000_000_000
_DAY = 86400 * 1_000_000_000
_NO_EARLIER = 946_684_800 * 1_000_000_000  # 2000-01-01: what is stamped before comes from a clock that was never set
_PHASES = {"start": 0, "update": 1, "end": 2, "correct": 3}
_RANK_OF_PHASE = 1 << 48
_VS_PER_MV_DAY = 86.4

_QUALITY = {
    "good": Quality.GOOD,
    "manual": Quality.GOOD,
    "uncertain": Quality.UNCERTAIN,
    "hold": Quality.UNCERTAIN,
    "sim": Quality.UNCERTAIN,
    "bad": Quality.BAD,
}

Stamp = Annotated[datetime, msgspec.Meta(tz=True)]
Positive = Annotated[float, msgspec.Meta(ge=0)]
Word = Literal["good", "uncertain", "bad", "hold", "manual", "sim"]


class PayloadProblem(ValueError):
    """The message cannot be used; the text says why."""


class _PotValues(msgspec.Struct, gc=False):
    pot_voltage_v: float | None = None
    resistance_uohm: float | None = None
    noise_mv: float | None = None
    bath_temp_c: float | None = None


class _PotTelemetry(msgspec.Struct, gc=False):
    v: Literal[1]
    ts: Stamp
    m: _PotValues
    q: Word = "good"
    clk: Literal["sync", "holdover", "unset"] = "sync"


class _AnodeEffect(msgspec.Struct, gc=False):
    v: Literal[1]
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    phase: Literal["start", "update", "end", "correct"]
    pot: str
    start: Stamp
    kind: Literal["ae", "lvae"] = "ae"
    seq: Annotated[int, msgspec.Meta(ge=0, lt=_RANK_OF_PHASE)] = 0
    end: Stamp | None = None
    duration_s: Positive | None = None
    v_max: float | None = None
    overvoltage_mv_day: float | None = None


class _Weighing(msgspec.Struct, gc=False):
    v: Literal[1]
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    ts: Stamp
    pots: Annotated[list[str], msgspec.Meta(min_length=1)]
    net_kg: float
    stable: bool
    gross_kg: float | None = None
    tare_kg: float | None = None
    in_motion: bool = False
    void: bool = False
    rev: Annotated[int, msgspec.Meta(ge=0, lt=_RANK_OF_PHASE // 2)] = 0
    zeroed_at: Stamp | None = None


_pot_telemetry = msgspec.json.Decoder(_PotTelemetry)
_anode_effect = msgspec.json.Decoder(_AnodeEffect)
_weighing = msgspec.json.Decoder(_Weighing)


class PayloadReader:
    """Reads the payloads of one plant."""

    def __init__(self, plant: Plant, *, longest_tare_age_s: float) -> None:
        self._plant = plant
        self._longest_tare_age = timedelta(seconds=longest_tare_age_s)
        points = plant.points
        self._places = {
            pot: (
                points.place(f"pot:{pot}", Quantity.POT_VOLTAGE),
                points.place(f"pot:{pot}", Quantity.POT_RESISTANCE),
                points.place(f"pot:{pot}", Quantity.POT_NOISE),
                points.place(f"pot:{pot}", Quantity.BATH_TEMPERATURE),
            )
            for pot in plant.potline_of_pot
        }

    def read(self, address: Address, payload: bytes, *, arrived_ns: int) -> list[Reading] | AnodeEffect | Weighing:
        """Return what a message says.

        Raises
        ------
        PayloadProblem
            If it is not what the topic promises, or speaks of a pot that the plant does not have.
        """
        try:
            match address.kind:
                case Kind.POT_TELEMETRY:
                    return self._telemetry(address, _pot_telemetry.decode(payload), arrived_ns)
                case Kind.ANODE_EFFECT:
                    return self._effect(address, _anode_effect.decode(payload), arrived_ns)
                case Kind.WEIGHING:
                    return self._weigh(_weighing.decode(payload), arrived_ns)
        except msgspec.MsgspecError as exc:
            raise PayloadProblem(f"{address.kind.value}: {exc}") from exc
        except UnicodeDecodeError as exc:
            raise PayloadProblem(f"{address.kind.value}: not UTF-8 text") from exc
        except RecursionError as exc:
            raise PayloadProblem(f"{address.kind.value}: nested too deeply") from exc

    def _check_pot(self, potline: str, pot: str) -> None:
        known = self._plant.potline_of_pot.get(pot)
        if known is None:
            raise PayloadProblem(f"pot '{pot}' is not in the plant file; pot numbers keep their leading zeros")
        if known != potline:
            raise PayloadProblem(f"pot '{pot}' is on potline {known}, and the topic says {potline}")

    def _telemetry(self, address: Address, message: _PotTelemetry, arrived_ns: int) -> list[Reading]:
        self._check_pot(address.potline, address.pot)
        time_ns, quality = nanoseconds(message.ts), _QUALITY[message.q]
        if message.clk == "unset" or not _NO_EARLIER <= time_ns <= arrived_ns + _EARLY:
            # The sender's clock cannot be trusted: the time of arrival is the best there is, and marked as such.
            time_ns, quality = arrived_ns, min(quality, Quality.UNCERTAIN)
        values = (
            message.m.pot_voltage_v,
            message.m.resistance_uohm,
            message.m.noise_mv,
            message.m.bath_temp_c,
        )
        return [
            Reading(place, time_ns, value if quality >= Quality.UNCERTAIN else float("nan"), quality)
            for place, value in zip(self._places[address.pot], values, strict=True)
            if value is not None
        ]

    def _effect(self, address: Address, message: _AnodeEffect, arrived_ns: int) -> AnodeEffect:
        self._check_pot(address.potline, address.pot)
        if message.pot != address.pot:
            raise PayloadProblem(f"the payload speaks of pot '{message.pot}', the topic of '{address.pot}'")
        duration_s = message.duration_s
        if duration_s is None and message.end is not None:
            duration_s = (message.end - message.start).total_seconds()
        if duration_s is None and message.phase in ("end", "correct"):
            raise PayloadProblem(f"an anode effect with phase '{message.phase}' needs duration_s or end")
        if duration_s is not None and not 0 <= duration_s <= 86400:
            raise PayloadProblem(f"an anode effect of {duration_s:g} s is not possible")
        return AnodeEffect(
            id=message.id,
            rank=_PHASES[message.phase] * _RANK_OF_PHASE + message.seq,
            potline=address.potline,
            pot=address.pot,
            kind=AnodeEffectKind.LVAE if message.kind == "lvae" else AnodeEffectKind.HVAE,
            time_ns=_happened(message.start, arrived_ns),
            duration_s=duration_s,
            max_v=message.v_max,
            overvoltage_v_s=None if message.overvoltage_mv_day is None else message.overvoltage_mv_day * _VS_PER_MV_DAY,
            corrected=message.phase == "correct",
        )

    def _weigh(self, message: _Weighing, arrived_ns: int) -> Weighing:
        lines = set()
        for pot in message.pots:
            line = self._plant.potline_of_pot.get(pot)
            if line is None:
                raise PayloadProblem(f"pot '{pot}' is not in the plant file; pot numbers keep their leading zeros")
            lines.add(line)
        if len(lines) > 1:
            raise PayloadProblem(
                f"a crucible with metal of several potlines ({', '.join(sorted(lines))}) cannot be booked"
            )
        return Weighing(
            id=message.id,
            rank=message.rev * 2 + message.void,
            potline=lines.pop(),
            pots=tuple(message.pots),
            time_ns=_happened(message.ts, arrived_ns),
            net_kg=message.net_kg,
            refused=self._why_not(message),
        )

    def _why_not(self, message: _Weighing) -> str | None:
        if message.void:
            return "void"
        if not message.stable or message.in_motion:
            return "the scale was not at rest"
        if message.net_kg < 0:
            return "the net weight is negative"
        if message.gross_kg is not None and message.tare_kg is not None:
            difference = message.gross_kg - message.tare_kg
            if abs(difference - message.net_kg) > 0.5:
                return f"net {message.net_kg:g} kg is not gross minus tare ({difference:g} kg)"
        if message.zeroed_at is not None and message.ts - message.zeroed_at > self._longest_tare_age:
            return "the tare is too old"
        return None


def _happened(stamp: datetime, arrived_ns: int) -> int:
    """Return when an event happened [ns], if that can be."""
    time_ns = nanoseconds(stamp)
    if not _NO_EARLIER <= time_ns <= arrived_ns + _DAY:
        raise PayloadProblem(f"the time {stamp.isoformat()} is before 2000 or more than a day after its arrival")
    return time_ns


def nanoseconds(stamp: datetime) -> int:
    """Return a time as UTC [ns], exactly."""
    return (stamp - _EPOCH) // timedelta(microseconds=1) * 1000
