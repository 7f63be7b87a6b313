"""Lets the faults of a book loose on Modbus servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from simulators.faults.fault import Effect
from simulators.faults.lines import LineEffect
from simulators.faults.raw import RawEffect
from simulators.faults.refusals import RefusalEffect
from simulators.faults.values import MapEffect, Moment, ReadoutEffect
from simulators.faults.wire import ReplyEffect, WireEffect
from simulators.physics.derived import completed
from simulators.servers.modbus.exchange import Admission

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from simulators.faults.book import FaultBook
    from simulators.faults.fault import Fault
    from simulators.faults.values import Device
    from simulators.physics.meter import Readout
    from simulators.servers.modbus.exchange import Reply, Request
    from simulators.servers.registers import Image, MeterImage, RegisterMap

_Family = TypeVar("_Family", bound=Effect)


class ModbusFaults:
    """The places at which the Modbus servers may be tampered with, and the faults that do it.

    Parameters
    ----------
    book
        The faults.
    transports
        Each endpoint's transport: a fault that cannot happen there does not.
    """

    def __init__(self, book: FaultBook, transports: Mapping[str, str] | None = None) -> None:
        self._book = book
        self._transports = transports or {}
        self._devices: dict[Device, tuple[RegisterMap, Readout]] = {}

    def show(self, devices: dict[Device, tuple[RegisterMap, Readout]], time_ns: int) -> None:
        """Take what the meters show at a plant time [UTC ns], and let happen what begins."""
        self._devices = devices
        self._book.time_ns = time_ns
        present: dict[Device, Readout] = {}
        for fault in self._book:
            if isinstance(fault.effect, ReadoutEffect):
                self._observe(fault, fault.effect, present)

    def _observe(self, fault: Fault, effect: ReadoutEffect, present: dict[Device, Readout]) -> None:
        """Let a fault see what the meters show after the faults before it, and add its own lasting consequences."""
        occurrence = fault.when.occurrence(self._book.time_ns)
        for device, (registers, shown) in self._devices.items():
            if not fault.where.covers(*device):
                continue
            readout = present[device] if device in present else self._written_out(registers, shown)
            if occurrence is not None:
                struck = effect.persists and fault.seen.get(device) != occurrence and fault.strikes()
                fault.seen[device] = occurrence
                if struck:
                    fault.hit()
                effect.observe(device, readout, Moment(self._book.time_ns, occurrence, struck))
            if effect.persists:
                present[device] = effect.change(device, readout, _concerned(fault, registers))

    def _written_out(self, registers: RegisterMap, readout: Readout) -> Readout:
        """Return the readout with everything in it that something may go wrong with by itself."""
        named = {fault.where.register for fault in self._book if fault.where.register}
        return completed(readout, registers.registers, named)

    def admit(self, endpoint: str, connections: int) -> Admission:
        """Say what becomes of a new connection beside ``connections`` open ones."""
        for fault, effect in self._lines(endpoint, None):
            admission = effect.admit(connections)
            if admission is not Admission.SERVE and fault.strikes():
                fault.hit()
                return admission
        return Admission.SERVE

    def idle_s(self, endpoint: str) -> float | None:
        """Return the shortest idle time after which a connection is closed [s]."""
        times = [effect.idle_s() for _, effect in self._lines(endpoint, None)]
        return min((time_s for time_s in times if time_s is not None), default=None)

    def closes_idle(self, endpoint: str) -> None:
        """Count it."""
        for fault, effect in self._lines(endpoint, None):
            if effect.idle_s() is not None:
                fault.hit()

    def hear(self, request: Request) -> float | None:
        """Return how long the device is held up before it does anything [s], or None if it hears nothing."""
        held_up_s = 0.0
        for fault, effect in self._lines(request.endpoint, request.unit):
            if not self._touches(fault, request) or not fault.strikes():
                continue
            by_s = effect.hear(request)
            if by_s is None:
                fault.hit()
                return None
            if by_s:
                fault.hit()
            held_up_s += by_s
        return held_up_s

    def register_image(self, request: Request, image: Image | None) -> Image | None:
        """Return the registers that the device shows to this question."""
        device = (request.endpoint, request.unit)
        if image is None or not len(self._book) or device not in self._devices:
            return image
        registers, readout = self._devices[device]
        for fault, map_effect in self._due(MapEffect, request):  # type: ignore[type-abstract]
            if fault.strikes():
                fault.hit()
                registers = map_effect.other()
        readout = self._written_out(registers, readout)
        shown = registers.image(readout)
        for fault in self._book:
            effect = fault.effect
            if not fault.where.covers(*device) or not isinstance(effect, ReadoutEffect | RawEffect):
                continue
            quantities = _concerned(fault, registers)
            if isinstance(effect, ReadoutEffect) and effect.persists:
                readout = effect.change(device, readout, quantities)
                shown = registers.image(readout)
                continue
            if not self._is_due(fault, request) or not fault.strikes():
                continue
            before = shown
            if isinstance(effect, ReadoutEffect):
                readout = effect.change(device, readout, quantities)
                shown = registers.image(readout)
            else:
                shown = effect.change(shown, registers, quantities)
            _count_difference(fault, request, before, shown)
        return shown

    def answer(self, request: Request, reply: Reply, image: Image | None) -> Reply | None:
        """Return the answer that the device gives, or None if it gives none."""
        del image
        known = self._devices.get((request.endpoint, request.unit))
        for fault, refusal in self._due(RefusalEffect, request):  # type: ignore[type-abstract]
            if not fault.strikes():
                continue
            pdu = reply.pdu
            refused = refusal.refuse(request, reply, known[0] if known else None)
            if refused is None or refused.pdu != pdu:
                fault.hit()
            if refused is None:
                return None
        for fault, effect in self._due(ReplyEffect, request):  # type: ignore[type-abstract]
            if fault.strikes():
                fault.hit()
                effect.alter(request, reply, fault)
        return reply

    def wire(self, request: Request, reply: Reply) -> None:
        """Change what goes out, now that it is framed."""
        for fault, effect in self._due(WireEffect, request):  # type: ignore[type-abstract]
            if fault.strikes():
                before = (list(reply.pieces), reply.ending, reply.held)
                effect.garble(request, reply, fault)
                if before != (reply.pieces, reply.ending, reply.held):
                    fault.hit()

    def _lines(self, endpoint: str, unit: int | None) -> Iterator[tuple[Fault, LineEffect]]:
        for fault, effect in self._book.of(LineEffect, endpoint, unit):
            if self._possible(fault, endpoint):
                yield fault, effect

    def _due(self, family: type[_Family], request: Request) -> Iterator[tuple[Fault, _Family]]:
        for fault, effect in self._book.of(family, request.endpoint, request.unit):
            if self._possible(fault, request.endpoint) and self._touches(fault, request):
                yield fault, effect

    def _is_due(self, fault: Fault, request: Request) -> bool:
        there = fault.when.occurrence(self._book.time_ns) is not None
        return there and self._possible(fault, request.endpoint) and self._touches(fault, request)

    def _possible(self, fault: Fault, endpoint: str) -> bool:
        return not fault.effect.transports or self._transports.get(endpoint, "tcp") in fault.effect.transports

    def _touches(self, fault: Fault, request: Request) -> bool:
        """Whether a question asks for the register of a fault that has one."""
        if not fault.where.register:
            return True
        known = self._devices.get((request.endpoint, request.unit))
        register = known[0].registers.get(fault.where.register) if known else None
        if register is None:
            return False
        asked = request.addresses
        return (
            request.pdu[0] == register.function
            and asked.start < register.address + register.width
            and register.address < asked.stop
        )


def _concerned(fault: Fault, registers: RegisterMap) -> set[str]:
    return {fault.where.register} & set(registers.registers) if fault.where.register else set(registers.registers)


def _count_difference(fault: Fault, request: Request, before: MeterImage, after: MeterImage) -> None:
    """Count a strike only if this very answer shows it."""
    asked, function = request.addresses, request.pdu[0]
    if before.read(asked.start, len(asked), function) != after.read(asked.start, len(asked), function):
        fault.hit()
