"""Alert rules for tests, made as the settings would."""

from collections.abc import Mapping

from collector.plant.alerts import AlertRule, Severity, Side


def above(
    limit: float,
    resolves_at: float | None = None,
    *,
    name: str = "rule",
    stream: str = "meter",
    field: str = "active_power_kw",
    unit: str = "kW",
    for_s: float = 0.0,
    resolves_after_s: float = 0.0,
    silent_for_s: float | None = None,
    where: Mapping[str, tuple[str, ...]] | None = None,
    side: Side | None = Side.ABOVE,
    severity: Severity = Severity.WARNING,
    text: str = "",
) -> AlertRule:
    """Return a rule whose value is wrong above a limit, or on another side."""
    return AlertRule(
        name=name,
        stream=stream,
        field=field,
        where=where or {},
        side=side,
        limit=limit,
        resolves_at=limit if resolves_at is None else resolves_at,
        unit=unit,
        for_s=for_s,
        resolves_after_s=resolves_after_s,
        silent_for_s=silent_for_s,
        severity=severity,
        text=text,
    )
