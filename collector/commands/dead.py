"""potline outbox dead: what could not be understood or was refused: listed, shown, put back or read again, dropped."""

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from collector.closing.put_back import PutBack, put_back
from collector.commands.instants import instant_ns, utc
from collector.commands.invocation import (
    EX_FAILURE,
    EX_UNAVAILABLE,
    config_option,
    counted,
    fail,
    fitted,
    load_or_exit,
    table,
    width,
)
from collector.commands.stores import agree, changing, hand_on, reading, yes_option
from collector.settings import Configuration
from collector.store import letters
from collector.store.letters import Letter, Which
from collector.store.schema import StoreBusy, StoreError
from collector.store.store import Store

_Command = TypeVar("_Command", bound=Callable[..., Any])
_AT_ONCE = 100
_PATIENCE_S = 60.0
_LOOK_S = 0.2
_SHOWN_BYTES = 4096


def _filters(command: _Command) -> _Command:
    for option in (
        click.option("--to", "end", metavar="TIME", help="Written before; in the plant's time zone."),
        click.option("--from", "start", metavar="TIME", help="Written from then on; in the plant's time zone."),
        click.option("--reason", default="", metavar="TEXT", help="With this in its reason."),
        click.option("--place", default="", metavar="PLACE", help="Of this MQTT topic, or meant for this database."),
        click.option("--source", default="", metavar="NAME", help="mqtt, mqtt:BROKER, delivery or store."),
    ):
        command = option(command)
    return command


def dead(read_letters: Callable[[Configuration], None]) -> click.Group:
    """Return the command with its parts; ``read_letters`` reads letters again where no collector runs.

    Raises
    ------
    StoreBusy
        From ``read_letters``, where one runs.
    """

    @click.command("resend")
    @click.argument("numbers", metavar="[ID]...", type=int, nargs=-1)
    @click.option("--all", "everything", is_flag=True, help="All that the options below leave.")
    @_filters
    @yes_option
    @config_option
    def again(
        *, numbers: tuple[int, ...], everything: bool, yes: bool, config_file: Path, **filters: str | None
    ) -> None:
        """Put refused lines back for their database, and read MQTT messages again with the settings as they are now.

        Lines go as a new record to the database that refused them, and to no other; a line that a restatement or a
        correction has replaced stays. What a message tells is booked as late readings and events, and the minutes that
        it belongs to are stated again. A letter goes once that is on disk; one that still cannot be read stays, with
        what is wrong with it now. Exit code 0: all of it went; 1: some stays.

        \b
        Examples:
          potline outbox dead resend 17 18
          potline outbox dead resend --all --source mqtt:potroom
        """  # noqa: D301 - \b is what click knows
        configuration = load_or_exit(config_file)
        found = _chosen(configuration, numbers, everything=everything, filters=filters)
        damaged = [one for one in found if one.letter.source == "store"]
        lines = [one for one in found if one.letter.source == "delivery"]
        messages = [one for one in found if one.letter.source.startswith("mqtt:")]
        _check_targets(configuration, lines)
        what = (
            f"Put {counted(len(lines), 'letter')} of refused lines back, and read {counted(len(messages), 'message')}"
        )
        if not lines and not messages:
            fail("there is nothing that can be sent again: a record that was damaged on the disk is lost", EX_FAILURE)
        agree(f"{what} again?", yes=yes)
        stays = len(damaged)
        if damaged:
            click.echo(f"{counted(len(damaged), 'letter')} of records that were damaged on the disk: they stay")
        if lines:
            stays += _put_back(configuration, [one.seq for one in lines])
        if messages:
            stays += _read_again(configuration, [one.seq for one in messages], read_letters)
        if stays:
            sys.exit(EX_FAILURE)

    listed.add_command(show)
    listed.add_command(again)
    listed.add_command(drop)
    return listed


