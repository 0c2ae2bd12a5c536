import itertools
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge_asr.bench.scatter import Point, scatter

SVG = "{http://www.w3.org/2000/svg}"


def drawn(points: list[Point]) -> ET.Element:
    return ET.fromstring(scatter(points, "a < b & c", "x", "y"))  # noqa: S314 - our own text


def circles(root: ET.Element) -> list[tuple[float, float]]:
    return [(float(one.attrib["cx"]), float(one.attrib["cy"])) for one in root.iter(f"{SVG}circle")]


values = st.tuples(st.floats(1e-5, 1e3), st.floats(0.0, 300.0))


@given(st.lists(values, min_size=1, max_size=8))
@example([(1.0, 5e-324)])
@example([(1.0, 0.0), (1e-5, 0.0)])
def test_every_point_is_on_the_page_and_in_its_order(places: list[tuple[float, float]]) -> None:
    root = drawn([Point("a", x, y, "hint") for x, y in places])
    marks = circles(root)
    assert len(marks) == len(places)
    assert all(60 <= x <= 574 and 40 <= y <= 388 for x, y in marks)
    for (one, mark), (other, mark_2) in itertools.combinations(zip(places, marks, strict=True), 2):
        if one[0] < other[0]:
            assert mark[0] <= mark_2[0]
        if one[1] < other[1]:
            assert mark[1] >= mark_2[1]


def test_the_axis_has_round_numbers_and_texts_are_escaped() -> None:
    root = drawn([Point("a", 0.02, 9.6, "<live>", "live: 9.6 %"), Point("b", 0.3, 9.2, "vosk", "vosk & co")])
    texts = [one.text for one in root.iter(f"{SVG}text")]
    assert {"0.01", "0.1", "0.5", "0", "2", "10", "a < b & c", "vosk & co"} <= set(texts)
    assert [one.text for one in root.iter(f"{SVG}title")] == ["a < b & c", "<live>", "vosk"]


def test_each_group_has_its_colour_and_labels_do_not_cover_each_other() -> None:
    root = drawn([Point("a", 0.02, 9.6, "", "one"), Point("a", 0.02, 4.0, ""), Point("b", 0.02, 9.6, "", "two")])
    fills = [one.attrib["fill"] for one in root.iter(f"{SVG}circle")]
    assert fills[0] == fills[1] != fills[2]  # the small one is drawn first
    rows = {one.text: float(one.attrib["y"]) for one in root.iter(f"{SVG}text")}
    assert abs(rows["one"] - rows["two"]) > 14.9


@pytest.mark.parametrize("points", [[], [Point("a", 0.0, 1.0, "")], [Point("a", 1.0, -1.0, "")]])
def test_what_cannot_be_drawn_is_refused(points: list[Point]) -> None:
    with pytest.raises(ValueError, match="x above 0 and y from 0"):
        scatter(points, "t", "x", "y")
