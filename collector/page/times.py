"""Instants as the page's document has them."""

from datetime import UTC, datetime


def iso(time_ns: int) -> str:
    """Return an instant [UTC ns] in ISO 8601, to the second."""
    return datetime.fromtimestamp(time_ns // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