@click.group("dead", invoke_without_command=True)
@_filters
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="So many, the last ones.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@config_option
@click.pass_context
def listed(context: click.Context, /, *, limit: int, as_json: bool, config_file: Path, **filters: str | None) -> None:
    """List dead letters: messages that could not be understood, and lines that a database refused for good.

    Exit code 0: told, if there are any or none; 69: there is no store, or it cannot be read.

    \b
    Examples:
      potline outbox dead --source mqtt --reason "unknown pot"
      potline outbox dead show 17
    """  # noqa: D301 - \b is what click knows
    if context.invoked_subcommand is not None:
        hand_on(context, config_file, others=as_json or any(filters.values()))
        return
    configuration = load_or_exit(config_file)
    which = _which(configuration, filters)
    with reading(configuration) as db:
        found = letters.letters(db, which)
    if as_json:
        click.echo(json.dumps([_document(one) for one in found[-limit:]], indent=2, ensure_ascii=False))
        return
    head = ("id", "time", "source", "place", "bytes", "reason")
    rows = [
        (str(one.seq), utc(one.letter.time_ns), one.letter.source, one.letter.place, str(one.size), one.letter.reason)
        for one in found[-limit:]
    ]
    if rows:
        for line in fitted(table([head, *rows], right=frozenset({0, 4})), max(width(), 80)):
            click.echo(line)
    more = f"; the last {limit} are listed" if len(found) > limit else ""
    click.echo(f"{counted(len(found), 'dead letter')}{more}")


@click.command()
@click.argument("number", metavar="ID", type=int)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, with all of the body.")
@config_option
def show(*, number: int, as_json: bool, config_file: Path) -> None:
    """Show a dead letter: where it comes from or was meant for, why it is one, and its body as text or in hex.

    Exit code 0: shown; 2: there is none of this number; 69: there is no store, or it cannot be read.

    \b
    Example:
      potline outbox dead show 17
    """  # noqa: D301 - \b is what click knows
    configuration = load_or_exit(config_file)
    with reading(configuration) as db:
        one = letters.letter(db, number)
    if one is None:
        fail(_no_letter(number), EX_FAILURE)
    body = one.letter.body
    if as_json:
        text = _text(body)
        click.echo(json.dumps({**_document(one), "text": text, "hex": body.hex()}, indent=2, ensure_ascii=False))
        return
    click.echo(f"{one.seq}: {utc(one.letter.time_ns)}, {one.letter.source}, {one.letter.place}")
    click.echo(f"reason: {one.letter.reason}")
    text = _text(body[:_SHOWN_BYTES])
    click.echo(f"body, {counted(len(body), 'byte')}{'' if text is not None else ', in hex'}:")
    for line in text.splitlines() if text is not None else _hex(body[:_SHOWN_BYTES]):
        click.echo(f"  {line}")
    if len(body) > _SHOWN_BYTES:
        click.echo(f"  ... and {len(body) - _SHOWN_BYTES} bytes more; --json has all")


