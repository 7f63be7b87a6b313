"""A small HTTP interface, on the loopback only, to break one thing of a running simulation and look.

``GET /kinds``
    every kind of fault with one sentence
``GET /faults``
    the faults, with their state and how often they have struck
``POST /faults``
    add one: a JSON object with the keys of a scenario's ``[[faults]]``; its times count from now, in plant time
``DELETE /faults/ID``
    take one away, with all its consequences
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
from simulators.tables import ConfigurationError, Table

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

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
    """

    def __init__(self, book: FaultBook, reader: FaultReader, functions: Callable[[], Mapping[str, set[int]]]) -> None:
        self._book = book
        self._reader = reader
        self._functions = functions

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
            values = json.loads(await request.text())
        except ValueError as exc:
            return _refusal(400, f"POST /faults: is not JSON ({exc})")
        if not isinstance(values, dict):
            return _refusal(400, 'POST /faults: is no object; write it as {"kind": "short_frame", "meter": "…"}')
        number = len(self._book) + 1
        while f"{values.get('kind')}-{number}" in self._book:
            number += 1
        try:
            fault = self._reader.one(Table(Path("POST /faults"), values), self._book.time_ns, number=number)
            self._book.add(fault)
        except ConfigurationError as exc:
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


def _refusal(status: int, why: str) -> web.Response:
    return web.json_response({"error": why}, status=status)


def _sentence(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0]
