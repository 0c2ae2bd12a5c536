"""Bytes that are almost what was expected."""

from collections.abc import Sequence

from hypothesis import strategies as st


@st.composite
def mutated(draw: st.DrawFn, whole: bytes, blocks: Sequence[bytes], within: int | None = None) -> bytes:
    """Some bytes of it changed, cut out, doubled, or one of the blocks put in; in the first `within` of them."""
    body = bytearray(whole)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, min(within or len(body), max(0, len(body) - 1))))
        match draw(st.integers(0, 3)):
            case 0:
                body[at : at + 1] = draw(st.binary(min_size=1, max_size=4))
            case 1:
                del body[at : at + draw(st.integers(1, 40))]
            case 2:
                body[at:at] = body[at : at + draw(st.integers(1, 60))]
            case _:
                body[at:at] = draw(st.sampled_from(blocks))
    return bytes(body)
