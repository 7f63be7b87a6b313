"""Reading the settings again: refused as a whole, one at a time in a burst, and never in the way of a stop."""

import json
import os
import signal
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from counting_modbus import CountingModbus
from plant_run import wait_until
from pot_plant import StoreReader
from reloaded_plant import ReloadedCollector, endpoint, reloaded

from collector.supervision.control import socket_of

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[socket.socket]:
    """Return where a collector tells what it tells systemd."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as found:
        found.bind(str(tmp_path / "notify"))
        found.settimeout(5)
        yield found


def test_a_configuration_with_any_problem_is_refused_wholly_and_the_old_one_runs_on(tmp_path: Path) -> None:
    with CountingModbus() as one, CountingModbus() as other:
        a = endpoint("a", one.port, 1)
        with reloaded(tmp_path, a) as running:
            running.write(a + endpoint("b", other.port, 1) + endpoint("c", 70_000, 1, every="now"), "[delivery.x]\n")
            done = running.reload()
            assert done.returncode == 78
            *problems, count = done.stderr.splitlines()
            assert count == f"{len(problems)} problems; the collector goes on with the old settings"
            assert any("endpoints.c.port" in each for each in problems), problems
            assert any("delivery.x.kind" in each for each in problems), problems
            assert [each["problem"] for each in running.logged("settings are refused, the old ones stay in force")] == (
                problems
            )
            shown = one.answered[1]
            wait_until(lambda: one.answered[1] > shown + 5, 60)
            assert other.connections == 0
            assert running.logged("settings changed") == []
            assert running.stop() == 0
        assert one.connections == 1


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('path = "store.sqlite"', 'path = "other.sqlite"', r"[store] path: cannot change from "),
        ('listen = "127.0.0.1:0"', 'listen = "127.0.0.1:8099"', "[page] listen: cannot change from 127.0.0.1:0 to "),
    ],
)
def test_what_cannot_change_while_it_runs_is_refused_with_a_word_on_what_to_do(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    with CountingModbus() as one, reloaded(tmp_path, endpoint("a", one.port, 1)) as running:
        file = running.folder / "collector.toml"
        file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
        running.hang_up()
        refused = "settings are refused, the old ones stay in force"
        wait_until(lambda: bool(running.logged(refused)), 60, running.process, running.log)
        problem = running.logged(refused)[0]["problem"]
        assert problem.startswith(told)
        assert problem.endswith("'systemctl restart potline', or stop it and start 'potline run' again")
        if "store" in told:
            done = running.reload()
            assert done.returncode == 69
            assert "another path takes a restart" in done.stderr


def test_signals_in_a_burst_are_answered_by_the_last_settings_and_no_more_reloads_than_needed(tmp_path: Path) -> None:
    with CountingModbus() as one, CountingModbus() as other, reloaded(tmp_path, endpoint("a", one.port, 1)) as running:
        for units in ((1,), (1, 2), (1, 2, 3)):
            running.write(endpoint("a", one.port, 1) + endpoint("b", other.port, *units))
            for _ in range(20):
                running.hang_up()
        wait_until(lambda: other.answered[3] > 3, 60, running.process, running.log)
        time.sleep(1.0)
        changed, same = running.logged("settings changed"), running.logged("settings read again")
        assert changed[-1]["added"][-1] == "meter b3"
        assert 1 <= len(changed) + len(same) <= 12
        given_up = running.given_up("a1")
        assert running.stop() == 0
        running.has_all("a1", 1, one, given_up)
    assert one.connections == 1


def test_settings_that_are_as_they_were_change_nothing(tmp_path: Path) -> None:
    with CountingModbus() as one, reloaded(tmp_path, endpoint("a", one.port, 1)) as running:
        done = running.reload()
        assert (done.returncode, done.stdout) == (0, "nothing has changed\n")
        assert running.logged("settings changed") == []
    assert one.connections == 1


def test_the_level_of_the_log_changes_at_once(tmp_path: Path) -> None:
    with CountingModbus() as one, reloaded(tmp_path, endpoint("a", one.port, 1)) as running:
        file = running.folder / "collector.toml"
        file.write_text(file.read_text(encoding="utf-8").replace("[log]", '[log]\nlevel = "error"'), encoding="utf-8")
        assert running.reload().stdout == "changed: settings of log\n"
        assert running.stop() == 0
    assert running.logged("stopped") == []


@pytest.mark.parametrize("after_s", [0.0, 0.1, 0.3])
def test_a_stop_during_a_reload_is_orderly_and_loses_nothing(tmp_path: Path, after_s: float) -> None:
    with CountingModbus() as one, CountingModbus() as other:
        a = endpoint("a", one.port, 1)
        with reloaded(tmp_path, a) as running:
            wait_until(lambda: one.answered[1] > 10, 60)
            running.write(a + endpoint("b", other.port, 1))
            given_up = running.given_up("a1")
            running.hang_up()
            time.sleep(after_s)
            began = time.monotonic()
            assert running.stop() == 0
            assert time.monotonic() - began < 5.0
        assert running.has_all("a1", 1, one, given_up) > 5


def test_without_a_collector_the_command_says_so_and_ends_with_69(tmp_path: Path) -> None:
    running = ReloadedCollector(tmp_path)
    running.write("")
    done = running.reload()
    assert done.returncode == 69
    assert done.stderr.startswith(f"ask the collector of {tmp_path}/store.sqlite: nobody listens; is it running")


def test_where_a_killed_collector_listened_the_next_one_listens_and_nobody_else_may_ask(tmp_path: Path) -> None:
    with CountingModbus() as one, reloaded(tmp_path, endpoint("a", one.port, 1)) as running:
        place = socket_of(running.store)
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
        assert running.process is not None
        running.process.kill()
        running.process.wait()
        assert place.exists()
        assert running.reload().returncode == 69
        running.start()
        assert running.reload().returncode == 0
        assert running.stop() == 0
        assert not place.exists()


def test_systemd_hears_when_the_settings_are_read_and_when_that_is_done(
    tmp_path: Path, listening: socket.socket
) -> None:
    with CountingModbus() as one:
        running = ReloadedCollector(tmp_path, environment={"NOTIFY_SOCKET": str(tmp_path / "notify")})
        running.write(endpoint("a", one.port, 1))
        running.start()
        before_us = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        assert running.process is not None
        os.kill(running.process.pid, signal.SIGHUP)
        heard: list[str] = []
        told_us = 0
        while heard[-2:-1] != ["RELOADING=1"] or heard[-1] != "READY=1":
            said = listening.recv(1000).decode()
            heard += [] if said == "WATCHDOG=1" else said.splitlines()
            if "MONOTONIC_USEC" in said:
                told_us = int(heard.pop().removeprefix("MONOTONIC_USEC="))
        assert before_us <= told_us <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        assert heard == ["READY=1", "RELOADING=1", "READY=1"]
        assert running.stop() == 0


def test_what_changed_and_when_is_remembered_in_the_store(tmp_path: Path) -> None:
    with CountingModbus() as one, CountingModbus() as other:
        a = endpoint("a", one.port, 1)
        with reloaded(tmp_path, a + endpoint("b", other.port, 1)) as running:
            running.write(a)
            before_ns = time.time_ns()
            running.reload()
            assert running.stop() == 0
    ((kept,),) = StoreReader(running.store).rows("SELECT value FROM meta WHERE key = 'configuration_changed'")
    told = json.loads(kept)
    assert (told["added"], told["changed"], told["removed"]) == ([], [], ["endpoint b", "meter b1"])
    assert before_ns <= told["at_ns"] <= time.time_ns()
