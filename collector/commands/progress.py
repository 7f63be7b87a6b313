"""How far a long command is: a bar on a terminal, nothing where the output goes to a file or to another program.

The work itself does not know of it. It counts as it goes, and a thread looks at the count: nothing becomes slower.
"""

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator

import click

LOOKS_EVERY_S = 0.2


@contextlib.contextmanager
def shown(what: str, done: Callable[[], int], *, total: int) -> Iterator[None]:
    """Show how far the work within is.

    Parameters
    ----------
    what : str
        What is being done, in front of the bar.
    done : callable
        How many of ``total`` are done. Asked from another thread: it only reads.
    total : int
        How many there are; at 0 nothing is shown.
    """
    if not sys.stderr.isatty() or total <= 0:
        yield
        return
    over = threading.Event()

    def draw() -> None:
        with click.progressbar(length=total, label=what, file=sys.stderr, show_pos=True) as bar:
            while not over.wait(LOOKS_EVERY_S):
                bar.update(max(0, min(done(), total) - bar.pos))
            bar.update(max(0, min(done(), total) - bar.pos))

    drawing = threading.Thread(target=draw, name="progress", daemon=True)
    drawing.start()
    try:
        yield
    finally:
        over.set()
        drawing.join()


@contextlib.contextmanager
def timed(what: str) -> Iterator[None]:
    """Show what is being done and for how long, where nobody can tell how much is left."""
    if not sys.stderr.isatty():
        yield
        return
    over = threading.Event()

    def draw() -> None:
        seconds = 0
        while not over.wait(1.0):
            seconds += 1
            click.echo(f"\r{what}, {seconds} s", nl=False, err=True)
        if seconds:
            click.echo("\r" + " " * (len(what) + 12) + "\r", nl=False, err=True)

    drawing = threading.Thread(target=draw, name="progress", daemon=True)
    drawing.start()
    try:
        yield
    finally:
        over.set()
        drawing.join()
