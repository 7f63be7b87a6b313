"""Layouts by declaration: forms of messages, numbers, meters."""

import json

import pytest
from declared import Declared, with_meters
from layouts_declared import POT, TOPIC, VOLTAGE, refused
from potroom import NOW_NS

from collector.acquisition.mqtt.message import Cause
from collector.readings.quality import Quality
from collector.readings.quantity import Quantity

GOOD, UNCERTAIN, BAD = int(Quality.GOOD), int(Quality.UNCERTAIN), int(Quality.BAD)

# --- Forms, numbers, meters -------------------------------------------------------------------------------------------


def test_forms_on_one_topic_are_told_apart_by_what_stands_in_them() -> None:
    where = 'where = { path = "kind", is = ["KIND"] }'
    one = f'{POT}{where}\n[messages.values]\nQUANTITY = {{ path = "x", unit = "UNIT" }}'
    declared = Declared(
        one.replace("KIND", "u").replace("QUANTITY", "pot_voltage").replace("UNIT", "V")
        + one.replace("KIND", "n").replace("QUANTITY", "pot_noise").replace("UNIT", "mV")
    )
    assert declared.rows(TOPIC, '{"kind": "n", "x": 11}')[0][0] == "pot:1001.pot_noise"
    assert declared.rows(TOPIC, '{"kind": "u", "x": 4.2}')[0][0] == "pot:1001.pot_voltage"
    said = refused(declared, TOPIC, '{"kind": "z", "x": 4.2}', Cause.UNKNOWN_WORD)
    assert said == "is of none of the forms that its topic is declared with; kind would tell them apart"


NUMBERS = """
[[messages]]
topic = "m/{site}/{meter}/{quantity}"
tells = "readings"
format = "number"
[messages.values]
active_power = { name = "P", unit = "MW" }
active_energy_import = { name = "E", unit = "kWh" }
"""


def test_a_topic_may_name_the_quantity_and_its_payload_be_a_number() -> None:
    declared = Declared(NUMBERS, plant=with_meters("F7"))
    assert [each.topic for each in declared.reader.subscriptions] == ["m/north/F7/P", "m/north/F7/E"]
    assert declared.rows("m/north/F7/P", b" 9.312\n") == [("heard_0.active_power", NOW_NS, 9312.0, GOOD)]
    assert declared.rows("m/north/F7/E", b"-1e3", retained=True) == [
        ("heard_0.active_energy_import", NOW_NS, -1000.0, UNCERTAIN)
    ]
    assert declared.rows("m/north/F7/Q", b"1") == []


@pytest.mark.parametrize(
    ("payload", "cause"),
    [
        (b"", Cause.WRONG_TYPE),
        (b"ON", Cause.WRONG_TYPE),
        (b"1_000", Cause.WRONG_TYPE),
        (b"0x10", Cause.WRONG_TYPE),
        ("\u0661\u0662".encode(), Cause.WRONG_TYPE),
        (b"4,213", Cause.DECIMAL_COMMA),
        (b"nan", Cause.NOT_A_NUMBER),
        (b"-Infinity", Cause.NOT_A_NUMBER),
        (b"1e999", Cause.NOT_A_NUMBER),
        (b"\xff4", Cause.NOT_UTF8),
        (b"1" * 70_000, Cause.TOO_LARGE),
    ],
)
def test_a_payload_that_is_no_number_is_refused(payload: bytes, cause: Cause) -> None:
    refused(Declared(NUMBERS, plant=with_meters("F7")), "m/north/F7/P", payload, cause)


METER = """
[[messages]]
topic = "m/{site}/{potline}/{meter}"
tells = "readings"
meter_of = "meter"
[messages.values]
active_power = { path = "p", unit = "kW" }
voltage = { path = "u", unit = "kV" }
"""


def test_a_topic_with_two_names_is_of_the_meter_with_both_in_its_address() -> None:
    declared = Declared(METER, plant=with_meters("PL1/3", "F7", told=(Quantity.VOLTAGE,)))
    assert [each.topic for each in declared.reader.subscriptions] == ["m/north/PL1/3"]
    assert declared.rows("m/north/PL1/3", '{"p": 5, "u": 33}') == [("heard_0.voltage", NOW_NS, 33_000.0, GOOD)]
    assert declared.rows("m/north/PL1/3", '{"meter": "3", "u": 33}') == [("heard_0.voltage", NOW_NS, 33_000.0, GOOD)]
    said = refused(declared, "m/north/PL1/3", '{"meter": "4", "u": 33}', Cause.CONTRADICTION)
    assert said == "the payload speaks of meter '4', the topic of '3'"
    said = refused(declared, "m/north/PL2/3", '{"u": 33}', Cause.UNKNOWN_NAME)
    assert said == "no meter of the plant file has the address 'PL2/3' at this broker"


def test_a_meter_may_be_named_by_the_payload_alone() -> None:
    text = METER.replace("m/{site}/{potline}/{meter}", "m/{site}/gateway/{*}")
    declared = Declared(text, plant=with_meters("F7"))
    assert [each.topic for each in declared.reader.subscriptions] == ["m/north/gateway/+"]
    assert declared.rows("m/north/gateway/1", '{"meter": "F7", "p": 5}') == [
        ("heard_0.active_power", NOW_NS, 5.0, GOOD)
    ]
    refused(declared, "m/north/gateway/1", '{"meter": "F8", "p": 5}', Cause.UNKNOWN_NAME)
    assert Declared(text).reader.subscriptions == ()


def test_of_more_than_fifty_meters_all_are_subscribed_to_and_others_passed_over() -> None:
    text = METER.replace("{potline}/", "")
    declared = Declared(text, plant=with_meters(*(f"F{n}" for n in range(51))))
    assert [each.topic for each in declared.reader.subscriptions] == ["m/north/+"]
    assert declared.rows("m/north/F50", '{"p": 5}') == [("heard_50.active_power", NOW_NS, 5.0, GOOD)]
    assert declared.rows("m/north/F51", '{"p": 5}') == []


def test_what_is_ignored_is_not_subscribed_to_and_no_mistake() -> None:
    declared = Declared(f'{POT}{VOLTAGE}[[messages]]\ntopic = "p/{{site}}/noise/{{**}}"\ntells = "ignore"')
    assert [each.topic for each in declared.reader.subscriptions] == ["p/north/+/+"]
    assert declared.rows("p/north/noise/of/all/kinds", b"\xff") == []
    refused(declared, "p/north/other/of/all/kinds", b"{}", Cause.UNKNOWN_TOPIC)


def test_a_layout_may_allow_larger_messages() -> None:
    text = f"largest_payload = '128 KiB'\n{POT}{VOLTAGE}"
    assert Declared(text).rows(TOPIC, json.dumps({"u": 4.2, "more": "x" * 100_000}))[0][2] == 4.2
    said = refused(Declared(text), TOPIC, json.dumps({"more": "x" * 131_072}), Cause.TOO_LARGE)
    assert said == "131084 bytes are more than 131072"
