"""The meters of an endpoint, polled over real sockets, with everything that goes wrong there."""

import asyncio
import contextlib
import gc
import math
import time
from collections.abc import Callable
from contextlib import aclosing
from itertools import pairwise

import pytest
import structlog
from adversarial_modbus import (
    PATIENT_S,
    PLACES,
    Answering,
    ModbusServer,
    Request,
    endpoint,
    meters,
    never,
    points,
    register,
    reset,
    rightly,
    serving,
)
from server_process import free_port
from waiting import until

from collector.acquisition.modbus.poller import ModbusPoller
from collector.acquisition.source import Arrival, SourceUnavailable
from collector.clock import SystemClock
from collector.instruments import Instruments
from collector.readings.batch import Reading
from collector.readings.quality import Quality

pytestmark = pytest.mark.asyncio


class Bench:
    """A poller of some units, and all that it yielded."""

    def __init__(
        self, port: int, units: range = range(1, 2), *, every_s: float = 0.05, timeout_s: float = PATIENT_S
    ) -> None:
        self.meters = meters(port, units, every_s=every_s, timeout_s=timeout_s)
        self.points = points(self.meters)
        self.instruments = Instruments()
        self.poller = ModbusPoller(
            self.meters[0].endpoint,
            self.meters,
            points=self.points,
            clock=SystemClock(),
            instruments=self.instruments,
        )
        self.arrivals: list[Arrival] = []

    async def run(self, until: Callable[[], bool], *, within_s: float = 30.0) -> None:
        """Take what arrives until something is so."""
        async with asyncio.timeout(within_s), aclosing(self.poller.arrivals()) as arrivals:
            async for arrival in arrivals:
                self.arrivals.append(arrival)
                if until():
                    return

    async def run_out(self, *, within_s: float = 30.0) -> str:
        """Take what arrives until the source ends, and return why it did."""
        with pytest.raises(SourceUnavailable) as caught:
            await self.run(lambda: False, within_s=within_s)
        return str(caught.value)

    def readings(self, owner: str | None = None) -> list[Reading]:
        rows = [row for arrival in self.arrivals for row in arrival.batch]
        return [row for row in rows if owner is None or self.points[row.point].owner == owner]

    def good(self, owner: str | None = None) -> list[Reading]:
        return [row for row in self.readings(owner) if row.quality == Quality.GOOD]

    def check(self) -> None:
        """Every value stands at its own register; everything else is a gap without a value."""
        for row in self.readings():
            point = self.points[row.point]
            if row.quality == Quality.GOOD:
                assert row.value == register(int(point.owner[1:]), 4, PLACES[point.quantity])
            else:
                assert row.quality in {Quality.BAD_COMM_FAILURE, Quality.BAD_NOT_CONNECTED, Quality.BAD_CONFIG_ERROR}
                assert math.isnan(row.value)


async def test_three_meters_are_polled_each_at_its_period_and_only_read() -> None:
    async with serving() as server:
        bench = Bench(server.port, range(1, 4))
        await bench.run(lambda: len(bench.arrivals) == 30)
        bench.check()
        assert len(bench.good()) == 90
        assert len(bench.good("m2")) == 30
        assert server.connections == 1
        assert {request.function for request in server.requests} == {4}
        assert {(r.address, r.count) for r in server.requests} == {(10, 2), (50, 1)}
        assert {name: meter.error for name, meter in bench.instruments.meters.items()} == {"m1": "", "m2": "", "m3": ""}
        times = [row.time_ns for row in bench.good("m1") if bench.points[row.point].quantity.label == "frequency"]
        assert (times[-1] - times[0]) / (len(times) - 1) == pytest.approx(50e6, rel=0.1)


async def test_a_poll_that_takes_longer_than_its_period_skips_ticks_and_counts_them() -> None:
    async def after_30_ms(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.03)
        writer.write(request.adu())

    async with serving(after_30_ms) as server:
        bench = Bench(server.port, every_s=0.02)
        await bench.run(lambda: len(bench.arrivals) == 5)
        assert bench.instruments.poll_late_total >= 8
        assert len(bench.good()) == 15


async def test_a_refused_port_is_a_gap_of_all_meters_then_the_end() -> None:
    bench = Bench(free_port(), range(1, 3))
    assert "refused or no answer" in await bench.run_out()
    assert [row.quality for row in bench.readings()] == [Quality.BAD_NOT_CONNECTED] * 6
    assert {row.point for row in bench.readings()} == set(range(6))
    bench.check()


