from dataclasses import replace
from pathlib import Path

import pytest

from edge_asr.bench.accuracy import LIVE, WHOLE, Accuracy, Heard, Score
from edge_asr.bench.accuracy_report import accuracy_json, accuracy_text
from edge_asr.bench.parity import Parity, parity_of
from edge_asr.bench.peers import SHERPA
from edge_asr.bench.recordings import Recording
from edge_asr.bench.wer import Errors

CPU_S = {LIVE: 0.4, WHOLE: 0.3, SHERPA: 0.25}


def heard(tokens: dict[str, tuple[str, ...]], texts: dict[str, str]) -> Heard:
    scores = {system: Score(Errors(10, 1), cpu_s, 5.0, 1) for system, cpu_s in CPU_S.items()}
    recording = Recording("a/1.flac", Path("1.flac"), "a", "text")
    return Heard(recording, {LIVE: "", **texts}, scores, tokens=tokens)


def test_tokens_are_compared_as_both_write_them() -> None:
    ours, theirs = ("▁TH", "E", "<unk>", "▁", "▁B"), (" TH", "E", " ", " B")
    same = heard({WHOLE: ours, SHERPA: theirs}, {WHOLE: "THE B", SHERPA: " THE  B<sos/eos>"})
    other = heard({WHOLE: ours, SHERPA: theirs[:-1]}, {WHOLE: "THE B", SHERPA: " THE"})
    result = parity_of(Accuracy([same, other], (LIVE, WHOLE, SHERPA)))
    assert result is not None
    assert result.cpu_ratio == pytest.approx(1.2)
    assert replace(result, cpu_ratio=None) == Parity(2, same_tokens=1, same_texts=1, tokens=10, cpu_ratio=None)


def test_a_space_within_a_word_is_no_difference_of_texts_and_a_letter_is() -> None:
    tokens: dict[str, tuple[str, ...]] = {WHOLE: ("中",), SHERPA: ("中",)}
    texts = [("中文 ok", "中 文ok"), ("a < b", "a b"), ("so it", "sos/eos>so it"), ("so", "to")]
    result = parity_of(
        Accuracy([heard(tokens, {WHOLE: one, SHERPA: other}) for one, other in texts], (LIVE, WHOLE, SHERPA))
    )
    assert result is not None
    assert (result.same_tokens, result.same_texts) == (4, 2)


def test_without_sherpa_onnx_there_is_no_parity() -> None:
    alone = Accuracy([heard({}, {WHOLE: "a", SHERPA: "a"})], (LIVE, WHOLE))
    assert parity_of(alone) is None
    assert "sherpa" not in accuracy_text(alone, "WER")
    assert accuracy_json(alone, "WER")["parity_with_sherpa_onnx"] is None


def test_the_report_says_it() -> None:
    one = heard({WHOLE: ("▁A",), SHERPA: (" A",)}, {WHOLE: "A", SHERPA: "B"})
    accuracy = Accuracy([one], (LIVE, WHOLE, SHERPA))
    last = accuracy_text(accuracy, "WER").splitlines()[-1]
    assert "tokens identical on 1 of 1 recordings (1 tokens), texts on 0; CPU of" in last
    assert last.endswith("sherpa-onnx: 1.200")
    figures = accuracy_json(accuracy, "WER")
    assert figures["recordings"][0]["same_tokens_as_sherpa_onnx"] is True
    assert figures["recordings"][0]["same_text_as_sherpa_onnx"] is False
