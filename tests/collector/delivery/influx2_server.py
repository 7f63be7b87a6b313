"""A server that keeps buckets, mappings, tokens and tasks as the documentation of InfluxDB 2 says, and is strict.

Real sockets, real HTTP. It answers like the real one where that is a trap: an unknown bucket is 404 or the system's
buckets, a mapping made a second time moves, mappings are invented for buckets that have none, a token is told once.
"""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

ADMIN = "admin-token-hunter2"
ORG = "0123456789abcdef"

Body = dict[str, Any]


class Refusal(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@dataclass(frozen=True, slots=True)
class Broken:
    """What is answered instead of anything sensible."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    after_s: float = 0.0
    drips: bool = False


@dataclass(eq=False)
class Influx2Server:
    """The state, and the requests that changed it. ``breaks`` may replace the answer to a method and a path."""

    version: str = "v2.7.12"
    unknown_bucket_lists_system: bool = False
    breaks: Callable[[str, str], Broken | None] = lambda _method, _path: None
    buckets: list[Body] = field(default_factory=list)
    dbrps: list[Body] = field(default_factory=list)
    tasks: list[Body] = field(default_factory=list)
    authorizations: list[Body] = field(default_factory=list)
    changes: list[tuple[str, str]] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    _last_id: int = 0x1000000000000000

    def new_id(self) -> str:
        self._last_id += 1
        return f"{self._last_id:016x}"

    def bucket(self, name: str) -> Body:
        """Return a bucket by its name."""
        (found,) = [each for each in self.buckets if each["name"] == name]
        return found

    def answer(self, method: str, path: str, query: dict[str, str], body: Body) -> tuple[int, Body]:
        """Answer a request, or raise a refusal."""
        kind, _, id_ = path.removeprefix("/api/v2/").partition("/")
        call = getattr(self, f"_{method.lower()}_{kind}", None)
        if not path.startswith("/api/v2/") or call is None:
            raise Refusal(404, "not found", "path not found")
        if method != "GET":
            self.changes.append((method, kind))
        found: tuple[int, Body] = call(query, body) if method != "PATCH" else call(id_, query, body)
        return found

    # --- What it knows

    def _get_orgs(self, query: dict[str, str], _body: Body) -> tuple[int, Body]:
        if query["org"] != "smelter":
            raise Refusal(404, "not found", f'organization name "{query["org"]}" not found')
        return 200, {"orgs": [{"id": ORG, "name": "smelter", "links": {}}]}

    def _get_buckets(self, query: dict[str, str], _body: Body) -> tuple[int, Body]:
        self._of_org(query)
        found = [each for each in self.buckets if each["name"] == query["name"]]
        if not found and not self.unknown_bucket_lists_system:
            raise Refusal(404, "not found", f'bucket "{query["name"]}" not found')
        system = {"id": "000000000000000a", "name": "_tasks", "type": "system"}
        system["retentionRules"] = [{"type": "expire", "everySeconds": 259200}]  # type: ignore[assignment]
        return 200, {"links": {}, "buckets": found or [system]}

    def _post_buckets(self, _query: dict[str, str], body: Body) -> tuple[int, Body]:
        self._of_org(body)
        _check_rules(body)
        if any(each["name"] == body["name"] for each in self.buckets):
            raise Refusal(422, "conflict", f"bucket with name {body['name']} already exists")
        self.buckets.append({"id": self.new_id(), "type": "user", **body})
        return 201, self.buckets[-1]

    def _patch_buckets(self, id_: str, _query: dict[str, str], body: Body) -> tuple[int, Body]:
        _check_rules(body)
        (bucket,) = [each for each in self.buckets if each["id"] == id_]
        bucket["retentionRules"] = body["retentionRules"]
        return 200, bucket

    def _get_dbrps(self, query: dict[str, str], _body: Body) -> tuple[int, Body]:
        self._of_org(query)
        mapped = {each["bucketID"] for each in self.dbrps}
        invented = [
            {
                "id": each["id"],
                "orgID": ORG,
                "bucketID": each["id"],
                "database": each["name"],
                "retention_policy": "autogen",
                "default": True,
                "virtual": True,
            }
            for each in self.buckets
            if each["id"] not in mapped
        ]
        return 200, {"content": [each for each in (*self.dbrps, *invented) if each["database"] == query["db"]]}

    def _post_dbrps(self, _query: dict[str, str], body: Body) -> tuple[int, Body]:
        self._of_org(body)
        self._known_bucket(body["bucketID"])
        key = (body["database"], body["retention_policy"])
        # As documented: the mapping that was there is overwritten.
        self.dbrps = [each for each in self.dbrps if (each["database"], each["retention_policy"]) != key]
        if body["default"]:
            for each in self.dbrps:
                each["default"] = each["default"] and each["database"] != body["database"]
        self.dbrps.append({"id": self.new_id(), "virtual": False, **body})
        return 201, self.dbrps[-1]

    def _patch_dbrps(self, id_: str, query: dict[str, str], body: Body) -> tuple[int, Body]:
        self._of_org(query)
        (mapping,) = [each for each in self.dbrps if each["id"] == id_]
        mapping |= body
        return 200, {"content": mapping}

    def _get_authorizations(self, query: dict[str, str], _body: Body) -> tuple[int, Body]:
        self._of_org(query)
        return 200, {"links": {}, "authorizations": [{**each, "token": ""} for each in self.authorizations]}

    def _post_authorizations(self, _query: dict[str, str], body: Body) -> tuple[int, Body]:
        self._of_org(body)
        for each in body["permissions"]:
            if each["action"] not in {"read", "write"} or each["resource"]["orgID"] != ORG:
                raise Refusal(400, "invalid", "unknown permission")
            self._known_bucket(each["resource"]["id"])
        id_ = self.new_id()
        self.authorizations.append({"id": id_, **body, "token": f"secret-{id_}=="})
        return 201, self.authorizations[-1]

    def _get_tasks(self, query: dict[str, str], _body: Body) -> tuple[int, Body]:
        self._of_org(query)
        return 200, {"tasks": [each for each in self.tasks if each["name"] == query["name"]]}

    def _post_tasks(self, _query: dict[str, str], body: Body) -> tuple[int, Body]:
        self._of_org(body)
        self.tasks.append({"id": self.new_id(), **body, "name": _name_of(body["flux"])})
        return 201, self.tasks[-1]

    def _patch_tasks(self, id_: str, _query: dict[str, str], body: Body) -> tuple[int, Body]:
        (task,) = [each for each in self.tasks if each["id"] == id_]
        task |= body | {"name": _name_of(body["flux"])}
        return 200, task

    def _of_org(self, said: Body | dict[str, str]) -> None:
        if said.get("orgID") != ORG:
            raise Refusal(400, "invalid", "orgID is not valid")

    def _known_bucket(self, id_: str) -> None:
        if all(each["id"] != id_ for each in self.buckets):
            raise Refusal(404, "not found", "bucket not found")


def _check_rules(body: Body) -> None:
    for rule in body["retentionRules"]:
        if rule["type"] != "expire" or not isinstance(rule["everySeconds"], int) or 0 < rule["everySeconds"] < 3600:
            raise Refusal(422, "unprocessable entity", "expiration seconds must be greater than or equal to one hour")


def _name_of(script: str) -> str:
    found = re.search(r'option task = \{name: "((?:[^"\\]|\\.)*)", every: [0-9]+h', script)
    if found is None:
        raise Refusal(400, "invalid", "could not parse Flux script; there is no task option")
    return found[1].replace("\\${", "${").replace('\\"', '"').replace("\\\\", "\\")


class _Handler(BaseHTTPRequestHandler):
    state: Influx2Server
    protocol_version = "HTTP/1.1"

    def handle_any(self) -> None:
        parts = urlsplit(self.path)
        size = int(self.headers.get("Content-Length", 0))
        told = self.rfile.read(size)
        self.state.requests.append((self.command, self.path))
        self.state.bodies.append(told)
        broken = self.state.breaks(self.command, parts.path)
        if broken is not None:
            self._break(broken)
            return
        if parts.path == "/ping":
            self._say(204, b"", {"X-Influxdb-Version": self.state.version, "X-Influxdb-Build": "OSS"})
            return
        if self.headers.get("Authorization") not in {f"Bearer {ADMIN}", f"Token {ADMIN}"}:
            self._tell(401, {"code": "unauthorized", "message": "unauthorized access"})
            return
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        try:
            self._tell(*self.state.answer(self.command, parts.path, query, json.loads(told) if told else {}))
        except Refusal as refusal:
            self._tell(refusal.status, {"code": refusal.code, "message": str(refusal)})

    do_GET = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815 - the library's names

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _tell(self, status: int, document: Body) -> None:
        self._say(status, json.dumps(document).encode(), {"Content-Type": "application/json; charset=utf-8"})

    def _break(self, broken: Broken) -> None:
        time.sleep(broken.after_s)
        if broken.drips:
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            for _ in range(100):
                try:
                    self.wfile.write(b" ")
                    self.wfile.flush()
                except OSError:
                    return
                time.sleep(0.05)
            self.close_connection = True
            return
        self._say(broken.status, broken.body, {"Content-Type": broken.content_type})

    def _say(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:  # whoever asked has given up
            self.close_connection = True


@contextmanager
def listening(state: Influx2Server) -> Iterator[str]:
    """Serve a state on a free port; yields the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"state": state}))
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
