"""How a record lies on disk."""

import gzip
import zlib

from hypothesis import given
from hypothesis import strategies as st

from collector.store import frame

LINES = [b"meter,plant=p energy_kwh=1.5 1", b"meter,plant=p energy_kwh=2.5 2"]


def test_a_member_is_what_gzip_unpacks_to_the_lines_alone_or_behind_another() -> None:
    _, one = frame.pack(LINES[:1], seq=1, created_ns=5)
    _, other = frame.pack(LINES[1:], seq=2, created_ns=6)
    assert gzip.decompress(one) == b"meter,plant=p energy_kwh=1.5 1\n"
    assert gzip.decompress(one + other) == b"\n".join(LINES) + b"\n"


def test_a_member_says_who_it_is_in_fifty_bytes() -> None:
    head, body = frame.pack(LINES, seq=7, created_ns=-3)
    assert frame.head_of(body) == head == frame.Head(7, -3, 2, 62, len(body))
    assert body[:18] == bytes.fromhex("1f8b08040000000004ff2600504c22000100")
    assert frame.HEAD_BYTES == 50
    assert zlib.decompress(body[50:-8], -15) == b"\n".join(LINES) + b"\n"


def test_a_member_of_an_older_collector_says_nothing() -> None:
    assert frame.head_of(gzip.compress(b"m n=1i 1\n", 1, mtime=0)) is None
    assert frame.head_of(b"") is None


@given(
    st.lists(st.binary(max_size=300), min_size=1, max_size=5),
    st.integers(1, 1 << 40),
    st.integers(-(1 << 62), 1 << 62),
    st.data(),
)
def test_a_changed_byte_is_found_wherever_it_is(
    lines: list[bytes], seq: int, time_ns: int, data: st.DataObject
) -> None:
    head, body = frame.pack(lines, seq=seq, created_ns=time_ns)
    assert frame.is_whole(head, body)
    at = data.draw(st.integers(0, len(body) - 1))
    changed = body[:at] + bytes([body[at] ^ data.draw(st.integers(1, 255))]) + body[at + 1 :]
    told = frame.head_of(changed)
    assert told is None or not frame.is_whole(told, changed)
    assert not frame.is_whole(head, body[:-1])
