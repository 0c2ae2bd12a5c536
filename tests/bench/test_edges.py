"""What is counted as lost at the edges of speech and at cuts, with decoders that are told what they hear."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import soundfile

from edge_asr.asr.result import EndReason, Hypothesis, Word
from edge_asr.audio.chunk import Samples
from edge_asr.bench import edges, long_speech
from edge_asr.bench.decoder_loop import Said
from edge_asr.bench.edges import Both, Edges
from edge_asr.bench.edges_report import edges_json, edges_text
from edge_asr.bench.long_speech import LongSpeech, beside_cuts, in_rows
from edge_asr.bench.recordings import Recording
from edge_asr.bench.wer import Errors
from edge_asr.clock import SystemClock
from edge_asr.config import Config
from tests.fakes import RATE_HZ, hush, tone


class ToldDecoders:
    """Live and whole file say what they are told to."""

    live: tuple[str, ...] = ()
    whole_text = ""

    def __init__(self, config: Config) -> None:
        self.config = config

    def renew(self) -> None:
        pass

    def finals(self, samples: Samples, rate_hz: int) -> list[Any]:
        assert len(samples) > 3 * rate_hz
        said = [tuple(Word(word, 0.0, 0.1, 0.9) for word in text.split()) for text in self.live]
        return [
            SimpleNamespace(hypothesis=Hypothesis(words, 1.0, 0.0, timed=True), end_reason=EndReason.MAX_LENGTH)
            for words in said
        ]

    def whole(self, samples: Samples, rate_hz: int) -> Said:
        assert len(samples) > 3 * rate_hz
        return Said(self.whole_text)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> type[ToldDecoders]:
    class Told(ToldDecoders):
        pass

    for module in (edges, long_speech):
        monkeypatch.setattr(module, "OwnDecoders", Told)
    return Told


def recording(folder: Path, text: str, seconds: float = 1.0) -> Recording:
    path = folder / f"{len(list(folder.iterdir()))}.wav"
    soundfile.write(path, tone(seconds) if seconds else hush(1.0), RATE_HZ)
    return Recording(path.name, path, "set", text)


def test_what_live_alone_has_not_got_is_its_loss(told: type[ToldDecoders], tmp_path: Path) -> None:
    told.live, told.whole_text = ("cat sat", "on a hat"), "the cat sat on a hat"
    silent = recording(tmp_path, "nobody speaks", 0.0)
    seen = edges.measure(Config(), [recording(tmp_path, "the cat sat on the mat"), silent], str.split, SystemClock())
    assert [one.room for one in seen] == ["silence", "noise"]
    assert seen[0].first == Both("missing", "right")
    assert seen[0].last == Both("misheard", "misheard")
    assert seen[0].lost_live == ["first"]
    assert seen[0].live == "cat sat on a hat"


def test_words_beside_cuts_of_long_speech(
    told: type[ToldDecoders], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_speech, "LONG_S", 2.5)
    told.live, told.whole_text = ("a b c", "e f g"), "x b c d e f h"
    row = [recording(tmp_path, "a b c d", 2.0), recording(tmp_path, "e f g h", 2.0), recording(tmp_path, "i", 2.0)]
    seen = long_speech.measure_long(Config(), row, str.split, SystemClock())
    assert [one.longest_pause_s for one in seen] == [0.4, 0.15]
    assert seen[0].seconds == pytest.approx(4.4, abs=0.02)
    assert (seen[0].beside, seen[0].lost, seen[0].gained) == (5, ("d",), ())  # b c d e f
    assert seen[0].end_reasons == ("max_length", "max_length")
    assert seen[0].live == Errors(8, 0, 2, 0)


def test_beside_a_cut_is_what_lies_between_the_words_that_are_right_and_two_of_those() -> None:
    assert beside_cuts([0, 1, 2, None, None, 4, 5, 6], [3]) == [1, 2, 3, 4, 5, 6]
    assert beside_cuts([0, 1, 2, 3], [2]) == [0, 1, 2, 3]
    assert beside_cuts([None, None], [1]) == [0, 1]
    assert beside_cuts([0, 1, 2, 3], []) == []


def test_rows_are_of_one_set_and_long_enough() -> None:
    def heard(name: str, seconds: int) -> long_speech.Heard:
        return Recording(name, Path(name), name[0], "x"), hush(seconds), RATE_HZ

    rows = in_rows(
        [heard("a1", 40), heard("a2", 40), heard("a3", 40), heard("b1", 40), heard("b2", 90), heard("b3", 9)]
    )
    assert [[one.name for one, _, _ in row] for row in rows] == [["a1", "a2"], ["b1", "b2"]]


def test_the_report_has_a_row_for_each_edge_and_pause_and_all_of_it_as_json() -> None:
    lost, fine = Both("missing", "right"), Both("right", "misheard")
    seen = [
        Edges("one", "silence", "a b", "b", "a c", lost, fine),
        Edges("one", "noise", "a b", "a b", "a c", Both("right", "right"), fine),
    ]
    long = [
        LongSpeech(
            0.4, 80.0, "a b", ("a", "b"), ("silence", "max_length"), "a b", 2, (), ("b",), Errors(10, 1), Errors(10, 2)
        ),
        LongSpeech(0.15, 70.0, "a b", ("a",), ("max_length",), "a b", 0, (), (), Errors(10), Errors(10)),
    ]
    lines = edges_text(seen, long, "WER").splitlines()
    assert lines[1].split() == ["first", "word,", "silence", "1", "1", "1", "0", "0", "1"]
    assert lines[2].split() == ["last", "word,", "silence", "1", "0", "0", "1", "0", "0"]
    assert lines[7].split() == ["pauses", "up", "to", "0.4", "s", "80", "2", "1", "10.0", "20.0", "2", "0", "1"]
    document = edges_json(seen, long)
    assert document["edges"][0]["lost_live"] == ["first"]
    assert document["edges"][0]["first"] == {"live": "missing", "whole": "right"}
    assert document["long_speech"][1]["longest_pause_s"] == 0.15
