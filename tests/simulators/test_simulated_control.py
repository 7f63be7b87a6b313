"""The HTTP interface: break one thing of a running simulation, look, and mend it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from faulty_modbus import READOUT, Faulty, Line, ask, reader

from simulators.faults.mqtt import MqttFaults, Treatment
from simulators.instants import SECOND_NS
from simulators.servers.control import Control
from simulators.servers.messages import Message


class Interface:
    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def __call__(self, method: str, path: str, **more: Any) -> tuple[int, Any]:  # noqa: ANN401 -- JSON is anything
        async with self._session.request(method, self._url + path, **more) as response:
            return response.status, await response.json()


@asynccontextmanager
async def controlled(*faults: dict[str, Any], mqtt: MqttFaults | None = None) -> AsyncIterator[tuple[Line, Interface]]:
    made = Faulty(*faults)
    control = Control(made.book, reader(), lambda: {"e": made.server.functions_seen}, mqtt)
    async with (
        made.server.listening("127.0.0.1", 0) as made.port,
        made.connected() as line,
        control.listening() as port,
        aiohttp.ClientSession() as session,
    ):
        yield line, Interface(session, f"http://127.0.0.1:{port}")


@pytest.mark.asyncio
async def test_a_fault_is_added_strikes_is_listed_and_taken_away() -> None:
    async with controlled() as (line, http):
        line.server.show(READOUT, 1_767_582_000)  # 2026-01-05T03:00:00Z
        assert await http("GET", "/faults") == (200, [])
        posted = {"kind": "short_frame", "meter": "m", "cut": 2, "for": "10min", "probability": "100 %"}
        status, made = await http("POST", "/faults", json=posted)
        assert status == 201
        assert made == {
            "id": "short_frame-1",
            "kind": "short_frame",
            "endpoint": "e",
            "unit": 1,
            "register": None,
            "from": "2026-01-05T03:00:00Z",
            "until": None,
            "every_s": None,
            "for_s": 600.0,
            "probability": 1.0,
            "at_most": None,
            "seed": 1,
            "parameters": {"cut": 2, "then": "silence"},
            "active": True,
            "hits": 0,
        }
        await line.send(ask(7, 5, 1))
        assert await line.receive() == "00 07 00 00 00 05 01 03 02"
        _, listed = await http("GET", "/faults")
        assert listed == [made | {"hits": 1}]
        status, gone = await http("DELETE", "/faults/short_frame-1")
        assert (status, gone["hits"]) == (200, 1)
        assert (await line.answer(ask(8, 5, 1))).endswith("01 90")
        assert await http("GET", "/faults") == (200, [])


@pytest.mark.asyncio
async def test_a_fault_ends_by_itself_and_stays_in_the_list() -> None:
    async with controlled() as (line, http):
        await http("POST", "/faults", json={"kind": "exc_06_busy", "until": "10s", "id": "menu"})
        line.server.show(READOUT, 10)
        _, listed = await http("GET", "/faults")
        assert [(fault["id"], fault["active"]) for fault in listed] == [("menu", False)]


@pytest.mark.asyncio
async def test_the_functions_that_were_asked_for() -> None:
    async with controlled() as (line, http):
        assert await http("GET", "/functions") == (200, {"e": []})
        await line.answer(ask(1, 5, 1))
        await line.answer(ask(1, 5, 1, function=6))
        assert await http("GET", "/functions") == (200, {"e": [3, 6]})


@pytest.mark.asyncio
async def test_every_kind_with_a_sentence() -> None:
    async with controlled() as (_, http):
        status, kinds = await http("GET", "/kinds")
    assert status == 200
    assert kinds["exc_0a_path"] == "The gateway has no way to the unit (0A)."


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("{", "POST /faults: is not JSON ("),
        ("[]", "POST /faults: is no object; "),
        ("{}", "POST /faults: kind: is missing; add it"),
        ('{"kind": "short_frame", "meter": "x"}', "POST /faults: meter: is 'x', which is not in the plant file"),
        ('{"kind": "short_frame", "cut": "two"}', "POST /faults: cut: is 'two', not a whole number"),
        ('{"kind": "short_frame", "id": "taken"}', "POST /faults: id: there is a fault 'taken' already"),
        ('{"kind": ["a"]}', "POST /faults: kind: is ['a'], not a text"),
    ],
)
async def test_a_wrong_fault_is_refused_with_the_words(body: str, complaint: str) -> None:
    async with controlled({"kind": "no_reply", "id": "taken", "from": "1h"}) as (_, http):
        status, answer = await http("POST", "/faults", data=body)
        assert status == 400
        assert answer["error"].startswith(complaint)
        assert len((await http("GET", "/faults"))[1]) == 1


@pytest.mark.asyncio
async def test_a_fault_that_is_not_there_cannot_be_taken_away() -> None:
    async with controlled() as (_, http):
        assert await http("DELETE", "/faults/x") == (404, {"error": "there is no fault 'x'; GET /faults lists them"})


@pytest.mark.asyncio
async def test_a_fault_of_mqtt_is_added_strikes_is_listed_and_taken_away() -> None:
    faults = MqttFaults()
    treatment = Treatment(faults, "line PL1")
    async with controlled(mqtt=faults) as (line, http):
        line.server.show(READOUT, 1_767_582_000)  # 2026-01-05T03:00:00Z
        assert await http("GET", "/mqtt_faults") == (200, [])
        posted = {"kind": "duplicate", "topic": "a/#", "at": "1min", "for": "10min"}
        status, made = await http("POST", "/mqtt_faults", json=posted)
        assert status == 201
        assert made == {
            "id": 1,
            "kind": "duplicate",
            "topic": "a/#",
            "from": "2026-01-05T03:01:00Z",
            "until": "2026-01-05T03:11:00Z",
            "probability": 1.0,
            "seed": 1,
            "by_s": 0.0,
            "count": 0,
            "active": False,
            "hits": 0,
        }
        line.server.show(READOUT, 1_767_582_060)
        told = [Message("a/b", b"1"), Message("b/a", b"2")]
        assert len(treatment.treat(told, 1_767_582_060 * SECOND_NS)) == 3
        assert await http("GET", "/mqtt_faults") == (200, [made | {"active": True, "hits": 1}])
        status, gone = await http("DELETE", "/mqtt_faults/1")
        assert (status, gone["hits"]) == (200, 1)
        assert treatment.treat(told, 1_767_582_061 * SECOND_NS) == told
        assert await http("GET", "/mqtt_faults") == (200, [])


@pytest.mark.asyncio
async def test_a_message_out_of_order_is_one_hit() -> None:
    faults = MqttFaults()
    treatment = Treatment(faults, "line PL1")
    async with controlled(mqtt=faults) as (_, http):
        await http("POST", "/mqtt_faults", json={"kind": "out_of_order"})
        first, second = Message("a", b"1"), Message("a", b"2")
        assert treatment.treat([first, second], SECOND_NS) == [second, first]
        _, (listed,) = await http("GET", "/mqtt_faults")
        assert listed["hits"] == 1


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("{", "POST /mqtt_faults: is not JSON ("),
        ("[]", "POST /mqtt_faults: is no object; "),
        ("{}", "POST /mqtt_faults: kind: is missing; add it"),
        ('{"kind": "duplicat"}', "POST /mqtt_faults: kind: is 'duplicat', which is no fault of MQTT; use one of "),
        ('{"kind": "broker_restart"}', "POST /mqtt_faults: for: is missing; say how long"),
        ('{"kind": "duplicate", "meter": "m"}', "POST /mqtt_faults: meter: is not a key that is known here"),
        ('{"kind": "duplicate", "probability": 1}', "POST /mqtt_faults: probability: is 1, not a text with a unit"),
    ],
)
async def test_a_wrong_fault_of_mqtt_is_refused_with_the_words(body: str, complaint: str) -> None:
    async with controlled(mqtt=MqttFaults()) as (_, http):
        status, answer = await http("POST", "/mqtt_faults", data=body)
        assert status == 400
        assert answer["error"].startswith(complaint)
        assert await http("GET", "/mqtt_faults") == (200, [])


@pytest.mark.asyncio
@pytest.mark.parametrize("name", ["x", "1"])
async def test_a_fault_of_mqtt_that_is_not_there_cannot_be_taken_away(name: str) -> None:
    async with controlled(mqtt=MqttFaults()) as (_, http):
        refused = {"error": f"there is no fault of MQTT {name!r}; GET /mqtt_faults lists them"}
        assert await http("DELETE", f"/mqtt_faults/{name}") == (404, refused)
