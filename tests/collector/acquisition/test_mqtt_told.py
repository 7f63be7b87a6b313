"""Metal that the books tell of, and factors that are told for an interval: what is read, and what is refused."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from declared import Declared
from potroom import NOW_NS, SITE

from collector.acquisition.mqtt.declaration import LayoutReader
from collector.acquisition.mqtt.message import Cause, PayloadProblem
from collector.plant.calendar import Shifts
from collector.readings.event import Event, MetalTapped, ToldFactor
from collector.settings.layouts import read_layout

LAYOUTS = Path(__file__).parents[3] / "config" / "layouts"
PLANT = dataclasses.replace(
    Declared('[[messages]]\ntopic = "x"\ntells = "ignore"').plant,
    shifts=Shifts.of({"N": "22:00 -1d", "D": "06:00", "S": "14:00"}),
)
TAPPED_TOPIC = f"smelter/v1/{SITE}/mes/metal_tapped"
FACTOR_TOPIC = f"smelter/v1/{SITE}/electricity/factor"
HOUR = 3600 * 10**9
MARCH_FIRST_UTC = 1_772_323_200 * 10**9  # 2026-03-01T00:00:00Z

TAPPED = {
    "v": 1,
    "id": "PT-1",
    "kind": "metal_tapped",
    "shift": "2026-03-01N",
    "line": "PL1",
    "pots": [{"pot": "1001", "kg": 2455}, {"pot": "1002", "kg": 2465}],
    "net_kg": 4920,
    "weighing_id": "W-91",
}
FACTOR = {
    "v": 1,
    "id": "G-2026-03-01T00",
    "rev": 2,
    "factor": "grid_factor",
    "value": 500,
    "unit": "g/kWh",
    "from": "2026-03-01T00:00:00Z",
    "to": "2026-03-01T01:00:00Z",
    "source": "grid operator",
}


def told(topic: str, message: dict[str, Any], *, layout: str = "smelter-v1") -> Event:
    layouts = [read_layout(LAYOUTS / f"{layout}.toml")]
    reader = LayoutReader(PLANT, layouts, broker="potroom", site=SITE, longest_tare_age_s=8 * 3600)
    (event,) = reader.read(topic, json.dumps(message).encode(), arrived_ns=NOW_NS, retained=False).events
    return event


def refused(topic: str, message: dict[str, Any], cause: Cause) -> str:
    with pytest.raises(PayloadProblem) as caught:
        told(topic, message)
    assert caught.value.cause is cause
    return str(caught.value)


def test_metal_tapped_stands_at_the_beginning_of_the_shift_that_it_names() -> None:
    # The night shift of 1 March begins at 22:00 of the evening before, in Shanghai: 14:00 UTC.
    assert told(TAPPED_TOPIC, TAPPED) == MetalTapped(
        "PT-1", 0, "PL1", MARCH_FIRST_UTC - 10 * HOUR, "W-91", (("1001", 2455.0), ("1002", 2465.0)), 4920.0
    )


def test_without_a_net_weight_the_pots_add_up_to_it() -> None:
    event = told(TAPPED_TOPIC, {key: value for key, value in TAPPED.items() if key != "net_kg"})
    assert isinstance(event, MetalTapped)
    assert event.net_kg == 4920.0


def test_metal_tapped_in_tonnes_with_a_time_of_its_own() -> None:
    message = {
        "id": "X",
        "revision": 3,
        "line": "PL1",
        "t": MARCH_FIRST_UTC // 10**9,
        "from_pots": [{"number": "1001", "tapped": {"t": 2.5}}],
        "weighing": "W-1",
    }
    event = told(f"plant/{SITE}/crucibles", message, layout="_blueprint")
    assert event == MetalTapped("X", 3, "PL1", MARCH_FIRST_UTC, "W-1", (("1001", 2500.0),), 2500.0)


@pytest.mark.parametrize(
    ("change", "cause", "words"),
    [
        ({"shift": "2026-03-01X"}, Cause.UNKNOWN_NAME, "names no shift of the plant (N, D, S); correct it"),
        ({"shift": "N"}, Cause.WRONG_TYPE, "does not begin with a day; write it like 2026-03-01N"),
        ({"shift": "2027-03-01N"}, Cause.IMPOSSIBLE_TIME, "begins more than a day after its arrival"),
        ({"net_kg": 5920}, Cause.CONTRADICTION, "have 4920 kg together, and its net is 5920 kg"),
        ({"pots": []}, Cause.WRONG_TYPE, "pots is empty"),
        ({"pots": [{"pot": "1001"}]}, Cause.MISSING, "pots[0] lacks the mass"),
        ({"pots": [{"pot": "1001", "kg": -1}], "net_kg": -1}, Cause.CONTRADICTION, "is negative"),
        ({"pots": [{"pot": "9999", "kg": 1}]}, Cause.UNKNOWN_NAME, "pot '9999' is not in the plant file"),
        ({"pots": [{"pot": "1001", "kg": 1}] * 2, "net_kg": 2}, Cause.CONTRADICTION, "a pot stands in it twice"),
        ({"weighing_id": None}, Cause.MISSING, "weighing_id is missing"),
        ({"line": "PL9"}, Cause.UNKNOWN_NAME, "potline 'PL9' is not in the plant file"),
    ],
)
def test_metal_tapped_that_cannot_be_is_refused_with_the_place(
    change: dict[str, Any], cause: Cause, words: str
) -> None:
    assert words in refused(TAPPED_TOPIC, TAPPED | change, cause)


def test_a_factor_is_told_in_the_unit_of_the_accounts() -> None:
    assert told(FACTOR_TOPIC, FACTOR) == ToldFactor(
        "G-2026-03-01T00", 2, "grid_factor", MARCH_FIRST_UTC, MARCH_FIRST_UTC + HOUR, 0.5, "grid operator"
    )


def test_a_delivery_and_certificates_are_told_in_kilowatt_hours() -> None:
    delivery = told(FACTOR_TOPIC, FACTOR | {"factor": "contracts.park", "value": 12.5, "unit": "MWh"})
    more = {"factor": "certificates", "value": 3, "unit": "GWh", "registry_id": "GEC-7", "technology": "wind"}
    certificates = told(FACTOR_TOPIC, FACTOR | more)
    assert isinstance(delivery, ToldFactor)
    assert isinstance(certificates, ToldFactor)
    assert (delivery.factor, delivery.value) == ("contracts.park", 12_500.0)
    assert (certificates.value, certificates.registry_id, certificates.technology) == (3e6, "GEC-7", "wind")


def test_what_is_withdrawn_has_no_value() -> None:
    event = told(FACTOR_TOPIC, FACTOR | {"void": True})
    assert isinstance(event, ToldFactor)
    assert event.value is None


def test_the_words_of_a_sender_are_translated_by_the_layout() -> None:
    message = {
        "id": "C-1",
        "kind": "carbon_intensity",
        "value": 530,
        "unit": "gCO2/kWh",
        "begin": MARCH_FIRST_UTC // 10**9,
        "end": MARCH_FIRST_UTC // 10**9 + 3600,
        "publisher": "operator",
    }
    event = told(f"plant/{SITE}/market/co2", message, layout="_blueprint")
    assert event == ToldFactor("C-1", 0, "grid_factor", MARCH_FIRST_UTC, MARCH_FIRST_UTC + HOUR, 0.53, "operator")


@pytest.mark.parametrize(
    ("change", "cause", "words"),
    [
        ({"unit": None}, Cause.MISSING, "unit is missing"),
        ({"unit": "lb/kWh"}, Cause.UNKNOWN_WORD, "unit is 'lb/kWh'; one of: kg/kWh, g/kWh"),
        ({"unit": "kWh"}, Cause.WRONG_UNIT, "grid_factor is told in kWh; one of: kg/kWh, g/kWh, kg/MWh, t/MWh"),
        ({"unit": "kg/kWh"}, Cause.WRONG_UNIT, "give kg CO2 per kWh, 0.53 and not 530 g/kWh"),
        ({"value": -1}, Cause.CONTRADICTION, "grid_factor is -1 g/kWh, and cannot be negative"),
        ({"value": "412"}, Cause.NUMBER_AS_TEXT, "a number written as text"),
        ({"factor": "gird_factor"}, Cause.UNKNOWN_NAME, "there is no factor 'gird_factor'; one of: grid_factor"),
        ({"to": "2026-03-01T00:00:00Z"}, Cause.CONTRADICTION, "its interval ends before it begins"),
        ({"to": "2027-03-08T00:00:00Z"}, Cause.IMPOSSIBLE_TIME, "is longer than a year"),
        ({"from": "2026-03-01T00:00:30Z"}, Cause.IMPOSSIBLE_TIME, "with whole minutes"),
        ({"source": None}, Cause.MISSING, "source is missing"),
        ({"factor": "certificates", "unit": "kWh"}, Cause.MISSING, "registry_id is missing"),
    ],
)
def test_a_factor_that_cannot_be_is_refused_with_the_place(change: dict[str, Any], cause: Cause, words: str) -> None:
    assert words in refused(FACTOR_TOPIC, FACTOR | change, cause)
