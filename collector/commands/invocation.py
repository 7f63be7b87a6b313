"""How a command is called, how it prints, and how it ends: the settings option, widths, exit codes."""

import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn, TypeVar

import click

from collector.settings import Choice, Configuration, ConfigurationError, load

EX_FAILURE, EX_UNAVAILABLE, EX_CONFIG = 1, 69, 78
_NO_TERMINAL = 120

_CHOICE = "potline.choice"
_Command = TypeVar("_Command", bound=Callable[..., object])


def config_option(command: _Command) -> _Command:
    """Add the options by which a command knows whose settings it is about."""
    of_collector = click.option(
        "--collector",
        metavar="NAME",
        expose_value=False,
        callback=_take_collector,
        help="The collector of [collectors] in the plant file, or potlines like PL1+PL2.",
    )
    of_file = click.option(
        "--config",
        "config_file",
        type=click.Path(path_type=Path, dir_okay=False),
        default=Path("config/collector.toml"),
        show_default=True,
        help="The collector's settings.",
    )
    return of_collector(of_file(command))


def _take_collector(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    del parameter
    if value:
        context.meta[_CHOICE] = replace(choice(context), collector=value)


def choose_potlines(context: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> None:
    """Take potlines in the place of a collector's name."""
    del parameter
    if value:
        context.meta[_CHOICE] = replace(choice(context), potlines=value)


def choice(context: click.Context | None = None) -> Choice:
    """Return which part of the plant the command that runs was asked about."""
    context = context or click.get_current_context(silent=True)
    found = None if context is None else context.meta.get(_CHOICE)
    return found if isinstance(found, Choice) else Choice()


def load_or_exit(config_file: Path, *, with_secrets: bool = True) -> Configuration:
    """Return the settings, or tell everything that is wrong with them and end."""
    try:
        return load(config_file, with_secrets=with_secrets, choice=choice())
    except ConfigurationError as exc:
        for problem in exc.problems:
            click.echo(str(problem), err=True)
        click.echo(counted(len(exc.problems), "problem"), err=True)
        sys.exit(EX_CONFIG)


def fail(message: str, code: int) -> NoReturn:
    """Say why, and end."""
    click.echo(message, err=True)
    sys.stderr.flush()
    sys.exit(code)


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def width() -> int:
    """Return how many columns there are; without a terminal, as many as a wide one has."""
    return shutil.get_terminal_size((_NO_TERMINAL, 24)).columns


def table(rows: Iterable[Sequence[str]], *, right: frozenset[int] = frozenset(), between: str = "  ") -> Iterator[str]:
    """Yield rows with aligned columns. ``right`` are the columns that stand to the right."""
    listed = [list(row) for row in rows]
    if not listed:
        return
    widths = [max(len(row[column]) for row in listed) for column in range(len(listed[0]))]
    for row in listed:
        cells = (
            cell.rjust(size) if column in right else cell.ljust(size)
            for column, (cell, size) in enumerate(zip(row, widths, strict=True))
        )
        yield f"  {between.join(cells)}".rstrip()


def fitted(lines: Iterable[str], columns: int) -> Iterator[str]:
    """Yield lines, cut where they are longer than so many columns."""
    for line in lines:
        yield line if len(line) <= columns else line[: columns - 3] + "..."


def wrapped(text: str, columns: int, *, indent: int = 2, after: int = 4) -> Iterator[str]:
    """Yield a text in lines of at most so many columns, the lines after the first indented further."""
    yield from textwrap.wrap(
        text,
        max(columns, 40),
        initial_indent=" " * indent,
        subsequent_indent=" " * after,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )
