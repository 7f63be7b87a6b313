"""Modbus servers of the simulator's own, read only: TCP, TLS, RTU over TCP and RTU on a pseudo-terminal.

``framing`` and ``pdu`` are pure bytes, ``exchange`` says what one question and its answer are, ``server`` and
``terminal`` carry them over sockets and pseudo-terminals.
"""

from simulators.servers.modbus.server import ModbusServer

__all__ = ["ModbusServer"]
