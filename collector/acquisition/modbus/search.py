"""The search for a meter's registers, in single questions, so that its siblings can be asked in between. No I/O."""

from dataclasses import dataclass

from collector.acquisition.modbus.plan import ReadBlock
from collector.acquisition.modbus.rounds import Question
from collector.acquisition.modbus.sunspec import STARTS, Span, SunSpecMissing, walk

_FUNCTION = 3


class Search:
    """Where a SunSpec model of a device begins. ``block`` is to be asked next.

    A device may say nothing where it has nothing: where the list of its models may begin, silence is taken for a
    refusal, unless nothing else comes.

    Parameters
    ----------
    model : int
        The model's id.
    whom : str
        The meter, for the error.
    """

    def __init__(self, model: int, whom: str) -> None:
        self._steps = walk(model)
        self._place = f"find SunSpec model {model} of {whom}"
        self._answered = False
        self._silence = ""
        self.block = _block(next(self._steps))

    def go_on(self, data: bytes | None, silence: str = "") -> int | None:
        """Take what came of ``block``.

        Parameters
        ----------
        data : bytes or None
            The registers; None: the device refused them, or did not answer.
        silence : str
            Why no answer came; empty: one came.

        Returns
        -------
        int or None
            Where the model begins; None: not known yet, ``block`` is another one now.

        Raises
        ------
        SunSpecMissing
            If the device has no such model, or does not answer.
        """
        self._silence = self._silence or silence
        self._answered = self._answered or not silence
        if silence and self.block.address not in STARTS:
            raise SunSpecMissing(silence)
        try:
            self.block = _block(self._steps.send(None if data is None else _words(data)))
        except StopIteration as done:
            return int(done.value)
        except SunSpecMissing as exc:
            raise SunSpecMissing(f"{self._place}: {exc}" if self._answered else self._silence) from exc
        return None


@dataclass(slots=True, kw_only=True)
class Step(Question):
    """A question of a search."""

    search: Search


def _block(span: Span) -> ReadBlock:
    return ReadBlock(_FUNCTION, span.address, span.count, ())


def _words(data: bytes) -> tuple[int, ...]:
    return tuple(int.from_bytes(data[at : at + 2]) for at in range(0, len(data), 2))
