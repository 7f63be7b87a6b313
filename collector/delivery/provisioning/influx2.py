"""InfluxDB 2: buckets, mappings for InfluxQL, tokens and tasks.

The requests are those of its public API: ``/api/v2/orgs``, ``buckets``, ``dbrps``, ``authorizations`` and ``tasks``.
Known traps, from its documentation and bug reports: to ask for a bucket that is not there is answered with 404, or
with the system's own buckets (influxdata/influxdb#14900); a mapping that is made a second time takes the name away
from the bucket that had it; a token is told when it is made, and from version 2.9 on never again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import quote

import msgspec

from collector.delivery.provisioning import flux
from collector.delivery.provisioning.additive import MEANS, SUMS
from collector.delivery.provisioning.admin_api import AdminApi
from collector.delivery.provisioning.plan import ProvisionFailed, Secret, State, Step, Wanted, retention_step
from collector.delivery.provisioning.plan import retention_words as words
from collector.delivery.provisioning.secret_files import holds_secret, write_secret

RAW_POLICY, HOURLY_POLICY = "autogen", "hourly"
"""Retention policies under which InfluxQL finds the buckets; InfluxDB 1 calls its first one 'autogen', too."""
_PAGE = 100


class _Org(msgspec.Struct):
    id: str
    name: str


class _Orgs(msgspec.Struct):
    orgs: list[_Org] = []


class _Rule(msgspec.Struct):
    every: int = msgspec.field(default=0, name="everySeconds")


class _Bucket(msgspec.Struct):
    id: str
    name: str
    rules: list[_Rule] = msgspec.field(default_factory=list, name="retentionRules")

    @property
    def retention_s(self) -> int:
        """No rule, or one of 0, keeps for ever."""
        return self.rules[0].every if self.rules else 0


class _Buckets(msgspec.Struct):
    buckets: list[_Bucket] = []


class _Mapping(msgspec.Struct):
    id: str
    bucket: str = msgspec.field(name="bucketID")
    database: str
    policy: str = msgspec.field(name="retention_policy")
    default: bool = False
    virtual: bool = False


class _Mappings(msgspec.Struct):
    content: list[_Mapping] = []


class _Resource(msgspec.Struct):
    type: str
    id: str | None = None


class _Permission(msgspec.Struct):
    action: str
    resource: _Resource


class _Authorization(msgspec.Struct):
    id: str
    permissions: list[_Permission]
    token: str = ""
    description: str = ""
    status: str = "active"


class _Authorizations(msgspec.Struct):
    authorizations: list[_Authorization] = []


class _Task(msgspec.Struct):
    id: str
    name: str
    flux: str
    status: str = "active"


class _Tasks(msgspec.Struct):
    tasks: list[_Task] = []


@dataclass(slots=True, eq=False)
class Influx2:
    """One organisation of an InfluxDB 2."""

    api: AdminApi
    wanted: Wanted
    _org: str = field(default="", init=False)
    _ids: dict[str, str] = field(default_factory=dict, init=False)
    """Buckets by name, also those that were made a moment ago."""

    def steps(self) -> list[Step]:
        """Look at what is there, and change nothing.

        Raises
        ------
        ProvisionFailed
            If the server does not tell, or has no such organisation.
        """
        wanted = self.wanted
        self._org = self._organisation()
        found = [self._bucket(wanted.bucket, wanted.retention_s)]
        if wanted.hourly:
            found.append(self._bucket(wanted.hourly, wanted.hourly_retention_s))
        found += self._mappings()
        found += self._tokens()
        if wanted.hourly:
            found += self._tasks()
        return found

    def _organisation(self) -> str:
        what, name = f"look for the organisation {self.wanted.org}", self.wanted.org
        answer = self.api.ask(what, "GET", "/api/v2/orgs", query={"org": name}, expected=(200, 404))
        if answer.status == 200:
            for org in answer.decoded(_Orgs).orgs:
                if org.name == name:
                    return org.id
        raise ProvisionFailed(f"{answer.place}: there is none that the token may see; make it, or correct 'org'")

    # --- Buckets

    def _bucket(self, name: str, wanted_s: int) -> Step:
        what = f"bucket {name}"
        answer = self.api.ask(
            f"look for the {what}",
            "GET",
            "/api/v2/buckets",
            query={"orgID": self._org, "name": name},
            expected=(200, 404),
        )
        known = answer.decoded(_Buckets).buckets if answer.status == 200 else []
        bucket = next((each for each in known if each.name == name), None)
        if bucket is None:
            return Step(what, State.MISSING, f"keeps {words(wanted_s)}", partial(self._make_bucket, name, wanted_s))
        self._ids[name] = bucket.id
        return retention_step(
            what,
            has_s=bucket.retention_s,
            wanted_s=wanted_s,
            shorten=self.wanted.shorten,
            change=partial(self._change_bucket, name, bucket.id, wanted_s),
        )

    def _make_bucket(self, name: str, retention_s: int) -> None:
        body = {
            "orgID": self._org,
            "name": name,
            "description": "made by potline provision",
            "retentionRules": _rules(retention_s),
        }
        answer = self.api.ask(f"make the bucket {name}", "POST", "/api/v2/buckets", json=body, expected=(201,))
        self._ids[name] = answer.decoded(_Bucket).id

    def _change_bucket(self, name: str, id_: str, retention_s: int) -> None:
        what, path = f"change the retention of the bucket {name}", f"/api/v2/buckets/{quote(id_, safe='')}"
        self.api.ask(what, "PATCH", path, json={"retentionRules": _rules(retention_s)})

    # --- Mappings for InfluxQL

    def _mappings(self) -> Iterator[Step]:
        wanted = self.wanted
        answer = self.api.ask(
            "look for mappings", "GET", "/api/v2/dbrps", query={"orgID": self._org, "db": wanted.bucket}
        )
        # The server invents mappings for buckets that have none; one that is made stands above them.
        known = [
            each for each in answer.decoded(_Mappings).content if not each.virtual and each.database == wanted.bucket
        ]
        yield self._mapping(known, RAW_POLICY, wanted.bucket, default=True)
        if wanted.hourly:
            yield self._mapping(known, HOURLY_POLICY, wanted.hourly, default=False)

    def _mapping(self, known: list[_Mapping], policy: str, bucket: str, *, default: bool) -> Step:
        database = self.wanted.bucket
        what = f"InfluxQL {database}.{policy}"
        detail = f"reads the bucket {bucket}" + (", also without a retention policy" if default else "")
        here = next((each for each in known if each.policy == policy), None)
        if here is not None and here.bucket != self._ids.get(bucket):
            why = f"it reads another bucket ({here.bucket}); delete that mapping ({here.id}) if nobody needs it"
            return Step(what, State.REFUSED, why)
        other = next((each for each in known if each.default and each.policy != policy), None)
        if default and other is not None:
            if other.bucket == self._ids.get(bucket):
                return Step(what, State.EXISTS, f"{detail}, as {database}.{other.policy}")
            why = (
                f"{database} without a retention policy reads another bucket ({other.bucket}) by the mapping {other.id}"
            )
            return Step(what, State.REFUSED, f"{why}; delete it if nobody needs it")
        if here is None:
            return Step(what, State.MISSING, detail, partial(self._map, policy, bucket, default=default))
        if default and not here.default:
            return Step(what, State.DIFFERS, detail, partial(self._make_default, here.id))
        return Step(what, State.EXISTS, detail)

    def _map(self, policy: str, bucket: str, *, default: bool) -> None:
        body = {
            "orgID": self._org,
            "bucketID": self._ids[bucket],
            "database": self.wanted.bucket,
            "retention_policy": policy,
            "default": default,
        }
        self.api.ask(f"map {self.wanted.bucket}.{policy}", "POST", "/api/v2/dbrps", json=body, expected=(201,))

    def _make_default(self, id_: str) -> None:
        path = f"/api/v2/dbrps/{quote(id_, safe='')}"
        self.api.ask("make a mapping the default", "PATCH", path, query={"orgID": self._org}, json={"default": True})

    # --- Tokens

    def _tokens(self) -> Iterator[Step]:
        wanted = self.wanted
        answer = self.api.ask("look for tokens", "GET", "/api/v2/authorizations", query={"orgID": self._org})
        known = answer.decoded(_Authorizations).authorizations
        both = (wanted.bucket, wanted.hourly) if wanted.hourly else (wanted.bucket,)
        yield self._token(known, "collector", {"write": (wanted.bucket,)}, wanted.writer_file)
        yield self._token(known, "Grafana", {"read": both}, wanted.reader_file)

    def _token(
        self, known: list[_Authorization], owner: str, may: Mapping[str, tuple[str, ...]], path: Path | None
    ) -> Step:
        description = f"potline {self.wanted.bucket}: {owner}"
        what = f"token of the {owner}" if owner == "collector" else f"token of {owner}"
        able = ", ".join(f"may {action} {' and '.join(buckets)}" for action, buckets in may.items())
        kept = f"kept in {path}" if path is not None else "shown once"
        named = [each for each in known if each.description == description and each.status == "active"]
        exact = [each for each in named if self._is_exactly(each, may)]
        if holds_secret(path):
            doubt = "" if exact else "; none that potline made may do just that, so look at what it may do"
            return Step(what, State.EXISTS, f"{path} has one{doubt}")
        if exact and path is None:
            return Step(what, State.EXISTS, f"{able}; it was told when it was made")
        act = partial(self._make_token, what, description, may, path)
        older = f"; an older one ({', '.join(each.id for each in named)}) stays valid: delete it when nobody uses it"
        return Step(what, State.MISSING, f"{able} and nothing else, {kept}{older if named else ''}", act)

    def _is_exactly(self, authorization: _Authorization, may: Mapping[str, tuple[str, ...]]) -> bool:
        wanted = {(action, "buckets", self._ids.get(name)) for action, names in may.items() for name in names}
        return wanted == {(each.action, each.resource.type, each.resource.id) for each in authorization.permissions}

    def _make_token(
        self, what: str, description: str, may: Mapping[str, tuple[str, ...]], path: Path | None
    ) -> Secret | None:
        permissions = [
            {"action": action, "resource": {"type": "buckets", "id": self._ids[name], "orgID": self._org}}
            for action, names in may.items()
            for name in names
        ]
        body = {"orgID": self._org, "description": description, "status": "active", "permissions": permissions}

        def make() -> str:
            answer = self.api.ask(f"make the {what}", "POST", "/api/v2/authorizations", json=body, expected=(201,))
            token = answer.decoded(_Authorization).token
            if not token:
                raise ProvisionFailed(f"{answer.place}: the server made it and does not tell it; delete it, run again")
            return token

        if path is None:
            return Secret(what, make())
        write_secret(path, make)
        return None

    # --- Tasks

    def _tasks(self) -> Iterator[Step]:
        wanted, what = self.wanted, {"source": self.wanted.bucket, "target": self.wanted.hourly, "org": self.wanted.org}
        for sums in (each for each in SUMS if wanted.takes(each.measurement)):
            name = f"potline {wanted.bucket}: hourly sums of {sums.measurement}"
            yield self._task(name, flux.sums_task(name, sums, **what))
        for means in (each for each in MEANS if wanted.takes(each.measurement)):
            name = f"potline {wanted.bucket}: hourly means of {means.measurement}"
            yield self._task(name, flux.means_task(name, means, **what))

    def _task(self, name: str, script: str) -> Step:
        what = f"task {name}"
        query = {"orgID": self._org, "name": name, "limit": str(_PAGE)}
        answer = self.api.ask(f"look for the {what}", "GET", "/api/v2/tasks", query=query)
        known = [each for each in answer.decoded(_Tasks).tasks if each.name == name]
        detail = f"into {self.wanted.hourly}, every hour"
        if len(known) > 1:
            ids = ", ".join(each.id for each in known)
            return Step(what, State.REFUSED, f"there are several of that name ({ids}); delete all but one")
        if not known:
            body = {"orgID": self._org, "flux": script, "status": "active"}
            return Step(what, State.MISSING, detail, partial(self._send_task, f"make the {what}", body))
        task = known[0]
        rests = "" if task.status == "active" else "; somebody has switched it off, and it stays so"
        if task.flux.strip() == script.strip():
            return Step(what, State.EXISTS, detail + rests)
        act = partial(self._send_task, f"change the {what}", {"flux": script}, task.id)
        return Step(what, State.DIFFERS, f"{detail}; its text is another one{rests}", act)

    def _send_task(self, what: str, body: Mapping[str, str], id_: str | None = None) -> None:
        if id_ is None:
            self.api.ask(what, "POST", "/api/v2/tasks", json=body, expected=(201,))
        else:
            self.api.ask(what, "PATCH", f"/api/v2/tasks/{quote(id_, safe='')}", json=body)


def _rules(retention_s: int) -> list[dict[str, object]]:
    return [{"type": "expire", "everySeconds": retention_s}]
