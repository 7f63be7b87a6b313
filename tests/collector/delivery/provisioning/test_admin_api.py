"""What becomes of every answer that a database, a proxy or a broken network may give to an administrator."""

import time

import msgspec
import pytest
from influx2_server import Broken, Influx2Server, listening
from server_process import free_port

from collector.delivery.provisioning.admin_api import AdminApi
from collector.delivery.provisioning.plan import ProvisionFailed

PAGE = b"<html><h1>Sign in</h1></html>"


class Thing(msgspec.Struct):
    id: str


def failure(broken: Broken, *, timeout_s: float = 5.0, decode: bool = False) -> str:
    with listening(Influx2Server(breaks=lambda _method, _path: broken)) as url:
        api = AdminApi(url, headers={}, secrets=["hunter2"], timeout_s=timeout_s)
        if decode:
            answer = api.ask("look", "GET", "/x")
            with pytest.raises(ProvisionFailed) as caught:
                answer.decoded(Thing)
        else:
            with pytest.raises(ProvisionFailed) as caught:
                api.ask("look", "GET", "/x")
        assert str(caught.value).startswith(f"look at {url}: ")
    return str(caught.value)


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (301, "redirects are not followed"),
        (401, "check the administrator's token"),
        (403, "all-access token"),
        (404, "check the address and the names"),
        (409, "see what it says"),
        (422, "see what it says"),
        (429, "run it again later"),
        (500, "look at the database's log"),
    ],
)
def test_a_refusal_has_the_servers_words_and_a_remedy_and_no_secret(status: int, hint: str) -> None:
    told = failure(Broken(status, b'{"message": "you said hunter2"}'))
    assert f"{status} " in told
    assert "you said ***" in told
    assert hint in told


@pytest.mark.parametrize("status", [200, 401, 502])
def test_a_web_page_is_a_proxy(status: int) -> None:
    told = failure(Broken(status, PAGE, "text/html"))
    assert "proxy" in told
    assert "Sign in" not in told


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"id": 7}', b'{"id": "7"', b"\xff\xfe", b"OK"])
def test_what_no_influxdb_says_is_told_as_that(body: bytes) -> None:
    assert "answered what no InfluxDB does" in failure(Broken(200, body), decode=True)


@pytest.mark.parametrize("broken", [Broken(200, b"{}", after_s=1.5), Broken(200, drips=True)])
def test_a_server_that_is_silent_or_drips_is_given_up_in_time(broken: Broken) -> None:
    started_s = time.monotonic()
    assert "no answer within 0.3 s" in failure(broken, timeout_s=0.3)
    assert time.monotonic() - started_s < 2.5


def test_an_answer_without_end_is_not_kept_in_memory() -> None:
    assert "answered more than 16 MiB" in failure(Broken(200, b" " * ((16 << 20) + 1)))


def test_nobody_listening_is_told_with_the_remedy_and_a_password_in_the_address_is_not_shown() -> None:
    api = AdminApi(f"http://me:hunter2@127.0.0.1:{free_port()}", headers={}, secrets=[], timeout_s=1.0)
    with pytest.raises(ProvisionFailed, match="Connection refused; check address and network") as caught:
        api.ask("look", "GET", "/ping")
    assert "hunter2" not in str(caught.value)
