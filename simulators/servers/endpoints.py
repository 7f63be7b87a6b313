"""The Modbus side of a plant: every endpoint on its transport, its meters, their faults, and the control interface."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulators.faults.book import FaultBook
from simulators.faults.catalogue import read_faults
from simulators.faults.modbus import ModbusFaults
from simulators.servers.control import Control
from simulators.servers.information import Setup
from simulators.servers.modbus import ModbusServer
from simulators.servers.registers import Image, RegisterMap
from simulators.serving import Transport, read_endpoints

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AsyncExitStack

    from simulators.faults.mqtt import MqttFaults
    from simulators.physics.meter import Readout
    from simulators.scenario import Scenario

LOOPBACK = "127.0.0.1"

_SPOKEN = {
    Transport.TCP: "Modbus TCP",
    Transport.TLS: "Modbus TCP over TLS",
    Transport.RTU_OVER_TCP: "Modbus RTU over TCP",
    Transport.ASCII_OVER_TCP: "Modbus ASCII over TCP",
    Transport.RTU_PTY: "Modbus RTU",
    Transport.ASCII_PTY: "Modbus ASCII",
}


class EndpointUnavailableError(Exception):
    """An endpoint cannot listen; the message says which, and why."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Where an endpoint listens: on a port, or on a pseudo-terminal, which is opened as ``device``."""

    transport: Transport
    port: int = 0
    device: str = ""

    def announced(self) -> dict[str, object]:
        """Return the place for the announcement, with the keys of a plant file."""
        return {"device": self.device} if self.device else {"host": LOOPBACK, "port": self.port}

    def spoken(self) -> str:
        """Return it for people."""
        return f"{self.device or f'{LOOPBACK}:{self.port}'}, {_SPOKEN[self.transport]}"


class Endpoints:
    """All the endpoints of a plant.

    Parameters
    ----------
    scenario
        What happens in which plant.
    begin_ns
        The beginning of the simulation [UTC ns].
    mqtt_faults
        The faults of the MQTT side, for the control interface; None: the plant has no broker.

    Attributes
    ----------
    book
        The faults.

    Raises
    ------
    ConfigurationError
        If the scenario's endpoints or faults cannot be used.
    """

    def __init__(self, scenario: Scenario, begin_ns: int, mqtt_faults: MqttFaults | None = None) -> None:
        self._plant = plant = scenario.plant
        self._serving = read_endpoints(scenario.root, plant)
        reader = read_faults(scenario.root, plant, self._serving, scenario.profiles_folder, scenario.seed)
        self.book = FaultBook(reader.all(begin_ns))
        self.book.time_ns = begin_ns
        self._faults = ModbusFaults(self.book, {name: serving.transport for name, serving in self._serving.items()})
        self._maps = {
            meter.id: RegisterMap(
                scenario.profiles[meter.profile],
                Setup(meter.constants, meter.base, behaviour.information, behaviour.identification),
                behaviour.display.serial_number,
            )
            for meter, behaviour in ((meter, scenario.meters[meter.id]) for meter in plant.meters.values())
        }
        self._servers = {
            name: ModbusServer(
                name=name, framing=serving.transport.framing, timing=serving.timing, tampering=self._faults
            )
            for name, serving in self._serving.items()
        }
        self._control = Control(self.book, reader, self.functions_seen, mqtt_faults)

    def functions_seen(self) -> dict[str, set[int]]:
        """Return the function codes that each endpoint was ever asked for."""
        return {name: server.functions_seen for name, server in self._servers.items()}

    def show(self, readouts: Mapping[str, Readout], time_ns: int) -> None:
        """Replace the registers of every endpoint with what the meters show at a plant time [UTC ns]."""
        images: dict[str, dict[int, Image]] = {name: {} for name in self._servers}
        devices: dict[tuple[str, int], tuple[RegisterMap, Readout]] = {}
        for meter in self._plant.meters.values():
            registers, readout = self._maps[meter.id], readouts[meter.id]
            images[meter.endpoint][meter.unit] = registers.image(readout)
            devices[meter.endpoint, meter.unit] = (registers, readout)
        for name, server in self._servers.items():
            server.show(images[name])
        self._faults.show(devices, time_ns)

    async def listen(self, stack: AsyncExitStack, *, configured_ports: bool) -> dict[str, Listening]:
        """Open every endpoint, for as long as the stack is open.

        Raises
        ------
        EndpointUnavailableError
            If a port is taken, or there is no pseudo-terminal.
        """
        places: dict[str, Listening] = {}
        for name, serving in self._serving.items():
            server = self._servers[name]
            if serving.transport.terminal:
                try:
                    device = await stack.enter_async_context(server.on_terminal())
                except OSError as exc:
                    wrong = f"endpoint {name}: no pseudo-terminal ({os.strerror(exc.errno or 0)})"
                    raise EndpointUnavailableError(f"{wrong}; use another transport") from exc
                places[name] = Listening(serving.transport, device=device)
                continue
            wanted = self._plant.endpoints[name].port if configured_ports else 0
            try:
                port = await stack.enter_async_context(server.listening(LOOPBACK, wanted, serving.tls))
            except OSError as exc:
                wrong = f"endpoint {name}: cannot listen on {LOOPBACK}:{wanted} ({os.strerror(exc.errno or 0)})"
                raise EndpointUnavailableError(f"{wrong}; free the port, or use --ports free") from exc
            places[name] = Listening(serving.transport, port=port)
        return places

    async def listen_to_commands(self, stack: AsyncExitStack) -> str:
        """Open the control interface on a free port, for as long as the stack is open, and return its URL."""
        return f"http://{LOOPBACK}:{await stack.enter_async_context(self._control.listening())}"
