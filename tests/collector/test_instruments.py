"""The collector's own metrics as fields of a stream: whole numbers by plain names, and causes that occurred."""

import os
import re
import resource
from pathlib import Path

from collector.accounting.late import Refusal
from collector.acquisition.mqtt.message import Cause
from collector.instruments import Instruments, process_fields
from collector.readings.health import Refused


def test_causes_are_fields_once_they_have_occurred() -> None:
    instruments = Instruments()
    before = set(instruments.stream_fields())
    instruments.rejected_by_cause[Cause.NOT_JSON.value] = 12
    instruments.late_refused_by_cause[Refusal.TOO_OLD.value] = 3
    instruments.sparkplug["births asked for"] += 2

    fields = instruments.stream_fields()

    assert {name: fields[name] for name in fields.keys() - before} == {
        "rejected_not_json_total": 12,
        "late_refused_too_old_total": 3,
        "sparkplug_births_asked_for_total": 2,
    }


def test_no_cause_takes_the_name_of_another_field() -> None:
    every = Instruments(
        rejected_by_cause={cause.value: 1 for cause in Cause},
        late_refused_by_cause={cause.value: 1 for cause in Refusal},
    )
    plain = Instruments().stream_fields()

    fields = every.stream_fields()

    assert len(fields) == len(plain) + len(Cause) + len(Refusal)
    assert all(re.fullmatch("[a-z0-9_]+", name) for name in fields)
    assert not any(fields[name] for name in plain)


def test_meters_that_are_silent_and_registers_that_are_set_aside_are_counted() -> None:
    instruments = Instruments()
    instruments.meter("rectifier_1").error = "timed out after 1 s"
    instruments.meter("rectifier_2").set_aside = (
        Refused(("voltage", "current"), "illegal data address", 0),
        Refused(("frequency",), "illegal data address", 0),
    )
    instruments.meter("cranes")
    instruments.look_at_meters()
    fields = instruments.stream_fields()
    assert (fields["meters_silent"], fields["registers_set_aside"]) == (1, 3)
    instruments.meter("rectifier_1").error = ""
    instruments.look_at_meters()
    assert instruments.stream_fields()["meters_silent"] == 0


def test_the_process_tells_its_processor_time_and_what_it_holds_in_memory() -> None:
    before = process_fields()
    sum(range(2_000_000))
    after = process_fields()

    assert set(before) == {"process_cpu_seconds_total", "process_resident_bytes"}
    assert after["process_cpu_seconds_total"] > before["process_cpu_seconds_total"]
    # 20 MiB is more than nothing but Python; what Linux counts as the peak is in KiB.
    assert (
        20 * 2**20
        < before["process_resident_bytes"]
        <= resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 * 1.01
    )


def test_resident_memory_is_the_second_number_of_statm_in_pages(tmp_path: Path) -> None:
    statm = tmp_path / "statm"
    statm.write_text("40000 12345 3000 1 0 20000 0\n", "ascii")
    assert process_fields(statm)["process_resident_bytes"] == 12345 * os.sysconf("SC_PAGE_SIZE")


def test_where_there_is_no_proc_the_memory_is_left_out(tmp_path: Path) -> None:
    assert set(process_fields(tmp_path / "statm")) == {"process_cpu_seconds_total"}


def test_what_the_process_takes_is_no_instrument_for_metrics_has_it_from_its_library() -> None:
    assert not any(name.startswith("process_") for name in Instruments().stream_fields())