def silent_unless(condition: Callable[[Request], bool]) -> Answering:
    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        if condition(request):
            writer.write(request.adu())

    return answer


async def test_a_silent_unit_costs_19_others_no_reading_and_is_asked_ever_more_rarely() -> None:
    times: list[float] = []

    async def unit_3_is_silent(request: Request, writer: asyncio.StreamWriter) -> None:
        if request.unit == 3:
            times.append(time.monotonic())
        else:
            writer.write(request.adu())

    async with serving(unit_3_is_silent) as server:
        bench = Bench(server.port, range(1, 21), every_s=0.2, timeout_s=0.05)
        with structlog.testing.capture_logs() as logs:
            await bench.run(lambda: len(bench.arrivals) == 20 * 15)
    bench.check()
    assert server.connections == 1
    assert bench.instruments.poll_late_total == 0
    for unit in (1, 2, *range(4, 21)):
        assert len(bench.good(f"m{unit}")) == len(bench.readings(f"m{unit}")) >= 39
    silent = bench.readings("m3")
    assert len(silent) >= 39
    assert {row.quality for row in silent} == {Quality.BAD_COMM_FAILURE}
    pauses = [second - first for first, second in pairwise(times)]
    assert len(times) <= 5
    assert pauses[-1] > 2 * pauses[0]
    assert bench.instruments.meters["m3"].error.endswith("no answer after 0.05 s; check the unit id")
    assert [entry["meter"] for entry in logs] == ["m3"]


async def test_a_silent_meter_that_returns_is_read_again_and_both_are_logged_once() -> None:
    async with serving(silent_unless(lambda r: r.unit != 2)) as server:
        bench = Bench(server.port, range(1, 3), timeout_s=0.03)
        with structlog.testing.capture_logs() as logs:
            await bench.run(lambda: len(bench.readings("m2")) >= 12)
            server.answer = rightly
            await bench.run(lambda: len(bench.good("m2")) >= 6)
    bench.check()
    assert [(entry["event"], entry["meter"]) for entry in logs] == [
        ("meter does not answer", "m2"),
        ("meter answers again", "m2"),
    ]
    assert bench.instruments.meters["m2"].error == ""


async def test_six_silent_units_of_eight_do_not_cost_the_other_two_their_connection() -> None:
    async with serving(silent_unless(lambda r: r.unit >= 7)) as server:
        bench = Bench(server.port, range(1, 9), every_s=0.2, timeout_s=0.02)
        await bench.run(lambda: len(bench.arrivals) == 8 * 8)
        bench.check()
        assert server.connections == 1
        assert len(bench.good("m7")) == len(bench.readings("m7")) >= 21
        assert len(bench.good("m8")) == len(bench.readings("m8")) >= 21


async def test_a_meter_that_a_gateway_does_not_reach_is_treated_as_silent() -> None:
    async def gateway(request: Request, writer: asyncio.StreamWriter) -> None:
        if request.unit == 2:
            await asyncio.sleep(0.03)  # the gateway's own time-out
            writer.write(request.adu(bytes([0x84, 0x0B])))
        else:
            writer.write(request.adu())

    async with serving(gateway) as server:
        bench = Bench(server.port, range(1, 3), timeout_s=PATIENT_S)
        await bench.run(lambda: len(bench.good("m1")) == 3 * 20)
    bench.check()
    assert len([r for r in server.requests if r.unit == 2]) <= 6
    assert {r.address for r in server.requests if r.unit == 2} == {10}
    assert {row.quality for row in bench.readings("m2")} == {Quality.BAD_COMM_FAILURE}
    assert server.connections == 1


