"""Every Modbus function that a server of the tests was asked for by the collector, in the whole suite.

The servers of these tests note a request when its function is known, before anything else is made of it. A simulated
plant, which is a process of its own, is asked at its end. After each test a fixture looks at what was seen.
"""

import json
import urllib.request

READING = frozenset({1, 2, 3, 4, 0x2B})
"""Coils, discrete inputs, holding registers, input registers, device identification: what changes nothing."""

_seen: set[int] = set()


def saw(*functions: int) -> None:
    """Note the functions of requests."""
    _seen.update(functions)


def saw_what_a_plant_saw(control: str) -> None:
    """Note what the endpoints of a simulated plant were asked for, by its control interface."""
    with urllib.request.urlopen(f"{control}/functions", timeout=10) as answer:  # noqa: S310 - our own simulator
        saw(*(function for functions in json.load(answer).values() for function in functions))


def that_write() -> set[int]:
    """Return the functions seen that do more than read."""
    return _seen - READING


def seen() -> frozenset[int]:
    """Return all functions seen."""
    return frozenset(_seen)


def forget() -> None:
    """Forget what was seen."""
    _seen.clear()
