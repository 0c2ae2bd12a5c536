"""A text written in a model's pieces, and how likely it thinks that it was said."""

import math
from pathlib import Path

import numpy as np
import pytest

from edge_asr.asr.bundle import load_bundle, of_family
from edge_asr.asr.judge import NEVER
from edge_asr.asr.manifest import MoonshineManifest
from edge_asr.asr.moonshine.model import Moonshine
from edge_asr.asr.moonshine.pieces import Pieces, pack_pieces
from edge_asr.errors import RecognitionError
from tests.asr.moonshine.tiny_moonshine import END, START, VOCABULARY, bundle, content, write

SECOND = np.zeros(16000, np.int16)
SPACE = "\u2581".encode()
# as the published tables are: bytes first, then joined pieces in the order in which they are joined, then letters
TABLE = [b"<unk>", b"<s>", b"</s>", b"a", b"b", b"ab", b"la", SPACE + b"la", b"a", b"b", b"l", SPACE, b"."]


def test_neighbours_are_joined_in_the_order_of_the_table() -> None:
    pieces = Pieces(TABLE)
    assert pieces.tokens("lab") == [11, 10, 5]  # "ab" stands before "la", and then nothing joins with it
    assert pieces.tokens("la la") == [7, 7]
    assert pieces.tokens("ba") == [11, 9, 8]  # letters, not the bare bytes of the same look
    assert pieces.tokens("") == [11]
    assert pieces.marks == [12]


def test_a_letter_that_the_table_lacks_makes_no_tokens() -> None:
    assert Pieces(TABLE).tokens("lax") is None


def share(step: int) -> float:
    """Log share of what the tiny model expects, for 1, and of anything else, for 0."""
    whole = math.exp(5) + VOCABULARY - 1
    return math.log((math.exp(5) if step else 1.0) / whole)


def test_a_text_is_as_likely_as_its_tokens_and_an_end_behind_them(tmp_path: Path) -> None:
    table = [b"<unk>", b"<s>", b"</s>", SPACE + b"H", b"i", b"o", SPACE, b"H"]
    follows = {START: 3, 3: 4, 4: END}
    write(tmp_path, content(follows) | {"tokenizer": pack_pieces(table)})
    model = Moonshine(of_family(load_bundle(tmp_path, "tiny"), MoonshineManifest))
    said, other, none = model.weigh(SECOND, ["hi", "ho", "hx"])
    assert said.log_share == pytest.approx(3 * share(1), abs=1e-4)
    assert other.log_share == pytest.approx(share(1) + share(0) - math.log(VOCABULARY), abs=1e-4)
    assert none == NEVER


def test_of_several_ways_to_write_a_text_the_likeliest_counts(tmp_path: Path) -> None:
    table = [b"<unk>", b"<s>", b"</s>", SPACE + b"T", b"V", b"v", SPACE, b"T"]
    write(tmp_path, content({START: 3, 3: 4, 4: END}) | {"tokenizer": pack_pieces(table)})
    model = Moonshine(of_family(load_bundle(tmp_path, "tiny"), MoonshineManifest))
    [said] = model.weigh(SECOND, ["t v"])  # "TV"; "T v" is in the table too
    assert said.log_share == pytest.approx(3 * share(1), abs=1e-4)
    assert said.evidence == pytest.approx(0.0, abs=1e-9)  # the tiny model says the same whatever it hears


def test_what_cannot_be_weighed_is_an_error(tmp_path: Path) -> None:
    model = Moonshine(bundle(tmp_path))
    with pytest.raises(RecognitionError, match="1999 samples are too few"):
        model.weigh(SECOND[:1999], ["a"])
    model.stop()
    with pytest.raises(RecognitionError, match="the model 'tiny' failed"):
        model.weigh(SECOND, ["Hel"])


LETTERS = [b"<unk>", b"<s>", b"</s>", SPACE + b"H", b"i", b"o", SPACE, b"H", b"."]


def letters(tmp_path: Path) -> Moonshine:
    """It expects "Hi", and after an "o" another."""
    follows = {START: 3, 3: 4, 4: END, 5: 5}
    write(tmp_path, content(follows) | {"tokenizer": pack_pieces(LETTERS)})
    return Moonshine(of_family(load_bundle(tmp_path, "tiny"), MoonshineManifest))


def test_a_margin_is_the_log_ratio_of_two_texts_shares(tmp_path: Path) -> None:
    model = letters(tmp_path)
    sound = model.decode(SECOND).sound
    texts = ["Hi", "Ho", "Hoo", "H", "Hio", "Hi."]
    shares = [weighed.log_share for weighed in model.weigh(SECOND, texts)]
    for own, share_of_own in zip(texts, shares, strict=True):
        expected = [share_of_own - other for other in shares]
        assert model.margins(sound, (), own, texts) == pytest.approx(expected, abs=1e-4), own


def test_a_margin_is_that_behind_what_is_given(tmp_path: Path) -> None:
    model = letters(tmp_path)
    sound = model.decode(SECOND).sound
    # " H" is expected at the beginning alone; behind an "o" one more "o" is, and neither text begins with it
    assert model.margins(sound, (), "Hi", ["i"]) != pytest.approx(model.margins(sound, (3, 5), "Hi", ["i"]), abs=0.1)


def test_what_cannot_be_written_is_never_as_likely(tmp_path: Path) -> None:
    model = letters(tmp_path)
    sound = model.decode(SECOND).sound
    assert model.margins(sound, (), "Hi", ["Hx", "Hi"]) == [math.inf, 0.0]
    assert model.margins(sound, (), "Hx", ["Hi", "Hx"]) == [math.inf, math.inf]


def test_margins_that_nobody_waits_for_or_that_fail_are_an_error(tmp_path: Path) -> None:
    model = letters(tmp_path)
    sound = model.decode(SECOND).sound
    with pytest.raises(RecognitionError, match="nobody waits"):
        model.margins(sound, (), "Hi", ["Ho"], lambda: False)
    model.stop()
    with pytest.raises(RecognitionError, match="the model 'tiny' failed"):
        model.margins(sound, (), "Hi", ["Ho"])
