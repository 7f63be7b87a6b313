"""The table of what the collector told, for the dashboards that show it."""

from grafana_foundation_sdk.builders import table
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue

from influxql import Form, select
from panels import TOLD_AS, in_words, no_limit, rows_table

_WIDTHS = {"Time": 170, "state": 90, "severity": 90, "rule": 260, "potline": 80, "value": 100, "limit": 100}
"""Of the columns [pixels]; the text has the rest."""


def alerts(title: str, *, newest: int, height: int) -> table.Panel:
    """Return the table of the newest lines of the stream ``alert``, over the whole width for the sake of their text."""
    shown = rows_table(
        title,
        f"What the collector told in the range shown, the newest first, at most {newest} lines: one when a rule begins "
        "to fire and one when it is over (resolved). The text names what it is about and what to do; value is what was "
        "found and limit what it was judged by, in the unit that the text tells. Rules are the collector's own and "
        "those of [alerts.NAME] in collector.toml.",
        [
            select(
                *(f'"{name}"' for name in ("state", "severity", "rule", "potline", "value", "limit", "text")),
                of="alert",
                newest=newest,
                form=Form.TABLE,
            )
        ],
        unit="none",
        thresholds=no_limit(),
        height=height,
        no_value="the collector has told nothing in this range",
    )
    for name in ("state", "severity"):
        shown.override_by_name(name, in_words(TOLD_AS))
    for name, width in _WIDTHS.items():
        shown.override_by_name(name, [DynamicConfigValue("custom.width", width)])
    return shown
