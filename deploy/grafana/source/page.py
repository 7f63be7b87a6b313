"""A dashboard from rows of panels: places, numbers, links to the others, and a check that nothing overlaps."""

from collections.abc import Mapping, Sequence
from typing import Final

from grafana_foundation_sdk.builders.dashboard import Dashboard as DashboardMaker
from grafana_foundation_sdk.builders.dashboard import DashboardLink, Row, TimePicker
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import (
    Dashboard,
    DashboardCursorSync,
    DashboardLinkType,
    Panel,
    RowPanel,
    VariableModel,
)

TAG: Final = "potline"
"""All dashboards carry it; links between them go by it."""
WIDTH: Final = 24


def page(
    uid: str,
    title: str,
    description: str,
    *,
    variables: Sequence[Builder[VariableModel]],
    rows: Mapping[str, Sequence[Builder[Panel]]],
    since: str = "now-2d",
    refresh: str = "30s",
) -> Dashboard:
    """Return a dashboard.

    Parameters
    ----------
    uid
        Its address: ``potline-`` and the name of its file.
    rows
        Titles of rows and the panels below each, which fill the 24 columns from left to right and top to bottom.
    since
        The range of time that it opens with, up to now.
    refresh
        How often it asks again.

    Raises
    ------
    ValueError
        If a panel stands over the right edge, or two have the same title.
    """
    maker = DashboardMaker(title).uid(uid).description(description).tags([TAG]).editable()
    maker.tooltip(DashboardCursorSync.CROSSHAIR).time(since, "now").refresh(refresh).timezone("browser").version(1)
    maker.timepicker(TimePicker().refresh_intervals(["10s", "30s", "1m", "5m", "15m", "1h"]))
    others = DashboardLink("Potline").type(DashboardLinkType.DASHBOARDS).tags([TAG]).icon("external link")
    maker.link(others.as_dropdown(False).include_vars(True).keep_time(True).target_blank(False).tooltip("").url(""))
    maker.variables([*variables])
    for row, panels in rows.items():
        maker.with_row(Row(row))
        for panel in panels:
            maker.with_panel(panel)
    made = maker.build()
    _number(made)
    return made


def link_to(uid: str, title: str, *, potline: str = "", pot: str = "") -> DashboardLink:
    """Return a link to another dashboard that keeps the plant and the range of time.

    ``potline`` and ``pot`` are values or expressions of Grafana, such as ``${__field.labels.potline}``.
    """
    chosen = "".join(f"&var-{name}={value}" for name, value in (("potline", potline), ("pot", pot)) if value)
    url = f"/d/{uid}?${{__url_time_range}}&${{plant:queryparam}}{chosen}"
    return DashboardLink(title).type(DashboardLinkType.LINK).url(url).target_blank(False)


def _number(made: Dashboard) -> None:
    titles: set[str] = set()
    for number, panel in enumerate(made.panels or [], start=1):
        panel.id_val = number
        place = panel.grid_pos
        if place is None or place.x + place.w > WIDTH:
            raise ValueError(f"panel '{panel.title}' stands over the right edge; let widths of a row add up to {WIDTH}")
        if isinstance(panel, RowPanel):
            continue
        if panel.title is None or panel.title in titles:
            raise ValueError(f"two panels of '{made.title}' are called '{panel.title}'; give each its own title")
        titles.add(panel.title)
