"""Laboratory reports: samples of bath and metal, told when the laboratory gives them out, hours after they were taken.

A sample is named by its pot and the time at which it was taken; a correction has the same id and a higher ``rev``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.instants import iso_milliseconds
from simulators.servers.messages.message import Message, json_message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulators.physics.laboratory import LabReport


class LaboratoryMessages:
    """Reports on bath and metal of a line's pots."""

    def __init__(self, prefix: str, potline: str, pots: Sequence[str]) -> None:
        self._prefix = prefix
        self._potline = potline
        self._pots = pots

    def message(self, report: LabReport) -> Message:
        """Write a report."""
        name = self._pots[report.pot]
        sampled = iso_milliseconds(report.sampled_ns)
        number = f"{sampled[:10].replace('-', '')}-{sampled[11:16].replace(':', '')}"
        body = {
            "v": 1,
            "id": f"{report.kind.upper()}-{self._potline}-{name}-{number}",
            "kind": report.kind,
            "pot": name,
            "sampled_at": sampled,
            "reported_at": iso_milliseconds(report.reported_ns),
            "rev": report.revision,
            "m": report.values,
            "method": "lab_xrd" if report.kind == "bath" else "lab_oes",
            "q": "manual",
        }
        return json_message(f"{self._prefix}/pot/{name}/sample/{report.kind}", body)
