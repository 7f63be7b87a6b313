"""What is made in a real InfluxDB 1.x, that a second time changes nothing, and what its hourly sums are."""

import asyncio
import stat
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hostile_server import influx_sink, packed
from servers import InfluxDB1

from collector.delivery.provisioning import influxql
from collector.delivery.provisioning.additive import MEANS, SUMS
from collector.delivery.provisioning.admin_api import AdminApi
from collector.delivery.provisioning.influx1 import Influx1
from collector.delivery.provisioning.plan import ProvisionFailed, Secret, State, Step, Wanted
from collector.delivery.provisioning.server import Server, carried_out, recognised

DAY = 86400
WANTED = Wanted("old", "", "potline", 90 * DAY, "hourly", 0, writer="collector", reader="grafana")
HOUR_NS = 3600 * 10**9
T = 1_772_337_600 * 10**9  # 2026-03-01T04:00:00Z


def api(server: InfluxDB1) -> AdminApi:
    return AdminApi(server.url, headers={}, secrets=[], timeout_s=10.0)


def look(server: InfluxDB1, wanted: Wanted = WANTED) -> list[Step]:
    return Influx1(api(server), wanted).steps()


def do(server: InfluxDB1, wanted: Wanted = WANTED) -> list[Secret]:
    secrets: list[Secret] = []
    carried_out(look(server, wanted), done=lambda _step: None, told=secrets.append)
    return secrets


def state_of(steps: list[Step], what: str) -> State:
    (found,) = [step.state for step in steps if step.what == what]
    return found


def policies(server: InfluxDB1, database: str = "potline") -> dict[str, tuple[str, bool]]:
    rows = server.query("", f"SHOW RETENTION POLICIES ON {influxql.name(database)}")
    return {row["name"]: (row["duration"], row["default"]) for row in rows}


def test_it_is_recognised(influxdb1: InfluxDB1) -> None:
    assert recognised(api(influxdb1)) is Server.INFLUXDB1


def test_database_policies_users_and_queries_are_made_once(influxdb1: InfluxDB1) -> None:
    assert {step.state for step in look(influxdb1)} == {State.MISSING}
    assert influxdb1.query("", "SHOW DATABASES") == [] or "potline" not in {
        row["name"] for row in influxdb1.query("", "SHOW DATABASES")
    }
    told = do(influxdb1)
    assert policies(influxdb1) == {"autogen": ("2160h0m0s", True), "hourly": ("0s", False)}
    grants = {user: influxdb1.query("", f'SHOW GRANTS FOR "{user}"') for user in ("collector", "grafana")}
    assert grants == {
        "collector": [{"database": "potline", "privilege": "WRITE"}],
        "grafana": [{"database": "potline", "privilege": "READ"}],
    }
    assert [secret.name for secret in told] == ["password of collector", "password of grafana"]
    assert len(influxdb1.query("", "SHOW CONTINUOUS QUERIES")) == 8
    # The server writes the queries in its own way; they are known again all the same.
    assert {step.state for step in look(influxdb1)} == {State.EXISTS}
    assert do(influxdb1) == []


def test_hourly_sums_are_made_of_the_streams_that_a_database_takes(influxdb1: InfluxDB1) -> None:
    do(influxdb1, replace(WANTED, streams=("energy_intensity", "anode_effect")))
    names = [row["name"] for row in influxdb1.query("", "SHOW CONTINUOUS QUERIES")]
    assert names == ["potline_hourly_energy_intensity"]


@pytest.mark.parametrize("name", ['quo"ted', "Ofen 7", "select"])
def test_a_database_of_any_name_is_made_and_known_again(influxdb1: InfluxDB1, name: str) -> None:
    wanted = replace(WANTED, bucket=name, writer='coll"ector')
    do(influxdb1, wanted)
    assert {step.state for step in look(influxdb1, wanted)} == {State.EXISTS}


def test_passwords_go_to_files_for_their_owner_alone_and_one_that_is_there_is_used(
    influxdb1: InfluxDB1, tmp_path: Path
) -> None:
    (tmp_path / "collector").write_text("it's \\mine\n", encoding="utf-8")
    wanted = replace(WANTED, writer_file=tmp_path / "collector", reader_file=tmp_path / "grafana")
    assert do(influxdb1, wanted) == []
    assert stat.S_IMODE((tmp_path / "grafana").stat().st_mode) == 0o600
    assert len((tmp_path / "grafana").read_text(encoding="utf-8").strip()) == 32
    assert (tmp_path / "collector").read_text(encoding="utf-8") == "it's \\mine\n"
    assert {step.state for step in look(influxdb1, wanted)} == {State.EXISTS}


