"""/metrics: every instrument of the catalogue is served with its meaning, in text that Prometheus reads."""

from dataclasses import fields
from pathlib import Path

import pytest
from example_plant import ClockByHand
from prometheus_client import Metric as Parsed
from prometheus_client.parser import text_string_to_metric_families

from collector.instruments import Instruments, Waiting
from collector.page import catalogue
from collector.page.metrics import Metrics
from collector.readings.health import Refused

NOW_NS = 1_772_341_200_000_000_000
ROOT = Path(__file__).parents[3]


def served(instruments: Instruments) -> dict[str, Parsed]:
    """Return what is served, as Prometheus's own parser reads it."""
    body, type_ = Metrics(instruments, ClockByHand(NOW_NS)).text()
    assert type_ == "text/plain; version=0.0.4; charset=utf-8"
    return {family.name: family for family in text_string_to_metric_families(body.decode())}


def values(family: Parsed) -> dict[tuple[str, ...], float]:
    return {tuple(sample.labels.values()): sample.value for sample in family.samples}


@pytest.mark.parametrize("name", [each.name for each in fields(Instruments)])
def test_every_instrument_is_served_with_its_meaning(name: str) -> None:
    metrics = [each for each in (*catalogue.PLAIN, *catalogue.BY_CAUSE) if each.field == name]
    metrics += catalogue.FIELDS_OF_STATES.get(name, ())
    assert metrics, f"{name} is in no metric: a plain number, counts by cause, or FIELDS_OF_STATES"
    found = served(Instruments())
    for metric in metrics:
        assert len(metric.meaning) > 15, f"{name} has no docstring below it in collector/instruments.py"
        assert found[metric.name].documentation == metric.meaning
        assert found[metric.name].type == metric.kind


def test_no_two_metrics_share_a_name_and_all_are_named_as_prometheus_wants() -> None:
    names = [each.shown for each in catalogue.all_metrics()]
    assert len(set(names)) == len(names)
    assert all(name.startswith("potline_") for name in names)
    assert not [name for name in names if name.endswith(("_s", "_pct", "_ns")) or "__" in name]
    assert {each.shown.endswith("_total") for each in catalogue.all_metrics() if each.kind == "counter"} == {True}


def test_numbers_are_what_the_instruments_say() -> None:
    found = served(Instruments(readings_total=12_000, commit_slowest_s=0.25, outbox_records=3, outbox_bytes=4096))
    shown = ("potline_readings", "potline_commit_slowest_seconds", "potline_outbox_records", "potline_outbox_bytes")
    assert [values(found[name]) for name in shown] == [{(): 12_000.0}, {(): 0.25}, {(): 3.0}, {(): 4096.0}]
    assert [sample.name for sample in found["potline_readings"].samples] == ["potline_readings_total"]


def test_causes_are_labels_and_never_add_to_their_own_sum() -> None:
    found = served(Instruments(rejected_total=15, rejected_by_cause={"not_json": 12, 'a "b"\n': 3}))
    assert values(found["potline_rejected"]) == {(): 15.0}
    assert values(found["potline_rejected_by_cause"]) == {("not_json",): 12.0, ('a "b"\n',): 3.0}
    assert values(served(Instruments(dropped_records_by_cause={"age": 4}))["potline_dropped_records"]) == {
        ("age",): 4.0
    }


def test_states_of_sources_databases_and_meters_are_gauges() -> None:
    instruments = Instruments(
        source_states={"modbus:plc": "running", "mqtt:potroom": "connect to 127.0.0.1 port 1883: refused"},
        target_states={"near": "delivering", "far": "HTTP 503"},
        waiting={"near": Waiting(0, 0, 0, 0), "far": Waiting(7, 700, 70_000, NOW_NS - 90_000_000_000)},
        delivered_ns={"near": NOW_NS - 1_000_000_000},
    )
    silent = instruments.meter("rectifier_1")
    silent.error, silent.silent, silent.answered = "no answer after 1 s", 4, 9
    silent.set_aside = (Refused(("frequency", "power_factor"), "exception 02", NOW_NS),)
    instruments.meter("rectifier_2").round_trip_s = 0.0125
    found = served(instruments)
    assert values(found["potline_source_up"]) == {("modbus:plc",): 1.0, ("mqtt:potroom",): 0.0}
    assert values(found["potline_database_up"]) == {("near",): 1.0, ("far",): 0.0}
    assert values(found["potline_database_lag_seconds"]) == {("near",): 0.0, ("far",): pytest.approx(90.0)}
    assert values(found["potline_database_waiting_lines"]) == {("near",): 0.0, ("far",): 700.0}
    assert values(found["potline_database_delivered_timestamp_seconds"]) == {("near",): pytest.approx(1772341199.0)}
    assert values(found["potline_meter_silent"]) == {("rectifier_1",): 1.0, ("rectifier_2",): 0.0}
    assert values(found["potline_meter_registers_set_aside"]) == {("rectifier_1",): 2.0, ("rectifier_2",): 0.0}
    assert values(found["potline_meter_round_trip_seconds"]) == {("rectifier_2",): 0.0125}
    assert values(found["potline_meter_unanswered"])["rectifier_1",] == 4.0


def test_a_line_that_waits_says_for_what() -> None:
    instruments = Instruments(line_waits="the disk is full", line_waits_for="disk")
    assert values(served(instruments)["potline_line_waits"]) == {("disk",): 1.0}
    assert values(served(Instruments())["potline_line_waits"]) == {}


def test_the_process_and_the_build_are_served() -> None:
    found = served(Instruments())
    assert values(found["process_resident_memory_bytes"])[()] > 1e6
    assert values(found["process_cpu_seconds"])[()] > 0
    assert values(found["potline_build_info"]) == {("0.1.0",): 1.0}
    assert {name.partition("_")[0] for name in found} == {"potline", "process"}


@pytest.mark.asyncio
async def test_alerts_are_counted_by_their_rule() -> None:
    alerts = [{"rule": "meter_silent"}, {"rule": "meter_silent"}, {"rule": "outbox_filling"}]
    body, _ = await Metrics(Instruments(), ClockByHand(NOW_NS), lambda: alerts).served()
    families = {family.name: family for family in text_string_to_metric_families(body.decode())}
    assert values(families["potline_alerts_firing"]) == {("meter_silent",): 2.0, ("outbox_filling",): 1.0}


def test_the_list_in_the_documentation_is_the_catalogue() -> None:
    text = (ROOT / "deploy" / "metrics.md").read_text(encoding="utf-8")
    assert catalogue.listed() in text, "write it anew: python -m collector.page.catalogue"
