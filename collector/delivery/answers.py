"""What the answers of databases mean, and of what stands in between. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

_LONGEST_RETRY_AFTER_S = 300.0
_MOVED = "correct the address: redirects are not followed"
HINTS = {
    301: _MOVED,
    302: _MOVED,
    307: _MOVED,
    308: _MOVED,
    401: "check the token or password file",
    403: "the token may not write to this bucket",
    404: "create the bucket or database, or correct its name",
    407: "the proxy wants a password, which is not supported; let the collector through it without one",
    413: "lower max_body",
}


class _Statement(msgspec.Struct):
    error: str | None = None


class _Answer(msgspec.Struct):
    """What may stand in an answer of success that means what it says."""

    error: str | None = None
    results: list[_Statement] = []


def is_web_page(headers: Mapping[str, str]) -> bool:
    """Tell whether an answer is a web page, which no database gives."""
    return "html" in headers.get("Content-Type", "").lower()


def words_of(body: bytes | str | None, reason: str | None) -> str:
    """Return the server's own words, short."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body or reason or "")
    return " ".join(text.split())[:500]


def doubt(status: int, headers: Mapping[str, str], body: bytes) -> str | None:
    """Return why an answer of success to a write or a statement is none, or None if it is one.

    A proxy's page to sign in comes with 200, too; InfluxDB 1.x answers a statement that failed with 200.
    """
    if is_web_page(headers):
        return f"answered {status} with a web page; is there a proxy in between?"
    if status not in (200, 204):
        return f"answered {status}, which no database does; is there a proxy in between?"
    if not body.strip():
        return None
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except msgspec.DecodeError:
        return f"answered {status} with '{words_of(body, None)[:80]}', which no database does; is there a proxy?"
    errors = [answer.error, *(each.error for each in answer.results)]
    return next((f"answered {status} with an error: {words_of(error, None)}" for error in errors if error), None)


def retry_after_s(headers: Mapping[str, str]) -> float:
    """Return how long the server wants to be left alone, within a bound [s]; 0 if it does not say or is not clear."""
    text = headers.get("Retry-After", "").strip()
    try:
        seconds = float(text) if text.isdecimal() else (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):  # no date, a date without a zone, a date that cannot be
        return 0.0
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER_S)
