"""What the store remembers of alerts, as it stands in its table ``meta``, one row an alert and one a series.

- ``alert/[RULE, SERIES]``: what was told last of an alert.
- ``alert_told/[RULE, SERIES]``: which of it the MQTT broker has confirmed, by its time.
- ``alert_rule/[RULE, SERIES]``: where a rule's series stands, with the digest of the rule that it was judged by. An
  empty text: it is quiet.
"""

import hashlib
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import msgspec

from collector.alerting.columns import Series
from collector.alerting.judge import Phase, Standing
from collector.plant.alerts import AlertRule

ALERT, TOLD, STANDING = "alert/", "alert_told/", "alert_rule/"

Identity = tuple[str, Series]
"""Which alert: the rule and the series."""


class Alert(msgspec.Struct, frozen=True):
    """What was told last of an alert. ``told_ns``: the time of its line, ``since_ns``: since when it is so [UTC ns]."""

    rule: str
    severity: str
    tags: dict[str, str]
    is_firing: bool
    value: float | None
    limit: float | None
    text: str
    since_ns: int
    told_ns: int

    @property
    def state(self) -> str:
        """The word in the stream."""
        return "firing" if self.is_firing else "resolved"

    def document(self) -> dict[str, Any]:
        """Return it for people and programs."""
        return {
            "rule": self.rule,
            "severity": self.severity,
            "state": self.state,
            "tags": self.tags,
            "value": self.value,
            "limit": self.limit,
            "text": self.text,
            "since": _iso(self.since_ns),
            "time": _iso(self.told_ns),
        }


class _Kept(msgspec.Struct, frozen=True):
    digest: str
    phase: int
    since_ns: int
    last_ns: int


class Remembered(msgspec.Struct):
    """All that the store remembers of alerts; of a standing also the digest of its rule."""

    alerts: dict[Identity, Alert] = {}
    told: dict[Identity, int] = {}
    standings: dict[Identity, tuple[str, Standing]] = {}


def read(db: sqlite3.Connection) -> Remembered:
    """Read what is remembered.

    Raises
    ------
    ValueError
        If it cannot be read.
    """
    found = Remembered()
    try:
        for key, value in _rows(db, ALERT):
            found.alerts[_identity(key, ALERT)] = msgspec.json.decode(value, type=Alert)
        for key, value in _rows(db, TOLD):
            found.told[_identity(key, TOLD)] = int(value)
        for key, value in _rows(db, STANDING):
            if value:
                kept = msgspec.json.decode(value, type=_Kept)
                standing = Standing(Phase(kept.phase), kept.since_ns, kept.last_ns)
                found.standings[_identity(key, STANDING)] = (kept.digest, standing)
    except (msgspec.DecodeError, ValueError) as exc:
        what = "read alerts from the store"
        raise ValueError(f"{what}: {exc}; 'potline verify' tells whether the store is damaged") from exc
    return found


def forget(db: sqlite3.Connection, over: Iterable[Identity]) -> None:
    """Let go of alerts that are over and told, and of the empty rows."""
    db.execute("DELETE FROM meta WHERE key GLOB ? AND value = ''", (STANDING + "*",))
    for identity in over:
        db.execute("DELETE FROM meta WHERE key IN (?, ?)", (key(ALERT, identity), key(TOLD, identity)))


def note_told(db: sqlite3.Connection, told: Mapping[Identity, Alert]) -> None:
    """Remember what the broker has confirmed."""
    rows = [(key(TOLD, identity), str(alert.told_ns)) for identity, alert in told.items()]
    db.executemany("INSERT OR REPLACE INTO meta VALUES (?,?)", rows)


def key(start: str, identity: Identity) -> str:
    """Return the key of a row."""
    return start + msgspec.json.encode(identity).decode()


def encoded(alert: Alert) -> str:
    """Return the row of an alert."""
    return msgspec.json.encode(alert).decode()


def written(rule: AlertRule, standing: Standing) -> str:
    """Return the row of a series."""
    if standing.phase is Phase.QUIET and rule.silent_for_s is None:
        return ""
    return msgspec.json.encode(_Kept(digest(rule), int(standing.phase), standing.since_ns, standing.last_ns)).decode()


def digest(rule: AlertRule) -> str:
    """Return what changes with everything by which a rule judges, and with its severity."""
    told = {name: value for name, value in asdict(rule).items() if name != "text"}
    return hashlib.sha256(msgspec.json.encode(told, order="sorted")).hexdigest()[:16]


def _rows(db: sqlite3.Connection, start: str) -> list[tuple[str, str]]:
    return db.execute("SELECT key, value FROM meta WHERE key GLOB ?", (start + "*",)).fetchall()


def _identity(text: str, start: str) -> Identity:
    return msgspec.json.decode(text.removeprefix(start), type=tuple[str, tuple[tuple[str, str], ...]])


def _iso(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns // 1_000_000_000, UTC).isoformat().replace("+00:00", "Z")
