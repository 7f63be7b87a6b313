"""What happens in a week of plant time: nights of everything, meters that fail, servers that are away, restarts."""

import json
import os
import random
import time
import tomllib
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from plant_run import ROOT, CollectorProcess, Simulation
from servers import InfluxDB1, Mosquitto
from soak_rig import alive

from collector.clock import SimulatedClock

_NIGHT = ROOT / "simulators" / "scenarios" / "night.toml"
_OF_MQTT = "## MQTT, all night."
_CORRECTED_AFTER = "1h"
SETTLED_AFTER_S = 4500.0
"""Corrections of anode effects and weighings come after an hour; then everything that was told is what happened [s]."""

_BY_HAND = frozenset({"broker_restart"})
"""Of a broker of its own only. Here the broker itself is restarted."""
_UNTRUE = frozenset({"late_correction"})
"""It halves what happened. What comes late here is the truth: see corrected_effects_after."""
_LOSING = frozenset({"truncated", "not_utf8", "future_time"})
"""What they befall is lost, or is at another time. They befall samples: events must all arrive."""
_SAMPLES = "smelter/v1/+/potline/+/pot/{pot}/telemetry"

_A_RESTART_EVERY_H = 3.0
_METERS = ("rectifier_1", "compressed_air", "pl1_dc", "rectifier_2", "fume_treatment")
_RATED = {"pl1_dc": 80, "rectifier_1": 60, "rectifier_2": 60, "fume_treatment": 3, "compressed_air": 2}
"""Of the meters in the plant file [MW]."""
_HURRY = 3
"""A simulator that waits for half a second on a machine with much to do makes up for minutes in an instant, and its
meters count several times as fast as they can. So much more is believed of them here than the plant file says."""
_ENDPOINTS = ("plc", "services_gateway", "rectifier_gateway")

_TAIL_BYTES = 16_384
_KEEPS_UP_S = 1800.0
"""A minute of the truth is told when its anode effects are over, which takes some minutes [s of plant time]."""
_TOO_LATE_S = 6 * 3600.0

Happening = tuple[float, str, Callable[[], None]]
"""When it happens, counted from the beginning [h of plant time], what it is, and what does it."""


def scenario(folder: Path) -> Path:
    """Write the night of everything with what goes wrong on its lines, and without what goes wrong on MQTT."""
    text, cut, _ = _NIGHT.read_text(encoding="utf-8").partition(_OF_MQTT)
    assert cut
    corrected = 'corrected_effects = "5 %"'
    assert text.count(corrected) == 1
    text = text.replace(corrected, f'{corrected}\ncorrected_effects_after = "{_CORRECTED_AFTER}"')
    path = folder / "week.toml"
    path.write_text(text.replace("../../config", str(ROOT / "config")), encoding="utf-8")
    return path


def believed() -> dict[str, str]:
    """Return what a collector must know of meters whose time is not steady."""
    return {f"POTLINE_METERS__{meter}__RATED_POWER".upper(): f"{_HURRY * mw} MW" for meter, mw in _RATED.items()}


