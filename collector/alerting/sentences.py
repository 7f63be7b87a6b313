"""What an alert says, and how a series is named. Pure."""

import math
import string
from collections.abc import Mapping

from collector.plant.alerts import AlertRule

OF_EVERY_RULE = ("rule", "severity", "stream", "field", "value", "limit", "unit", "plant", "series")
"""What may stand in the braces of a rule's text, beside the tags of its stream."""


class _Known(dict[str, str]):
    """Placeholders and what they stand for. A tag that a series does not have is empty."""

    def __missing__(self, key: str) -> str:
        return ""


def series_name(tags: Mapping[str, str]) -> str:
    """Return how a series is named by its tags: their values, joined by dots; of the plant as a whole, 'plant'."""
    return ".".join(value for key, value in sorted(tags.items()) if key != "plant") or "plant"


def filled(text: str, placeholders: Mapping[str, str]) -> str:
    """Return a text with what its placeholders stand for."""
    return string.Formatter().vformat(text, (), _Known(placeholders))


def fires(rule: AlertRule, tags: Mapping[str, str], value: float) -> str:
    """Return what is said when the value of a series is wrong."""
    unit = f" {rule.unit}" if rule.unit not in ("", "1") else ""
    placeholders = {
        **tags,
        "rule": rule.name,
        "severity": rule.severity.value,
        "stream": rule.stream,
        "field": rule.field,
        "value": f"{value:.6g}",
        "limit": f"{rule.limit:.6g}",
        "unit": rule.unit,
        "series": series_name(tags),
    }
    side = "" if rule.side is None else rule.side.value
    held = f" for {rule.for_s:g} s" if rule.for_s else ""
    default = f"{rule.field} of {series_name(tags)} is {side} {rule.limit:.6g}{unit}{held}: {value:.6g}{unit}"
    return filled(rule.text, placeholders) if rule.text else default


def silent(rule: AlertRule, tags: Mapping[str, str]) -> str:
    """Return what is said when a series is silent."""
    return f"{rule.field} of {series_name(tags)}: nothing usable came for {rule.silent_for_s:g} s"


def resolved(rule: AlertRule, tags: Mapping[str, str], value: float, *, was_silent: bool) -> str:
    """Return what is said when an alert is resolved."""
    unit = f" {rule.unit}" if rule.unit not in ("", "1") else ""
    what = "speaks again" if was_silent else "is right again"
    told = "" if math.isnan(value) else f": {value:.6g}{unit}"
    return f"{rule.field} of {series_name(tags)} {what}{told}"
