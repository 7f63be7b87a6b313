"""Which answer belongs to which question: the rules by which a late one is never another question's."""

import random
import struct
from collections.abc import Callable

import pytest
from adversarial_modbus import ascii_line, rtu

from collector.acquisition.modbus.conversation import Conversation
from collector.acquisition.modbus.frames import AsciiFrames, Frames, MbapFrames, Question, RtuFrames

TIMEOUT_S = 0.5
WINDOW_S = 10.0
A, B, LONGER = Question(1, 4, 10, 2), Question(1, 4, 20, 2), Question(1, 4, 20, 3)


def values(question: Question) -> bytes:
    """Return the right values: each register holds its address."""
    return struct.pack(f">{question.count}H", *range(question.address, question.address + question.count))


def pdu(question: Question) -> bytes:
    data = values(question)
    return bytes([question.function, len(data)]) + data


def answer(question: Question) -> bytes:
    return rtu(question.unit, pdu(question))


def mbap(question: Question, tid: int) -> bytes:
    body = pdu(question)
    return struct.pack(">HHHB", tid, 0, len(body) + 1, question.unit) + body


def on_a_line(frames: Frames | None = None) -> Conversation:
    return Conversation(frames or RtuFrames(), has_transaction_ids=False, timeout_s=TIMEOUT_S)


def asked(conversation: Conversation, question: Question, *, tid: int = 0) -> Conversation:
    conversation.ask(question)
    conversation.sent(tid, b"")
    return conversation


def unanswered(conversation: Conversation, question: Question, at_s: float) -> Conversation:
    asked(conversation, question).end(at_s)
    return conversation


# --- Lines without transaction ids ------------------------------------------------------------------------------------


def test_an_answer_ends_the_waiting_and_leaves_nothing_in_the_way() -> None:
    line = asked(on_a_line(), A)
    assert not line.hear(answer(A)[:3], 1.0)
    assert line.hear(answer(A)[3:], 1.1)
    line.end(1.1)
    assert line.reply is not None
    assert line.reply.data == values(A)
    assert not line.doubtful
    assert line.rest_until_s == 0.0
    assert line.in_the_way(B, 1.1) is None


def test_after_a_time_out_the_line_rests_as_long_again() -> None:
    assert unanswered(on_a_line(), A, 7.0).rest_until_s == 7.5


def test_a_question_of_the_same_shape_waits_until_the_window_is_over() -> None:
    line = unanswered(on_a_line(), A, 7.0)
    assert line.in_the_way(B, 7.5) == A
    assert line.in_the_way(B, 7.0 + WINDOW_S - 0.01) == A
    assert line.in_the_way(B, 7.0 + WINDOW_S) is None


def test_the_window_is_ten_timeouts_where_these_are_long() -> None:
    line = Conversation(RtuFrames(), has_transaction_ids=False, timeout_s=3.0)
    assert unanswered(line, A, 0.0).in_the_way(B, 29.9) == A
    assert line.in_the_way(B, 30.0) is None


@pytest.mark.parametrize(
    "other", [LONGER, Question(2, 4, 20, 2), Question(1, 3, 20, 2)], ids=["length", "unit", "function"]
)
def test_a_question_of_another_shape_may_be_asked_and_does_not_take_the_late_answer(other: Question) -> None:
    line = unanswered(on_a_line(), A, 0.0)
    assert line.in_the_way(other, 0.5) is None
    asked(line, other)
    assert not line.hear(answer(A), 0.6)
    assert line.hear(answer(other), 0.7)
    line.end(0.7)
    assert line.reply is not None
    assert line.reply.data == values(other)
    assert not line.doubtful
    # The late one has come: nothing is in the way any more.
    assert line.in_the_way(B, 0.7) is None


def test_bits_whose_answers_have_the_same_length_are_of_the_same_shape() -> None:
    line = unanswered(on_a_line(), Question(1, 2, 0, 3), 0.0)
    assert line.in_the_way(Question(1, 2, 0, 8), 0.5) == Question(1, 2, 0, 3)
    assert line.in_the_way(Question(1, 2, 0, 9), 0.5) is None