@dataclass(slots=True)
class Week:
    """Lets everything happen in time.

    Parameters
    ----------
    hours, speed
        How long [h of plant time], and how fast.

    Attributes
    ----------
    happened
        How often each thing happened.
    latest_s
        How far the simulator was behind its clock at the most [s of plant time].
    """

    plant: Simulation
    running: CollectorProcess
    broker: Mosquitto
    influxdb: InfluxDB1
    hours: float
    speed: float
    draw: random.Random
    happened: Counter[str] = field(default_factory=Counter)
    latest_s: float = 0.0
    _planned: list[Happening] = field(default_factory=list)
    _began_s: float = field(default_factory=time.monotonic)

    def now_ns(self) -> int:
        """Return the plant's time [UTC ns]."""
        return SimulatedClock(self.plant.clock).now_ns()

    @property
    def day_h(self) -> float:
        """A day; in a run of less than three of them, a third of it [h]."""
        return min(24.0, self.hours / 3)

    def planned(self) -> list[Happening]:
        """Return everything that is to happen after the beginning, in order; the instants are drawn each time."""
        days = range(round(self.hours / self.day_h))
        found = [*(each for day in days for each in self._of_a_day(day)), *self._restarts()]
        return sorted(found, key=lambda each: each[0])

    def first_day(self) -> None:
        """Let the first day happen, with the restarts."""
        self._night(first=True)
        self._planned = self.planned()
        self._through(self.day_h)

    def other_days(self) -> None:
        """Let everything else happen, until corrections of it have come."""
        self._through(self.hours)
        self._until(self.hours + SETTLED_AFTER_S / 3600)
        while self._simulator_behind_s() > _KEEPS_UP_S:
            alive(self.running)
            time.sleep(0.5)

    def _through(self, until_h: float) -> None:
        while self._planned and self._planned[0][0] < until_h:
            at_h, name, happen = self._planned.pop(0)
            self._until(at_h)
            happen()
            self.happened[name] += 1
        self._until(until_h)

    def _until(self, at_h: float) -> None:
        until_s = self._began_s + at_h * 3600 / self.speed
        while (left_s := until_s - time.monotonic()) > 0:
            alive(self.running)
            self._simulator_behind_s()
            time.sleep(min(0.5, left_s))

    def _simulator_behind_s(self) -> float:
        """Return how long ago the last minute of the truth ended [s of plant time]; fail where it is too long."""
        with self.plant.truth_file.open("rb") as truth:
            truth.seek(-min(_TAIL_BYTES, self.plant.truth_file.stat().st_size), os.SEEK_END)
            lines = truth.read().splitlines(keepends=True)
        whole = [line for line in lines[-2:] if line.endswith(b"\n")]
        if not whole:
            return 0.0
        minute = datetime.fromisoformat(json.loads(whole[-1])["minute"])
        behind_s = self.now_ns() * 1e-9 - minute.timestamp() - 60.0
        self.latest_s = max(self.latest_s, behind_s)
        assert behind_s < _TOO_LATE_S, (
            f"the simulator is {behind_s / 3600:.1f} h behind its clock: it cannot go at {self.speed:g} times "
            "real time on this machine; choose a lower --speed"
        )
        return behind_s

    def _of_a_day(self, day: int) -> Iterator[Happening]:
        length_h = self.day_h
        begin_h = day * length_h
        if day:
            yield begin_h, "night", self._night
        meter, endpoint = _METERS[day % len(_METERS)], _ENDPOINTS[day % len(_ENDPOINTS)]
        silent, hung = ({"for": f"{part * length_h * 60:g}min"} for part in (1 / 12, 1 / 48))
        for share, name, happen in (
            (0.01, "broker restarted", self._broker_away),
            (0.2, "database stopped", self._database_away),
            (0.3, "meter silent", lambda: self._break("faults", {"kind": "no_reply", "meter": meter} | silent)),
            (0.5, "database killed", self._database_killed),
            (0.6, "broker restarted", self._broker_away),
            (0.7, "endpoint hung up", lambda: self._break("faults", {"kind": "hang_up", "endpoint": endpoint} | hung)),
            (0.8, "database paused", self._database_paused),
        ):
            yield begin_h + (share + self.draw.uniform(0.0, 0.05)) * length_h, name, happen

    def _restarts(self) -> Iterator[Happening]:
        count = max(2, round(self.day_h / _A_RESTART_EVERY_H))
        for number in range(count):
            at_h = (number + self.draw.uniform(0.0, 1.0)) / count * self.day_h
            orderly = number % 4 == 1
            yield at_h, "collector stopped" if orderly else "collector killed", self._stop if orderly else self._kill

    def _kill(self) -> None:
        self.running.kill()
        self.running.start()

    def _stop(self) -> None:
        assert self.running.stop() == 0
        self.running.start()

    def _broker_away(self) -> None:
        self.broker.stop()
        time.sleep(60 / self.speed)
        self.broker.start()

    def _database_away(self) -> None:
        self.influxdb.stop()
        time.sleep(self.day_h / 24 * 3600 / self.speed)
        self.influxdb.start()

    def _database_killed(self) -> None:
        self.influxdb.kill()
        self.influxdb.start()

    def _database_paused(self) -> None:
        self.influxdb.pause()
        time.sleep(self.day_h / 72 * 3600 / self.speed)
        self.influxdb.resume()

    def _night(self, *, first: bool = False) -> None:
        """Have everything go wrong that goes wrong once a night; in the first one also what always does."""
        night = tomllib.loads(_NIGHT.read_text(encoding="utf-8"))
        for fault in night["mqtt_faults"]:
            kind = fault["kind"]
            if kind in _BY_HAND | _UNTRUE or not (first or "at" in fault):
                continue
            if kind in _LOSING:
                pot = next((level for level in fault.get("topic", "").split("/") if level.isdecimal()), "+")
                fault["topic"] = _SAMPLES.format(pot=pot)
            self._break("mqtt_faults", fault)
        for fault in night["faults"]:
            if not first and "from" in fault and "every" not in fault:
                self._break("faults", fault)

    def _break(self, what: str, fault: dict[str, Any]) -> None:
        request = urllib.request.Request(  # noqa: S310 - our own simulator
            f"{self.plant.announced['control']}/{what}", data=json.dumps(fault).encode(), method="POST"
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
            assert answer.status == 201
