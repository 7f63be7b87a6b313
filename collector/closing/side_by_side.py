"""Several potlines at once, each in a process of its own: a month is computed again in the time of its longest line.

Processes read the settings themselves, from the same file and environment.
"""

import asyncio
import logging
import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import structlog

from collector.accounting.production import PotWatch
from collector.clock import SystemClock
from collector.closing import opening
from collector.closing.rehearsing import Rehearsed, rehearse
from collector.instruments import Instruments
from collector.settings import Choice, Configuration, load
from collector.store.store import Store

WORTH_NS = 2 * 24 * 3600 * 1_000_000_000
"""Below so much time of all potlines together, starting processes costs more than it saves."""


def rehearsed(
    config_file: Path, configuration: Configuration, potlines: Sequence[str], start_ns: int, end_ns: int
) -> list[Rehearsed]:
    """Compute a period of potlines again, and return what comes out, in their order.

    Raises
    ------
    StoreError
        If the store cannot be read.
    LookupError
        If a dated parameter is not in force in all of the period.
    """
    if not _is_worth_it(len(potlines), end_ns - start_ns):
        return [_rehearsed(configuration, potline, start_ns, end_ns) for potline in potlines]
    with _processes(len(potlines)) as pool:
        of = configuration.choice
        asked = [pool.submit(_rehearsed_of, config_file, of, potline, start_ns, end_ns) for potline in potlines]
        return [one.result() for one in asked]


def settle(config_file: Path, choice: Choice, potlines: Sequence[str], minutes: int) -> int:
    """State marked minutes of potlines again, and return how many entries that made.

    The caller has the store for itself, and states what is left: the plant as a whole, or potlines that were too little
    work.
    """
    if not _is_worth_it(len(potlines), minutes * 60_000_000_000):
        return 0
    with _processes(len(potlines)) as pool:
        many = len(potlines)
        return sum(pool.map(_settled, [config_file] * many, [choice] * many, potlines))


def _is_worth_it(potlines: int, length_ns: int) -> bool:
    return potlines > 1 and (os.cpu_count() or 1) > 1 and potlines * length_ns > WORTH_NS


def _processes(most: int) -> ProcessPoolExecutor:
    # Started afresh, not forked: the store's thread must not be copied in the middle of something.
    return ProcessPoolExecutor(min(most, os.cpu_count() or 1), mp_context=multiprocessing.get_context("spawn"))


def _rehearsed_of(config_file: Path, choice: Choice, potline: str, start_ns: int, end_ns: int) -> Rehearsed:
    return _rehearsed(load(config_file, choice=choice), potline, start_ns, end_ns)


def _rehearsed(configuration: Configuration, potline: str, start_ns: int, end_ns: int) -> Rehearsed:
    return asyncio.run(rehearse(configuration, potline, start_ns, end_ns))


def _settled(config_file: Path, choice: Choice, potline: str) -> int:
    # What is said of a single minute would be said hundred thousand times.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    return asyncio.run(_settle(load(config_file, choice=choice), potline))


async def _settle(configuration: Configuration, potline: str) -> int:
    clock, instruments = SystemClock(), Instruments()
    async with Store(configuration.store.path, configuration.plant.points, is_alone=False) as store:
        told = await store.ask(lambda db: opening.as_told(configuration, db))
        closer = opening.closer(told, store, PotWatch(configuration.plant), instruments, only=potline)
        plantwide = opening.plant_closer(told, store, closer, instruments)
        await closer.open(clock.now_ns())
        await plantwide.open(clock.now_ns())
        entries = 0
        while (closed := await closer.settle()) is not None:
            marks, touched = plantwide.marks_of(closed.records), plantwide.touched_by_tonnes(closed.records)
            await store.commit(replace(closed.commit(clock.now_ns()), dirty=marks, touched=touched))
            entries += len(closed.records)
        return entries
