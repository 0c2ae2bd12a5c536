"""The offline recognizer: texts, drafts, context, ends that do not come, files that do not fit."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_asr.asr.bundle import load_bundle, of_family
from edge_asr.asr.manifest import MoonshineManifest
from edge_asr.asr.moonshine.model import Moonshine, _raised
from edge_asr.asr.moonshine.networks import Arrays, Networks
from edge_asr.asr.moonshine.pieces import Pieces, pack_pieces, unpack_pieces
from edge_asr.errors import EXIT_CONFIG, ModelError, RecognitionError
from tests.asr.moonshine.tiny_moonshine import END, PIECES, START, VOCABULARY, bundle, content, decoder, write

SECOND = np.zeros(16000, np.int16)
GARDEN_PATH = {(START, 3): 5.2, (START, 4): 5.0, (3, 4): 0.0, (4, 5): 0.0, (4, 7): 9.0, (7, END): 9.0}


def test_tokens_become_words_with_their_case(tmp_path: Path) -> None:
    heard = Moonshine(bundle(tmp_path)).decode(SECOND)
    assert heard.text == "Hello Wörld."
    assert heard.tokens == (3, 4, 5, 6, 7)
    assert heard.complete
    share = math.exp(5) / (math.exp(5) + VOCABULARY - 1)
    assert [word.confidence for word in heard.words] == pytest.approx([share, share])
    assert heard.log_share == pytest.approx(5 * math.log(share))


@given(draft=st.lists(st.integers(0, VOCABULARY - 1), max_size=9))
@settings(max_examples=60, deadline=None)
def test_no_draft_changes_the_text(draft: list[int], tmp_path_factory: pytest.TempPathFactory) -> None:
    model = Moonshine(bundle(tmp_path_factory.mktemp("models"), logits=GARDEN_PATH))
    assert model.decode(SECOND, draft) == model.decode(SECOND, ())


def test_a_draft_saves_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Moonshine(bundle(tmp_path))
    steps: list[int] = []
    following = Networks.next

    def counted(self: Networks, sound: Arrays, tokens: Sequence[int], past: Arrays) -> tuple[Any, Arrays]:
        steps.append(len(tokens))
        return following(self, sound, tokens, past)

    monkeypatch.setattr(Networks, "next", counted)
    model.decode(SECOND, ())
    assert len(steps) == 5
    assert model.decode(SECOND, (3, 4, 5, 6, 7)).text == "Hello Wörld."
    assert len(steps) == 5


def test_a_text_that_stays_is_searched_for_and_one_that_grows_is_not(tmp_path: Path) -> None:
    model = Moonshine(bundle(tmp_path / "wide", logits=GARDEN_PATH))
    assert model.decode(SECOND).tokens == (4, 7)
    assert model.decode(SECOND, ()).tokens[0] == 3
    narrow = Moonshine(bundle(tmp_path / "narrow", logits=GARDEN_PATH, rows=1))
    assert narrow.decode(SECOND) == narrow.decode(SECOND, ())


def test_what_is_given_is_part_of_what_may_be_said_in_the_time(tmp_path: Path) -> None:
    model = Moonshine(bundle(tmp_path, {START: 4, 4: 4}))
    for draft in (None, ()):
        for given_count, left in ((0, 8), (3, 5), (8, 0), (11, 0)):
            heard = model.decode(SECOND[:2000], draft, given=[3] * given_count)
            assert (len(heard.tokens), heard.complete) == (left, False)
    ends = Moonshine(bundle(tmp_path / "ends", {START: 4, 4: END}))
    assert ends.decode(SECOND[:2000], given=[4] * 9) == ends.decode(SECOND[:2000], (), given=[4] * 9)
    assert ends.decode(SECOND[:2000], given=[4] * 9).complete


def test_what_is_given_is_no_part_of_the_result(tmp_path: Path) -> None:
    model = Moonshine(bundle(tmp_path))
    rest = model.decode(SECOND, given=[3, 4])
    assert (rest.text, rest.tokens) == ("Wörld.", (5, 6, 7))
    assert model.decode(SECOND, draft=[5, 9], given=[3, 4]) == rest


def test_a_sound_too_short_for_the_network_is_no_text(tmp_path: Path) -> None:
    assert Moonshine(bundle(tmp_path)).decode(SECOND[:1999]).text == ""


def test_a_decoder_that_goes_round_in_circles_is_stopped_at_the_second_round(tmp_path: Path) -> None:
    model = Moonshine(bundle(tmp_path, {START: 3, 3: 5, 5: 6, 6: 7, 7: 5}))
    for draft in (None, ()):
        heard = model.decode(np.zeros(160_000, np.int16), draft)
        assert (heard.text, heard.complete) == ("Hel Wörld.", False)


def test_a_decoder_that_does_not_end_is_stopped_when_nobody_speaks_so_fast(tmp_path: Path) -> None:
    model = Moonshine(bundle(tmp_path, {START: 3, 3: 4, 4: 4}))
    for draft in (None, ()):
        heard = model.decode(SECOND[:2000], draft)
        assert not heard.complete
        assert len(heard.tokens) == 8


def test_a_very_quiet_voice_is_raised_and_no_other_is_changed() -> None:
    wave = np.sin(np.arange(400) / 9.0)
    for peak, raised in ((100, 0.5), (600, 0.5), (700, 700 / 32768), (20000, 20000 / 32768)):
        assert np.abs(_raised((wave * peak).astype(np.int16))).max() == pytest.approx(raised, rel=0.02)
    assert not _raised(np.zeros(9, np.int16)).any()


@pytest.mark.parametrize("answers", [0, 1, 3])
def test_what_nobody_wants_any_more_is_given_up_before_the_next_step_and_the_next_text_is_whole(
    answers: int, tmp_path: Path
) -> None:
    model = Moonshine(bundle(tmp_path))
    asked = []

    def wanted() -> bool:
        asked.append(True)
        return len(asked) <= answers

    for draft in (None, ()):
        asked.clear()
        with pytest.raises(RecognitionError, match="nobody waits"):
            model.decode(SECOND, draft, wanted=wanted)
        assert len(asked) == answers + 1
    assert model.decode(SECOND).tokens == (3, 4, 5, 6, 7)


def test_it_is_asked_before_it_listens_before_the_first_step_and_before_each_other(tmp_path: Path) -> None:
    model = Moonshine(bundle(tmp_path))
    for draft in (None, ()):
        asked: list[bool] = []
        model.decode(SECOND, draft, wanted=lambda asked=asked: not asked.append(True))  # type: ignore[misc]
        assert len(asked) == 2 + 5


@pytest.mark.parametrize("seconds", [1, 13])  # what is long is computed in a way of its own
def test_who_is_stopped_says_so(seconds: int, tmp_path: Path) -> None:
    model = Moonshine(bundle(tmp_path))
    samples = np.tile(SECOND, seconds)
    assert model.decode(samples).text == "Hello Wörld."
    model.stop()
    with pytest.raises(RecognitionError, match="the model 'tiny' failed"):
        model.decode(samples)


def junk() -> bytes:
    return bytes(range(256)) * 9


SPOILED: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "no network": ("encoder", junk, "encoder.bin is not a network that onnxruntime can load"),
    "half a network": ("decoder", lambda: decoder()[:300], "decoder.bin is not a network that onnxruntime can load"),
    "another part": ("encoder", decoder, "encoder.bin is a foreign network"),
    "another width": ("decoder", lambda: decoder(width=9), "decoder.bin is a foreign network"),
    "another memory": ("decoder", lambda: decoder(head_width=9), "decoder.bin is a foreign network"),
    "no pieces": ("tokenizer", lambda: b"\xff", "ends within one"),
    "too many pieces": ("tokenizer", lambda: pack_pieces([b"x"] * 99), f"has 99 pieces, expected 1 to {VOCABULARY}"),
}


@pytest.mark.parametrize("case", SPOILED)
def test_a_spoiled_bundle_is_refused_with_the_fix(case: str, tmp_path: Path) -> None:
    role, data, said = SPOILED[case]
    write(tmp_path, {**content(), role: data()})
    spoiled = of_family(load_bundle(tmp_path, "tiny"), MoonshineManifest)
    with pytest.raises(ModelError, match=r"; run: edge-asr models \w+ tiny .*--force$") as caught:
        Moonshine(spoiled)
    assert said in str(caught.value)
    assert caught.value.exit_code == EXIT_CONFIG


def test_another_vocabulary_than_the_manifests_is_found_by_trying(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"of one token, expected"):
        Moonshine(bundle(tmp_path, vocabulary=50))


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=30))
def test_a_table_reads_back_as_it_was_written(table: list[bytes]) -> None:
    class File:
        def read_bytes(self) -> bytes:
            return pack_pieces(table)

    assert unpack_pieces(File()) == table  # type: ignore[arg-type]


def test_the_last_words_have_the_tokens_that_they_were_written_with() -> None:
    space = "\u2581".encode()
    pieces = Pieces([space + b"a", b"b", b".", space + b"c" + space + b"d", space, b"e"])
    tokens = [0, 1, 2, 3, 4, 5, 2]  # " ab. c d e."
    assert [word.word for word in pieces.words(tokens, [0.0] * 7)] == ["ab.", "c", "d", "e."]
    assert [pieces.last_words(tokens, count) for count in range(6)] == [
        None,
        [4, 5, 2],
        None,  # "d" alone is no piece
        [3, 4, 5, 2],
        tokens,
        None,
    ]
    assert pieces.last_words([5, 0], 2) == [5, 0]  # the first needs no space


def test_control_pieces_have_no_text() -> None:
    pieces = Pieces([*PIECES, b"<<ST_1>>"])
    assert [word.word for word in pieces.words([START, 3, 8, 4, END, 99], [0.0] * 6)] == ["Hello"]
