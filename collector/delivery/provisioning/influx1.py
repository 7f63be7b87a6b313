"""InfluxDB 1: database, retention policies, users and continuous queries, by InfluxQL over ``/query``.

Everything goes into the body of a POST: what stands in an address is in the logs of servers and proxies, and there are
passwords among it. The server answers 200 with the error inside.
"""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec

from collector.delivery.provisioning import influxql
from collector.delivery.provisioning.additive import MEANS, SUMS
from collector.delivery.provisioning.admin_api import AdminApi
from collector.delivery.provisioning.plan import ProvisionFailed, Secret, State, Step, Wanted, retention_step
from collector.delivery.provisioning.plan import retention_words as words
from collector.delivery.provisioning.secret_files import read_secret, write_secret

RAW_POLICY = "autogen"
"""How the first retention policy is called where the database is made here; as the server calls it by itself."""
_PASSWORD_BYTES = 24


class _Series(msgspec.Struct):
    columns: list[str]
    name: str = ""
    values: list[list[object]] = []


class _Result(msgspec.Struct):
    series: list[_Series] = []
    error: str = ""


class _Results(msgspec.Struct):
    results: list[_Result] = []
    error: str = ""


@dataclass(slots=True, eq=False)
class Influx1:
    """One database of an InfluxDB 1."""

    api: AdminApi
    wanted: Wanted

    def steps(self) -> list[Step]:
        """Look at what is there, and change nothing.

        Raises
        ------
        ProvisionFailed
            If the server does not tell.
        """
        wanted = self.wanted
        databases = {row["name"] for row in self._rows("look for databases", "SHOW DATABASES")}
        is_there = wanted.bucket in databases
        policies = self._policies() if is_there else {}
        raw = next((name for name, policy in policies.items() if policy["default"] is True), RAW_POLICY)
        found = [self._database(is_there=is_there)]
        if is_there:
            found.append(self._raw_policy(raw, policies))
        if wanted.hourly:
            found.append(self._hourly_policy(policies))
        found += self._users()
        if wanted.hourly:
            found += self._queries(raw)
        return found

    # --- Database and retention policies

    def _database(self, *, is_there: bool) -> Step:
        name, retention_s = self.wanted.bucket, self.wanted.retention_s
        if is_there:
            return Step(f"database {name}", State.EXISTS, "")
        statement = (
            f"CREATE DATABASE {influxql.name(name)} WITH DURATION {influxql.duration(retention_s)}"
            f" REPLICATION 1 NAME {influxql.name(RAW_POLICY)}"
        )
        act = partial(self._do, f"make the database {name}", statement)
        return Step(f"database {name}", State.MISSING, f"keeps {words(retention_s)}", act)

    def _policies(self) -> dict[str, dict[str, object]]:
        rows = self._rows(
            "look for retention policies", f"SHOW RETENTION POLICIES ON {influxql.name(self.wanted.bucket)}"
        )
        return {str(row["name"]): row for row in rows}

    def _raw_policy(self, raw: str, policies: Mapping[str, Mapping[str, object]]) -> Step:
        retention_s = self.wanted.retention_s
        if raw in policies:
            return self._kept(raw, policies[raw], retention_s)
        # Somebody dropped the default one: lines that name no retention policy are refused then.
        act = partial(self._do, f"make the retention policy {raw}", self._create(raw, retention_s) + " DEFAULT")
        return Step(f"retention policy {raw}", State.MISSING, f"keeps {words(retention_s)}", act)

    def _hourly_policy(self, policies: Mapping[str, Mapping[str, object]]) -> Step:
        name, retention_s = self.wanted.hourly, self.wanted.hourly_retention_s
        if name in policies:
            return self._kept(name, policies[name], retention_s)
        act = partial(self._do, f"make the retention policy {name}", self._create(name, retention_s))
        return Step(f"retention policy {name}", State.MISSING, f"keeps {words(retention_s)}", act)

    def _create(self, name: str, retention_s: int) -> str:
        return (
            f"CREATE RETENTION POLICY {influxql.name(name)} ON {influxql.name(self.wanted.bucket)}"
            f" DURATION {influxql.duration(retention_s)} REPLICATION 1"
        )

    def _kept(self, name: str, policy: Mapping[str, object], wanted_s: int) -> Step:
        statement = (
            f"ALTER RETENTION POLICY {influxql.name(name)} ON {influxql.name(self.wanted.bucket)}"
            f" DURATION {influxql.duration(wanted_s)}"
        )
        try:
            has_s = influxql.seconds(str(policy["duration"]))
        except ValueError as exc:
            raise ProvisionFailed(f"read the retention policy {name}: {exc}; is it an InfluxDB 1?") from exc
        return retention_step(
            f"retention policy {name}",
            has_s=has_s,
            wanted_s=wanted_s,
            shorten=self.wanted.shorten,
            change=partial(self._do, f"change the retention policy {name}", statement),
        )

    # --- Users

    def _users(self) -> Iterator[Step]:
        wanted = self.wanted
        rows = self._rows("look for users", "SHOW USERS")
        users = {str(row["user"]): row["admin"] is True for row in rows}
        if wanted.writer:
            yield from self._user(wanted.writer, "WRITE", wanted.writer_file, users)
        else:
            yield Step("user of the collector", State.NOTE, "none: it writes without a name, see 'username'")
        if wanted.reader:
            yield from self._user(wanted.reader, "READ", wanted.reader_file, users)

    def _user(self, user: str, privilege: str, path: Path | None, users: Mapping[str, bool]) -> Iterator[Step]:
        what, database = f"user {user}", influxql.name(self.wanted.bucket)
        may = f"may {privilege.lower()} {self.wanted.bucket}"
        grant = f"GRANT {privilege} ON {database} TO {influxql.name(user)}"
        granting = partial(self._do, f"let the {what} {privilege.lower()}", grant)
        if user not in users:
            kept = "shown once" if path is None else f"kept in {path}"
            yield Step(what, State.MISSING, f"its password is {kept}", partial(self._make_user, user, path))
            yield Step(f"{what} {may}", State.MISSING, "and nothing else", granting)
            return
        if path is not None and not read_secret(path):
            why = "is there, and its password is not; write it into the file, or give the user another name"
            yield Step(what, State.REFUSED, f"{path} {why}")
            return
        if users[user]:
            yield Step(what, State.NOTE, "is an administrator: it may do everything; better give another name")
            return
        yield Step(what, State.EXISTS, "")
        rows = self._rows(f"look what the {what} may do", f"SHOW GRANTS FOR {influxql.name(user)}")
        has = {str(row["database"]): str(row["privilege"]) for row in rows}
        elsewhere = sorted(each for each, able in has.items() if each != self.wanted.bucket and able != "NO PRIVILEGES")
        here = has.get(self.wanted.bucket, "NO PRIVILEGES")
        if here == "NO PRIVILEGES":
            yield Step(f"{what} {may}", State.MISSING, "", granting)
        elif here == privilege:
            yield Step(f"{what} {may}", State.EXISTS, f"and uses {', '.join(elsewhere)}" if elsewhere else "")
        else:
            yield Step(f"{what} {may}", State.NOTE, f"it has {here}, which stays: others may need it")

    def _make_user(self, user: str, path: Path | None) -> Secret | None:
        def make(password: str) -> str:
            statement = f"CREATE USER {influxql.name(user)} WITH PASSWORD {influxql.text(password)}"
            self._do(f"make the user {user}", statement, hidden=password)
            return password

        if path is None:
            return Secret(f"password of {user}", make(secrets.token_urlsafe(_PASSWORD_BYTES)))
        known = read_secret(path)
        if known:
            make(known)
        else:
            write_secret(path, lambda: make(secrets.token_urlsafe(_PASSWORD_BYTES)))
        return None

    # --- Continuous queries

    def _queries(self, raw: str) -> Iterator[Step]:
        wanted = self.wanted
        known = {
            str(row["name"]): str(row["query"])
            for row in self._rows("look for continuous queries", "SHOW CONTINUOUS QUERIES", of=wanted.bucket)
        }
        what = {"database": wanted.bucket, "source": raw, "target": wanted.hourly}
        texts = {}
        for sums in (each for each in SUMS if self.wanted.takes(each.measurement)):
            name = f"potline_hourly_{sums.measurement}"
            texts[name] = influxql.sums_query(name, sums, **what)
        for means in (each for each in MEANS if self.wanted.takes(each.measurement)):
            name = f"potline_hourly_{means.measurement}"
            texts[name] = influxql.means_query(name, means, **what)
        for name, statement in texts.items():
            yield self._query(name, statement, known.get(name))

    def _query(self, name: str, statement: str, has: str | None) -> Step:
        what, detail = f"continuous query {name}", f"into {self.wanted.hourly}, every hour"
        if has is None:
            return Step(what, State.MISSING, detail, partial(self._do, f"make the {what}", statement))
        if influxql.same_query(has, statement):
            return Step(what, State.EXISTS, detail)
        drop = f"DROP CONTINUOUS QUERY {influxql.name(name)} ON {influxql.name(self.wanted.bucket)}"
        act = partial(self._do, f"replace the {what}", f"{drop}; {statement}")
        return Step(what, State.DIFFERS, f"{detail}; its text is another one", act)

    # --- InfluxQL over HTTP

    def _do(self, what: str, statement: str, *, hidden: str = "") -> None:
        self._results(what, statement, hidden)

    def _rows(self, what: str, statement: str, *, of: str | None = None) -> list[dict[str, object]]:
        return [
            dict(zip(series.columns, row, strict=True))
            for result in self._results(what, statement)
            for series in result.series
            for row in series.values
            if of in {None, series.name}
        ]

    def _results(self, what: str, statement: str, hidden: str = "") -> list[_Result]:
        answer = self.api.ask(what, "POST", "/query", form={"q": statement}, expected=(200, 400))
        told = answer.decoded(_Results)
        error = told.error or next((result.error for result in told.results if result.error), "")
        if error:
            words_ = error.replace(hidden, "***") if hidden else error
            raise ProvisionFailed(f"{answer.place}: {words_}; see what it says")
        return told.results
