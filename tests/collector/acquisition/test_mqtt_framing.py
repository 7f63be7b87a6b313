"""Packets are found in what comes, however it is cut into pieces, and no more is held than allowed."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.acquisition.mqtt.framing import Framing, MalformedPacket, Packet


def length(number: int) -> bytes:
    encoded = bytearray()
    while True:
        number, digit = divmod(number, 128)
        encoded.append(digit | (0x80 if number else 0))
        if not number:
            return bytes(encoded)


def packet(command: int, body: bytes) -> bytes:
    return bytes([command]) + length(len(body)) + body


def heard(framing: Framing, *pieces: bytes) -> list[Packet]:
    found = []
    for piece in pieces:
        framing.feed(piece)
        while (one := framing.next()) is not None:
            found.append(one)
    return found


@given(
    bodies=st.lists(st.one_of(st.binary(max_size=300), st.integers(0, 3000).map(lambda n: b"x" * n)), max_size=8),
    cuts=st.lists(st.integers(0, 5000), max_size=20),
)
def test_packets_are_the_same_however_they_come_in_pieces(bodies: list[bytes], cuts: list[int]) -> None:
    sent = b"".join(packet(0x32, body) for body in bodies)
    places = [0, *sorted(min(cut, len(sent)) for cut in cuts), len(sent)]
    pieces = [sent[a:b] for a, b in pairwise(places)]
    framing = Framing(largest=1000, kept=100)

    found = heard(framing, *pieces)

    assert [one.size for one in found] == [len(body) for body in bodies]
    assert [one.body for one in found] == [body if len(body) <= 1000 else body[:100] for body in bodies]


def test_a_message_of_200_mib_is_never_held() -> None:
    framing = Framing(largest=1000, kept=100)
    framing.feed(b"\x30" + length(200 * 2**20))
    assert framing.next() is None
    piece = bytes(2**20)
    found = []
    for _ in range(200):
        framing.feed(piece)
        if (one := framing.next()) is not None:
            found.append(one)
        assert len(framing._data) <= 2**20 + 10
    assert [(one.command, len(one.body), one.size) for one in found] == [(0x30, 100, 200 * 2**20)]
    assert heard(framing, packet(0xD0, b"")) == [Packet(0xD0, b"", 0)]


def test_a_length_of_five_bytes_and_a_large_packet_that_is_no_message_are_malformed() -> None:
    framing = Framing(largest=1000, kept=100)
    framing.feed(b"\x30\x80\x80\x80\x80\x01")
    with pytest.raises(MalformedPacket, match="more than four bytes"):
        framing.next()
    framing = Framing(largest=1000, kept=100)
    framing.feed(b"\x90" + length(1001))
    with pytest.raises(MalformedPacket, match="1001 bytes that is no message"):
        framing.next()


def test_what_is_not_taken_stays() -> None:
    framing = Framing(largest=1000, kept=100)
    framing.feed(packet(0x30, b"a") + packet(0x30, b"b") + b"\x30")
    assert framing.next() == Packet(0x30, b"a", 1)
    framing.feed(b"\x01c")
    assert heard(framing) == []
    assert [framing.next(), framing.next(), framing.next()] == [Packet(0x30, b"b", 1), Packet(0x30, b"c", 1), None]
