import asyncio
import gzip
import http.server
import os
import re
import subprocess
import sys
import threading
import types
from collections.abc import Callable, Iterator
from pathlib import Path

import aiohttp
import aiomqtt
import pytest
import server_process
from blockbuster import BlockBuster, BlockingError
from server_process import PortTakenError, ServerError, ServerMissingError
from servers import InfluxDB1, Mosquitto, VictoriaMetrics, running_influxdb1, running_mosquitto

SCRIPT = Path(__file__).parent / "install-servers"


# --- InfluxDB 1.x


def test_a_gzipped_line_is_read_back_exactly(influxdb1: InfluxDB1) -> None:
    influxdb1.create_database("potline")
    influxdb1.write("potline", "meter,plant=p,meter=m1 active_power_kw=0.1,quality=192i 1760000000123456789\n")
    rows = influxdb1.query("potline", 'SELECT "active_power_kw", "quality" FROM "meter" GROUP BY "meter"')
    assert rows == [{"meter": "m1", "time": 1760000000123456789, "active_power_kw": 0.1, "quality": 192}]


def test_influxdb_keeps_its_data_and_its_port_over_a_restart_and_a_kill(influxdb1: InfluxDB1) -> None:
    influxdb1.create_database("potline")
    influxdb1.write("potline", "meter x=1 1000")
    before = influxdb1.url
    influxdb1.restart()
    influxdb1.write("potline", "meter x=2 2000")
    influxdb1.kill()
    assert influxdb1.pid is None
    influxdb1.start()
    assert influxdb1.url == before
    assert [row["x"] for row in influxdb1.query("potline", "SELECT x FROM meter")] == [1, 2]


def test_a_refused_line_and_a_wrong_query_are_failures_with_the_servers_words(influxdb1: InfluxDB1) -> None:
    influxdb1.create_database("potline")
    with pytest.raises(ServerError, match="unable to parse"):
        influxdb1.write("potline", "no line protocol")
    with pytest.raises(ServerError, match="error parsing query"):
        influxdb1.query("potline", "SELEKT")


def test_a_paused_server_is_silent_and_goes_on_when_resumed(influxdb1: InfluxDB1) -> None:
    influxdb1.pause()
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run(
            [sys.executable, "-c", f"import urllib.request as u; u.urlopen('{influxdb1.url}/ping')"],
            timeout=0.5,
            check=False,
        )
    influxdb1.resume()
    assert influxdb1.answers()


# --- VictoriaMetrics


@pytest.mark.asyncio
async def test_lines_over_the_v2_api_are_exported_after_a_flush(victoria_metrics: VictoriaMetrics) -> None:
    lines = (
        b"meter,meter=m1 active_power_kw=41.5 1760000000000000000\nmeter,meter=m2 active_power_kw=7 1760000000000000000"
    )
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{victoria_metrics.url}/api/v2/write?org=o&bucket=b&precision=ns",
            data=gzip.compress(lines),
            headers={"Content-Encoding": "gzip"},
        ) as answer,
    ):
        assert answer.status == 204
    victoria_metrics.flush()
    series = {s["metric"]["meter"]: s for s in victoria_metrics.export("meter_active_power_kw")}
    assert series["m1"]["values"] == [41.5]
    assert series["m2"]["timestamps"] == [1760000000000]
    total = victoria_metrics.query("sum(meter_active_power_kw)", time_s=1760000000)
    assert [row["value"][1] for row in total] == ["48.5"]


# --- mosquitto


async def _subscribe_and_leave(broker: Mosquitto) -> None:
    async with aiomqtt.Client(broker.host, broker.port, identifier="collector", clean_session=False) as client:
        await client.subscribe("smelter/#", qos=1)


async def _publish(broker: Mosquitto, *payloads: str) -> None:
    async with aiomqtt.Client(broker.host, broker.port) as client:
        for payload in payloads:
            await client.publish("smelter/v1/p/event", payload, qos=1)


async def _collect(broker: Mosquitto, count: int) -> list[str]:
    received = []
    async with aiomqtt.Client(broker.host, broker.port, identifier="collector", clean_session=False) as client:
        async for message in client.messages:
            received.append(bytes(message.payload).decode())
            if len(received) == count:
                break
    return received


@pytest.mark.asyncio
async def test_a_persistent_session_keeps_its_message_over_a_restart(mosquitto: Callable[..., Mosquitto]) -> None:
    broker = mosquitto(persistence=True, max_queued_messages=0)
    await _subscribe_and_leave(broker)
    await _publish(broker, "kept")
    broker.restart()
    assert await _collect(broker, 1) == ["kept"]


