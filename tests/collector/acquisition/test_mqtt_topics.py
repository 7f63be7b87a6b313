"""Topics: pure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.acquisition.mqtt.topics import Address, Kind, parse, subscriptions


def test_a_site_has_three_subscriptions() -> None:
    assert subscriptions("north") == (
        "smelter/v1/north/potline/+/pot/+/telemetry",
        "smelter/v1/north/potline/+/pot/+/event/ae",
        "smelter/v1/north/crane/+/weighing",
    )


def test_a_topic_tells_kind_potline_and_pot_with_its_leading_zeros() -> None:
    assert parse("smelter/v1/s/potline/PL1/pot/0043/telemetry", "s") == Address(Kind.POT_TELEMETRY, "PL1", "0043")
    assert parse("smelter/v1/s/potline/PL1/pot/0043/event/ae", "s") == Address(Kind.ANODE_EFFECT, "PL1", "0043")
    assert parse("smelter/v1/s/crane/K3/weighing", "s") == Address(Kind.WEIGHING)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "/",
        "smelter/v1/other/potline/PL1/pot/1001/telemetry",
        "smelter/v2/s/potline/PL1/pot/1001/telemetry",
        "smelter/v1/s/potline/PL1/pot/1001/telemetry/more",
        "smelter/v1/s/potline/PL1/pot/1001",
        "smelter/v1/s/potline/PL1/pot/1001/event/feed",
        "smelter/v1/s/potline/PL1/pot/10/01/telemetry",
        "smelter/v1/s/crane/weighing",
        "SMELTER/v1/s/crane/K3/weighing",
        "/smelter/v1/s/crane/K3/weighing",
    ],
)
def test_any_other_topic_is_none_of_ours(topic: str) -> None:
    assert parse(topic, "s") is None


@given(st.text(alphabet=st.characters(exclude_characters="/"), min_size=1))
def test_whatever_a_pot_is_called_it_comes_through_unchanged(pot: str) -> None:
    assert parse(f"smelter/v1/s/potline/PL1/pot/{pot}/telemetry", "s") == Address(Kind.POT_TELEMETRY, "PL1", pot)
