"""Frames cut out of bytes: whatever comes, in whatever pieces, only what was asked becomes an answer."""

import struct
from collections.abc import Callable

import pytest
from adversarial_modbus import ascii_line, rtu
from hypothesis import given
from hypothesis import strategies as st

from collector.acquisition.modbus.frames import (
    AsciiFrames,
    Frame,
    Frames,
    MbapFrames,
    Question,
    Reply,
    RtuFrames,
    crc16,
    reply,
)

ASKED = Question(17, 3, 107, 3)
RIGHT = bytes.fromhex("03 06 02 2B 00 00 00 64")
REFUSED = bytes.fromhex("83 02")
IDENTITY = bytes.fromhex("2B 0E 03 83 00 00 02 00 03 41 42 43 01 00")
IDENTIFY = Question(17, 0x2B, 0, 3)


def mbap(pdu: bytes, *, tid: int = 7, unit: int = 17) -> bytes:
    return struct.pack(">HHHB", tid, 0, len(pdu) + 1, unit) + pdu


def begun(frames: Frames, question: Question = ASKED, *, tid: int = 7, sent: bytes = b"") -> Frames:
    frames.begin(question, tid, sent)
    return frames


def pieces(data: bytes, sizes: list[int]) -> list[bytes]:
    cut, place = [], 0
    for size in sizes:
        cut.append(data[place : place + size])
        place += size
    return [piece for piece in (*cut, data[place:]) if piece]


# --- What a frame says ------------------------------------------------------------------------------------------------


def test_the_example_of_the_specification_is_the_answer() -> None:
    assert reply(RIGHT, ASKED) == Reply(bytes.fromhex("022B 0000 0064"))
    assert reply(REFUSED, ASKED) == Reply(b"", 2)


@pytest.mark.parametrize(
    "text",
    [
        "04 06 022B 0000 0064",
        "03 04 022B 0000",
        "03 06 022B 0000",
        "03 06 022B 0000 0064 00",
        "03 08 022B 0000 0064 0000",
        "03 07 022B 0000 0064 00",
        "03",
        "83",
        "83 02 00",
        "84 02",
        "00",
        "80",
        "80 02",
        "2B 0E",
    ],
)
def test_what_is_no_answer_is_none(text: str) -> None:
    assert reply(bytes.fromhex(text), ASKED) is None


@pytest.mark.parametrize(
    ("function", "count", "size"), [(1, 1, 1), (1, 8, 1), (2, 9, 2), (2, 2000, 250), (3, 1, 2), (4, 125, 250)]
)
def test_the_byte_count_follows_from_the_question(function: int, count: int, size: int) -> None:
    assert Question(1, function, 0, count).size == size
    assert reply(bytes([function, size]) + bytes(size), Question(1, function, 0, count)) == Reply(bytes(size))


def test_a_check_sum_is_that_of_the_specification() -> None:
    assert crc16(bytes.fromhex("02 07")) == 0x1241
    assert crc16(bytes.fromhex("02 07 41 12")) == 0


# --- One stream at a time ---------------------------------------------------------------------------------------------

KINDS: dict[str, tuple[Callable[[], Frames], Callable[[bytes], bytes]]] = {
    "mbap": (lambda: MbapFrames(ids=True), mbap),
    "mbap without ids": (lambda: MbapFrames(ids=False), mbap),
    "rtu": (RtuFrames, lambda pdu: rtu(17, pdu)),
    "ascii": (AsciiFrames, lambda pdu: ascii_line(17, pdu)),
}
each_kind = pytest.mark.parametrize("kind", KINDS)


@each_kind
@given(pdu=st.sampled_from([RIGHT, REFUSED]), sizes=st.lists(st.integers(1, 5), max_size=20))
def test_a_frame_in_any_pieces_is_put_together(kind: str, pdu: bytes, sizes: list[int]) -> None:
    make, framed = KINDS[kind]
    frames = begun(make())
    found = [frame for piece in pieces(framed(pdu), sizes) for frame in frames.cut(piece, [ASKED])]
    assert [(frame.unit, frame.pdu) for frame in found] == [(17, pdu)]
    assert not frames.lost


