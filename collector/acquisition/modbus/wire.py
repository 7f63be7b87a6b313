"""The wire: the only importer of pymodbus. It opens connections, sends questions, and hands on what comes.

Reads only: this file has no call that changes anything in a device. pymodbus keeps one request outstanding; its own
retries and reconnecting are off: only the supervisor tries again. Its framers frame what goes out. What comes in is
cut into frames and matched to its question by the conversation: pymodbus would take answers to other questions.
"""

import asyncio
import contextlib
import socket
import ssl
import termios
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.client.base import ModbusBaseClient
from pymodbus.exceptions import ConnectionException, ModbusException, ModbusIOException
from pymodbus.framer import FramerAscii, FramerRTU, FramerSocket, FramerType
from pymodbus.pdu import DecodePDU, ModbusPDU
from pymodbus.transport.serialtransport import SerialTransport

from collector.acquisition.modbus import identification
from collector.acquisition.modbus.conversation import Conversation
from collector.acquisition.modbus.frames import Question
from collector.plant.meter import Endpoint

# pymodbus closes the connection after some silent requests, also to the meters that do answer: the poller decides.
_NEVER = 1 << 62
# What came is handed on at once and kept there. The event loop never reads more than this in one go.
_BUFFER_BYTES = 1 << 30
# A peer that is gone without a word is noticed after about 25 s, also while nothing is asked.
_KEEPALIVE = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 25_000}
_LOSING_TURNS = 10


class _Framing:
    """A framer of pymodbus for what goes out. What comes in is heard by the conversation.

    ``handleFrame`` gives pymodbus a PDU that ends its waiting; the answer is with the conversation.
    """

    conversation: Conversation
    done: ModbusPDU

    def encode(self, payload: bytes, device_id: int, tid: int) -> bytes:
        """Frame a request, and note that it goes out."""
        frame: bytes = super().encode(payload, device_id, tid)  # type: ignore[misc]
        self.conversation.sent(tid, frame)
        return frame

    def handleFrame(self, data: bytes, exp_devid: int, exp_tid: int) -> tuple[int, ModbusPDU | None]:  # noqa: N802 - pymodbus' name
        """Take everything that came."""
        del exp_tid
        if not self.conversation.hear(data, time.monotonic()):
            return len(data), None
        self.done.dev_id = exp_devid
        return len(data), self.done


class _Mbap(_Framing, FramerSocket):
    pass


class _Rtu(_Framing, FramerRTU):
    pass


class _Ascii(_Framing, FramerAscii):
    pass


