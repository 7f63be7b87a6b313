"""The outage: under load, the database does everything that databases and the networks before them do, one by one.

    python tests/soak/outage_run.py --speed 60

A real broker, a real InfluxDB 1.x and the collector as a process; between collector and database a server that answers
by script. Every answer that databases give in trouble is played, the collector is killed after every third; then the
database is stopped, restarted, killed, paused and slowed, and in the end cut off for an hour of plant time. All the
while a line of every few hundred is refused for good, with 400 or 422. At the end the database must hold exactly what
was published without the refused lines: each sample compared, and counted and summed by query. The refused ones must be
dead letters. Prints one line of JSON; the exit code is 1 if anything is not so.
"""

import argparse
import re
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    tests = Path(__file__).parents[1]
    sys.path[:0] = [str(tests), str(tests / "collector" / "delivery")]

from cutting_proxy import CuttingProxy
from hostile_server import says
from plant_run import CollectorProcess, wait_until
from pot_events import Events, in_the_ledger
from pot_load import Load, Place, Sum, sums_in_influxdb, sums_of, total, wait_for_samples
from pot_plant import pot_collector
from pot_samples import FIRST_POT, Samples, in_influxdb
from scripted_influxdb import FAULTS, ScriptedInfluxDB
from servers import InfluxDB1, running_influxdb1, running_mosquitto
from soak_rig import accounts_begin_ns, clock_from_now, effects_in, to_influxdb1, told, wait_for_the_ledger

_POTS = 200
_STEP_NS = 1_000_000_000
_MOST_TICKS = 86_400
_SLOW_S = 0.2
_FAULTS_A_KILL = 3
_STAGES_A_KILL = 2
_WITHIN_S = 60.0
_REFUSED = {3: 400, 11: 422}
"""Of which pots, counted from the first, lines are refused, and how."""
_REFUSED_EVERY = 40
_LINE = re.compile(rb"^pot,plant=example,pot=(\d+),.* (\d+)$")


@dataclass(frozen=True, slots=True)
class Figures:
    """What an outage tells."""

    messages: int
    samples: int
    refused: int
    played: dict[str, int]
    kills: int
    cut_off_plant_s: float
    missing: int
    strange_or_altered: int
    published: Sum
    in_database: Sum
    sums_of_pots_agree: bool
    dead_letters: int
    refused_are_dead: bool
    effects_are_right: bool
    ledger_is_right: bool
    seconds: float
    published_per_s: float

    @property
    def right(self) -> bool:
        """Whether the end is exactly what was published."""
        return (
            not (self.missing or self.strange_or_altered)
            and self.published == self.in_database
            and self.sums_of_pots_agree
            and self.refused_are_dead
            and self.effects_are_right
            and self.ledger_is_right
        )


@dataclass(slots=True)
class _Outage:
    """What happens to the database, in the order of `stages`."""

    running: CollectorProcess
    influxdb: InfluxDB1
    scripted: ScriptedInfluxDB
    network: CuttingProxy
    speed: float
    stage_s: float
    timeout_s: float
    cut_off_plant_s: float
    kills: int = 0

    def through(self) -> None:
        """Let all of it happen; after each stage the collector writes again."""
        for number, name in enumerate(FAULTS):
            self._played(name, lambda name=name: self.scripted.play(name, FAULTS[name]))  # type: ignore[misc]
            if number % _FAULTS_A_KILL == _FAULTS_A_KILL - 1:
                self.kill()
        self._played("written", self.scripted.play_written_but_not_told)
        self._played("413", lambda: self.scripted.play("413", says(413, '{"error":"Request Entity Too Large"}')))
        self.kill()
        for number, (name, stage) in enumerate(self._stages()):
            if number and number % _STAGES_A_KILL == 0:
                self.kill()
            stage()
            self.scripted.played[name] += 1
            self._passed(name)

    def kill(self) -> None:
        """Kill the collector, and start it again: it knows nothing of what it had in hand."""
        self.running.kill()
        self.kills += 1
        self.running.start()

    def _stages(self) -> Iterator[tuple[str, Callable[[], None]]]:
        yield "database stopped", self._stopped
        yield "database restarted", self.influxdb.restart
        yield "database killed", self._killed
        yield "database paused", self._paused
        yield "database slow", self._slowed
        yield "cut off", self._cut_off

    def _stopped(self) -> None:
        self.influxdb.stop()
        time.sleep(self.stage_s)
        self.influxdb.start()

    def _killed(self) -> None:
        self.influxdb.kill()
        self.influxdb.start()

    def _paused(self) -> None:
        self.influxdb.pause()
        time.sleep(self.timeout_s + self.stage_s)
        self.influxdb.resume()

    def _slowed(self) -> None:
        self.scripted.delay_s = _SLOW_S
        time.sleep(self.stage_s)
        self.scripted.delay_s = 0.0

    def _cut_off(self) -> None:
        self.network.freeze()
        time.sleep(self.cut_off_plant_s / self.speed)
        self.network.cut()
        self.network.thaw()

    def _played(self, name: str, play: Callable[[], None]) -> None:
        play()
        try:
            self.scripted.wait_until_played(_WITHIN_S)
        except AssertionError as exc:
            raise AssertionError(f"{name}: {exc}\n{self.running.log.read_text(encoding='utf-8')[-3000:]}") from exc

    def _passed(self, name: str) -> None:
        try:
            self.scripted.wait_until_passed(_WITHIN_S)
        except AssertionError as exc:
            raise AssertionError(f"{name}: {exc}\n{self.running.log.read_text(encoding='utf-8')[-3000:]}") from exc