@each_kind
def test_an_identification_is_as_long_as_it_says(kind: str) -> None:
    make, framed = KINDS[kind]
    frames = begun(make(), IDENTIFY)
    found = [frame for byte in framed(IDENTITY) for frame in frames.cut(bytes([byte]), [IDENTIFY])]
    assert [frame.pdu for frame in found] == [IDENTITY]
    assert reply(IDENTITY, IDENTIFY) == Reply(IDENTITY)
    assert reply(IDENTITY[:-1], IDENTIFY) is None
    assert reply(IDENTITY + b"\0", IDENTIFY) is None


@each_kind
@given(chunks=st.lists(st.binary(max_size=300), max_size=8))
def test_nothing_raises_over_any_bytes_and_nothing_is_kept_without_bound(kind: str, chunks: list[bytes]) -> None:
    make, framed = KINDS[kind]
    frames = begun(make())
    for chunk in chunks:
        for frame in frames.cut(chunk, [ASKED, IDENTIFY]):
            assert isinstance(reply(frame.pdu, ASKED), Reply | None)
    assert len(frames._rest) <= 1100  # type: ignore[attr-defined]
    # With the next question everything is as it was.
    frames.begin(ASKED, 8, b"")
    answer = mbap(RIGHT, tid=8) if kind.startswith("mbap") else framed(RIGHT)
    assert (17, RIGHT) in [(frame.unit, frame.pdu) for frame in frames.cut(answer, [ASKED])]


# --- Modbus TCP -------------------------------------------------------------------------------------------------------


def test_frames_in_one_piece_come_one_by_one() -> None:
    frames = begun(MbapFrames(ids=True))
    both = mbap(REFUSED, tid=6) + mbap(RIGHT) + mbap(RIGHT)[:4]
    assert frames.cut(both, ()) == [Frame(6, 17, REFUSED), Frame(7, 17, RIGHT)]


@pytest.mark.parametrize(
    "before",
    [
        mbap(RIGHT, tid=6)[:9],
        mbap(RIGHT, tid=6)[:-1],
        mbap(RIGHT, tid=6)[:1],
        bytes.fromhex("0006 0000 00FA 11 03"),
    ],
    ids=["half a frame", "all but a byte", "one byte", "a long one"],
)
def test_a_frame_that_broke_off_does_not_swallow_the_next_answer(before: bytes) -> None:
    frames = begun(MbapFrames(ids=True), tid=6)
    assert frames.cut(before, ()) == []
    frames.begin(ASKED, 7, b"")
    assert frames.cut(mbap(RIGHT), ()) == [Frame(7, 17, RIGHT)]
    assert not frames.lost


def test_a_frame_that_broke_off_and_goes_on_later_is_passed_over() -> None:
    frames = begun(MbapFrames(ids=True), tid=6)
    late = mbap(RIGHT, tid=6)
    frames.cut(late[:9], ())
    frames.begin(ASKED, 7, b"")
    assert frames.cut(late[9:] + mbap(RIGHT), ()) == [Frame(7, 17, RIGHT)]


@pytest.mark.parametrize(
    "garbage",
    [b"\0", b"HTTP/1.1 400", b"\xff" * 300, bytes.fromhex("0007 0001 0004 11 03"), bytes.fromhex("0007 0000 0001 11")],
    ids=["a byte", "text", "noise", "another protocol", "no length"],
)
def test_the_answer_is_found_behind_garbage_by_its_first_bytes(garbage: bytes) -> None:
    for whole in (True, False):
        frames = begun(MbapFrames(ids=True))
        data = garbage + mbap(RIGHT)
        found = frames.cut(data, ()) if whole else [f for byte in data for f in frames.cut(bytes([byte]), ())]
        assert found == [Frame(7, 17, RIGHT)]


def test_an_older_answer_behind_garbage_is_not_the_answer() -> None:
    frames = begun(MbapFrames(ids=True))
    assert frames.cut(b"?" + mbap(RIGHT, tid=6) + mbap(RIGHT, unit=9), ()) == []
    assert frames.lost
    assert frames.cut(mbap(REFUSED), ()) == [Frame(7, 17, REFUSED)]


def test_without_ids_nothing_behind_garbage_counts_until_the_next_question() -> None:
    frames = begun(MbapFrames(ids=False))
    assert frames.cut(b"?" + mbap(RIGHT, tid=0), [ASKED]) == []
    assert frames.cut(mbap(RIGHT, tid=0), [ASKED]) == []
    frames.begin(ASKED, 8, b"")
    assert frames.cut(mbap(RIGHT, tid=0), [ASKED]) == [Frame(0, 17, RIGHT)]


