"""The language that wires the nodes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_asr_export.descriptor import Descriptor, parse_descriptor, sources


def show(descriptor: Descriptor) -> str:
    inner = ", ".join(show(part) for part in descriptor.parts)
    if not descriptor.parts:
        return descriptor.name
    if descriptor.name == "Offset":
        return f"Offset({inner}, {descriptor.amount:g})"
    if descriptor.name == "Scale":
        return f"Scale({descriptor.amount!r}, {inner})"
    if descriptor.name == "ReplaceIndex":
        return f"ReplaceIndex({inner}, t, 0)"
    return f"{descriptor.name}({inner})"


NAMES = st.from_regex(r"[a-z][a-z0-9._-]{0,8}", fullmatch=True).map(Descriptor)
DESCRIPTORS = st.recursive(
    NAMES,
    lambda inner: st.one_of(
        st.builds(Descriptor, st.sampled_from(["Append", "Sum"]), st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Descriptor, st.just("Offset"), st.tuples(inner), st.integers(-9, 9)),
        st.builds(Descriptor, st.just("Scale"), st.tuples(inner), st.floats(-2, 2)),
        st.builds(Descriptor, st.just("ReplaceIndex"), st.tuples(inner)),
    ),
    max_leaves=8,
)


@given(DESCRIPTORS)
def test_what_is_written_is_read(descriptor: Descriptor) -> None:
    assert parse_descriptor(show(descriptor)) == descriptor


def test_offsets_add_up_and_fixed_nodes_are_left_out() -> None:
    text = "Append(Offset(Sum(a, Offset(b, -1)), 3), Scale(0.5, c), ReplaceIndex(ivector, t, 0))"
    assert list(sources(parse_descriptor(text))) == [("a", 3), ("b", 2), ("c", 0)]


@pytest.mark.parametrize(
    "text",
    ["", "Sum(a", "Sum(a,", "a b", "IfDefined(a)", "Offset(a, x)", "Offset(a)", "ReplaceIndex(a, x, 0)", "Sum()"],
)
def test_anything_else_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_descriptor(text)
