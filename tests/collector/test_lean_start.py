"""What a collector does not import where its plant has no use for it: each megabyte of it stays for ever."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
NEVER = ("pandas", "pyarrow", "scipy", "numpy.ma", "numpy.random", "matplotlib", "pytest", "simulators")
OF_DATABASES = ("influxdb_client", "reactivex", "urllib3", "dateutil")
OF_BROKERS = ("gmqtt", "collector.acquisition.mqtt.connection", "collector.acquisition.mqtt.declaration")
OF_SPARKPLUG = ("google.protobuf", "collector.acquisition.mqtt.sparkplug")
_DONE = "\nimport sys; print(*sys.modules)"


def imported_by(program: str) -> set[str]:
    """Return the modules that a program of its own has imported at its end."""
    done = subprocess.run(
        [sys.executable, "-c", program + _DONE], check=True, capture_output=True, text=True, cwd=ROOT, timeout=60
    )
    return set(done.stdout.split())


def of(found: set[str], names: tuple[str, ...]) -> set[str]:
    """Return those of some modules that are there."""
    return found.intersection(names)


def test_the_command_run_imports_no_client_of_a_database_and_no_broker_before_there_is_one() -> None:
    found = imported_by("import collector.starting")
    assert of(found, ("collector.assembly", "numpy", "aiohttp")) == {"collector.assembly", "numpy", "aiohttp"}
    assert of(found, (*NEVER, *OF_DATABASES, *OF_BROKERS, *OF_SPARKPLUG)) == set()


def test_an_influxdb_1_needs_no_client_of_its_vendor() -> None:
    opened = """
import asyncio
from collector.delivery.influx import InfluxSink

async def open_one():
    async with InfluxSink(
        name="old", url="http://127.0.0.1:9", version=VERSION, org="o", bucket="b", create=False, username=None,
        secret_file=None, timeout_s=1.0,
    ):
        pass

asyncio.run(open_one())
"""
    assert of(imported_by(opened.replace("VERSION", "1")), OF_DATABASES) == set()
    assert "influxdb_client" in imported_by(opened.replace("VERSION", "2"))


def test_a_broker_without_sparkplug_needs_no_protobuf() -> None:
    found = imported_by("import collector.heard")
    assert of(found, OF_BROKERS) == set(OF_BROKERS)
    assert of(found, OF_SPARKPLUG) == set()
