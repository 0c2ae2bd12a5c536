"""A zipformer as the pipeline sees it: timed words, trailing silence, and no difference by how the audio is cut."""

import gc
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_asr.asr.result import Hypothesis
from edge_asr.config import RecognizerConfig
from edge_asr.errors import ConfigError
from tests.asr.zipformer.zipformers import Kind, network, sound

RATE_HZ = 16_000
SAMPLES = 40_000


def heard(kind: Kind, cuts: list[int], paths: int | None = None, gain: float = 1.0) -> list[Hypothesis]:
    """All hypotheses on the way; the last one is final."""
    recognizer = network(kind).recognizer(RecognizerConfig(paths=paths))
    state = recognizer.start(gain)
    found = []
    ends = [*sorted(cuts), SAMPLES]
    for begin, end in zip([0, *ends], ends, strict=False):
        hypothesis, state = recognizer.step(sound(SAMPLES)[begin:end], state)
        found += [hypothesis] if hypothesis else []
    final, _ = recognizer.finish(state)
    return [*found, final]


SEARCHES: list[tuple[Kind, int]] = [("transducer", 1), ("transducer", 3), ("ctc", 1)]


@cache
def whole(kind: Kind, paths: int) -> Hypothesis:
    return heard(kind, [], paths)[-1]


@pytest.mark.parametrize(("kind", "paths"), SEARCHES)
@given(cuts=st.lists(st.integers(0, SAMPLES), max_size=6))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_cutting_gives_the_same_words(kind: Kind, paths: int, cuts: list[int]) -> None:
    assert heard(kind, cuts, paths)[-1] == whole(kind, paths)


@pytest.mark.parametrize("kind", ["transducer", "ctc"])
def test_words_are_in_order_inside_the_audio_and_partials_come_as_it_is_heard(kind: Kind) -> None:
    hypotheses = heard(kind, [*range(0, SAMPLES, 320)])
    *partials, final = hypotheses
    length_s = SAMPLES / RATE_HZ
    assert len(partials) == (SAMPLES // 160 - 45 - 1) // 32 + 1  # one for each chunk of 32 frames
    assert not any(partial.timed for partial in partials)
    assert final.timed
    assert final.decoded_s == pytest.approx(length_s)
    assert len(final.words) > 3
    ends = [word.end_s for word in final.words]
    assert ends == sorted(ends)
    for word in final.words:
        assert 0.0 <= word.start_s < word.end_s <= length_s
        assert 0.0 < word.confidence <= 1.0
        assert word.word.strip() == word.word != ""
    for hypothesis in hypotheses:
        assert 0.0 <= hypothesis.trailing_silence_s <= hypothesis.decoded_s <= length_s


def test_trailing_silence_is_the_time_since_the_last_token() -> None:
    for hypothesis in heard("transducer", [*range(0, SAMPLES, 320)])[:-1]:
        if hypothesis.words:
            last_s = hypothesis.decoded_s - hypothesis.trailing_silence_s
            assert last_s == pytest.approx(hypothesis.words[-1].end_s)


def test_a_quiet_voice_may_be_raised() -> None:
    recognizer = network("transducer").recognizer()
    loud = sound(SAMPLES) // 4 * 4
    state, raised = recognizer.start(), recognizer.start(4.0)
    _, state = recognizer.step(loud, state)
    _, raised = recognizer.step((loud // 4).astype(np.int16), raised)
    assert recognizer.finish(raised)[0] == recognizer.finish(state)[0]


def test_nothing_and_one_sample() -> None:
    recognizer = network("transducer").recognizer()
    for count in (0, 1):
        _, state = recognizer.step(sound(count), recognizer.start())
        final, _ = recognizer.finish(state)
        assert final.decoded_s <= 1 / RATE_HZ
        assert final.trailing_silence_s == pytest.approx(final.decoded_s)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "has 0 phrases"),
        (b"HELLO\n\xff", "not UTF-8 text at byte 6"),
        ("ok\nжук\n".encode(), "line 2: the model has no tokens for 'жук'"),
        (b"THE :x\n", "line 1: the bonus is 'x', expected a number above 0"),
        (b"THE :-1\n", "line 1: the bonus is '-1'"),
        (None, "cannot be read: No such file"),
    ],
)
def test_a_bad_file_of_phrases_is_refused(content: bytes | None, complaint: str, tmp_path: Path) -> None:
    file = tmp_path / "hotwords.txt"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=complaint):
        network("transducer").recognizer(RecognizerConfig(hotwords_file=str(file)))


def test_only_a_transducer_listens_for_phrases() -> None:
    with pytest.raises(ConfigError, match=r"hotwords_file is set, and the model 'mine' is of the kind 'zipformer-ctc'"):
        network("ctc").recognizer(RecognizerConfig(hotwords_file="x"))


def test_two_utterances_at_once_do_not_disturb_each_other() -> None:
    recognizer = network("transducer").recognizer()
    one, other = recognizer.start(), recognizer.start()
    for begin in range(0, SAMPLES, 8000):
        _, one = recognizer.step(sound(SAMPLES)[begin : begin + 8000], one)
        _, other = recognizer.step(sound(2 * SAMPLES)[SAMPLES:][begin : begin + 8000], other)
    gc.collect()
    assert recognizer.finish(one)[0] == whole("transducer", 1)
    assert recognizer.finish(other)[0] != whole("transducer", 1)