@click.command()
@click.argument("numbers", metavar="[ID]...", type=int, nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All that the options below leave.")
@_filters
@yes_option
@config_option
def drop(*, numbers: tuple[int, ...], everything: bool, yes: bool, config_file: Path, **filters: str | None) -> None:
    """Let go of dead letters for good.

    Exit code 0: they are gone; 69: there is no store, or it cannot be read.

    \b
    Example:
      potline outbox dead drop --all --to 2026-01-01
    """  # noqa: D301 - \b is what click knows
    configuration = load_or_exit(config_file)
    found = [one.seq for one in _chosen(configuration, numbers, everything=everything, filters=filters)]
    agree(f"Let go of {counted(len(found), 'dead letter')} for good?", yes=yes)

    async def work(store: Store) -> int:
        return await store.change(lambda db: letters.drop(db, found))

    dropped, _ = changing(configuration, work)
    click.echo(f"{counted(dropped, 'dead letter')} dropped")


def _which(configuration: Configuration, filters: Mapping[str, str | None]) -> Which:
    zone = configuration.plant.time_zone
    start, end = filters["start"], filters["end"]
    return Which(
        filters["source"] or "",
        filters["place"] or "",
        filters["reason"] or "",
        0 if start is None else instant_ns(start, zone, "--from"),
        (1 << 63) - 1 if end is None else instant_ns(end, zone, "--to"),
    )


def _chosen(
    configuration: Configuration, numbers: Sequence[int], *, everything: bool, filters: Mapping[str, str | None]
) -> list[Letter]:
    """Return the letters that were named, or all that the options leave."""
    if bool(numbers) == everything:
        raise click.UsageError("name dead letters by their numbers, or give --all, with options that choose")
    if numbers and any(filters.values()):
        raise click.UsageError("numbers choose already; options go with --all")
    with reading(configuration) as db:
        if everything:
            found = letters.letters(db, _which(configuration, filters))
        else:
            found = []
            for number in dict.fromkeys(numbers):
                one = letters.letter(db, number)
                if one is None:
                    fail(_no_letter(number), EX_FAILURE)
                found.append(one)
    if not found:
        click.echo("there is no such dead letter", err=True)
        sys.exit(0)
    return found


def _no_letter(number: int) -> str:
    return f"there is no dead letter {number}; see 'potline outbox dead'"


def _check_targets(configuration: Configuration, found: Sequence[Letter]) -> None:
    names = {target.name for target in configuration.targets}
    for one in found:
        if one.letter.place not in names:
            what = f"put lines of letter {one.seq} back: no database of the settings is {one.letter.place}"
            fail(f"{what}; name it there, or choose others with --place", EX_FAILURE)


def _put_back(configuration: Configuration, numbers: Sequence[int]) -> int:
    """Put lines back, and return how many letters stay."""
    names = [target.name for target in configuration.targets]

    async def work(store: Store) -> list[PutBack]:
        found = []
        for begin in range(0, len(numbers), _AT_ONCE):
            some = numbers[begin : begin + _AT_ONCE]
            found.append(await store.change(partial(put_back, numbers=some, others=names, now_ns=time.time_ns())))
        return found

    found, is_running = changing(configuration, work)
    lines, superseded = sum(each.lines for each in found), sum(each.superseded for each in found)
    who = "by the collector that runs" if is_running else "when the collector runs"
    click.echo(f"{counted(lines, 'line')} to be sent to the database that refused them, and to no other, {who}")
    if superseded:
        click.echo(
            f"{counted(superseded, 'line')} that newer ones have replaced: they stay; 'potline outbox dead drop'"
        )
    return superseded


def _read_again(
    configuration: Configuration, numbers: Sequence[int], read_letters: Callable[[Configuration], None]
) -> int:
    """Have messages read again, and return how many letters stay."""

    async def work(store: Store) -> None:
        await store.change(lambda db: letters.ask_for(db, numbers))

    _, is_running = changing(configuration, work)
    if is_running:
        _wait(configuration, numbers)
    else:
        try:
            read_letters(configuration)
        except StoreBusy:  # one was started meanwhile, and reads them
            _wait(configuration, numbers)
        except StoreError as exc:
            fail(str(exc), EX_UNAVAILABLE)
    with reading(configuration) as db:
        left = [one for number in numbers if (one := letters.letter(db, number)) is not None]
    who = ", by the collector that runs" if is_running else ""
    click.echo(f"{counted(len(numbers) - len(left), 'message')} read and booked{who}")
    for one in left[:10]:
        click.echo(f"{one.seq} stays: {one.letter.reason}", err=True)
    if left and is_running:
        click.echo("it goes by the settings with which it was started; restart it where they were corrected", err=True)
    if len(left) > 10:
        click.echo(f"... and {len(left) - 10} more; see 'potline outbox dead'", err=True)
    return len(left)


def _wait(configuration: Configuration, numbers: Sequence[int]) -> None:
    """Wait until the running collector has read letters."""
    asked, begun = set(numbers), time.monotonic()
    before = len(asked)
    while True:
        with reading(configuration) as db:
            left = len(asked.intersection(letters.asked_for(db)))
        if not left:
            return
        if left < before:
            before, begun = left, time.monotonic()
            click.echo(f"  {left} are left ...", err=True)
        if time.monotonic() - begun > _PATIENCE_S:
            what = f"{counted(left, 'message')} were not read within {_PATIENCE_S:.0f} s by the collector that runs"
            fail(f"{what}; they stay asked for, see its log and 'potline status'", EX_FAILURE)
        time.sleep(_LOOK_S)


def _document(one: Letter) -> dict[str, object]:
    letter = one.letter
    return {
        "id": one.seq,
        "time": utc(letter.time_ns),
        "source": letter.source,
        "place": letter.place,
        "bytes": one.size,
        "reason": letter.reason,
    }


def _text(body: bytes) -> str | None:
    """Return a body as text, or None if it is none."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    return text if all(each.isprintable() or each in "\n\r\t" for each in text) else None


def _hex(body: bytes) -> list[str]:
    return [f"{place:06x}  {body[place : place + 16].hex(' ')}" for place in range(0, len(body), 16)]