@pytest.mark.asyncio
async def test_a_queue_without_a_bound_takes_more_than_the_default_thousand(tmp_path: Path) -> None:
    with running_mosquitto(tmp_path, max_queued_messages=0, max_inflight_messages=100) as broker:
        await _subscribe_and_leave(broker)
        await _publish(broker, *(str(number) for number in range(1200)))
        assert await _collect(broker, 1200) == [str(number) for number in range(1200)]


@pytest.mark.asyncio
async def test_two_brokers_live_side_by_side(mosquitto: Callable[..., Mosquitto]) -> None:
    first, second = mosquitto(), mosquitto()
    assert first.port != second.port
    await _publish(first, "a")
    first.kill()
    await _publish(second, "b")


def test_a_broker_that_wants_passwords_is_ready_too(mosquitto: Callable[..., Mosquitto]) -> None:
    assert mosquitto(allow_anonymous=False).answers()


# --- Failing loudly


@pytest.fixture
def occupied() -> Iterator[int]:
    """Occupy a port with a server of somebody else that answers 204 to everything."""

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep the output of the tests clean."""

    with http.server.ThreadingHTTPServer((server_process.HOST, 0), Answer) as other:
        thread = threading.Thread(target=other.serve_forever)
        thread.start()
        yield other.server_port
        other.shutdown()
        thread.join()


def test_a_taken_port_is_a_failure_though_the_other_server_answers(tmp_path: Path, occupied: int) -> None:
    with (
        pytest.raises(PortTakenError, match="another process listens there"),
        running_influxdb1(tmp_path, port=occupied),
    ):
        pytest.fail("took somebody else's server for its own")


@pytest.mark.parametrize("kind", [Mosquitto, InfluxDB1, VictoriaMetrics])
def test_a_port_taken_at_the_last_moment_is_a_failure_with_the_log(
    tmp_path: Path, occupied: int, monkeypatch: pytest.MonkeyPatch, kind: type[server_process.Server]
) -> None:
    server = kind(tmp_path, occupied)
    looks: list[set[str]] = [set()]
    really = server_process.listeners
    monkeypatch.setattr(server_process, "listeners", lambda port: looks.pop() if looks else really(port))
    with pytest.raises(PortTakenError, match=r"start .* on 127\.0\.0\.1"):
        server.start()
    assert server.pid is None


def test_a_taken_port_is_left_for_another_one(tmp_path: Path, occupied: int, monkeypatch: pytest.MonkeyPatch) -> None:
    offered = [occupied]
    really = server_process.free_port
    monkeypatch.setattr(server_process, "free_port", lambda: offered.pop() if offered else really())
    with running_influxdb1(tmp_path) as influxdb:
        assert influxdb.port != occupied
        influxdb.create_database("potline")


def test_a_wrong_option_is_a_failure_with_the_brokers_words(mosquitto: Callable[..., Mosquitto]) -> None:
    with pytest.raises(ServerError, match="no_such_option") as failure:
        mosquitto(no_such_option=1)
    assert not isinstance(failure.value, PortTakenError)


def test_a_missing_program_is_a_failure_that_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_process, "_SEARCH_PATH", str(tmp_path))
    with (
        pytest.raises(ServerMissingError, match="sudo apt-get install mosquitto influxdb victoria-metrics"),
        running_influxdb1(tmp_path),
    ):
        pytest.fail("ran without a program")


def test_a_server_ends_with_its_block_even_when_the_block_fails(tmp_path: Path) -> None:
    pids = []

    def run() -> None:
        with running_influxdb1(tmp_path) as influxdb:
            pids.append(influxdb.pid)
            influxdb.pause()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run()
    assert not Path(f"/proc/{pids[0]}").exists()


# --- The guards of conftest.py


def _of_collector(source: str) -> dict[str, Callable[..., object]]:
    """Functions that stand, as far as anybody can see, in a file of the collector."""
    import collector  # noqa: PLC0415

    module = types.ModuleType("collector.pretended")
    exec(compile(source, f"{collector.__path__[0]}/pretended.py", "exec"), vars(module))  # noqa: S102
    return vars(module)


@pytest.mark.asyncio
async def test_collector_code_may_not_block_the_loop_but_tests_may(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    code = _of_collector("import time\ndef nap(): time.sleep(0.001)\ndef read(path): return path.read_text()")
    with pytest.raises(BlockingError, match=r"time\.sleep"):
        code["nap"]()
    with pytest.raises(BlockingError, match="read"):
        code["read"](file)
    await asyncio.to_thread(code["nap"])
    assert file.read_text() == "x"


@pytest.mark.asyncio
async def test_a_narrow_exception_allows_one_function_only(nothing_blocks_the_loop: BlockBuster) -> None:
    code = _of_collector("import time\ndef allowed(): time.sleep(0)\ndef other(): time.sleep(0)")
    sleep = nothing_blocks_the_loop.functions["time.sleep"]
    before = list(sleep.can_block_functions)
    sleep.can_block_in("collector/pretended.py", "allowed")
    code["allowed"]()
    with pytest.raises(BlockingError):
        code["other"]()
    sleep.can_block_functions[:] = before


FORGETFUL = """
import asyncio, subprocess, threading, pytest

