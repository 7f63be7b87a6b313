"""The layout that comes with the collector understands all that the simulator says."""

import dataclasses
import math
from collections import Counter
from pathlib import Path

import pytest
from example_plant import example_plant

from collector.acquisition.mqtt.declaration import LayoutReader
from collector.acquisition.mqtt.topics import covers
from collector.plant.meter import HeardMeter, Measures
from collector.plant.topology import Plant
from collector.readings.quantity import Quantity
from simulators.mqtt_scenario import BatchForm, Corrections, Kind, MqttBehaviour, ScaleErrors
from simulators.physics.smelter import Smelter
from simulators.scenario import load_scenario
from simulators.servers.messages import Message
from simulators.servers.messages.speech import LineSpeech, SiteSpeech

BUSY = Path(__file__).parents[3] / "simulators" / "scenarios" / "busy.toml"
BEGIN_S = 1_772_323_200 - 1800  # half an hour before a day ends
SITE = "example"

HEARD = {
    "PL1": (Measures.LINE_DC, "line_current line_voltage dc_power dc_energy"),
    "PL1/1": (Measures.RECTIFIER_AC, "active_power voltage current dc_current dc_voltage"),
    "rectifier_1": (Measures.RECTIFIER_AC, "active_power active_energy_import active_energy_export power_factor"),
    "fume_treatment": (Measures.AUXILIARY_AC, "active_power active_energy_import reactive_power voltage current"),
    "GTC-1": (Measures.MONITORED, "hf so2 dust flow gas_temperature gas_pressure h2o"),
}


def plant() -> Plant:
    """Return the example plant with its meters heard instead of polled."""
    meters = [
        HeardMeter(
            f"m{n}", measures, "PL1", 10.0, math.inf, "potroom", address, tuple(map(Quantity.named, told.split()))
        )
        for n, (address, (measures, told)) in enumerate(HEARD.items())
    ]
    return dataclasses.replace(example_plant(), meters=tuple(meters))


def spoken(behaviour: MqttBehaviour, *, seconds: int, every_s: float, step_s: int = 1) -> list[tuple[int, Message]]:
    """Return what the busy plant says in some seconds, with the time at which it is said."""
    scenario = dataclasses.replace(load_scenario(BUSY), mqtt=behaviour, telemetry_every_s=every_s)
    scenario = dataclasses.replace(
        scenario,
        lines={
            name: dataclasses.replace(
                line, bath_sample_every_s=3600.0, tap_every_s=3600.0, anode_effects_per_pot_day=24.0
            )
            for name, line in scenario.lines.items()
        },
    )
    smelter = Smelter(scenario, BEGIN_S * 1_000_000_000, step_s * 1_000_000_000)
    line, site = LineSpeech(scenario, SITE, "PL1", crane="K1"), SiteSpeech(scenario, SITE)
    said = [(smelter.time_ns, line.status("online", smelter.time_ns))]
    for _ in range(seconds // step_s):
        steps = smelter.step()
        slots, of_site = line.of(steps["PL1"], smelter.readouts)
        said += [(time_ns, message) for time_ns, make in slots for message in make()]
        said += [(smelter.time_ns, message) for message in of_site]
        said += [(smelter.time_ns, message) for message in site.of(smelter.time_ns, steps, smelter.readouts)]
    return [(time_ns, message) for time_ns, message in said if message is not None]


def test_eight_hours_of_a_busy_plant_are_understood_to_the_last_message() -> None:
    behaviour = MqttBehaviour(
        kinds=frozenset(Kind),
        corrections=Corrections(0.5, 600.0),
        scale_errors=ScaleErrors(0.3, 0.3, 600.0),
        line_every_s=60,
        meters_every_s=60,
    )
    known = plant()
    reader = LayoutReader(known, known.layouts, broker="potroom", site=SITE, longest_tare_age_s=8 * 3600)
    readings: Counter[str] = Counter()
    events: Counter[str] = Counter()
    filters = [each.topic for each in reader.subscriptions]
    unheard: set[str] = set()
    for time_ns, message in spoken(behaviour, seconds=8 * 3600, every_s=60, step_s=5):
        if not any(covers(each, message.topic) for each in filters):
            unheard.add("/".join(message.topic.split("/")[3:]))
            continue
        told = reader.read(message.topic, message.payload, arrived_ns=time_ns + 50_000_000, retained=message.retain)
        readings.update(known.points[row[0]].quantity.label for row in told.readings)
        events.update(type(event).__name__ for event in told.events)
    wanted = {label for _, labels in HEARD.values() for label in labels.split()}
    assert wanted <= set(readings)
    assert min(readings[label] for label in ("pot_voltage", "pot_resistance", "pot_noise", "bath_temperature")) > 3000
    # Other meters, and what is declared to be ignored, does not even come.
    assert {topic for topic in unheard if not topic.endswith("/cycle") and "/event/" not in topic} == {
        "potline/PL1/status",
        "potline/PL1/rectifier/2/telemetry",
        "meter/rectifier_2/telemetry",
        "meter/compressed_air/telemetry",
    }
    assert set(events) == {"AnodeEffect", "Weighing", "MetalTapped", "Laboratory", "Production", "ToldFactor"}


@pytest.mark.parametrize("form", list(BatchForm))
def test_batches_are_understood_sample_by_sample(form: BatchForm) -> None:
    behaviour = MqttBehaviour(kinds=frozenset({Kind.TELEMETRY}), batch=100, batch_form=form)
    known = plant()
    reader = LayoutReader(known, known.layouts, broker="potroom", site=SITE, longest_tare_age_s=8 * 3600)
    rows = 0
    for time_ns, message in spoken(behaviour, seconds=20, every_s=0.1):
        told = reader.read(message.topic, message.payload, arrived_ns=time_ns + 50_000_000, retained=False)
        assert told.batch is not None
        assert set(told.batch.quality.tolist()) <= {192}
        voltages = told.batch.point % 4 == told.batch.point[0] % 4
        assert set((told.batch.time_ns[voltages][1:] - told.batch.time_ns[voltages][:-1]).tolist()) <= {100_000_000}
        rows += len(told.batch)
    assert rows > 40 * 4 * 90


def test_what_is_not_used_yet_is_no_mistake_should_it_come() -> None:
    known = plant()
    reader = LayoutReader(known, known.layouts, broker="potroom", site=SITE, longest_tare_age_s=8 * 3600)
    line = f"smelter/v1/{SITE}/potline/PL1"
    for topic in ("status", "pot/1001/cycle", "pot/1001/event/feed", "pot/1001/event/tap"):
        assert reader.read(f"{line}/{topic}", b"{}", arrived_ns=BEGIN_S * 10**9, retained=False).readings == []
    for topic in ("mes/stock", "casthouse/F3/cast"):
        assert reader.read(f"smelter/v1/{SITE}/{topic}", b"{}", arrived_ns=BEGIN_S * 10**9, retained=False).events == ()
