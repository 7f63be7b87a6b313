"""How a running collector is doing, in words: asked over its page."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import pytest
from server_process import free_port

from collector.commands.status import NotRunning, ask, is_well, lines
from collector.settings import PageSettings

METER: dict[str, Any] = {
    "id": "rectifier_1",
    "quality": 192,
    "quality_words": "good",
    "age_s": 2.4,
    "round_trip_s": 0.0123,
    "endpoint": "10.20.0.5 port 502 unit 1",
    "error": "",
    "set_aside": [],
    "most_registers": None,
}
DATABASE: dict[str, Any] = {
    "name": "plantdb",
    "state": "delivering",
    "delivering": True,
    "lag_s": 0.0,
    "oldest": None,
    "delivered": "2026-03-01T03:59:59Z",
    "records": 0,
    "lines": 0,
    "size_bytes": 0,
}
STATE: dict[str, Any] = {
    "plant": {"id": "example", "name": "Example smelter"},
    "started": "2026-03-01T03:00:00Z",
    "now": "2026-03-01T04:00:00Z",
    "sources": {"modbus:plc": "running"},
    "databases": [],
    "alerts": [],
    "meters": [METER],
    "outbox": {"records": 12, "size_bytes": 3456, "oldest_ns": 0, "dead": 0},
    "totals": {
        "readings_total": 900,
        "readings_bad_total": 3,
        "poll_late_total": 1,
        "clock_steps_total": 0,
        "dropped_records_by_cause": {},
        "readings_lost_by_wait": {},
    },
    "line_waits": "",
}


class Page(http.server.BaseHTTPRequestHandler):
    """Answers with what a test wants."""

    answer: ClassVar[tuple[int, bytes]] = (200, b"")

    def do_GET(self) -> None:
        status, body = self.answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body if self.path == "/api/state" else b"")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def page(status: int, body: bytes) -> Iterator[int]:
    """Serve one answer on a free port."""
    Page.answer = (status, body)
    server = http.server.HTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_collector_that_is_well_says_so_in_a_line_a_meter() -> None:
    with page(200, json.dumps(STATE).encode()) as port:
        state = ask(PageSettings("127.0.0.1", port))
    assert is_well(state)
    assert list(lines(state)) == [
        "Example smelter (example): running since 2026-03-01T03:00:00Z, now 2026-03-01T04:00:00Z",
        "sources",
        "  modbus:plc  running",
        "meters",
        "  rectifier_1  good, 2 s old, answers in 12.3 ms, 10.20.0.5 port 502 unit 1",
        "databases",
        "  none  the store alone keeps everything",
        "outbox: 12 records, 3456 bytes; dead letters: 0",
        "readings: 900, without a value: 3, polls skipped: 1, steps of the clock: 0",
    ]


def test_a_line_that_waits_and_what_was_dropped_and_lost_need_a_human() -> None:
    totals = STATE["totals"] | {"dropped_records_by_cause": {"age": 4}, "readings_lost_by_wait": {"outbox_full": 77}}
    state = STATE | {"line_waits": "the outbox is full", "totals": totals}
    assert not is_well(state)
    assert list(lines(state))[-6:-1] == [
        "records dropped",
        "  age  4",
        "readings lost while the line waited",
        "  outbox full  77",
        "the line waits: the outbox is full",
    ]


def test_errors_and_what_is_set_aside_stand_under_their_meter() -> None:
    aside = {
        "registers": ["frequency", "power_factor"],
        "reason": "read holding registers 3109+2 …: exception 02, illegal data address",
        "since": "2026-03-01T03:00:02Z",
    }
    meter = METER | {
        "quality": 24,
        "quality_words": "no answer",
        "age_s": None,
        "round_trip_s": None,
        "error": "read …: no answer after 1 s; check the unit id",
        "set_aside": [aside],
        "most_registers": 25,
    }
    state = STATE | {"meters": [meter]}
    assert not is_well(state)
    assert list(lines(state))[4:8] == [
        "  rectifier_1  no answer, never read, 10.20.0.5 port 502 unit 1",
        "      read …: no answer after 1 s; check the unit id",
        f"      set aside since 2026-03-01T03:00:02Z: frequency, power_factor: {aside['reason']}",
        "      takes at most 25 registers a request",
    ]


def test_a_database_that_is_behind_says_how_far_and_an_alert_what_it_is_about() -> None:
    late = DATABASE | {
        "state": "HTTP 503",
        "delivering": False,
        "lag_s": 7260.0,
        "oldest": "2026-03-01T01:59:00Z",
        "records": 726,
    }
    alert = {
        "rule": "energy_balance",
        "severity": "warning",
        "series": {"potline": "PL1"},
        "text": "rectifier_2 does not fit",
        "since": "2026-03-01T02:00:00Z",
    }
    took = "took lines last at 2026-03-01T03:59:59Z"
    told = list(lines(STATE | {"databases": [DATABASE | {"name": "other"}, late], "alerts": [alert]}))
    assert told[5:10] == [
        "databases",
        f"  other    delivering, {took}",
        f"  plantdb  HTTP 503, 2 h behind since 2026-03-01T01:59:00Z: 726 records, {took}",
        "alerts",
        "  energy_balance potline=PL1  warning: rectifier_2 does not fit (since 2026-03-01T02:00:00Z)",
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"sources": {"modbus:plc": "connect to …: refused"}},
        {"databases": [DATABASE | {"state": "HTTP 503", "delivering": False}]},
        {"alerts": [{"rule": "energy_balance"}]},
        {"meters": [METER | {"quality": 64}]},
        {"meters": [METER | {"set_aside": [{"registers": ["a"], "reason": "b", "since": "c"}]}]},
    ],
)
def test_anything_that_needs_a_look_is_not_well(change: dict[str, Any]) -> None:
    assert not is_well(STATE | change)


def test_a_collector_that_does_not_run_is_told_with_what_to_do() -> None:
    with pytest.raises(NotRunning, match=r"port \d+: .*refused; is it running\? 'potline run'"):
        ask(PageSettings("127.0.0.1", free_port()))
    with pytest.raises(NotRunning, match="has port 0, a free one each time; give it a number"):
        ask(PageSettings("127.0.0.1", 0))


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b"<html>"), (200, b"[]"), (200, b'{"other": 1}'), (404, b"{}"), (500, json.dumps(STATE).encode())],
)
def test_something_else_that_answers_there_is_no_collector(status: int, body: bytes) -> None:
    with page(status, body) as port, pytest.raises(NotRunning, match="what answers there is no collector"):
        ask(PageSettings("127.0.0.1", port))


def test_a_page_on_all_interfaces_is_asked_on_this_machine() -> None:
    with page(200, json.dumps(STATE).encode()) as port:
        assert ask(PageSettings("0.0.0.0", port))["plant"]["id"] == "example"
