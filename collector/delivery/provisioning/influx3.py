"""InfluxDB 3: the database with its retention, by ``/api/v3/configure/database``.

It has no Flux and no continuous queries. What replaces them is there already: the collector writes hours, shifts, days
and months of its own into the same streams. Because a retention is of a whole database here, whoever wants those for
longer than the raw readings delivers to a second database.
"""

from dataclasses import dataclass

import msgspec

from collector.delivery.provisioning.admin_api import AdminApi
from collector.delivery.provisioning.plan import ProvisionFailed, State, Step, Wanted
from collector.delivery.provisioning.plan import retention_words as words

_NS = 1_000_000_000


class _Name(msgspec.Struct):
    name: str = msgspec.field(name="iox::database")


class _Names(msgspec.Struct):
    databases: list[str]


class _Row(msgspec.Struct):
    name: str = msgspec.field(name="database_name")
    retention_ns: int | None = msgspec.field(default=None, name="retention_period_ns")
    deleted: bool = False


@dataclass(slots=True, eq=False)
class Influx3:
    """One database of an InfluxDB 3."""

    api: AdminApi
    wanted: Wanted

    def steps(self) -> list[Step]:
        """Look at what is there, and change nothing.

        Raises
        ------
        ProvisionFailed
            If the server does not tell.
        """
        permission = f"influxdb3 create token --permission 'db:{self.wanted.bucket}:write' --name collector"
        return [
            self._database(),
            Step(
                "tokens",
                State.NOTE,
                f"not made here: Core has administrators' tokens only; with Enterprise, '{permission}', and a second"
                " one with ':read' for Grafana",
            ),
            Step(
                "hourly sums",
                State.NOTE,
                "not made: there is no Flux; the collector's own hours, shifts, days and months are in the database,"
                " which keeps them as long as the rest; deliver to a second one to keep them longer",
            ),
        ]

    def _database(self) -> Step:
        wanted, what = self.wanted, f"database {self.wanted.bucket}"
        answer = self.api.ask(
            "look for databases", "GET", "/api/v3/configure/database", query={"format": "json", "show_deleted": "false"}
        )
        # Its documentation says the one, its source the other.
        if answer.body.lstrip().startswith(b"{"):
            names = answer.decoded(_Names).databases
        else:
            names = [row.name for row in answer.decoded(list[_Name])]
        if wanted.bucket not in names:
            return Step(what, State.MISSING, f"keeps {words(wanted.retention_s)}", self._make)
        has_s = self._retention_s()
        if has_s == wanted.retention_s:
            return Step(what, State.EXISTS, f"keeps {words(has_s)}")
        how = "Core sets it once, when the database is made; with Enterprise: influxdb3 update database"
        return Step(what, State.REFUSED, f"keeps {words(has_s)}, wanted {words(wanted.retention_s)}: {how}")

    def _make(self) -> None:
        body: dict[str, object] = {"db": self.wanted.bucket}
        if self.wanted.retention_s:
            body["retention_period"] = f"{self.wanted.retention_s}s"
        what = f"make the database {self.wanted.bucket}"
        self.api.ask(what, "POST", "/api/v3/configure/database", json=body, expected=(200, 201))

    def _retention_s(self) -> int:
        """Return how long the database keeps its lines [s]; 0 is for ever."""
        query = {
            "db": "_internal",
            "q": "SELECT database_name, retention_period_ns, deleted FROM system.databases",
            "format": "json",
        }
        answer = self.api.ask("look for the retention", "GET", "/api/v3/query_sql", query=query)
        for row in answer.decoded(list[_Row]):
            if row.name == self.wanted.bucket and not row.deleted:
                return (row.retention_ns or 0) // _NS
        raise ProvisionFailed(f"{answer.place}: system.databases does not tell it; look at the server's version")
