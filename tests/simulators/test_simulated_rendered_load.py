"""Batches that are rendered beforehand look like those that are made as they come."""

import json
from collections import defaultdict
from typing import Any

import pytest

from simulators.instants import SECOND_NS, iso_milliseconds
from simulators.mqtt_load import Load, _Line
from simulators.rendered_load import RenderedLine
from simulators.servers.messages.message import Message

START_NS = 1_772_337_600 * SECOND_NS
LOAD = Load(pots=30, rate=100, seconds=1, batch=10)


def told(ticks: int) -> list[Message]:
    line = _Line(LOAD, 0).rendered()
    return [message for tick in range(ticks) for message in line.at(START_NS + tick * 10_000_000)]


def test_each_of_30_pots_tells_ten_samples_every_ten_ticks_each_sample_once() -> None:
    messages = told(50)
    assert len(messages) == 150
    times: dict[str, list[str]] = defaultdict(list)
    for message in messages:
        times[message.topic] += json.loads(message.payload)["t"]
    assert len(times) == 30
    for of_pot in times.values():
        assert len(set(of_pot)) == 50
        assert of_pot == sorted(of_pot)
    assert times["smelter/v1/example/potline/PL1/pot/1030/telemetry"][-1] == iso_milliseconds(START_NS + 490_000_000)


def test_a_rendered_batch_has_the_keys_in_the_order_and_the_types_of_one_that_is_made_as_it_comes() -> None:
    line = _Line(LOAD, 0)
    made: dict[str, Any] = {}
    for tick in range(20):
        for message in line.at(START_NS + tick * 10_000_000):
            made = json.loads(message.payload)
    rendered = json.loads(told(20)[-1].payload)
    assert list(rendered) == list(made)
    for name, column in made.items():
        assert type(rendered[name]) is type(column), name
        if isinstance(column, list):
            assert [type(value) for value in rendered[name]] == [type(value) for value in column], name
            assert len(rendered[name]) == 10


def test_the_messages_of_a_source_are_numbered_from_one_without_a_gap_and_values_change_from_one_to_the_next() -> None:
    numbers: dict[str, list[int]] = defaultdict(list)
    values: dict[str, list[list[float]]] = defaultdict(list)
    for message in told(30):
        body = json.loads(message.payload)
        numbers[body["src"]].append(body["seq"])
        values[message.topic].append(body["pot_voltage_v"])
    assert {source: len(seen) for source, seen in numbers.items()} == {"potctl-PL1-S1": 60, "potctl-PL1-S2": 30}
    assert all(seen == list(range(1, len(seen) + 1)) for seen in numbers.values())
    assert all(len({tuple(column) for column in seen}) == 3 for seen in values.values())


def test_what_is_no_batch_in_columns_is_refused() -> None:
    single = Message("a/pot", b'{"v":1,"src":"s","seq":7,"ts":"2026-03-01T00:00:00.000Z","m":{}}')
    with pytest.raises(ValueError, match="render a/pot: it is no batch in columns"):
        RenderedLine([single], ["s"], batch=10, pace_ns=1)
