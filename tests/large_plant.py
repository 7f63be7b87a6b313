"""A plant of 4 potlines, 1,200 pots and 300 meters, and a store with a day of its accounts."""

import functools
import tempfile
from pathlib import Path

import numpy as np

from collector.accounting.parameters import Conventions, Parameters, digest, encoded, parameters_at, wanted
from collector.accounting.sums import MeterSum, Pair, Sums, total
from collector.accounting.windows import DAY_NS, HOUR_NS, Window, minute_window
from collector.closing.entries import Interval, record
from collector.plant.topology import Plant, Potline
from collector.readings.batch import ReadingBatch
from collector.readings.cell import MINUTE_NS
from collector.readings.event import EffectOrigin
from collector.readings.latest import LatestReadings
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity
from collector.settings import Configuration, load
from collector.store.commit import Commit, LedgerRecord
from collector.store.store import Store

CONFIG = Path(__file__).parents[1] / "config"
END_NS = 1_772_341_200_000_000_000
"""2026-03-01T05:00Z, when the last minute of the accounts ends."""
FEEDERS = 72

_PLANT = """
[plant]
id = "large"
name = "Four potlines"
time_zone = "Asia/Shanghai"

[emissions]
method = "ipcc_2006"
gwp = "ar5"
grid_factor = "cn-national-2023"

[targets]
kwh_per_t = { liquid_ac = [{ value = "13300 kWh/t", valid_from = 2025-01-01, source = "works order 12" }] }
t_co2e_per_t = [{ value = "9.5 t/t", valid_from = 2025-01-01, source = "works order 12" }]
"""
_LINE = """
[potlines.PL{n}]
name = "Potline {n}"
pots = ["{n}001..{n}300"]
technology = "cwpb"
current_efficiency = [{{ value = "93.5 %", valid_from = 2024-01-01, source = "example" }}]
net_anode_consumption = [{{ value = "0.415 t/t", valid_from = 2024-01-01, source = "example" }}]
anode_sulphur = "2.0 %"
anode_ash = "0.4 %"

[endpoints.plc_{n}]
transport = "modbus_tcp"
host = "10.20.{n}.5"
"""
_METER = """
[meters.{id}]
measures = "{measures}"
potline = "PL{n}"
profile = "{profile}"
endpoint = "plc_{n}"
unit = {unit}
rated_power = "{rated}"
"""


def write_settings(folder: Path) -> Path:
    """Write the settings of the plant, and return the collector's file."""
    text = _PLANT
    for n in range(1, 5):
        text += _LINE.format(n=n)
        meters = [(f"pl{n}_dc", "line_dc", "generic-dc-bus-plc", "800 MW")]
        meters += [(f"pl{n}_rectifier_{k}", "rectifier_ac", "schneider-pm5xxx", "400 MW") for k in (1, 2)]
        meters += [(f"pl{n}_feeder_{k}", "auxiliary_ac", "schneider-pm5xxx", "2 MW") for k in range(1, FEEDERS + 1)]
        for unit, (id_, measures, profile, rated) in enumerate(meters, 1):
            text += _METER.format(id=id_, measures=measures, n=n, profile=profile, unit=unit, rated=rated)
    (folder / "plant.toml").write_text(text, encoding="utf-8")
    (folder / "collector.toml").write_text(
        f'plant_file = "plant.toml"\nprofiles_dir = "{CONFIG / "profiles"}"\nfactors_dir = "{CONFIG / "factors"}"\n'
        f'[page]\nlisten = "127.0.0.1:0"\n[store]\npath = "{folder / "store.sqlite"}"\n',
        encoding="utf-8",
    )
    return folder / "collector.toml"


@functools.cache
def large_configuration() -> Configuration:
    """Return the settings of the plant: frozen, so that they are read once for all tests."""
    with tempfile.TemporaryDirectory() as folder:
        return load(write_settings(Path(folder)))


def minute_sums(line: Potline) -> Sums:
    """Return a minute of a line at 400 kA and 1,260 V, each meter in it."""
    feeders = {f"{line.id.lower()}_feeder_{k}": MeterSum(20.0) for k in range(1, FEEDERS + 1)}
    rectifiers = {f"{line.id.lower()}_rectifier_{k}": MeterSum(4280.0) for k in (1, 2)}
    metal_t, dc_kwh, ac_kwh = 0.6279, 8400.0, 8560.0
    return Sums(
        minutes=1,
        pots=300,
        dc_kwh=dc_kwh,
        ac_kwh=ac_kwh,
        auxiliary_kwh=20.0 * FEEDERS,
        charge_kah=400.0 / 60,
        metal_t=metal_t,
        cell_days=300 / 1440,
        anode_effects=1,
        anode_effect_s=3.0,
        dc=Pair(1, dc_kwh, metal_t, 60.0),
        liquid_ac=Pair(1, ac_kwh, metal_t, 60.0),
        comprehensive=Pair(1, ac_kwh + 20.0 * FEEDERS, metal_t, 60.0),
        anode_t_co2=0.95,
        electricity_t_co2=5.4,
        paired_anode_effect_s=3.0,
        paired_cell_days=300 / 1440,
        meters=feeders | rectifiers | {f"{line.id.lower()}_dc": MeterSum(dc_kwh)},
    )


def parameters_of(plant: Plant, line: Potline) -> Parameters:
    """Return the parameters of a line's entries."""
    conventions = Conventions(60.0, 60.0, EffectOrigin.CONTROLLER)
    return parameters_at(plant, line, wanted(plant, line, conventions), END_NS)


def of_window(plant: Plant, line: Potline, window: Window, sums: Sums, *, revision: int = 1) -> LedgerRecord:
    """Return a record of the ledger."""
    named = [digest(parameters_of(plant, line))]
    return record(Interval(line.id, window, sums, revision), reason="closed", parameters=named)


async def write_a_day(store: Store, plant: Plant, *, until_ns: int = END_NS) -> None:
    """Write the minutes and hours of a day of all lines, up to some whole minute."""
    for line in plant.potlines:
        minute = minute_sums(line)
        name = [digest(parameters_of(plant, line))]
        hour = total([minute] * 60)
        starts = range(until_ns - DAY_NS, until_ns, MINUTE_NS)
        hours = [start for start in starts if start % HOUR_NS == 0 and start + HOUR_NS <= until_ns]
        records = [
            record(Interval(line.id, window, sums, 1), reason="closed", parameters=name)
            for window, sums in [
                *((minute_window(start), minute) for start in starts),
                *((Window("hour", start, start + HOUR_NS), hour) for start in hours),
            ]
        ]
        parameters = parameters_of(plant, line)
        await store.commit(Commit(until_ns, records=records, parameters={digest(parameters): encoded(parameters)}))


def read_everything(plant: Plant, latest: LatestReadings, now_ns: int) -> None:
    """Let every point of the plant have been read two seconds ago."""
    volts = {Quantity.POT_VOLTAGE: 4.2, Quantity.POT_NOISE: 12.0}
    count = len(plant.points)
    latest.take(
        ReadingBatch(
            np.arange(count, dtype=np.int32),
            np.full(count, now_ns - 2_000_000_000, np.int64),
            np.array([volts.get(point.quantity, 50.0) for point in plant.points]),
            np.full(count, int(Quality.GOOD), np.uint8),
        )
    )
