"""The first pass on real speech: chunks equal the whole, words stand where they were said."""

from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from numpy.typing import NDArray

from edge_asr.asr.bundle import load_bundle
from edge_asr.asr.kaldi.labels import Labels, Position
from edge_asr.asr.kaldi.lexicon import Lexicon
from edge_asr.asr.kaldi.recognizer import KaldiRecognizer
from edge_asr.asr.manifest import KaldiManifest
from edge_asr.asr.recognizer import Recognizer
from edge_asr.asr.result import Hypothesis
from edge_asr.config import Config, RecognizerConfig
from edge_asr.errors import RecognitionError
from edge_asr.loading import load_recognizer
from edge_asr.settings import model_folder

pytestmark = pytest.mark.bundle

SPOKEN = (
    "and mister john dashwood had then leisure to consider how much there might be "
    "prudently in his power to do for them"
)


def decode(recognizer: Recognizer[Any], samples: NDArray[np.int16], sizes: list[int]) -> Hypothesis:
    state, at, turn = recognizer.start(), 0, 0
    while at < len(samples):
        size = sizes[turn % len(sizes)]
        _, state = recognizer.step(samples[at : at + size], state)
        at, turn = at + size, turn + 1
    return recognizer.finish(state)[0]


def test_a_clear_sentence_is_heard_word_for_word(
    recognizer: KaldiRecognizer, sentences: list[NDArray[np.int16]]
) -> None:
    assert decode(recognizer, sentences[0], [320]).text == SPOKEN


def test_words_stand_where_they_are_in_the_audio(
    recognizer: KaldiRecognizer, sentences: list[NDArray[np.int16]]
) -> None:
    shift_s = 1.5
    hypothesis = decode(recognizer, sentences[0], [320])
    later = decode(recognizer, np.concatenate([np.zeros(24_000, np.int16), sentences[0]]), [320])
    assert hypothesis.timed
    assert later.text == hypothesis.text
    for word, moved in zip(hypothesis.words, later.words, strict=True):
        assert 0.0 <= word.start_s < word.end_s <= hypothesis.decoded_s
        assert 0.0 < word.confidence < 1.0
        assert moved.start_s == pytest.approx(word.start_s + shift_s, abs=0.1)
    starts = [word.start_s for word in hypothesis.words]
    assert starts == sorted(starts)


@pytest.mark.parametrize("samples", [0, 1, 399, 400, 401, 559, 560, 2000, 4799, 8000, 9999])
def test_awkward_lengths_end_well(
    recognizer: KaldiRecognizer, sentences: list[NDArray[np.int16]], samples: int
) -> None:
    hypothesis = decode(recognizer, sentences[0][:samples], [160])
    frames = max(0, 1 + (samples - 400) // 160)
    assert hypothesis.decoded_s == pytest.approx(-(-frames // 3) * 0.03)


@pytest.mark.parametrize("sizes", [[1600], [7], [16_000, 1], [113, 4000, 31]])
def test_sizes_of_the_pieces_change_nothing(
    recognizer: KaldiRecognizer, sentences: list[NDArray[np.int16]], sizes: list[int]
) -> None:
    piece = sentences[1][:40_000]
    assert decode(recognizer, piece, sizes) == decode(recognizer, piece, [320])


def test_the_int8_network_in_chunks_follows_the_whole_run_in_floats(recognizer: KaldiRecognizer) -> None:
    frames = np.random.default_rng(10).normal(0, 10, (26 + 3 * 23 + 1 + 14, 40)).astype(np.float32)
    ivector = np.random.default_rng(11).normal(0, 1, (1, 30)).astype(np.float32)
    path = load_bundle(model_folder(Config()), "en").path("network_float")
    whole = ort.InferenceSession(str(path)).run(None, {"input": frames, "ivector": ivector})[0]
    network = recognizer.network
    padded = np.concatenate([frames[:1], frames])  # 111 frames: whole chunks of 3
    state, found = network.start(), []
    for begin, end in ((0, 60), (60, 63), (63, 111)):
        scores, state = network.run(padded[begin:end], ivector, state)
        found.append(scores)
    assert np.corrcoef(np.concatenate(found)[-24:].ravel(), whole.ravel())[0, 1] > 0.98


def test_a_narrow_beam_is_heard(sentences: list[NDArray[np.int16]]) -> None:
    narrow = load_recognizer(Config(recognizer=RecognizerConfig(beam=1.0)))
    assert decode(narrow, sentences[0], [320]).text != SPOKEN


def test_the_first_words_are_searched_with_a_wider_beam(
    recognizer: KaldiRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[Any, ...]] = []
    monkeypatch.setattr("edge_asr.asr.kaldi.recognizer.Search", lambda *given: told.append(given))
    recognizer.start()
    ((_, beam, _, early),) = told
    assert (early, 8.0 < beam < 14.0) == (2.0, True)


def test_ten_seconds_of_silence_and_of_noise_are_no_words(recognizer: KaldiRecognizer) -> None:
    assert decode(recognizer, np.zeros(160_000, np.int16), [320]).words == ()
    hiss = np.random.default_rng(11).normal(0, 300, 160_000).astype(np.int16)
    assert decode(recognizer, hiss, [320]).words == ()


def test_a_network_that_fails_on_the_way_is_a_recognition_error(recognizer: KaldiRecognizer) -> None:
    with pytest.raises(RecognitionError, match="the network failed"):
        recognizer.network.run(np.zeros((50, 40), np.float32), np.zeros((1, 7), np.float32), recognizer.network.start())


@pytest.mark.parametrize("length_s", [0.3, 0.8, 1.0, 3.0])
def test_the_graph_is_looked_after_however_short_an_utterance_is(
    recognizer: KaldiRecognizer,
    sentences: list[NDArray[np.int16]],
    length_s: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks: list[None] = []
    assert recognizer._graph is not None
    monkeypatch.setattr(recognizer._graph, "relieve", lambda: looks.append(None))
    decode(recognizer, sentences[0][: round(length_s * 16_000)], [320])
    assert len(looks) >= 1 + int((length_s - 0.455) / 0.6)  # one at the end, and every 0.6 s


def test_the_labels_of_commands_sound_as_their_phones() -> None:
    """Labels are numbered anew when a bundle is built, in the graph, its table and the pronunciations alike."""
    bundle = load_bundle(model_folder(Config()), "en")
    assert isinstance(bundle.manifest, KaldiManifest)
    labels = Labels.load(bundle.path("labels"), bundle.manifest.labels, bundle.manifest.pdfs)
    lexicon = Lexicon.load(bundle.path("lexicon"), bundle.manifest.labels, labels.silence)
    place = np.array(lexicon.position_of_phone)
    with np.load(bundle.path("labels")) as arrays:
        silences = set(arrays["silence_phones"].tolist())
    sounds: dict[int, set[int]] = {}
    assert len(lexicon.contexts) > 1000
    for (_, phone), (into, held) in lexicon.contexts.items():
        assert labels.enters_of_label[into] == (place[phone] in {Position.BEGIN, Position.SINGLETON})
        assert not labels.enters_of_label[held]
        for label in (into, held):
            assert labels.breaks_of_label[label] == (labels.enters_of_label[label] or place[phone] == Position.NONWORD)
            assert labels.silence_of_label[label] == (phone in silences)
            sound = 0 if phone in silences else lexicon._sound(phone)
            sounds.setdefault(int(labels.pdf_of_label[label]), set()).add(sound)
    assert len(sounds) > 1000
    assert all(len(one) == 1 for one in sounds.values())  # an output of the network is of one sound
