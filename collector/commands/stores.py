"""Changing the store from the command line: alone, or beside the collector that works on it."""

import asyncio
import contextlib
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import click

from collector.clock import SystemClock
from collector.commands.invocation import EX_UNAVAILABLE, fail
from collector.settings import Configuration
from collector.store.schema import StoreBusy, StoreError, open_reader
from collector.store.store import Store

_T = TypeVar("_T")

yes_option = click.option("--yes", is_flag=True, help="Do it without asking.")


def agree(question: str, *, yes: bool) -> None:
    """Ask before something is written, and end the command where the answer is no."""
    if not yes and not click.confirm(question):
        click.echo("nothing was changed", err=True)
        sys.exit(0)


def hand_on(context: click.Context, config_file: Path, *, others: bool) -> None:
    """Let the command behind another one have its --config; ``others``: options were given that are not for it.

    Raises
    ------
    click.UsageError
        If there are such options: ignored, they would mislead.
    """
    name = context.invoked_subcommand
    if others:
        raise click.UsageError(f"options of 'potline ... {name}' stand behind its name")
    if name is not None:
        context.default_map = {name: {"config_file": config_file}}


@contextlib.contextmanager
def reading(configuration: Configuration) -> Iterator[sqlite3.Connection]:
    """Open the store for reading, and end the command with the reason where that fails."""
    try:
        with contextlib.closing(open_reader(configuration.store.path)) as db:
            yield db
    except StoreError as exc:
        fail(str(exc), EX_UNAVAILABLE)
    except sqlite3.DatabaseError as exc:
        fail(f"read the store {configuration.store.path}: {exc}; check the disk's health", EX_UNAVAILABLE)


def changing(configuration: Configuration, work: Callable[[Store], Awaitable[_T]]) -> tuple[_T, bool]:
    """Do something with the store; return what it gave, and whether a collector works on the store meanwhile.

    Without one the store is taken as a collector takes it. Beside one each change is a transaction of its own, which
    that collector sees with its next look.
    """
    path = configuration.store.path
    if not path.is_file():  # else opening it would make one
        fail(f"open the store {path}: there is none; check [store] path, or start the collector first", EX_UNAVAILABLE)
    try:
        return asyncio.run(_changing(configuration, work))
    except StoreError as exc:
        fail(str(exc), EX_UNAVAILABLE)


async def _changing(configuration: Configuration, work: Callable[[Store], Awaitable[_T]]) -> tuple[_T, bool]:
    path, points = configuration.store.path, configuration.plant.points
    async with contextlib.AsyncExitStack() as stack:
        is_running = False
        try:
            store = await stack.enter_async_context(Store(path, points))
            # What is written now must not make the time without a collector look like an age of the outbox.
            await store.note_pause(SystemClock().now_ns())
        except StoreBusy:
            is_running = True
            # One that was written by an older version is brought up to date by its own collector alone.
            await asyncio.to_thread(lambda: open_reader(path).close())
            store = await stack.enter_async_context(Store(path, points, is_alone=False))
        return await work(store), is_running
