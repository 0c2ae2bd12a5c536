"""What peers at the microphone are taken to say, and when; the peers themselves are not needed."""

import json
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge_asr.bench import pocketsphinx_listener, sherpa_listener, vosk_listener
from edge_asr.bench.beside import Heed
from edge_asr.bench.peer_stream import PeerStream
from edge_asr.bench.saying import Saying
from edge_asr.clock import NS_PER_S

BLOCK = bytes(2 * 1600)  # 0.1 s
BEGAN_NS = 10 * NS_PER_S


class Vosk:
    """Hears "he" in its second block and "he was" in the third, and is done with the fifth."""

    def __init__(self) -> None:
        self.blocks = 0
        self.words = False

    def SetWords(self, wanted: bool) -> None:  # noqa: N802 - its own name
        self.words = wanted

    def AcceptWaveform(self, block: bytes) -> bool:  # noqa: N802
        assert block == BLOCK
        self.blocks += 1
        return self.blocks in (5, 6)

    def PartialResult(self) -> str:  # noqa: N802
        return json.dumps({"partial": {2: "he", 3: "he was", 4: "he was"}.get(self.blocks, "")})

    def Result(self) -> str:  # noqa: N802
        if self.blocks == 6:  # silence is an utterance too
            return json.dumps({"text": ""})
        return json.dumps({"text": "he was", "result": [{"word": "he", "start": 0.07}, {"word": "was", "start": 0.2}]})


class Endpointer:
    """Speech from the second to the fourth frame; says so in the third, with both."""

    frame_bytes = len(BLOCK)
    speech_start = 0.1

    def __init__(self) -> None:
        self.frames = 0
        self.in_speech = False

    def process(self, frame: bytes) -> bytes | None:
        self.frames += 1
        self.in_speech = self.frames == 3
        return {3: 2 * frame, 4: frame}.get(self.frames)


class Decoder:
    """Has text only when it was given three frames, and is asked for no text outside of an utterance's search."""

    def __init__(self) -> None:
        self.given = 0
        self.calls: list[str] = []

    def start_utt(self) -> None:
        self.given = 0
        self.calls.append("start")

    def process_raw(self, speech: bytes) -> None:
        self.given += len(speech)

    def end_utt(self) -> None:
        self.calls.append("end")

    def hyp(self) -> SimpleNamespace | None:
        return SimpleNamespace(hypstr="he was") if self.given == 3 * len(BLOCK) else None


class Sherpa:
    """Hears " he" after the third block, and is done with the fifth."""

    def __init__(self) -> None:
        self.blocks = self.waiting = 0

    def create_stream(self) -> "Sherpa":
        return self

    def accept_waveform(self, rate_hz: int, samples: NDArray[np.float32]) -> None:
        assert (rate_hz, len(samples)) == (16_000, 1600)
        self.waiting += 1

    def is_ready(self, _stream: "Sherpa") -> bool:
        return self.waiting > 0

    def decode_stream(self, _stream: "Sherpa") -> None:
        self.waiting -= 1
        self.blocks += 1

    def get_result(self, _stream: "Sherpa") -> str:
        return " he" if self.blocks >= 3 else ""

    def is_endpoint(self, _stream: "Sherpa") -> bool:
        return self.blocks >= 5

    def reset(self, _stream: "Sherpa") -> None:
        self.blocks = 0


def heard(make: Callable[[Callable[..., None]], PeerStream], blocks: int) -> list[tuple[str, str, bool, float]]:
    """Kind, segment, whether it has text, and where it began, in seconds of the stream."""
    answers: list[dict[str, Any]] = []
    stream = make(lambda **fields: answers.append(fields))
    for number in range(1, blocks + 1):
        stream.hear(BLOCK[:1001], BEGAN_NS + number * NS_PER_S)  # late: an earlier arrival tells when it began
        stream.hear(BLOCK[1001:], BEGAN_NS + number * NS_PER_S // 10)
    stream.close()
    assert all((one["kind"] == "final") == (one["decided_ms"] is not None) for one in answers)
    assert all(one["decided_ms"] is None or one["decided_ms"] >= 0 for one in answers)
    return [
        (one["kind"], one["segment"], one["has_text"], round((one["began_ns"] - BEGAN_NS) / NS_PER_S, 2))
        for one in answers
    ]


def test_vosk_shows_new_text_alone_and_its_words_tell_where_a_final_began() -> None:
    recognizer = Vosk()
    said = heard(lambda answer: vosk_listener.Hearing(recognizer, answer), 7)
    assert said == [("text", "1", True, 0.0), ("text", "1", True, 0.0), ("final", "1", True, 0.07)]
    assert recognizer.words


def test_pocketsphinx_begins_where_its_endpointer_says() -> None:
    decoder = Decoder()
    said = heard(lambda answer: pocketsphinx_listener.Hearing(Endpointer(), decoder, answer), 5)
    assert said == [("open", "1", False, 0.1), ("final", "1", True, 0.1)]
    assert decoder.calls == ["start", "end"]


def test_pocketsphinx_is_closed_in_mid_speech() -> None:
    decoder = Decoder()
    said = heard(lambda answer: pocketsphinx_listener.Hearing(Endpointer(), decoder, answer), 3)
    assert said == [("open", "1", False, 0.1)]
    assert decoder.calls == ["start", "end"]


def test_sherpa_begins_anew_after_an_end() -> None:
    said = heard(lambda answer: sherpa_listener.Hearing(Sherpa(), answer), 10)
    assert said == [
        ("text", "1", True, 0.0),
        ("final", "1", True, 0.0),
        ("text", "2", True, 0.5),  # no earlier than the first one's end, which is all that is known
        ("final", "2", True, 0.5),
    ]


def test_a_short_word_whose_text_comes_after_its_end_is_answered() -> None:
    answers: list[dict[str, Any]] = []
    stream = sherpa_listener.Hearing(Sherpa(), lambda **fields: answers.append(fields))
    for number in range(1, 6):
        stream.hear(BLOCK, BEGAN_NS + number * NS_PER_S // 10)
    heed = Heed()
    for fields in answers:
        heed.take(replace_at(msgspec.convert(fields, Saying)))
    assert heed.answered(BEGAN_NS + NS_PER_S // 4)  # the end of the sound, before its first text
    assert heed.wait("a", BEGAN_NS, BEGAN_NS + NS_PER_S // 4).final_ms is not None


def replace_at(saying: Saying) -> Saying:
    """As said at the time of the sound."""
    return msgspec.structs.replace(saying, at_ns=BEGAN_NS + NS_PER_S)


def test_when_it_decided_is_when_the_block_was_handed_over() -> None:
    class Slow(Vosk):
        def AcceptWaveform(self, block: bytes) -> bool:  # noqa: N802 - its own name
            time.sleep(0.02)
            return super().AcceptWaveform(block)

    answers: list[dict[str, Any]] = []
    stream = vosk_listener.Hearing(Slow(), lambda **fields: answers.append(fields))
    for number in range(1, 6):
        stream.hear(BLOCK, BEGAN_NS + number * NS_PER_S // 10)
    assert 20.0 <= answers[-1]["decided_ms"] < 5000.0
