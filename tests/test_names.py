"""Names that somebody else tells: what fits is taken, what does not spoils nothing."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_asr.errors import CommandError
from edge_asr.names import Name, Names, read_names, written

WELL = {
    "name": {"values": [{"in": "kitchen  lamp", "out": "light.kitchen"}, {"in": "fan", "out": 3, "context": {}}]},
    "area": ["kitchen", {"in": "living room", "out": None, "metadata": [1]}],
}


def test_names_are_read_from_lists_of_home_assistants_form() -> None:
    found = read_names(json.dumps(WELL).encode())
    assert found.name == (Name("kitchen lamp", "light.kitchen"), Name("fan", 3))
    assert found.area == (Name("kitchen", "kitchen"), Name("living room", "living room"))
    assert (found.floor, found.unfit) == ((), ())
    assert read_names(written(found)) == found
    assert read_names(b"") == Names()


@pytest.mark.parametrize(
    "value",
    ["", " ", "x" * 101, "a\x00b", "\u202eevil", {"in": "x", "out": "y" * 256}, {"in": "x", "out": 10**30},
     {"in": "x", "out": -(10**400)}, {"in": "lamp", "out": "light\nx"}],
)  # fmt: skip
def test_a_name_that_nobody_can_say_leaves_the_others(value: object) -> None:
    found = read_names(json.dumps({"name": [value, "lamp"]}).encode())
    assert [one.said for one in found.name] == ["lamp"]
    assert len(found.unfit) == 1
    assert found.unfit[0].isprintable()
    assert len(found.unfit[0]) <= 100


@pytest.mark.parametrize(
    "payload",
    [
        b"\xff\xfe",
        b"[",
        b"[" * 60_000,
        b"[]",
        b"null",
        b'{"lamp": []}',
        b'{"name": {"value": []}}',
        b'{"name": [{"out": "x"}]}',
        b'{"name": [1]}',
        b'{"name": [NaN]}',
        b'{"name": "kitchen"}',
        b'{"name": ["' + b"x" * 66_000 + b'"]}',
        json.dumps({"name": ["x"] * 2001}).encode(),
    ],
)
def test_what_is_no_list_of_names_is_refused_with_an_example(payload: bytes) -> None:
    with pytest.raises(CommandError) as caught:
        read_names(payload)
    said = str(caught.value)
    assert 'expected JSON of at most 65536 bytes and 2000 names, as in {"name": {"values": [{"in": ' in said
    assert said.isprintable()
    assert len(said) < 500


@given(st.binary(max_size=300) | st.from_regex(rb'\A\{"(name|area)": ?\[("[a-z ]*",? ?)*\]?\}?\Z'))
def test_no_payload_does_any_harm(payload: bytes) -> None:
    found, fault = Names(), ""
    try:
        found = read_names(payload)
    except CommandError as error:
        fault = str(error)
    assert len(fault) < 500
    assert read_names(written(found)) == Names(found.name, found.area, found.floor)