class Wire:
    """One connection to an endpoint. ``cause`` is why it does not come about, or was lost, where that is known."""

    def __init__(self, endpoint: Endpoint, conversation: Conversation, secured: ssl.SSLContext | None) -> None:
        self.cause: Exception | None = None
        self._endpoint = endpoint
        self._conversation = conversation
        self._client = self._serial() if endpoint.transport.is_serial else self._network(secured)
        self._client.set_max_no_responses(_NEVER)
        framer = _Mbap if endpoint.transport.has_transaction_ids else _Ascii if endpoint.transport.is_ascii else _Rtu
        framing = framer(DecodePDU(is_server=False))
        framing.conversation, framing.done = conversation, ModbusPDU()
        ctx = self._client.ctx
        ctx.framer = framing
        ctx.max_buffer_size = _BUFFER_BYTES
        ctx.callback_disconnected = self._note_lost  # type: ignore[method-assign]
        ctx.call_create = partial(self._opened, ctx.call_create)

    @property
    def connected(self) -> bool:
        """Whether the connection stands, as far as is known."""
        wire = self._client.ctx.transport
        return isinstance(wire, asyncio.Transport) and not wire.is_closing()

    async def open(self) -> bool:
        """Connect within the endpoint's timeout; tell whether that worked.

        Raises
        ------
        ValueError
            If a host or a line cannot be as it is written.
        """
        if not await self._client.connect():
            return False
        self._watch()
        for _ in range(_LOSING_TURNS):
            if self.connected:
                return True
            # Lost at once. The event loop tells why some turns later.
            await asyncio.sleep(0)
        self.cause = self.cause or ConnectionResetError("it hung up at once")
        return False

    async def ask(self, question: Question, timeout_s: float) -> None:
        """Send a question, and wait until something came that ends the waiting.

        Raises
        ------
        ConnectionError
            If the connection is lost.
        TimeoutError
            If nothing came.
        """
        self._client.ctx.comm_params.timeout_connect = timeout_s
        try:
            await self._send(question)
        except ConnectionException as exc:
            raise ConnectionError(str(exc)) from exc
        except ModbusIOException as exc:
            raise TimeoutError(str(exc)) from exc
        except ModbusException as exc:
            self._conversation.note = str(exc)
            raise TimeoutError(str(exc)) from exc

    def take_back(self) -> None:
        """Let no question lie on a serial line that is held up: it would go out later, beside others."""
        wire = self._client.ctx.transport
        if isinstance(wire, SerialTransport) and wire.sync_serial is not None:
            wire.flush()
            with contextlib.suppress(OSError, termios.error):  # the device is gone, which the next read tells
                wire.sync_serial.reset_output_buffer()

    def close(self) -> None:
        """Close at once: a farewell could wait for ever on a peer that is gone."""
        wire = self._client.ctx.transport
        self.take_back()
        self._client.close()
        if isinstance(wire, asyncio.Transport):
            wire.abort()

    def _serial(self) -> ModbusBaseClient:
        endpoint = self._endpoint
        return AsyncModbusSerialClient(
            endpoint.device,
            framer=FramerType.RTU,
            baudrate=endpoint.baud,
            bytesize=endpoint.data_bits,
            parity=endpoint.parity[0].upper(),
            stopbits=endpoint.stop_bits,
            timeout=endpoint.timeout_s,
            retries=0,
            reconnect_delay=0,
        )

    def _network(self, secured: ssl.SSLContext | None) -> ModbusBaseClient:
        endpoint = self._endpoint
        client = AsyncModbusTcpClient(
            endpoint.host, port=endpoint.port, timeout=endpoint.timeout_s, retries=0, reconnect_delay=0
        )
        if endpoint.tls is not None:
            # pymodbus' own client for TLS takes whatever came as one frame, and knows no name but the host's.
            client.ctx.call_create = partial(
                client.ctx.loop.create_connection,
                client.ctx.handle_new_connection,
                endpoint.host,
                endpoint.port,
                ssl=secured,
                server_hostname=endpoint.tls.server_name or endpoint.host,
            )
        return client

    async def _opened(self, opening: Callable[[], Coroutine[Any, Any, Any]]) -> Any:  # noqa: ANN401 - pymodbus' business
        """Open the connection, and keep why it fails: pymodbus tells only that it does."""
        try:
            return await opening()
        except OSError as exc:
            self.cause = exc
            raise
        except termios.error as exc:  # which is no OSError: the line cannot be set as it should be
            self.cause = termios.error(*exc.args)
            # The line may be open and locked, and nothing but the traceback holds it any more.
            exc.with_traceback(None)
            raise OSError(*exc.args) from None

    def _watch(self) -> None:
        """Have the kernel notice when the other side is gone without a word."""
        wire = self._client.ctx.transport.get_extra_info("socket")
        if wire is None:
            return
        with contextlib.suppress(OSError):  # it is lost already, which the first read tells
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in _KEEPALIVE.items():
                if hasattr(socket, name):
                    wire.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

    def _note_lost(self, exc: Exception | None) -> None:
        """End the waiting: nothing will come any more."""
        self.cause = exc
        waiting = self._client.ctx.response_future
        if self._conversation.open and not waiting.done():
            waiting.set_exception(ConnectionException("lost"))

    async def _send(self, question: Question) -> None:
        client, unit = self._client, question.unit
        match question.function:
            case 1:
                await client.read_coils(question.address, count=question.count, device_id=unit)
            case 2:
                await client.read_discrete_inputs(question.address, count=question.count, device_id=unit)
            case 3:
                await client.read_holding_registers(question.address, count=question.count, device_id=unit)
            case 4:
                await client.read_input_registers(question.address, count=question.count, device_id=unit)
            case identification.FUNCTION:
                await client.read_device_information(
                    read_code=question.count, object_id=question.address, device_id=unit
                )
            case _:
                raise ValueError(f"function {question.function} is not among those that read: 1 to 4")