def test_with_passwords_required_the_collector_writes_and_cannot_read_and_grafana_the_other_way_round(
    influxdb1: InfluxDB1, tmp_path: Path
) -> None:
    wanted = replace(WANTED, writer_file=tmp_path / "collector", reader_file=tmp_path / "grafana")
    do(influxdb1, wanted)
    influxdb1.query("", "CREATE USER root WITH PASSWORD 'r' WITH ALL PRIVILEGES")
    influxdb1.stop()
    configured = influxdb1.command

    def with_passwords() -> list[str]:
        command = configured()
        path = influxdb1.folder / "influxdb.conf"
        text = path.read_text(encoding="utf-8").replace("[http]", "[http]\nauth-enabled = true")
        path.write_text(text, encoding="utf-8")
        return command

    # The same server, asking for passwords from now on.
    influxdb1.command = with_passwords  # type: ignore[method-assign]
    influxdb1.start()

    async def written(user: str, path: Path) -> str:
        sink = influx_sink(influxdb1.url, version=1, bucket="potline", username=user, secret_file=path)
        async with sink:
            try:
                await sink.write(packed(b"m n=1i %d" % time.time_ns()))
            except Exception as exc:  # noqa: BLE001 - what kind it is, is the sink's business
                return str(exc)
        return "written"

    assert asyncio.run(written("collector", tmp_path / "collector")) == "written"
    assert "403" in asyncio.run(written("grafana", tmp_path / "grafana"))

    def read(user: str, path: Path) -> str:
        secret = path.read_text(encoding="utf-8").strip()
        query = f"/query?db=potline&q=SELECT+n+FROM+m&u={user}&p={secret}"
        return influxdb1.request("GET", query)[1].decode()

    assert '"values"' in read("grafana", tmp_path / "grafana")
    assert "not authorized" in read("collector", tmp_path / "collector")
    with pytest.raises(ProvisionFailed, match=r"401 .*check the administrator's token or password"):
        look(influxdb1, wanted)


@pytest.mark.parametrize(
    ("has_s", "wanted_s", "state"),
    [(30 * DAY, 90 * DAY, State.DIFFERS), (90 * DAY, 30 * DAY, State.REFUSED), (0, 90 * DAY, State.REFUSED)],
)
def test_a_retention_is_lengthened_and_never_shortened_without_being_told(
    influxdb1: InfluxDB1, has_s: int, wanted_s: int, state: State
) -> None:
    do(influxdb1, replace(WANTED, retention_s=has_s))
    wanted = replace(WANTED, retention_s=wanted_s)
    assert state_of(look(influxdb1, wanted), "retention policy autogen") is state
    if state is State.REFUSED:
        before = policies(influxdb1)
        with pytest.raises(ProvisionFailed, match="--shorten"):
            do(influxdb1, wanted)
        assert policies(influxdb1) == before
    do(influxdb1, replace(wanted, shorten=True))
    assert policies(influxdb1)["autogen"] == (influxql_hours(wanted_s), True)


def influxql_hours(seconds: int) -> str:
    return f"{seconds // 3600}h0m0s"


def test_the_default_policy_keeps_its_name_and_what_else_is_there_is_left_alone(influxdb1: InfluxDB1) -> None:
    influxdb1.query("", "CREATE DATABASE potline WITH DURATION 30d NAME mine")
    influxdb1.query("", "CREATE RETENTION POLICY theirs ON potline DURATION 2h REPLICATION 1")
    influxdb1.query("", "CREATE USER collector WITH PASSWORD 'x'")
    influxdb1.query("", "GRANT ALL ON potline TO collector")
    steps = look(influxdb1)
    assert state_of(steps, "user collector may write potline") is State.NOTE
    do(influxdb1)
    found = policies(influxdb1)
    assert found["mine"] == ("2160h0m0s", True)
    assert found["theirs"] == ("2h0m0s", False)
    assert influxdb1.query("", "SHOW GRANTS FOR collector") == [{"database": "potline", "privilege": "ALL PRIVILEGES"}]
    assert ".mine." in influxdb1.query("", "SHOW CONTINUOUS QUERIES")[0]["query"]


def test_a_user_whose_password_is_lost_is_in_the_way(influxdb1: InfluxDB1, tmp_path: Path) -> None:
    influxdb1.query("", "CREATE USER collector WITH PASSWORD 'x'")
    with pytest.raises(ProvisionFailed, match=r"user collector: .*its password is not"):
        do(influxdb1, replace(WANTED, writer_file=tmp_path / "collector"))
    assert "potline" not in {row["name"] for row in influxdb1.query("", "SHOW DATABASES")}


