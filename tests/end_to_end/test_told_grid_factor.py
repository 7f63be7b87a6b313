"""A grid's factor told over a real broker, as a forecast and corrected later: each minute ends with the right one."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from plant_run import ROOT, CollectorProcess, collector, iso, simulated_plant, wait_until
from pot_plant import StoreReader
from servers import Mosquitto

from collector.cli import main
from simulators.servers.messages.grid import true_g_per_kwh

SETTINGS = {"POTLINE_EMISSIONS__GRID_FACTOR_UNTOLD": "estimate"}
EVERY_NS = 300 * 10**9
MINUTE_NS = 60 * 10**9
SCENARIO = f"""
plant = "{ROOT}/config/plants/example.toml"
profiles = "{ROOT}/config/profiles"
factors = "{ROOT}/config/factors"
seed = 8

[potlines.PL1]
line_current_ka = 400
pot_voltage_v = 4.00
anode_effects_per_pot_day = 0.1
tap_every = "2h"

[feeders]
fume_treatment = "1.2 MW"
compressed_air = "0.6 MW"

[mqtt]
kinds = ["weighing", "mes", "factor"]
factors_every = "5min"
factors_corrected_after = "8min"
"""


def entries(running: CollectorProcess) -> dict[int, dict[str, Any]]:
    """Return the entry in force of each minute, with its parameters and revision, by its start [ns]."""
    if not running.store.exists():
        return {}
    rows = StoreReader(running.store).rows(
        "SELECT start_ns, revision, body FROM ledger WHERE window = 'minute' AND potline = 'PL1' ORDER BY revision"
    )
    kept = dict(StoreReader(running.store).rows("SELECT digest, body FROM parameters"))
    found = {}
    for start_ns, revision, body in rows:
        entry = msgspec.json.decode(body)
        found[start_ns] = entry | {"revision": revision, "used": json.loads(kept[entry["parameters"][0]])}
    return found


def corrected(running: CollectorProcess) -> list[int]:
    return [start for start, entry in entries(running).items() if entry["used"].get("grid_revision") == 2]


def kilogrammes(running: CollectorProcess, kind: str) -> list[dict[str, Any]]:
    """Return the events of a kind."""
    rows = StoreReader(running.store).rows("SELECT kind, body FROM event ORDER BY id")
    return [json.loads(body) for found, body in rows if found == kind]


@pytest.mark.timeout(150)
def test_minutes_are_stated_again_with_the_right_factor_and_name_it(
    tmp_path: Path, mosquitto: Callable[..., Mosquitto], monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = mosquitto()
    scenario = tmp_path / "scenario.toml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    with (
        simulated_plant(tmp_path, scenario, broker=f"{broker.host}:{broker.port}") as plant,
        collector(tmp_path, plant, settings=SETTINGS) as running,
    ):
        wait_until(lambda: len(corrected(running)) >= 6, 90, running.process, running.log)
        running.kill()  # what was told is in the store, and so is what is still to be stated again
        running.start()
        wait_until(lambda: len(corrected(running)) >= 12, 60, running.process, running.log)
        assert running.stop() == 0
        found = entries(running)
        truth = plant.truth()

    told = {start: entry for start, entry in found.items() if "grid_revision" in entry["used"]}
    assert len(told) >= 12
    for start_ns, entry in told.items():
        begin_ns, used = start_ns - start_ns % EVERY_NS, entry["used"]
        off = 25 if used["grid_revision"] == 1 else 0  # the forecast, which the right one has not replaced yet
        assert used["grid"]["source"] == f"GRID-{iso(begin_ns)[:19]}.000Z"
        assert used["grid"]["value"] == pytest.approx((true_g_per_kwh(begin_ns) + off) / 1000)
        assert used["grid_estimated"] is False
    # Before a service's meter was heard, a minute has no comprehensive energy: the first one at most.
    known = {start: entry for start, entry in told.items() if "energy_kwh" in entry["sums"]["comprehensive"]}
    assert len(known) >= len(told) - 1
    for entry in known.values():
        sums, factor = entry["sums"], entry["used"]["grid"]["value"]
        kwh = sums["comprehensive"]["energy_kwh"]
        assert sums["electricity_t_co2"] == pytest.approx(kwh * factor / 1000, rel=1e-12)
    # By the truth of the simulator, and not by what the collector has of it: the energy of all minutes together.
    true_kwh = sum(truth[iso(start_ns)]["ac_kwh"] + truth[iso(start_ns)]["auxiliary_kwh"] for start_ns in known)
    assert sum(entry["sums"]["comprehensive"]["energy_kwh"] for entry in known.values()) == pytest.approx(
        true_kwh, rel=0.01
    )
    # Those of a time before the first word was heard have the named factor, as estimated; nothing else is stated again.
    untold = [entry for entry in found.values() if "grid_revision" not in entry["used"]]
    assert all(entry["used"]["grid_estimated"] for entry in untold)
    assert {entry["used"]["grid"]["source"] for entry in untold} <= {"cn-national-2023"}
    assert StoreReader(running.store).rows("SELECT reason FROM dead") == []
    again = "SELECT DISTINCT reason FROM ledger WHERE revision > 1 AND window = 'minute'"
    reasons = StoreReader(running.store).rows(again)
    assert ("a factor was told or corrected",) in reasons

    # The books tell of each crucible that was weighed, and add nothing to it.
    told_kg = {kind: kilogrammes(running, kind) for kind in ("weighing", "metal_tapped")}
    assert told_kg["weighing"]
    about = {body["weighing_id"]: body["net_kg"] for body in told_kg["metal_tapped"]}
    assert about == {body["id"]: body["net_kg"] for body in told_kg["weighing"]}
    inside = [body["net_kg"] for body in told_kg["weighing"] if body["time_ns"] // MINUTE_NS * MINUTE_NS in found]
    assert sum(entry["sums"].get("tapped_t", 0.0) for entry in found.values()) == pytest.approx(sum(inside) / 1000)

    for key, value in (SETTINGS | {"POTLINE_STORE__PATH": str(running.store)}).items():
        monkeypatch.setenv(key, value)
    config = str(ROOT / "config" / "collector.toml")
    shown = CliRunner().invoke(main, ["factors", "--config", config, "--json"])
    (of_grid,) = json.loads(shown.output)["told"]
    assert of_grid["source"] == "simulated grid operator"
    assert of_grid["latest"].startswith("GRID-2026-03-01T0")
    verified = CliRunner().invoke(main, ["verify", "--config", config])
    assert verified.exit_code == 0, verified.output
