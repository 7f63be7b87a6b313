"""What all faults have in common: place, time, chance, number, and errors that say where."""

from typing import Any

import pytest
from faulty_modbus import ask, book_of, faulty

from simulators.faults.catalogue import KINDS
from simulators.faults.fault import When
from simulators.tables import ConfigurationError

S = 1_000_000_000


def test_a_time_has_a_beginning_an_end_and_a_period() -> None:
    assert When().occurrence(5) == 0
    once = When(from_ns=10 * S, until_ns=20 * S)
    assert [once.occurrence(at * S) for at in (9, 10, 19, 20)] == [None, 0, 0, None]
    short = When(from_ns=10 * S, for_ns=2 * S)
    assert [short.occurrence(at * S) for at in (9, 10, 11, 12)] == [None, 0, 0, None]
    often = When(from_ns=10 * S, until_ns=32 * S, every_ns=10 * S, for_ns=3 * S)
    assert [often.occurrence(at * S) for at in (10, 13, 20, 22, 23, 31, 32)] == [0, None, 1, 1, None, 2, None]


@pytest.mark.asyncio
async def test_a_chance_of_one_in_five_strikes_one_in_five_times_and_the_same_ones_with_the_same_seed() -> None:
    struck = []
    for seed in (1, 1, 2):
        async with faulty({"kind": "wrong_unit", "probability": "20 %", "seed": seed}) as line:
            answers = [await line.answer(ask(7, 5, 1)) for _ in range(300)]
            struck.append([answer[18:20] == "02" for answer in answers])
            assert sum(struck[-1]) == line.server.hits[0]
    assert struck[0] == struck[1] != struck[2]
    assert 35 < sum(struck[0]) < 85


@pytest.mark.asyncio
async def test_a_fault_strikes_at_most_so_often() -> None:
    async with faulty({"kind": "wrong_unit", "at_most": 2}) as line:
        assert [(await line.answer(ask(7, 5, 1)))[18:20] for _ in range(4)] == ["02", "02", "01", "01"]
        assert line.server.book
        assert [fault.describe(0)["active"] for fault in line.server.book] == [False]


@pytest.mark.asyncio
async def test_a_fault_with_a_register_concerns_only_questions_for_it() -> None:
    async with faulty({"kind": "exc_06_busy", "meter": "m", "register": "active_power"}) as line:
        answers = [
            (await line.answer(ask(7, first, count)))[21:23] for first, count in ((0, 2), (1, 2), (2, 2), (5, 1))
        ]
    assert answers == ["03", "83", "83", "03"]


@pytest.mark.asyncio
async def test_a_fault_of_one_endpoint_leaves_the_others_alone() -> None:
    async with faulty({"kind": "exc_06_busy", "endpoint": "e"}) as line:
        assert (await line.answer(ask(7, 5, 1)))[21:23] == "83"
        for fault in line.server.book:
            assert not fault.where.covers("another", 1)
            assert not fault.where.covers("another", None)


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ({}, "kind: is missing"),
        ({"kind": "rust"}, "kind: is 'rust', which is no fault; use one of byte_count_mismatch, "),
        ({"kind": "wrong_unit", "endpoint": "x"}, "endpoint: is 'x', which is not in the plant file; use one of e"),
        ({"kind": "wrong_unit", "meter": "x"}, "meter: is 'x', which is not in the plant file; use one of m"),
        ({"kind": "wrong_unit", "meter": "m", "unit": 1}, "meter: says endpoint and unit already"),
        ({"kind": "wrong_unit", "unit": 256}, "unit: is 256, out of 0 to 255"),
        ({"kind": "wrong_unit", "register": "wind"}, "register: is 'wind', no quantity"),
        ({"kind": "wrong_unit", "probability": 0.5}, "probability: is 0.5, not a text with a unit"),
        ({"kind": "wrong_unit", "probability": "101 %"}, "probability: is 1.01, out of 0 to 1"),
        ({"kind": "wrong_unit", "from": "soon"}, "from: is 'soon'; write a number and one of the units"),
        ({"kind": "wrong_unit", "from": "2026-01-05T03:00:00"}, "from: is '2026-01-05T03:00:00', without a time zone"),
        ({"kind": "wrong_unit", "from": "5s", "until": "5s"}, "until: is not after the beginning"),
        ({"kind": "wrong_unit", "every": "5s", "for": "6s"}, "for: is 6, out of 0.001 to 5"),
        ({"kind": "wrong_unit", "colour": 1}, "colour: is not a key that is known here"),
        ({"kind": "wrong_unit", "at_most": 0}, "at_most: is 0, out of 1"),
        ({"kind": "wrong_unit", "id": "a/b"}, "id: is 'a/b'; use letters, digits, dots, hyphens and underscores"),
        ({"kind": "wrong_unit", "from": "999999h"}, "from: is 3.6e+09, out of 0 to 1e+09"),
        ({"kind": "short_frame", "then": "smile"}, "then: is 'smile'; use one of silence, fin"),
        ({"kind": "conn_limit", "mode": "maybe"}, "mode: is 'maybe'; use one of rst, mute, kick_oldest"),
        ({"kind": "exc_02_gap"}, "gaps: is missing"),
        ({"kind": "exc_02_gap", "gaps": [{"first": 3, "last": 2}]}, "gaps[0].last: is 2, before the first, 3"),
        ({"kind": "zero_on_absent"}, "register: is missing"),
        ({"kind": "serial_noise"}, "kind: is 'serial_noise', but e is served over tcp; it needs one of ascii_over_tcp"),
        ({"kind": "word_swap", "order": "ACBD"}, "order: is 'ACBD'; use one of ABCD, CDAB, BADC, DCBA"),
        ({"kind": "nan_float", "value": 1}, "value: is 1, not a text"),
    ],
)
def test_a_wrong_fault_says_where(fault: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        book_of(fault)
    place = "faults[0]." if not complaint.startswith("faults") else ""
    assert str(caught.value).startswith(f"test.toml: {place}{complaint}")


def test_another_meters_profile_that_is_not_there_names_its_file() -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.toml: cannot be read"):
        book_of({"kind": "ip_swap", "profile": "nowhere"})


def test_a_fault_that_needs_a_header_is_refused_on_a_serial_line() -> None:
    with pytest.raises(ConfigurationError, match="e is served over rtu_pty; it needs one of tcp, tls"):
        book_of({"kind": "wrong_tid"}, transport="rtu_pty")


def test_every_kind_has_a_sentence_for_people() -> None:
    assert len(KINDS) == 52
    for name, effect in KINDS.items():
        assert effect.kind == name
        assert (effect.__doc__ or "").split("\n", maxsplit=1)[0].endswith((".", ":"))
