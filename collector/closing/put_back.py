"""Lines that a database refused, put back for it, unless the accounts say something else by now.

A line that was refused may have been written anew since, by a restatement or as an effect grew. Sent now, it would
overwrite what is true. So a line that stands on the ledger or on an event goes back only where that says the same.
"""

import re
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from collector.accounting.windows import ROLLING_NS
from collector.store import inputs, letters, outbox
from collector.store.letters import Letter

_COMMA, _SPACE = re.compile(rb"(?<!\\),"), re.compile(rb"(?<!\\) ")
_REVISION = re.compile(rb"(?:\A|,)revision=(\d+)i")
_DURATION = re.compile(rb"(?:\A|,)duration_s=([^,]+)")


@dataclass(frozen=True, slots=True)
class PutBack:
    """What came of some letters: lines put back, and lines that something newer has replaced."""

    letters: int
    lines: int
    superseded: int


def put_back(db: sqlite3.Connection, numbers: Sequence[int], others: Iterable[str], now_ns: int) -> PutBack:
    """Put lines of letters back, each letter as a new record for the database that refused it and for no other.

    Parameters
    ----------
    db
        The store, in a transaction.
    numbers
        The letters, all of them lines that a database refused. One of which any line is replaced stays, with the lines
        that are.
    others
        Names of all databases.
    now_ns
        The present [UTC ns].

    Raises
    ------
    ValueError
        If one is something else than refused lines.
    """
    known = list(others)
    count = lines = superseded = 0
    for seq in numbers:
        found = letters.letter(db, seq)
        if found is None:
            continue
        if found.letter.source != "delivery":
            raise ValueError(f"letter {seq} holds no refused lines, but something of {found.letter.source}")
        told = [line for line in found.letter.body.split(b"\n") if line]
        good = [line for line in told if _is_true(db, line, found)]
        if good:
            outbox.append_for(db, found.letter.place, good, now_ns, known)
        rest = [line for line in told if line not in good]
        if rest:
            db.execute("UPDATE dead SET body = ? WHERE seq = ?", (b"\n".join(rest), seq))
        else:
            letters.drop(db, [seq])
        count, lines, superseded = count + bool(good), lines + len(good), superseded + len(rest)
    return PutBack(count, lines, superseded)


def _is_true(db: sqlite3.Connection, line: bytes, found: Letter) -> bool:
    """Tell whether nothing newer has replaced a line. One that is no line is left to the database."""
    parts = _SPACE.split(line)
    if len(parts) < 3 or not parts[-1].lstrip(b"-").isdigit():
        return True
    start, fields, time_ns = parts[0], b" ".join(parts[1:-1]), int(parts[-1])
    measurement, *tags = _COMMA.split(start)
    named = dict(tag.split(b"=", 1) for tag in tags if b"=" in tag)
    told = {_plain(key): _plain(value) for key, value in named.items()}
    potline = told.get("potline", "")
    if measurement == b"anode_effect":
        return _is_effect(db, potline, told, fields, time_ns)
    window = told.get("window", "minute" if measurement == b"potline" and b"pots_operating=" in fields else "")
    # How often a rolling window was stated is not kept.
    return not window or (window not in ROLLING_NS and _is_in_force(db, (potline, window, time_ns), fields, found))


def _is_in_force(db: sqlite3.Connection, place: tuple[str, str, int], fields: bytes, found: Letter) -> bool:
    query = "SELECT max(revision), max(written_ns) FROM ledger WHERE potline = ? AND window = ? AND start_ns = ?"
    newest, written_ns = db.execute(query, place).fetchone()
    if newest is None:
        return True
    revision = _REVISION.search(fields)
    if revision is None:
        return bool(written_ns <= found.letter.time_ns)
    return int(revision[1]) >= int(newest)


def _is_effect(db: sqlite3.Connection, potline: str, told: dict[str, str], fields: bytes, time_ns: int) -> bool:
    duration = _DURATION.search(fields)
    lasts = None if duration is None else float(duration[1])
    return any(
        (effect.pot, effect.kind.value, effect.duration_s) == (told.get("pot"), told.get("kind"), lasts)
        for effect in inputs.effects_between(db, potline, time_ns, time_ns + 1)
    )


def _plain(text: bytes) -> str:
    return re.sub(rb"\\([,= ])", rb"\1", text).decode(errors="replace")