kept = []

def test_leaves_a_thread():
    kept.append(threading.Event())
    threading.Thread(target=kept[0].wait, name="forgotten").start()

def test_leaves_a_process():
    kept.append(subprocess.Popen(["sleep", "60"]))

def test_is_not_blamed_for_the_others():
    pass

@pytest.mark.asyncio
async def test_may_use_the_executor_of_its_loop():
    await asyncio.to_thread(sum, [1])

def test_tidies_up():
    kept[0].set()
    kept[1].kill()
    kept[1].wait()
"""


def test_what_a_test_leaves_behind_is_its_failure(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_bytes(Path(__file__).with_name("conftest.py").read_bytes())
    (tmp_path / "test_forgetful.py").write_text(FORGETFUL)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={tmp_path}", str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "5 passed, 2 errors" in done.stdout
    assert re.search(r"left behind: threads .*forgotten", done.stdout)
    assert re.search(r"left behind: .*sleep 60", done.stdout)


# --- install-servers


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """Make a folder for programs that are found before the machine's own."""
    folder = tmp_path / "tools"
    folder.mkdir()
    return folder


def _tool(folder: Path, name: str, body: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def _install(script: str, tools: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", "-c", script],
        env={"PATH": f"{tools}:{os.environ['PATH']}", "TMPDIR": str(tools)},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def _without(name: str) -> str:
    """Return the script, made to believe that a program is missing until the file 'installed' is there."""
    pretend = f'command() {{ [ "$2" = {name} ] && [ ! -e "$TMPDIR/installed" ] && return 1; builtin_command "$@"; }}\n'
    script = SCRIPT.read_text().replace("command -v", "command_ -v")
    return pretend.replace("command()", "command_()").replace("builtin_command", "command") + script


def test_install_servers_is_one_line_when_all_is_there(tools: Path) -> None:
    done = _install(SCRIPT.read_text(), tools)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Test servers are here: mosquitto, influxd, victoria-metrics\n"


def test_install_servers_says_what_to_do_where_it_may_not_install(tools: Path) -> None:
    _tool(tools, "id", "echo 1000")
    _tool(tools, "sudo", "exit 1")
    _tool(tools, "apt-get", 'echo "$@" >>"$TMPDIR/called"')
    done = _install(_without("mosquitto"), tools)
    assert done.returncode == 1
    assert "not here: mosquitto" in done.stderr
    assert "Install them with: sudo apt-get install mosquitto influxdb victoria-metrics" in done.stderr
    assert not (tools / "called").exists()


def test_install_servers_installs_only_what_is_missing_and_keeps_the_service_down(tools: Path) -> None:
    _tool(tools, "id", "echo 0")
    _tool(tools, "systemctl", 'echo "systemctl $@" >>"$TMPDIR/called"')
    _tool(
        tools,
        "apt-get",
        'echo "apt-get $@" >>"$TMPDIR/called"; echo noise; case "$*" in *install*) : >"$TMPDIR/installed";; esac',
    )
    done = _install(_without("mosquitto").replace("-d /run/systemd/system", "-d /"), tools)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "Installed for the tests, not started: mosquitto ",
        "Test servers are here: mosquitto, influxd, victoria-metrics",
    ]
    assert (tools / "called").read_text().splitlines() == [
        "systemctl --quiet mask --runtime mosquitto.service",
        "apt-get -o DPkg::Lock::Timeout=300 update",
        "apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends mosquitto",
        "systemctl --quiet disable mosquitto.service",
        "systemctl --quiet unmask --runtime mosquitto.service",
    ]


def test_install_servers_shows_what_apt_said_when_it_fails(tools: Path) -> None:
    _tool(tools, "id", "echo 1000")
    _tool(tools, "sudo", 'shift; exec "$@"')
    _tool(tools, "systemctl", "exit 0")
    _tool(tools, "apt-get", "echo E: Unable to locate package; exit 100")
    done = _install(_without("victoria-metrics"), tools)
    assert done.returncode == 1
    assert "E: Unable to locate package" in done.stderr
    assert "sudo apt-get install mosquitto influxdb victoria-metrics" in done.stderr


def test_install_servers_warns_of_an_influxdb_that_is_not_1(tools: Path) -> None:
    _tool(tools, "influxd", "echo 'InfluxDB v2.7.12 (git: abc) build_date: x'")
    done = _install(SCRIPT.read_text(), tools)
    assert done.returncode == 0
    assert "tests need InfluxDB 1.6 to 1.8, found: InfluxDB v2.7.12" in done.stderr
