"""The collector's own metrics as fields of a stream: whole numbers by plain names, and causes that occurred."""

import re

from collector.accounting.late import Refusal
from collector.acquisition.mqtt.message import Cause
from collector.instruments import Instruments
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
