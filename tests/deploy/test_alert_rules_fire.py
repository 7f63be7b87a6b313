"""Every alert rule of Grafana on a real InfluxDB: with data in which it has to fire, and in which it must not."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import pytest
from grafana_rules import RULES, firing
from servers import InfluxDB1, running_influxdb1

NOW = int(datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC).timestamp())
MINUTE, HOUR, DAY = 60, 3600, 86400
LAST_HOUR = NOW - NOW % HOUR - HOUR
TODAY = NOW - NOW % DAY
LINE = "plant=example,potline=PL1"
OWN = "collector,plant=example,instance=c1"


def at(line: str, *seconds: int) -> list[str]:
    """Return a line at times [s UTC]."""
    return [f"{line} {time}000000000" for time in seconds]


def current(now_ka: float) -> list[str]:
    """Return a line current of 400 kA two days ago, and another one in the last five minutes."""
    told = [
        f"potline,{LINE} line_current_ka=400.0,quality=192i",
        f"potline,{LINE} line_current_ka={now_ka!r},quality=192i",
    ]
    bad = at(f"potline,{LINE} line_current_ka=9000.0,quality=0i", NOW - 2 * DAY)
    return [*bad, *at(told[0], NOW - 2 * DAY + 10), *at(told[1], *range(NOW - 240, NOW, 10))]


def qualities(series: str, *codes: int) -> list[str]:
    """Return lines of these qualities, the last one ten seconds ago and the others each a minute earlier."""
    times = [NOW - 10 - MINUTE * back for back in range(len(codes))][::-1]
    return [line for code, time in zip(codes, times, strict=True) for line in at(f"{series} quality={code}i", time)]


def effects(today: int, *, days: int = 30) -> list[str]:
    """Return two anode effects on each of some days before, some in the last 24 hours, and one that is merged away."""
    starts = [TODAY - DAY * back for back in range(1, days + 1)]
    line = f"anode_effect,{LINE},pot=1007,kind=hvae duration_s=90.0,corrected=false"
    closed = f"energy_intensity,{LINE},window=day,boundary=dc metal_t=120.0,quality=192i"
    before = [NOW - DAY * back - HOUR * hour for back in range(1, days + 1) for hour in (3, 9)]
    recent = [NOW - HOUR - MINUTE * number for number in range(today)]
    merged = at(line.replace("90.0", "0.0"), NOW - 2 * HOUR - 5)
    return [*at(closed, *starts), *at(line, *before), *at(line, *recent), *merged]


def hour(measurement: str, tags: str, fields: str) -> list[str]:
    return at(f"{measurement},{tags},window=hour {fields}", LAST_HOUR)


def limit(window: str, length: int, *outside: int) -> list[str]:
    """Return what was judged in the last closed windows."""
    tags = f"plant=example,stack=GTC-1,meter=gas,limit=so2,quantity=so2,unit=mg/m3,window={window}"
    starts = [NOW - NOW % length - length * back for back in range(1, len(outside) + 1)][::-1]
    return [
        line
        for value, start in zip(outside, starts, strict=True)
        for line in at(f"limit,{tags} mean=210.0,most=200.0,outside={value}i", start)
    ]


def said(*states: int) -> list[str]:
    """Return words of the collector on one rule, an hour apart."""
    series = f"alert,{LINE},rule=energy_balance,severity=warning"
    times = [NOW - HOUR * back for back in range(len(states), 0, -1)]
    return [line for state, time in zip(states, times, strict=True) for line in at(f"{series} firing={state}i", time)]


def own(field: str, *values: str) -> list[str]:
    """Return values of a field of the collector's own stream, a minute apart, the last one ten seconds ago."""
    times = [NOW - 10 - MINUTE * back for back in range(len(values))][::-1]
    return [line for value, time in zip(values, times, strict=True) for line in at(f"{OWN} {field}={value}", time)]


METER, STACK = "meter,plant=example,potline=PL1,meter=rectifier_1", "stack,plant=example,stack=GTC-1"
BY_LINE = {"plant": "example", "potline": "PL1"}
LIMIT = {"plant": "example", "potline": "", "stack": "GTC-1", "limit": "so2", "meter": "gas"}
BY_INSTANCE = {"plant": "example", "instance": "c1"}

