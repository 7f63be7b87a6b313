"""Where readings are written: streams, tags and fields, and what the points of one owner share."""

from plantwide_story import PLANT

from collector.plant.streams import Place, places


def test_all_points_of_a_meter_in_one_stream_have_the_same_tags_which_are_one_object() -> None:
    found: dict[tuple[str, str], list[Place]] = {}
    for point, place in zip(PLANT.points, places(PLANT), strict=True):
        found.setdefault((point.owner, place.stream), []).append(place)
    assert any(len(of_owner) > 1 for of_owner in found.values())
    assert all(len({id(place.tags) for place in of_owner}) == 1 for of_owner in found.values())


def test_a_pot_is_written_under_its_line_and_a_meter_under_its_own_name() -> None:
    by_owner = {(point.owner, place.stream): place for point, place in zip(PLANT.points, places(PLANT), strict=True)}
    [line] = PLANT.potlines
    pot = line.pots[0]
    assert by_owner[f"pot:{pot}", "pot"].tags == {"plant": PLANT.id, "potline": line.id, "pot": pot}
    of_meters = [(owner, place.tags) for (owner, stream), place in by_owner.items() if stream == "meter"]
    assert of_meters
    assert all(tags["meter"] == owner for owner, tags in of_meters)
    whole_plants = {meter.id for meter in PLANT.meters if meter.potline is None}
    assert {owner for owner, tags in of_meters if "potline" not in tags} == {
        owner for owner, _ in of_meters if owner in whole_plants
    }
