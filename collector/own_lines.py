"""What the collector writes of itself: the stream ``collector``, and an alert where the outbox fills."""

from collections.abc import Mapping

from collector.delivery import lineprotocol
from collector.instruments import Instruments
from collector.store.filling import Alert

PART_OF = "/"
"""Stands in the name of an instance between the machine and its part of the plant, where it has one."""


def own_lines(
    tags: Mapping[str, str],
    instruments: Instruments,
    process: Mapping[str, int | float],
    oldest_ns: int,
    alert: Alert | None,
    now_ns: int,
) -> list[bytes]:
    """Return the lines of one report.

    Parameters
    ----------
    tags
        ``plant`` and ``instance``.
    instruments
        What was counted.
    process
        What the process takes of the machine.
    oldest_ns
        When the oldest record of the outbox was written [UTC ns]; 0: there is none.
    alert
        A change of the alert on the outbox, if there is one.
    now_ns
        Present time [UTC ns].
    """
    lags_s = instruments.lags_s(now_ns)
    fields = {
        **instruments.stream_fields(),
        **process,
        "outbox_oldest_s": (now_ns - oldest_ns) * 1e-9 if oldest_ns else 0.0,
        "lag_s": max(lags_s.values(), default=None),
        **{f"lag_{name}_s": lag_s for name, lag_s in lags_s.items()},
    }
    lines = [lineprotocol.line(lineprotocol.series("collector", tags), fields, now_ns)]
    if alert is not None:
        of_alert = {"plant": tags["plant"], "rule": alert.rule, "severity": alert.severity}
        if PART_OF in tags["instance"]:  # several collectors of one plant, each with an outbox of its own
            of_alert["instance"] = tags["instance"]
        told: dict[str, lineprotocol.Field] = {
            "state": alert.state,
            "value": alert.value,
            "limit": alert.limit,
            "text": alert.text,
            "firing": int(alert.state == "firing"),
        }
        lines.append(lineprotocol.line(lineprotocol.series("alert", of_alert), told, now_ns))
    return [line for line in lines if line is not None]