# --- RTU --------------------------------------------------------------------------------------------------------------

REQUEST = rtu(17, bytes.fromhex("03 006B 0003"))


@given(before=st.binary(max_size=40), after=st.binary(max_size=40))
def test_an_rtu_answer_is_found_in_any_noise(before: bytes, after: bytes) -> None:
    frames = begun(RtuFrames())
    assert Frame(0, 17, RIGHT) in frames.cut(before + rtu(17, RIGHT) + after, [ASKED])


@given(place=st.integers(0, 10), wrong=st.integers(1, 255))
def test_an_rtu_answer_with_a_wrong_byte_is_none(place: int, wrong: int) -> None:
    frame = bytearray(rtu(17, RIGHT))
    frame[place] ^= wrong
    assert begun(RtuFrames()).cut(bytes(frame), [ASKED]) == []


@pytest.mark.parametrize(
    "frame",
    [rtu(18, RIGHT), rtu(17, b"\4" + RIGHT[1:]), rtu(17, bytes.fromhex("03 04 022B 0000")), rtu(17, b"\x84\2")],
    ids=["another unit", "another function", "another byte count", "an exception to another function"],
)
def test_an_rtu_frame_of_another_is_passed_over(frame: bytes) -> None:
    assert begun(RtuFrames()).cut(frame + rtu(17, RIGHT), [ASKED]) == [Frame(0, 17, RIGHT)]


def test_the_echo_of_an_adapter_is_passed_over() -> None:
    for whole in (True, False):
        frames = begun(RtuFrames(), sent=REQUEST)
        data = REQUEST + rtu(17, RIGHT)
        found = frames.cut(data, [ASKED]) if whole else [f for byte in data for f in frames.cut(bytes([byte]), [ASKED])]
        assert found == [Frame(0, 17, RIGHT)]


def test_an_echo_that_looks_like_coils_is_no_value() -> None:
    """20 coils from 0x0300 on: the question has the length, the byte count and the check sum of an answer."""
    asked = Question(17, 1, 0x0300, 20)
    question = rtu(17, bytes.fromhex("01 0300 0014"))
    assert reply(question[1:-2], asked) is not None
    frames = begun(RtuFrames(), asked, sent=question)
    answer = bytes.fromhex("01 03 CD6B05")
    assert frames.cut(question, [asked]) == []
    assert frames.cut(rtu(17, answer), [asked]) == [Frame(0, 17, answer)]


def test_several_answers_wanted_come_in_their_order() -> None:
    other = Question(17, 4, 0, 1)
    data = rtu(17, b"\4\2\0\1") + rtu(17, RIGHT) + rtu(17, REFUSED)
    assert [frame.pdu for frame in begun(RtuFrames()).cut(data, [ASKED, other])] == [b"\4\2\0\1", RIGHT, REFUSED]


# --- ASCII ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        b":1103\r\n",
        b":\r\n",
        b"\r\n",
        b":110306022B0000006\r\n",
        b":1103 06022B00000064 55\r\n",
        b":+1030_022B0000006455\r\n",
        b":110306022B0000006456\r\n",
        b"1103060" + b"22B0000006455\r\n",
        b":\xff\xff\r\n",
    ],
)
def test_an_ascii_line_that_is_no_frame_is_passed_over(line: bytes) -> None:
    frames = begun(AsciiFrames())
    right = ascii_line(17, RIGHT)
    assert right == b":110306022B0000006455\r\n"
    assert frames.cut(line, [ASKED]) == []
    assert frames.cut(right, [ASKED]) == [Frame(0, 17, RIGHT)]


def test_a_colon_begins_a_new_ascii_frame_and_small_letters_are_read() -> None:
    frames = begun(AsciiFrames())
    assert frames.cut(b":1103060" + ascii_line(17, RIGHT).lower(), [ASKED]) == [Frame(0, 17, RIGHT)]


def test_the_ascii_echo_of_an_adapter_is_passed_over() -> None:
    asked = Question(17, 1, 0x0300, 20)
    question = ascii_line(17, bytes.fromhex("01 0300 0014"))
    answer = bytes.fromhex("01 03 CD6B05")
    frames = begun(AsciiFrames(), asked, sent=question)
    assert frames.cut(question + ascii_line(17, answer), [asked]) == [Frame(0, 17, answer)]