async def test_an_exception_to_one_block_leaves_the_other_block_its_values() -> None:
    async def refusing(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(request.adu(bytes([0x84, 2]) if request.address < 50 else None))

    async with serving(refusing) as server:
        bench = Bench(server.port)
        await bench.run(lambda: len(bench.arrivals) == 5)
    bench.check()
    assert len(bench.good()) == 5
    assert {bench.points[row.point].quantity.label for row in bench.good()} == {"frequency"}
    asides = bench.instruments.meters["m1"].set_aside
    assert [aside.registers for aside in asides] == [("voltage",), ("current",)]
    assert all("exception 02, illegal data address" in aside.reason for aside in asides)


async def test_a_connection_reset_in_the_middle_is_a_gap_of_all_meters_then_the_end() -> None:
    async def resetting(request: Request, writer: asyncio.StreamWriter) -> None:
        if len(server.requests) == 5:
            reset(writer)
        else:
            writer.write(request.adu())

    async with serving(resetting) as server:
        bench = Bench(server.port, range(1, 4))
        assert "the connection was lost" in await bench.run_out()
    bench.check()
    assert [row.quality for row in bench.arrivals[-1].batch] == [Quality.BAD_NOT_CONNECTED] * 9
    assert len(bench.good()) == 6


async def test_a_half_open_link_is_given_up_after_two_polls_and_the_next_connection_reads() -> None:
    async def never_on_the_first_connection(request: Request, writer: asyncio.StreamWriter) -> None:
        if server.connections > 1:
            writer.write(request.adu())

    async with serving(never_on_the_first_connection) as server:
        bench = Bench(server.port, range(1, 2), timeout_s=0.2)
        assert "connected, but nobody answers" in await bench.run_out()
        assert len(server.requests) == 2
        assert {row.quality for row in bench.arrivals[0].batch} == {Quality.BAD_COMM_FAILURE}
        await bench.run(lambda: len(bench.good()) == 3)
    bench.check()


async def test_a_link_that_goes_dead_without_a_word_is_given_up_though_meters_were_read_before() -> None:
    async with serving() as server:
        bench = Bench(server.port, range(1, 4), timeout_s=0.2)

        def dies() -> bool:
            if len(bench.arrivals) == 9:
                server.answer = never
            return False

        with pytest.raises(SourceUnavailable, match="nobody answers"):
            await bench.run(dies)
    bench.check()
    assert len(bench.good()) == 27
    assert [row.quality for row in bench.arrivals[-1].batch] == [Quality.BAD_NOT_CONNECTED] * 9


async def test_20_restarts_of_a_gateway_are_survived_and_leave_no_connection_behind() -> None:
    server = ModbusServer()
    async with server.listening():
        bench = Bench(server.port, range(1, 3), every_s=0.02)
        await bench.run(lambda: len(bench.arrivals) == 2)
    for restart in range(20):
        await bench.run_out()
        async with server.listening():
            count = len(bench.good())
            await bench.run(lambda count=count: len(bench.good()) >= count + 6)  # type: ignore[misc]
            await server.closed()
        assert server.connections == restart + 2
    bench.check()


LATE = 0.12


async def slow_and_doubled(request: Request, writer: asyncio.StreamWriter) -> None:
    """Answer late or twice or for others, as a gateway with a queue does."""
    kind = request.tid % 7
    if kind == 0:
        await asyncio.sleep(LATE)
    elif kind == 1:
        writer.write(request.adu(tid=request.tid - 1))
    elif kind == 2:
        writer.write(request.adu(unit=request.unit % 3 + 1))
    elif kind == 3:
        writer.write(request.adu(bytes([3]) + request.pdu()[1:]))
    elif kind == 4:
        writer.write(request.adu() + request.adu())
    writer.write(request.adu())


async def test_late_doubled_and_foreign_answers_never_put_a_value_into_a_wrong_register() -> None:
    async with serving(slow_and_doubled) as server:
        bench = Bench(server.port, range(1, 4), every_s=0.02, timeout_s=0.1)
        async with asyncio.timeout(40.0):
            while len(bench.good()) < 120:
                with contextlib.suppress(SourceUnavailable):
                    await bench.run(lambda: len(bench.good()) >= 120, within_s=30.0)
    bench.check()
    assert len(server.requests) > 60


async def test_cancelling_a_poller_that_waits_for_a_silent_meter_is_prompt_and_closes_its_socket() -> None:
    async with serving(never) as server:
        bench = Bench(server.port, timeout_s=30.0)
        task = asyncio.create_task(bench.run(lambda: False, within_s=60.0))
        await until(lambda: bool(server.requests))
        started = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.closed()
        assert time.monotonic() - started < 5.0
    gc.collect()


async def test_a_consumer_that_stops_between_two_polls_closes_the_socket() -> None:
    async with serving() as server:
        bench = Bench(server.port)
        await bench.run(lambda: len(bench.arrivals) == 1)
        await server.closed()
    gc.collect()


async def test_the_name_says_which_endpoint_it_is() -> None:
    assert Bench(1).poller.name == f"modbus:{endpoint(1).id}"
