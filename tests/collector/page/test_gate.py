"""Who may look: the token, the cookie in its place, waiting after failures, and names."""

import pytest

from collector.page.gate import COOKIE_S, Gate, host_of

TOKEN = "0123456789abcdef0123456789abcdef"  # noqa: S105 - made for these tests
NOW_S = 1_772_341_200.0


class Hands:
    """Two clocks that stand until they are moved."""

    def __init__(self) -> None:
        self.now_s = NOW_S
        self.steady_s = 50.0

    def gate(self, token: str | None = TOKEN) -> Gate:
        return Gate(token, host="127.0.0.1", now_s=lambda: self.now_s, steady_s=lambda: self.steady_s)


@pytest.fixture
def hands() -> Hands:
    return Hands()


def test_the_token_is_the_token_and_nothing_else_is(hands: Hands) -> None:
    gate = hands.gate()
    assert gate.is_token(TOKEN, "10.0.0.9")
    for other in ("", TOKEN[:-1], TOKEN + "0", TOKEN.upper(), "ä" * 32):
        assert not gate.is_token(other, "10.0.0.9")


def test_each_failure_doubles_the_wait_of_its_address_alone(hands: Hands) -> None:
    gate = hands.gate()
    waits = []
    for _ in range(11):
        assert not gate.is_token("wrong", "10.0.0.9")
        waits.append(gate.wait_s("10.0.0.9"))
        hands.steady_s += waits[-1]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert gate.wait_s("10.0.0.9") == 0
    assert gate.wait_s("10.0.0.10") == 0


def test_the_right_token_ends_the_waits_and_so_does_a_quarter_of_an_hour(hands: Hands) -> None:
    gate = hands.gate()
    for _ in range(3):
        gate.is_token("wrong", "10.0.0.9")
    assert gate.is_token(TOKEN, "10.0.0.9")
    gate.is_token("wrong", "10.0.0.9")
    assert gate.wait_s("10.0.0.9") == 1
    hands.steady_s += 901
    gate.is_token("wrong", "10.0.0.9")
    assert gate.wait_s("10.0.0.9") == 1


def test_a_thousand_addresses_that_fail_are_remembered_and_no_more(hands: Hands) -> None:
    gate = hands.gate()
    for number in range(1200):
        gate.is_token("wrong", f"10.0.{number // 256}.{number % 256}")
    assert len(gate._failed) == 1000
    assert gate.wait_s("10.0.0.0") == 0
    assert gate.wait_s("10.0.4.175") == 1


def test_a_cookie_is_not_the_token_and_ends_after_seven_days(hands: Hands) -> None:
    gate = hands.gate()
    cookie = gate.cookie()
    assert TOKEN not in cookie
    assert cookie != gate.cookie()
    hands.now_s += COOKIE_S - 1
    assert gate.is_cookie(cookie)
    hands.now_s += 1
    assert not gate.is_cookie(cookie)


def test_a_cookie_that_was_changed_or_is_of_another_token_is_none(hands: Hands) -> None:
    cookie = hands.gate().cookie()
    until, nonce, signature = cookie.split(".")
    forged = [
        f"{int(until) + 1}.{nonce}.{signature}",
        f"{until}.{nonce}x.{signature}",
        f"{until}.{nonce}.",
        "",
        "...",
        "é",
    ]
    assert [hands.gate().is_cookie(each) for each in forged] == [False] * 6
    assert not hands.gate("another token of the page").is_cookie(cookie)


@pytest.mark.parametrize(
    "name", ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "127.8.8.8", "[::1]:8080", "localhost."]
)
def test_on_loopback_the_names_of_this_machine_are_answered_to(name: str) -> None:
    assert Gate(None, host="127.0.0.1").answers_to(name)


@pytest.mark.parametrize(
    "name",
    ["", "evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.5:8080"],
)
def test_on_loopback_no_other_name_is_answered_to(name: str) -> None:
    assert not Gate(None, host="127.0.0.1").answers_to(name)


def test_where_others_may_look_every_name_is_answered_to() -> None:
    assert Gate(TOKEN, host="0.0.0.0").answers_to("potline.plant.example:8080")


def test_the_host_of_a_header_has_no_port_and_no_brackets() -> None:
    assert [host_of(each) for each in ("[FE80::1]:80", "a.B:80", "a.b.", "")] == ["fe80::1", "a.b", "a.b", ""]
