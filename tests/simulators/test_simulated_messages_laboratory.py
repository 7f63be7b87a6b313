"""What the laboratory says of its samples."""

from dataclasses import replace

from line_seconds import PREFIX, SECOND, START, body

from simulators.physics.laboratory import LabReport
from simulators.servers.messages.laboratory import LaboratoryMessages


def test_a_report_is_named_by_its_sample_and_a_correction_has_the_next_revision() -> None:
    laboratory = LaboratoryMessages(PREFIX, "PL1", ["0042", "0043"])
    values = {"bath_temp_c": 961.5, "excess_alf3_pct": 11.2}
    first = LabReport(START + 5 * 3600 * SECOND, START, 0, "bath", 1, 7, values)
    message = laboratory.message(first)
    assert message.topic == f"{PREFIX}/pot/0042/sample/bath"
    told = body(message)
    assert told["id"] == "BATH-PL1-0042-20261122-0300"
    assert (told["sampled_at"], told["reported_at"]) == ("2026-11-22T03:00:00.000Z", "2026-11-22T08:00:00.000Z")
    assert (told["rev"], told["m"], told["q"]) == (1, values, "manual")
    later = replace(first, reported_ns=START + 9 * 3600 * SECOND, revision=2, values=values | {"excess_alf3_pct": 12.0})
    again = body(laboratory.message(later))
    assert (again["id"], again["rev"], again["m"]["excess_alf3_pct"]) == (told["id"], 2, 12.0)
    metal = body(laboratory.message(replace(first, kind="metal", values={"fe_ppm": 800.0})))
    assert (metal["id"], metal["method"]) == ("METAL-PL1-0042-20261122-0300", "lab_oes")