FIRES: dict[str, tuple[list[str], dict[str, str]]] = {
    "potline-line-stopped": (current(199.0), BY_LINE),
    "potline-line-meter-silent": (qualities(f"potline,{LINE}", 24, 24, 24, 24, 24), BY_LINE),
    "potline-anode-effects": (effects(7), BY_LINE),
    "potline-coverage-low": (
        hour("energy_intensity", f"{LINE},boundary=dc", "coverage_pct=89.9"),
        {**BY_LINE, "boundary": "dc"},
    ),
    "potline-price-tier": (hour("power_price_tier", LINE, "about_to_cross=1i"), BY_LINE),
    "potline-limit-hour": (limit("hour", HOUR, 0, 1), LIMIT),
    "potline-limit-day": (limit("day", DAY, 0, 1), LIMIT),
    "potline-meter-silent": (qualities(METER, 0, 24), {**BY_LINE, "meter": "rectifier_1"}),
    "potline-stack-silent": (qualities(STACK, 24, 24), {"plant": "example", "stack": "GTC-1"}),
    "potline-collector-alert": (said(1, 1), {**BY_LINE, "rule": "energy_balance", "severity": "warning"}),
    "potline-collector-silent": (at(f"{OWN} readings_total=5i", *range(NOW - HOUR, NOW - 340, 10)), BY_INSTANCE),
    "potline-outbox-filling": (own("outbox_used_pct", "10.0", "80.1"), BY_INSTANCE),
    "potline-lines-lost": (own("dropped_total", "5i", "8i", "8i"), BY_INSTANCE),
    "potline-dead-letters": (own("refused_total", "0i", "1i", "1i"), BY_INSTANCE),
}
QUIET: dict[str, dict[str, Iterable[str]]] = {
    "potline-line-stopped": {
        "down by a quarter for the grid": current(300.0),
        "no reading at all": at(f"potline,{LINE} line_current_ka=400.0,quality=192i", NOW - DAY),
    },
    "potline-line-meter-silent": {"one reading is uncertain": qualities(f"potline,{LINE}", 24, 24, 64, 24, 24)},
    "potline-anode-effects": {"six where 6.2 are the bound": effects(6), "five days known": effects(20, days=5)},
    "potline-coverage-low": {"on the bound": hour("energy_intensity", f"{LINE},boundary=dc", "coverage_pct=90.0")},
    "potline-price-tier": {"within the step": hour("power_price_tier", LINE, "about_to_cross=0i")},
    "potline-limit-hour": {"kept again": limit("hour", HOUR, 1, 0), "long ago": limit("hour", HOUR, 1, 0, 0, 0)[:1]},
    "potline-limit-day": {"kept again": limit("day", DAY, 1, 0)},
    "potline-meter-silent": {"it returned": qualities(METER, 24, 192)},
    "potline-stack-silent": {"it returned": qualities(STACK, 24, 192)},
    "potline-collector-alert": {"resolved": said(1, 0)},
    "potline-collector-silent": {
        "it writes": at(f"{OWN} readings_total=5i", *range(NOW - HOUR, NOW, 10)),
        "the minute has only begun": at(f"{OWN} readings_total=5i", *range(NOW - HOUR, NOW - 30, 10)),
        "four minutes without": at(f"{OWN} readings_total=5i", *range(NOW - HOUR, NOW - 240, 10)),
    },
    "potline-outbox-filling": {"on the bound": own("outbox_used_pct", "90.0", "80.0")},
    "potline-lines-lost": {"a new start": own("dropped_total", "8i", "0i", "0i")},
    "potline-dead-letters": {"long known": own("refused_total", "4i", "4i", "4i")},
}


@pytest.fixture(scope="module")
def influxdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxDB1]:
    """Run an InfluxDB; each case has a database of its own."""
    with running_influxdb1(tmp_path_factory.mktemp("influxdb")) as server:
        yield server


def fired(influxdb: InfluxDB1, uid: str, case: str, lines: Iterable[str]) -> list[dict[str, str]]:
    database = f"{uid} {case}"
    influxdb.create_database(database)
    influxdb.write(database, "\n".join([*lines, *at("unrelated value=1", NOW)]))
    return firing(RULES[uid], influxdb, database, NOW)


def test_every_rule_has_data_in_which_it_fires_and_in_which_it_does_not() -> None:
    assert set(FIRES) == set(QUIET) == set(RULES)


@pytest.mark.parametrize("uid", FIRES)
def test_a_rule_fires_for_what_it_is_about_with_its_labels(influxdb: InfluxDB1, uid: str) -> None:
    lines, labels = FIRES[uid]
    assert fired(influxdb, uid, "fires", lines) == [labels]


@pytest.mark.parametrize(("uid", "case"), [(uid, case) for uid, cases in QUIET.items() for case in cases])
def test_a_rule_stays_quiet_where_nothing_is_wrong(influxdb: InfluxDB1, uid: str, case: str) -> None:
    assert fired(influxdb, uid, case, QUIET[uid][case]) == []


@pytest.mark.parametrize("uid", RULES)
def test_where_nothing_is_written_at_all_only_the_silence_of_the_collector_fires(influxdb: InfluxDB1, uid: str) -> None:
    expected = [{"nodata": uid}] if uid == "potline-collector-silent" else []
    assert fired(influxdb, uid, "empty", ()) == expected