def test_the_same_question_may_be_asked_again_and_its_answer_is_doubtful() -> None:
    line = unanswered(on_a_line(), A, 0.0)
    assert line.in_the_way(A, 0.5) is None
    asked(line, A)
    assert line.hear(answer(A), 0.6)
    line.end(0.6)
    assert line.doubtful
    # One answer is still out.
    assert line.in_the_way(B, 0.7) == A
    line.hear(answer(A), 0.8)
    assert line.in_the_way(B, 0.8) is None
    asked(line, A)
    line.hear(answer(A), 0.9)
    assert not line.doubtful


def test_a_question_asked_three_times_has_three_answers_out() -> None:
    line = on_a_line()
    for at_s in (0.0, 1.0, 2.0):
        unanswered(line, A, at_s)
    for at_s in (2.1, 2.2):
        line.hear(answer(A), at_s)
        assert line.in_the_way(B, at_s) == A
    line.hear(answer(A), 2.3)
    assert line.in_the_way(B, 2.3) is None


def test_the_window_counts_from_the_last_time_it_was_asked() -> None:
    line = unanswered(unanswered(on_a_line(), A, 0.0), A, 5.0)
    assert line.in_the_way(B, 14.9) == A
    assert line.in_the_way(B, 15.0) is None


def test_an_answer_that_comes_in_the_rest_in_two_pieces_is_thrown_away() -> None:
    line = asked(on_a_line(), A)
    line.hear(answer(A)[:5], 0.4)
    line.end(0.5)
    assert not line.hear(answer(A)[5:], 0.6)
    assert line.in_the_way(B, 0.6) is None
    asked(line, B)
    assert line.hear(answer(B), 0.8)
    assert line.reply is not None
    assert line.reply.data == values(B)


def test_a_garbled_answer_may_have_been_the_one_or_not_so_it_still_counts_as_out() -> None:
    line = asked(on_a_line(), A)
    line.hear(answer(A)[:-1] + b"?", 0.1)
    line.end(0.5)
    assert line.reply is None
    assert line.in_the_way(B, 1.0) == A


def test_a_late_exception_is_not_taken_for_the_answer_to_another_question() -> None:
    line = unanswered(on_a_line(), A, 0.0)
    asked(line, LONGER)
    assert line.hear(rtu(1, b"\x84\2"), 0.6)
    line.end(0.6)
    assert line.reply is None
    assert line.note == "exception 02 came, and may be the late answer to 10+2"
    assert line.rest_until_s == 1.1
    assert line.in_the_way(B, 1.1) == A
    assert line.in_the_way(Question(1, 4, 30, 3), 1.1) == LONGER


def test_a_late_exception_to_the_same_question_is_an_answer_to_it() -> None:
    line = asked(unanswered(on_a_line(), A, 0.0), A)
    assert line.hear(rtu(1, b"\x84\2"), 0.6)
    assert line.reply is not None
    assert (line.reply.code, line.doubtful) == (2, True)


def test_an_exception_in_the_rest_answers_what_is_out_if_that_is_clear() -> None:
    line = unanswered(on_a_line(), A, 0.0)
    line.hear(rtu(1, b"\x84\2"), 0.1)
    assert line.in_the_way(B, 0.5) is None
    unanswered(unanswered(line, A, 1.0), LONGER, 2.0)
    line.hear(rtu(1, b"\x84\2"), 2.1)
    assert line.in_the_way(B, 2.5) == A
    assert line.in_the_way(Question(1, 4, 30, 3), 2.5) == LONGER


def test_what_was_never_sent_is_not_out() -> None:
    line = on_a_line()
    line.ask(A)
    line.end(1.0)
    assert line.in_the_way(B, 1.0) is None
    assert line.rest_until_s == 0.0


def test_a_new_connection_to_a_line_knows_what_is_still_out() -> None:
    line = unanswered(on_a_line(), A, 0.0)
    line.begin()
    assert line.in_the_way(B, 1.0) == A


FRAMINGS: dict[str, tuple[Callable[[], Frames], Callable[[Question], bytes]]] = {
    "rtu": (RtuFrames, answer),
    "ascii": (AsciiFrames, lambda question: ascii_line(question.unit, pdu(question))),
    "lenient": (lambda: MbapFrames(ids=False), lambda question: mbap(question, 0)),
}


