"""What a node tells that was away for hours: everything that it stored, at once."""

import sys
import time

from sparkplug_talk import MS, NOISE, NOON_MS, RESISTANCE, VOLTAGE, Host, Talker

from simulators.servers.sparkplug_wire import DataType, Metric

SAMPLES = 100_000
A_MESSAGE = 100


def test_a_hundred_thousand_stored_values_take_less_than_two_microseconds_each() -> None:
    host, node = Host(), Talker()
    host.hear(node.nbirth(), node.dbirth("1001", {VOLTAGE: 4.2, NOISE: 11.0, RESISTANCE: 7.0}))
    flood = []
    for first in range(0, SAMPLES, A_MESSAGE):
        metrics = [
            Metric(
                4.0 + number / SAMPLES,
                DataType.FLOAT if number % 3 == 1 else DataType.DOUBLE,
                alias=number % 3 + 1,
                timestamp_ms=NOON_MS - 3_600_000 + number,
                historical=True,
            )
            for number in range(first, first + A_MESSAGE)
        ]
        flood.append(node.message("DDATA", "1001", metrics))
    read, now_ns, rows, fastest_s = host.reader.read, host.now_ms * MS, 0, float("inf")
    for start in range(0, len(flood), 100):  # of ten parts the fastest: others work on this machine, too
        began_s = time.process_time()
        for message in flood[start : start + 100]:
            told = read(message.topic, message.payload, arrived_ns=now_ns, retained=False)
            rows += len(told.past or ())
            assert not told.refused
        fastest_s = min(fastest_s, time.process_time() - began_s)
    assert rows == SAMPLES
    # A tracer, such as that of branch coverage, looks on at every line.
    assert fastest_s / (100 * A_MESSAGE) < (2e-6 if sys.gettrace() is None else 40e-6)
