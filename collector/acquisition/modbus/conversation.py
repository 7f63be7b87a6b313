"""Questions and answers on one connection: which answer belongs to which question. Pure: it is told the time.

Where answers carry no transaction id, a late one looks like the answer to the next question. So what was asked and not
answered is remembered: nothing that its answer could be taken for is asked until that has come, or is given up.
"""

from collections import deque
from dataclasses import dataclass

from collector.acquisition.modbus.frames import Frame, Frames, Question, Reply, reply

_WINDOW_S, _WINDOW_TIMEOUTS = 10.0, 10.0
_LATE_KEPT = 64


@dataclass(slots=True)
class _Unanswered:
    """A question whose answers, as many as it was asked, may still come until some time."""

    question: Question
    answers: int
    until_s: float


class Conversation:
    """What was asked and what came.

    ``reply`` answers the question asked last, None if nothing did; ``doubtful`` if an earlier asking of it may still be
    answered; ``note`` is what came instead, ``late`` if that answers earlier questions. ``senseless`` counts the
    questions in a row after which the stream made no sense. Nothing is to be asked before ``rest_until_s``.
    """

    def __init__(self, frames: Frames, *, has_transaction_ids: bool, timeout_s: float) -> None:
        self.reply: Reply | None = None
        self.doubtful = False
        self.note = ""
        self.late = False
        self.heard = 0
        self.heard_s = 0.0
        self.senseless = 0
        self.rest_until_s = 0.0
        self.open = False
        self._frames = frames
        self._has_transaction_ids = has_transaction_ids
        self._timeout_s = timeout_s
        self._question = Question(0, 0, 0, 0)
        self._sent = False
        self._tid = 0
        self._given_up: deque[int] = deque(maxlen=_LATE_KEPT)
        self._unanswered: list[_Unanswered] = []

    def begin(self) -> None:
        """Note that the connection is new. On a line, what was asked over an earlier one may still be answered."""
        self._frames.clear()
        self._given_up.clear()
        self.senseless = 0

    def in_the_way(self, question: Question, now_s: float) -> Question | None:
        """Return the question whose late answer could be taken for the answer to this one."""
        if not self._unanswered:
            return None
        self._unanswered = [each for each in self._unanswered if each.until_s > now_s]
        others = (each.question for each in self._unanswered if each.question != question)
        return next((other for other in others if _alike(other, question)), None)

    def ask(self, question: Question) -> None:
        """Open a question. What comes before it is sent is no answer to it."""
        self._question, self._sent = question, False
        self.reply, self.doubtful, self.note, self.late, self.heard = None, False, "", False, 0

    def sent(self, tid: int, frame: bytes) -> None:
        """Note that the question goes out."""
        self._tid, self._sent, self.open = tid, True, True
        self._frames.begin(self._question, tid, frame)

    def hear(self, data: bytes, now_s: float) -> bool:
        """Take what came; tell whether it ends the waiting."""
        self.heard += len(data)
        self.heard_s = now_s
        was_open = self.open
        if self._has_transaction_ids:
            for frame in self._frames.cut(data, ()):
                self._take(frame)
        else:
            wanted = [self._question] if was_open else []
            for frame in self._frames.cut(data, [*wanted, *(each.question for each in self._unanswered)]):
                self._take_without_id(frame)
        return was_open and not self.open

    def end(self, now_s: float) -> None:
        """Close the question. If it was sent and is not answered, remember it."""
        self.open = False
        if self.reply is not None:
            self.senseless = 0
        elif self._sent:
            self.senseless = self.senseless + 1 if self._frames.lost and self.heard else 0
            self._give_up(now_s)

    def _take(self, frame: Frame) -> None:
        asked = self._question
        if not self.open or frame.tid != self._tid:
            self.late = self.late or frame.tid in self._given_up
            self.note = self.note or ("" if self.late else "an answer to another transaction came")
        elif frame.unit != asked.unit:
            self.note = f"an answer of unit {frame.unit} came"
        else:
            # Of the answer with the right id no second one is to be expected.
            self.reply, self.open = reply(frame.pdu, asked), False
            self.note = "" if self.reply else _described(frame, asked)

    def _take_without_id(self, frame: Frame) -> None:
        asked = self._question
        said = reply(frame.pdu, asked) if self.open and frame.unit == asked.unit else None
        if said is None:
            self._strike_off(frame)
            if self.open:
                ours = frame.unit == asked.unit
                self.note = _described(frame, asked) if ours else f"an answer of unit {frame.unit} came"
            return
        self.open = False
        others = [each.question for each in self._unanswered if _same_function(each.question, asked)]
        other = next((each for each in others if each != asked), None)
        if said.code is not None and other is not None:
            self.note = f"exception {said.code:02X} came, and may be the late answer to {other.address}+{other.count}"
            return
        self.reply, self.doubtful = said, asked in others

    def _strike_off(self, frame: Frame) -> None:
        """Note that a late answer has come, if it is clear to which question."""
        found = [
            each
            for each in self._unanswered
            if each.question.unit == frame.unit and reply(frame.pdu, each.question) is not None
        ]
        if len(found) == 1:
            self.late = True
            found[0].answers -= 1
            if not found[0].answers:
                self._unanswered.remove(found[0])

    def _give_up(self, now_s: float) -> None:
        if self._has_transaction_ids:
            self._given_up.append(self._tid)
            return
        self.rest_until_s = now_s + self._timeout_s
        until_s = now_s + max(_WINDOW_S, _WINDOW_TIMEOUTS * self._timeout_s)
        for each in self._unanswered:
            if each.question == self._question:
                each.answers, each.until_s = each.answers + 1, until_s
                return
        self._unanswered.append(_Unanswered(self._question, 1, until_s))


def _alike(one: Question, other: Question) -> bool:
    """Tell whether the answers to two questions look the same."""
    return _same_function(one, other) and one.size == other.size


def _same_function(one: Question, other: Question) -> bool:
    return one.unit == other.unit and one.function == other.function


def _described(frame: Frame, asked: Question) -> str:
    function, data = frame.pdu[0], len(frame.pdu) - 2
    if function != asked.function:
        return f"an answer to function {function & 0x7F} came, {asked.function} was asked"
    return f"an answer of {data} bytes came, {asked.size} were asked" if asked.size >= 0 else "it is cut off"
