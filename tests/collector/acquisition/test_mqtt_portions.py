"""Messages are read in portions, between which others have the event loop."""

from collector.acquisition.mqtt.message import Message
from collector.acquisition.mqtt.subscriber import _portions


def portions(*sizes: int) -> list[tuple[list[int], bool]]:
    """Return the places of messages of some sizes in each portion, and whether it is the last."""
    messages = [Message("t", b"x" * size, 1, False, place, size, 0) for place, size in enumerate(sizes)]
    return [([message.token for message in portion], is_last) for portion, is_last in _portions(messages)]


def test_600_small_messages_are_250_and_250_and_100_in_their_order() -> None:
    found = portions(*[300] * 600)
    assert [(len(places), is_last) for places, is_last in found] == [(250, False), (250, False), (100, True)]
    assert [place for places, _ in found for place in places] == list(range(600))


def test_messages_of_100_kib_are_three_at_a_stretch() -> None:
    assert portions(*[100 * 1024] * 4) == [([0, 1, 2], False), ([3], True)]


def test_a_message_larger_than_a_portion_is_one_of_its_own() -> None:
    assert portions(10, 1_000_000, 10) == [([0, 1], False), ([2], True)]


def test_a_portion_that_ends_with_the_last_message_is_the_last() -> None:
    assert portions(*[1] * 250) == [(list(range(250)), True)]
    assert portions() == []
