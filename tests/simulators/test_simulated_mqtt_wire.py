"""MQTT packets as bytes, by the standard's own examples and rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.servers.messages import Message
from simulators.servers.mqtt_wire import (
    PacketReader,
    Publishes,
    WireError,
    connect,
    heard,
    subscribe,
    variable_length,
    welcome,
)


@pytest.mark.parametrize(
    ("number", "raw"),
    [(0, "00"), (127, "7f"), (128, "8001"), (16_383, "ff7f"), (16_384, "808001"), (268_435_455, "ffffff7f")],
)
def test_lengths_have_seven_bits_a_byte(number: int, raw: str) -> None:
    assert variable_length(number).hex() == raw


def test_a_connect_with_a_last_will_is_what_the_standard_says() -> None:
    will = Message("a/b", b"gone", retain=True)
    assert connect("me", "3.1.1", keepalive_s=10, will=will) == (
        b"\x10\x19\x00\x04MQTT\x04\x2e\x00\x0a\x00\x02me\x00\x03a/b\x00\x04gone"
    )
    assert connect("me", "5", keepalive_s=10, will=None) == b"\x10\x0f\x00\x04MQTT\x05\x02\x00\x0a\x00\x00\x02me"


def test_a_publish_has_its_flags_and_its_identifier() -> None:
    plain = Publishes("3.1.1")
    assert plain.packet(Message("a/b", b"hi"), 258) == b"\x32\x09\x00\x03a/b\x01\x02hi"
    assert plain.packet(Message("a/b", b"hi", qos=0), 0) == b"\x30\x07\x00\x03a/bhi"
    again = Message("a/b", b"hi", retain=True, dup=True)
    assert plain.packet(again, 1)[:1] == b"\x3b"
    assert Publishes("5").packet(Message("a/b", b"hi"), 258) == b"\x32\x0a\x00\x03a/b\x01\x02\x00hi"


@pytest.mark.parametrize("size", [100, 119, 120, 200, 16_000, 16_400, 70_000])
@pytest.mark.parametrize("protocol", ["3.1.1", "5"])
def test_a_publish_of_any_size_is_read_as_it_was_written(size: int, protocol: str) -> None:
    payload = bytes(index % 251 for index in range(size))
    written = Publishes(protocol).packet(Message("a/é", payload), 513)
    ((first, body),) = PacketReader().feed(written)
    told = heard(first, body, protocol)
    assert (told.topic, told.payload, told.identifier) == ("a/é", payload, 513)


@given(st.lists(st.binary(max_size=300), max_size=8), st.integers(1, 400))
def test_a_stream_cut_anywhere_gives_the_same_packets(bodies: list[bytes], cut: int) -> None:
    stream = b"".join(b"\x30" + variable_length(len(body)) + body for body in bodies)
    reader = PacketReader()
    found = [packet for at in range(0, len(stream), cut) for packet in reader.feed(stream[at : at + cut])]
    assert found == [(0x30, body) for body in bodies]


def test_a_length_without_end_is_refused() -> None:
    with pytest.raises(WireError, match="more than four bytes"):
        PacketReader().feed(b"\x30\xff\xff\xff\xff\x01")


def test_the_receive_maximum_of_the_broker_is_found_among_its_properties() -> None:
    properties = b"\x11\x00\x00\x00\x05" + b"\x26\x00\x01a\x00\x01b" + b"\x24\x01" + b"\x21\x00\x14" + b"\x1f\x00\x01x"
    assert welcome(b"\x00\x00" + bytes((len(properties),)) + properties, "5").receive_maximum == 20
    assert welcome(b"\x00\x00\x00", "5").receive_maximum == 65_535
    assert welcome(b"\x00\x00", "3.1.1").receive_maximum == 65_535


def test_a_refusal_is_an_error_with_its_code() -> None:
    with pytest.raises(WireError, match="code 135"):
        welcome(b"\x00\x87\x00", "5")


def test_a_subscription_asks_for_qos_1() -> None:
    assert subscribe(7, ["a/#"], "3.1.1") == b"\x82\x08\x00\x07\x00\x03a/#\x01"
    assert subscribe(7, ["a/#"], "5") == b"\x82\x09\x00\x07\x00\x00\x03a/#\x01"