class Fate:
    """A line on which one answer in ten is late by up to 9 s, cut off, spoilt or lost."""

    def __init__(self, framing: str) -> None:
        self.luck = random.Random(framing)
        self.spoils = framing != "lenient"  # TCP has check sums of its own
        self.under_way: list[tuple[float, bytes]] = []

    def send(self, frame: bytes, at_s: float) -> None:
        kind = self.luck.random()
        if kind < 0.03:
            self.under_way.append((at_s + self.luck.uniform(0.01, 9.0), frame))
        elif kind < 0.05:
            self.under_way.append((at_s + 0.1, frame[: self.luck.randrange(len(frame))]))
        elif kind < 0.07 and self.spoils:
            spoilt = bytearray(frame)
            spoilt[self.luck.randrange(len(frame))] ^= 1 << self.luck.randrange(8)
            self.under_way.append((at_s + 0.1, bytes(spoilt)))
        elif kind > 0.1:
            self.under_way.append((at_s + 0.05, frame))
        self.under_way.sort()

    def arrived(self, until_s: float) -> tuple[float, bytes] | None:
        return self.under_way.pop(0) if self.under_way and self.under_way[0][0] <= until_s else None


@pytest.mark.parametrize("framing", FRAMINGS)
def test_of_6000_questions_with_bad_luck_no_value_is_another_registers(framing: str) -> None:
    make, framed = FRAMINGS[framing]
    fate = Fate(framing)
    luck = fate.luck
    line = on_a_line(make())
    now_s, taken, waited, doubtful = 0.0, 0, 0, 0
    for _ in range(6000):
        question = Question(luck.choice([1, 2]), luck.choice([3, 4]), luck.choice([0, 100, 200]), luck.choice([1, 2]))
        now_s = max(now_s, line.rest_until_s) + 0.01
        while came := fate.arrived(now_s):
            line.hear(came[1], now_s)
        if line.in_the_way(question, now_s):
            waited += 1
            now_s += 0.2
            continue
        asked(line, question)
        fate.send(framed(question), now_s)
        until_s = now_s + TIMEOUT_S
        now_s = until_s
        while came := fate.arrived(until_s):
            if line.hear(came[1], came[0]):
                now_s = came[0]
                break
        line.end(now_s)
        if line.reply is not None:
            assert line.reply.data == values(question)
            taken += 1
            doubtful += line.doubtful
    assert taken > 1000
    assert waited > 500
    assert doubtful > 20


# --- With transaction ids ---------------------------------------------------------------------------------------------


def with_ids() -> Conversation:
    return Conversation(MbapFrames(ids=True), has_transaction_ids=True, timeout_s=TIMEOUT_S)


def test_with_ids_a_late_answer_is_known_by_its_id_and_nothing_waits() -> None:
    network = asked(with_ids(), A, tid=1)
    network.end(0.5)
    assert network.rest_until_s == 0.0
    assert network.in_the_way(B, 0.5) is None
    asked(network, B, tid=2)
    assert not network.hear(mbap(A, 1), 0.6)
    assert (network.late, network.note) == (True, "")
    assert network.hear(mbap(B, 2), 0.7)
    assert network.reply is not None
    assert network.reply.data == values(B)


def test_with_ids_a_wrong_answer_under_the_right_id_ends_the_waiting() -> None:
    network = asked(with_ids(), A, tid=1)
    assert network.hear(mbap(LONGER, 1), 0.1)
    assert network.reply is None
    assert network.note == "an answer of 6 bytes came, 4 were asked"


def test_three_senseless_streams_in_a_row_are_counted_and_an_answer_ends_the_row() -> None:
    network = with_ids()
    for count in (1, 2):
        asked(network, A, tid=count).hear(b"HTTP/1.1 400", 0.0)
        network.end(0.5)
        assert network.senseless == count
    asked(network, A, tid=3).hear(mbap(A, 3), 1.0)
    network.end(1.0)
    assert network.senseless == 0
    asked(network, A, tid=4).end(2.0)
    assert network.senseless == 0
