"""Topics: what to subscribe to, and which declaration a topic belongs to."""

import pytest
from example_plant import example_plant
from hypothesis import given
from hypothesis import strategies as st

from collector.acquisition.mqtt.declaration import LayoutReader
from collector.acquisition.mqtt.topics import TopicTree, covers, merged, words_of
from collector.plant.layout import Level, Template

SMELTER = "smelter/v1/{site}/potline/{potline}/pot/{pot}/telemetry"


def test_a_plant_without_meters_on_its_broker_subscribes_to_pots_cranes_books_and_factors_only() -> None:
    plant = example_plant()
    reader = LayoutReader(plant, plant.layouts, broker="potroom", site="north", qos=2, longest_tare_age_s=1.0)
    assert [(each.topic, each.qos) for each in reader.subscriptions] == [
        ("smelter/v1/north/potline/+/pot/+/telemetry", 2),
        ("smelter/v1/north/potline/+/pot/+/event/ae", 2),
        ("smelter/v1/north/potline/+/pot/+/sample/+", 2),
        ("smelter/v1/north/crane/+/weighing", 2),
        ("smelter/v1/north/mes/metal_tapped", 2),
        ("smelter/v1/north/electricity/factor", 2),
        ("smelter/v1/north/mes/production", 2),
    ]


def test_a_topic_names_what_its_template_names() -> None:
    levels = Template.of(SMELTER).at("north")
    assert words_of(levels, "smelter/v1/north/potline/PL1/pot/0043/telemetry") == {
        Level.POTLINE: "PL1",
        Level.POT: "0043",
    }


TREE: TopicTree[str] = TopicTree()
for text in ("a/b/c", "a/{pot}/c", "a/{*}/{potline}", "a/{**}", "a/b/c", "x/{**}", "/lead/{pot}"):
    TREE.add(Template.of(text).levels, text)


@pytest.mark.parametrize(
    ("topic", "found"),
    [
        ("a/b/c", ["a/b/c", "a/b/c"]),
        ("a/q/c", ["a/{pot}/c"]),
        ("a/q/d", ["a/{*}/{potline}"]),
        ("a/b/d", ["a/{*}/{potline}"]),
        ("a/b", ["a/{**}"]),
        ("a", ["a/{**}"]),
        ("a/b/c/d", ["a/{**}"]),
        ("x/1/2/3", ["x/{**}"]),
        ("/lead/7", ["/lead/{pot}"]),
        ("lead/7", []),
        ("b/b/c", []),
        ("", []),
    ],
)
def test_the_nearest_shape_is_found(topic: str, found: list[str]) -> None:
    assert TREE.find(topic) == found


def test_what_another_filter_covers_is_not_subscribed_to_twice() -> None:
    assert merged(["a/+/c", "a/b/c", "a/b/c", "x/#", "x/+/y", "a/+/+"]) == ("x/#", "a/+/+")
    assert merged(["a/b", "a/b/c"]) == ("a/b", "a/b/c")
    assert covers("a/#", "a")
    assert not covers("a/+", "a/#")


WORDS = st.lists(st.sampled_from(["a", "b", "+", "#"]), min_size=1, max_size=4).map(
    lambda levels: "/".join(level for place, level in enumerate(levels) if level != "#" or place == len(levels) - 1)
)
TOPICS = st.lists(st.sampled_from("ab"), min_size=1, max_size=5).map("/".join)


def fits(topic: str, filter_: str) -> bool:
    """Tell whether a broker would send a topic for a filter."""
    words, levels = topic.split("/"), filter_.split("/")
    for at, level in enumerate(levels):
        if level == "#":
            return len(words) >= at
        if at >= len(words) or level not in ("+", words[at]):
            return False
    return len(words) == len(levels)


@given(st.lists(WORDS, max_size=5), TOPICS)
def test_merging_filters_loses_no_topic(filters: list[str], topic: str) -> None:
    kept = merged(filters)
    assert any(fits(topic, each) for each in filters) == any(fits(topic, each) for each in kept)
