"""A small HTTP interface, on the loopback only, to break one thing of a running simulation and look.

``GET /kinds``
    every kind of fault with one sentence
``GET /faults``
    the faults, with their state and how often they have struck
``POST /faults``
    add one: a JSON object with the keys of a scenario's ``[[faults]]``; its times count from now, in plant time
``DELETE /faults/ID``
    take one away, with all its consequences
``GET /mqtt_faults``
    the faults of MQTT, with their state and how often they have struck
``POST /mqtt_faults``
    add one: a JSON object with the keys of a scenario's ``[[mqtt_faults]]``; its times count from now, in plant time
``DELETE /mqtt_faults/ID``
    take one away: what it holds back comes as if it had ended
``GET /functions``
    the function codes that each endpoint has been asked for
"""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from simulators.faults.book import FaultBook, UnknownFaultError
from simulators.faults.catalogue import KINDS, FaultReader
from simulators.faults.mqtt_tables import fault_of
from simulators.instants import iso_seconds
from simulators.tables import ConfigurationError, Table

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from simulators.faults.mqtt import MqttFaults, Placed

LOOPBACK = "127.0.0.1"


class Control:
    """The interface.

    Parameters
    ----------
    book
        The faults of the simulation.
    reader
        Reads new ones.
    functions
        Gives the function codes that each endpoint has been asked for.
    mqtt
        The faults of the MQTT side; None: the plant has no broker.
    """

    def __init__(
        self,
        book: FaultBook,
        reader: FaultReader,
        functions: Callable[[], Mapping[str, set[int]]],
        mqtt: MqttFaults | None = None,
    ) -> None:
        self._book = book
        self._reader = reader
        self._functions = functions
        self._mqtt = mqtt

    @asynccontextmanager
    async def listening(self, port: int = 0) -> AsyncIterator[int]:
        """Listen, on a free port if ``port`` is 0, and give the port.

        Raises
        ------
        OSError
            If the port is taken.
        """
        application = web.Application()
        application.add_routes(
            [
                web.get("/kinds", self._kinds),
                web.get("/faults", self._list),
                web.post("/faults", self._add),
                web.delete("/faults/{id}", self._remove),
                web.get("/functions", self._seen),
            ]
        )
        if self._mqtt is not None:
            routes = _MqttRoutes(self._mqtt, lambda: self._book.time_ns)
            application.add_routes(
                [
                    web.get("/mqtt_faults", routes.list),
                    web.post("/mqtt_faults", routes.add),
                    web.delete("/mqtt_faults/{id}", routes.remove),
                ]
            )
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, LOOPBACK, port)
            await site.start()
            yield runner.addresses[0][1]
        finally:
            await runner.cleanup()

    async def _kinds(self, _: web.Request) -> web.Response:
        return web.json_response({name: _sentence(effect.__doc__) for name, effect in sorted(KINDS.items())})

    async def _list(self, _: web.Request) -> web.Response:
        return web.json_response([fault.describe(self._book.time_ns) for fault in self._book])

    async def _add(self, request: web.Request) -> web.Response:
        try:
            values = _object(await request.text(), "POST /faults", '{"kind": "short_frame", "meter": "…"}')
            number = len(self._book) + 1
            while f"{values.get('kind')}-{number}" in self._book:
                number += 1
            fault = self._reader.one(Table(Path("POST /faults"), values), self._book.time_ns, number=number)
            self._book.add(fault)
        except (ConfigurationError, _NoObjectError) as exc:
            return _refusal(400, str(exc))
        except ValueError as exc:
            return _refusal(400, f"POST /faults: id: {exc}")
        return web.json_response(fault.describe(self._book.time_ns), status=201)

    async def _remove(self, request: web.Request) -> web.Response:
        name = request.match_info["id"]
        try:
            fault = self._book.remove(name)
        except UnknownFaultError:
            return _refusal(404, f"there is no fault {name!r}; GET /faults lists them")
        return web.json_response(fault.describe(self._book.time_ns))

    async def _seen(self, _: web.Request) -> web.Response:
        return web.json_response({name: sorted(codes) for name, codes in self._functions().items()})


class _MqttRoutes:
    """The faults of MQTT."""

    def __init__(self, faults: MqttFaults, now_ns: Callable[[], int]) -> None:
        self._faults = faults
        self._now_ns = now_ns

    async def list(self, _: web.Request) -> web.Response:
        return web.json_response([self._described(placed) for placed in self._faults.list()])

    async def add(self, request: web.Request) -> web.Response:
        try:
            values = _object(await request.text(), "POST /mqtt_faults", '{"kind": "duplicate", "topic": "#"}')
            fault = fault_of(Table(Path("POST /mqtt_faults"), values))
        except (ConfigurationError, _NoObjectError) as exc:
            return _refusal(400, str(exc))
        number = self._faults.add(fault, from_ns=self._now_ns())
        (placed,) = (placed for placed in self._faults.list() if placed.id == number)
        return web.json_response(self._described(placed), status=201)

    async def remove(self, request: web.Request) -> web.Response:
        name = request.match_info["id"]
        for placed in self._faults.list():
            if str(placed.id) == name:
                described = self._described(placed)
                self._faults.remove(placed.id)
                return web.json_response(described)
        return _refusal(404, f"there is no fault of MQTT {name!r}; GET /mqtt_faults lists them")

    def _described(self, placed: Placed) -> dict[str, object]:
        fault = placed.fault
        return {
            "id": placed.id,
            "kind": str(fault.kind),
            "topic": fault.topic,
            "from": iso_seconds(placed.begin_ns),
            "until": None if placed.end_ns is None else iso_seconds(placed.end_ns),
            "probability": fault.probability,
            "seed": fault.seed,
            "by_s": fault.by_s,
            "count": fault.count,
            "active": placed.holds(self._now_ns()),
            "hits": self._faults.hits(placed.id),
        }


class _NoObjectError(Exception):
    """The body of a request is no JSON object; the message says so."""


def _object(text: str, where: str, example: str) -> dict[str, object]:
    """Read the JSON object of a request."""
    try:
        values = json.loads(text)
    except ValueError as exc:
        raise _NoObjectError(f"{where}: is not JSON ({exc})") from None
    if not isinstance(values, dict):
        raise _NoObjectError(f"{where}: is no object; write it as {example}")
    return values


def _refusal(status: int, why: str) -> web.Response:
    return web.json_response({"error": why}, status=status)


def _sentence(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0]
