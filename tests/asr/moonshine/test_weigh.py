"""A text written in a model's pieces, and how likely it thinks that it was said."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_asr.asr.bundle import load_bundle, of_family
from edge_asr.asr.judge import NEVER
from edge_asr.asr.manifest import MoonshineManifest
from edge_asr.asr.moonshine.model import Moonshine
from edge_asr.asr.moonshine.networks import Arrays
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
    # " H" is expected at the beginning alone; behind an "o" one more "o" is, and both texts begin with something else
    [first], [behind] = model.margins(sound, (), "Hi", ["i"]), model.margins(sound, (3, 5), "Hi", ["i"])
    assert behind == pytest.approx(first - 5, abs=1e-4)


def test_what_cannot_be_written_is_never_as_likely(tmp_path: Path) -> None:
    model = letters(tmp_path)
    sound = model.decode(SECOND).sound
    assert model.margins(sound, (), "Hi", ["Hx", "Hi"]) == [math.inf, 0.0]
    assert model.margins(sound, (), "Hx", ["Hi", "Hx"]) == [math.inf, math.inf]


def test_margins_that_nobody_waits_for_or_that_fail_are_an_error(tmp_path: Path) -> None:
    model = letters(tmp_path)
    sound, long = model.decode(SECOND).sound, model.decode(np.tile(SECOND, 13)).sound
    for others in (["Ho"], ["Hi"], []):
        with pytest.raises(RecognitionError, match="nobody waits"):
            model.margins(sound, (), "Hi", others, lambda: False)
    model.stop()
    for one in (sound, long):
        with pytest.raises(RecognitionError, match="the model 'tiny' failed"):
            model.margins(one, (), "Hi", ["Hi"])


def test_only_what_differs_is_given_to_the_decoder_behind_what_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = letters(tmp_path)
    sound = model.decode(SECOND).sound
    steps: list[tuple[list[int], int]] = []
    plain = model._networks.next

    def spied(fixed: Arrays, tokens: Sequence[int], past: Arrays) -> tuple[NDArray[np.float32], Arrays]:
        steps.append((list(tokens), past["past_key_values.0.decoder.key"].shape[2]))
        return plain(fixed, tokens, past)

    monkeypatch.setattr(model._networks, "next", spied)
    model.margins(sound, (5, 5), "Hio", ["Hoi", "Hio", "Hi", "io"])
    assert steps == [([5, 4], 4), ([6, 4, 5], 3)]  # the start, what is given, and what both begin with


@pytest.mark.parametrize(("given", "text", "step"), [((5,), ", H", [8, 3]), ((), ". H", [6, 8, 3]), ((5,), "Hi.", [8])])
def test_a_mark_stands_close_behind_what_is_given(
    given: tuple[int, ...], text: str, step: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = letters(tmp_path)
    sound = model.decode(SECOND).sound
    steps: list[list[int]] = []
    plain = model._networks.next

    def spied(fixed: Arrays, tokens: Sequence[int], past: Arrays) -> tuple[NDArray[np.float32], Arrays]:
        steps.append(list(tokens))
        return plain(fixed, tokens, past)

    monkeypatch.setattr(model._networks, "next", spied)
    model.margins(sound, given, "Hi", [text.replace(",", ".")])
    assert steps == [step]


@pytest.mark.parametrize(("seconds", "gives_back"), [(1, False), (13, True)])
def test_what_a_long_sound_needed_is_given_back_after_its_margins(
    seconds: int, gives_back: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = letters(tmp_path)
    sound = model.decode(np.tile(SECOND, seconds)).sound
    runs: list[tuple[int, bool]] = []
    networks = model._networks
    plain = networks._started

    def spied(fixed: Arrays, tokens: Sequence[int], options: object) -> tuple[NDArray[np.float32], Arrays]:
        runs.append((len(tokens), options is networks._emptying_options))
        return plain(fixed, tokens, options)

    monkeypatch.setattr(networks, "_started", spied)
    assert model.margins(sound, (), "Hi", ["Ho"]) == pytest.approx(
        [10 + math.log1p(math.exp(-5)) - math.log(2)], abs=1e-3
    )
    assert runs == [(3, gives_back), (1, True)][: 1 + gives_back]
