"""What is open, what is acknowledged, and what a lost connection leaves of it."""

import random

from collector.acquisition.mqtt.inflight import Inflight


def puback(*packet_ids: int) -> bytes:
    return b"".join(b"\x40\x02" + packet_id.to_bytes(2, "big") for packet_id in packet_ids)


PUBREC_7, PUBCOMP_7 = b"\x50\x02\x00\x07", b"\x70\x02\x00\x07"


def session() -> Inflight:
    made = Inflight()
    made.begin(is_known=False)
    return made


def test_messages_are_acknowledged_in_one_go_in_their_order_and_once_only() -> None:
    inflight = session()
    tokens = [inflight.take(packet_id) for packet_id in (3, 1, 2)]
    assert len(inflight) == 3
    assert inflight.acknowledge(tokens[:2]) == puback(3, 1)
    assert inflight.acknowledge(tokens) == puback(2)
    assert len(inflight) == 0


def test_a_token_of_an_older_connection_takes_nothing_from_the_new_one() -> None:
    inflight = session()
    old = inflight.take(1)
    inflight.end()
    inflight.begin(is_known=True)
    new = inflight.take(1)
    assert inflight.acknowledge([old]) == b""
    assert inflight.acknowledge([new]) == puback(1)


def test_a_token_used_twice_does_not_acknowledge_the_next_message_with_that_packet_id() -> None:
    inflight = session()
    first = inflight.take(1)
    assert inflight.acknowledge([first]) == puback(1)
    inflight.take(1)
    assert inflight.acknowledge([first]) == b""
    assert len(inflight) == 1


def test_qos_2_is_received_released_and_complete_and_then_its_packet_id_is_free() -> None:
    inflight = session()
    token, answer = inflight.take_once(7, "t", b"a")
    assert token
    assert answer == b""
    assert inflight.acknowledge([token]) == PUBREC_7
    assert inflight.release(7) == PUBCOMP_7
    again, answer = inflight.take_once(7, "t", b"a")
    assert again not in (0, token)
    assert answer == b""


def test_qos_2_that_comes_again_before_it_is_on_disk_is_acknowledged_on_the_new_connection() -> None:
    inflight = session()
    token, _ = inflight.take_once(7, "t", b"a")
    inflight.end()
    inflight.begin(is_known=True)
    assert inflight.take_once(7, "t", b"a") == (0, b"")
    assert len(inflight) == 1
    assert inflight.acknowledge([token]) == PUBREC_7
    assert inflight.release(7) == PUBCOMP_7


def test_qos_2_that_was_on_disk_in_between_is_acknowledged_when_it_comes_again() -> None:
    inflight = session()
    token, _ = inflight.take_once(7, "t", b"a")
    inflight.end()
    assert inflight.acknowledge([token]) == b""
    inflight.begin(is_known=True)
    assert inflight.take_once(7, "t", b"a") == (0, PUBREC_7)


def test_qos_2_that_was_never_handed_on_is_handed_on_when_it_comes_again() -> None:
    inflight = session()
    token, _ = inflight.take_once(7, "t", b"a")
    inflight.end([token])
    inflight.begin(is_known=True)
    again, answer = inflight.take_once(7, "t", b"a")
    assert again
    assert answer == b""


def test_another_content_under_the_same_packet_id_is_another_message() -> None:
    """A broker that was set back to an older state gives packet ids anew."""
    inflight = session()
    old, _ = inflight.take_once(7, "t", b"a")
    inflight.end()
    inflight.begin(is_known=True)
    new, answer = inflight.take_once(7, "t", b"b")
    assert new
    assert answer == b""
    assert inflight.acknowledge([old]) == b""
    assert inflight.acknowledge([new]) == PUBREC_7


def test_a_session_that_the_broker_has_forgotten_is_forgotten_here_too() -> None:
    inflight = session()
    token, _ = inflight.take_once(7, "t", b"a")
    inflight.end()
    inflight.begin(is_known=False)
    again, _ = inflight.take_once(7, "t", b"a")
    assert again
    assert inflight.acknowledge([token]) == b""


def test_a_release_that_nobody_awaits_is_completed_so_that_the_broker_gets_on() -> None:
    assert session().release(7) == PUBCOMP_7


def test_whatever_is_lost_on_the_way_each_message_of_qos_2_is_handed_on_once() -> None:
    """A broker, a wire that is cut at any point, and commits that come late, in 2,000 random stories."""
    for seed in range(2000):
        draw = random.Random(seed)
        inflight = session()
        handed: list[bytes] = []
        waiting: list[int] = []
        state = dict.fromkeys(range(1, 6), "published")  # the broker's, by packet id
        for _ in range(200):
            if all(value == "done" for value in state.values()):
                break
            is_cut = draw.random() < 0.2
            packet_id = draw.choice([n for n, value in state.items() if value != "done"])
            content = bytes([packet_id])
            answer = b""
            if state[packet_id] == "published":
                token, answer = inflight.take_once(packet_id, "t", content)
                if token:
                    handed.append(content)
                    waiting.append(token)
            else:
                answer = inflight.release(packet_id)
            if draw.random() < 0.5:
                answer += inflight.acknowledge([waiting.pop(0) for _ in range(draw.randint(0, len(waiting)))])
            if is_cut:
                inflight.end()
                inflight.begin(is_known=True)
                continue
            for at in range(0, len(answer), 4):
                kind, about = answer[at], int.from_bytes(answer[at + 2 : at + 4], "big")
                state[about] = "released" if kind == 0x50 else "done"
        assert sorted(handed) == [bytes([n]) for n in range(1, 6)], seed