def test_a_continuous_query_with_another_text_is_replaced(influxdb1: InfluxDB1) -> None:
    do(influxdb1)
    influxdb1.query("", "DROP CONTINUOUS QUERY potline_hourly_pot ON potline")
    other = "BEGIN SELECT mean(x) INTO y FROM pot GROUP BY time(2h) END"
    influxdb1.query("", f"CREATE CONTINUOUS QUERY potline_hourly_pot ON potline {other}")
    assert state_of(look(influxdb1), "continuous query potline_hourly_pot") is State.DIFFERS
    do(influxdb1)
    assert {step.state for step in look(influxdb1)} == {State.EXISTS}


# --- What the continuous queries work out


def select_of(statement: str, since_ns: int, until_ns: int) -> str:
    """Return the statement that the server runs of a continuous query, for a given time."""
    select = statement.partition(" BEGIN ")[2].removesuffix(" END")
    head, group, tail = select.partition(" GROUP BY ")
    joined = " AND " if " WHERE " in head else " WHERE "
    return f"{head}{joined}time >= {since_ns} AND time < {until_ns}{group}{tail}"


def test_hours_are_sums_of_numerators_over_the_same_minutes_as_their_denominators(influxdb1: InfluxDB1) -> None:
    do(influxdb1, replace(WANTED, retention_s=0))
    start = "energy_intensity,plant=p,potline=PL1,boundary=dc"
    minute = 60 * 10**9
    lines = [
        f"{start},window=minute energy_kwh={800.0 + place},metal_t=0.0625,kwh_per_t=1.0,quality=192i"
        f" {T + place * minute}"
        for place in range(60)
    ]
    lines += [
        # Withheld by a restatement: numerator and denominator of before still stand there.
        f"{start},window=minute quality=0i {T + 5 * minute}",
        # A minute without metal, and an hour of the collector's own.
        f"{start},window=minute energy_kwh=5000.0,quality=192i {T + 60 * minute}",
        f"{start},window=hour energy_kwh=99999.0,metal_t=1.0,quality=192i {T}",
    ]
    influxdb1.write("potline", "\n".join(lines))
    statement = influxql.sums_query("q", SUMS[0], database="potline", source="autogen", target="hourly")
    for _ in range(2):
        influxdb1.query("potline", select_of(statement, T - HOUR_NS, T + 2 * HOUR_NS))
        rows = influxdb1.query("potline", "SELECT * FROM hourly.energy_intensity")
        assert rows == [
            {
                "time": T,
                "boundary": "dc",
                "energy_kwh": 48965.0,  # 60 minutes of 800 to 859, without the fifth
                "metal_t": 3.6875,
                "minutes": 59,
                "plant": "p",
                "potline": "PL1",
                "window": None,  # the tag stays with the minutes
            }
        ]


def test_hours_of_readings_are_means_with_their_counts_and_the_last_reading_of_a_counter(influxdb1: InfluxDB1) -> None:
    do(influxdb1, replace(WANTED, retention_s=0))
    lines = [
        f"meter,plant=p,potline=PL1,meter=r1 active_power_kw={100.0 + place},active_energy_import_kwh={7.5 + place},"
        f"power_factor=0.9,quality=192i {T + place * 10**9}"
        for place in range(4)
    ]
    influxdb1.write("potline", "\n".join(lines))
    statement = influxql.means_query("q", MEANS[0], database="potline", source="autogen", target="hourly")
    influxdb1.query("potline", select_of(statement, T, T + HOUR_NS))
    (row,) = influxdb1.query("potline", "SELECT * FROM hourly.meter")
    told = {key: value for key, value in row.items() if value is not None and key not in {"plant", "potline", "meter"}}
    assert told == {
        "time": T,
        "active_power_kw": 101.5,
        "active_power_kw_count": 4,
        "active_energy_import_kwh": 10.5,
    }


def test_the_server_runs_the_queries_by_itself(influxdb1: InfluxDB1) -> None:
    do(influxdb1)
    hour_ns = time.time_ns() // HOUR_NS * HOUR_NS - HOUR_NS
    start = "energy_intensity,plant=p,potline=PL1,boundary=dc,window=minute"
    influxdb1.write("potline", f"{start} energy_kwh=8.0,metal_t=0.5,quality=192i {hour_ns}")
    # Its service looks at once after a start, and then once a second at what is due.
    influxdb1.restart()
    deadline = time.monotonic() + 20.0
    rows: list[dict[str, object]] = []
    while not rows and time.monotonic() < deadline:
        time.sleep(0.1)
        rows = influxdb1.query("potline", "SELECT energy_kwh, metal_t, minutes FROM hourly.energy_intensity")
    assert rows == [{"time": hour_ns, "energy_kwh": 8, "metal_t": 0.5, "minutes": 1}]