def outage(
    folder: Path,
    *,
    rate: float,
    speed: float,
    stage_s: float,
    timeout_s: float = 1.0,
    cut_off_plant_s: float = 3600.0,
    within_s: float = 1800.0,
) -> Figures:
    """Publish, let the database do all that databases do, let the collector finish, and count.

    Parameters
    ----------
    rate
        Messages a second, at most.
    speed
        Seconds of plant time in a second.
    stage_s
        How long the database is stopped, paused beyond the time-out, and slow [s].
    timeout_s
        The collector's, for an answer of the database [s].
    cut_off_plant_s
        How long it is cut off in the end [s of plant time].
    """
    with ExitStack() as stack:
        broker = stack.enter_context(
            running_mosquitto(folder / "broker", max_inflight_messages=0, max_queued_messages=0, log_type="error")
        )
        influxdb = stack.enter_context(running_influxdb1(folder / "influxdb"))
        scripted = stack.enter_context(ScriptedInfluxDB(influxdb))
        network = stack.enter_context(CuttingProxy(scripted.port))
        url = f"http://127.0.0.1:{network.port}"
        settings = to_influxdb1(url, commit_every="300 ms", create_database="true", timeout=f"{timeout_s} s")
        clock = clock_from_now(speed)
        running = stack.enter_context(pot_collector(folder, broker.port, pots=_POTS, clock=clock, settings=settings))
        start_ns = accounts_begin_ns(running)
        samples = Samples(_POTS, _MOST_TICKS, start_ns - _MOST_TICKS * _STEP_NS, _STEP_NS)
        events = Events(60, _POTS, start_ns)
        scripted.refuses = _refusing(samples)
        happening = _Outage(running, influxdb, scripted, network, speed, stage_s, timeout_s, cut_off_plant_s)
        begin = time.monotonic()
        with Load(broker, samples, events, rate=rate, within_s=within_s) as load:
            happening.through()
            report, samples = load.ended()
        refused = _refused(samples)
        published = sums_of(samples, without=refused)
        wait_for_samples(influxdb, running, total(published).count, within_s)
        wait_for_the_ledger(running, events)
        wait_until(lambda: len(_dead(running.store)) >= len(refused), 60, running.process, running.log)
        seconds = time.monotonic() - begin
        assert running.stop() == 0
        tally, sums = in_influxdb(influxdb, samples), sums_in_influxdb(influxdb)
        missing = {(int(tick), int(place)) for tick, place in zip(*(tally.found == 0).nonzero(), strict=True)}
        dead = _dead(running.store)
        return Figures(
            messages=report.messages,
            samples=len(samples),
            refused=len(refused),
            played=dict(scripted.played),
            kills=happening.kills,
            cut_off_plant_s=cut_off_plant_s,
            missing=len(missing ^ refused),
            strange_or_altered=tally.strange + tally.altered + tally.again,
            published=total(published),
            in_database=total(sums),
            sums_of_pots_agree=sums == published,
            dead_letters=len(dead),
            refused_are_dead={_place(line, samples) for line in dead} == refused,
            effects_are_right=effects_in(influxdb) == events.effects(),
            ledger_is_right=in_the_ledger(running) == events.told(),
            seconds=round(seconds, 1),
            published_per_s=round(report.rate),
        )


def _refused(samples: Samples) -> set[Place]:
    """Return the samples that the database refuses."""
    return {(tick, place) for tick in range(0, samples.ticks, _REFUSED_EVERY) for place in _REFUSED}


def _place(line: bytes, samples: Samples) -> Place | None:
    """Return which sample a line is of."""
    match = _LINE.match(line)
    if match is None:
        return None
    return (int(match[2]) - samples.start_ns) // samples.step_ns, int(match[1]) - FIRST_POT


def _refusing(samples: Samples) -> Callable[[bytes], int | None]:
    """Return what tells the status with which a line is refused."""

    def status(line: bytes) -> int | None:
        place = _place(line, samples) if line.startswith(b"pot,") else None
        return _REFUSED.get(place[1]) if place is not None and place[0] % _REFUSED_EVERY == 0 else None

    return status


def _dead(store: Path) -> list[bytes]:
    """Return the lines that the database refused."""
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as db:
        return [bytes(body) for (body,) in db.execute("SELECT body FROM dead WHERE source = 'delivery'")]


def main() -> int:
    """Run an outage as the command line says."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--rate", type=float, default=2000, help="messages a second, at most")
    arguments.add_argument("--speed", type=float, default=60, help="seconds of plant time in a second")
    arguments.add_argument("--stage", type=float, default=20, help="how long each trouble of the database lasts [s]")
    asked = arguments.parse_args()
    return told(lambda folder: outage(folder, rate=asked.rate, speed=asked.speed, stage_s=asked.stage))


if __name__ == "__main__":
    raise SystemExit(main())
