"""What the peer's stream says, and when its segments began; the peer itself is not needed."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from edge_asr.bench.moonshine_listener import Hearing
from edge_asr.clock import NS_PER_S


class LineStarted(SimpleNamespace):
    pass


class LineUpdated(SimpleNamespace):
    pass


class LineCompleted(SimpleNamespace):
    pass


def complete(number: int) -> SimpleNamespace:
    return SimpleNamespace(line_id=number, start_time=0.25, text="he was", last_transcription_latency_ms=70)


class Stream:
    """Starts a line with the first block, and completes it when it is stopped."""

    def __init__(self) -> None:
        self.blocks: list[int] = []
        self.listeners: list[Any] = []
        self.closed = False

    def add_listener(self, listener: Any) -> None:
        self.listeners.append(listener)

    def remove_all_listeners(self) -> None:
        self.listeners.clear()

    def start(self) -> None:
        pass

    def add_audio(self, audio: "np.ndarray[tuple[int], np.dtype[np.float32]]", rate_hz: int) -> None:
        assert rate_hz == 16_000
        self.blocks.append(len(audio))
        line = SimpleNamespace(line_id=7, start_time=0.25, text=" ", last_transcription_latency_ms=90)
        for event in (LineStarted(line=line), LineUpdated(line=line)):
            self.tell(event)

    def tell(self, event: Any) -> None:
        for listener in self.listeners:
            listener(event)

    def stop(self) -> None:
        self.tell(LineCompleted(line=complete(7)))

    def close(self) -> None:
        self.closed = True


def hearing() -> tuple[Hearing, Stream, list[dict[str, Any]]]:
    stream, answers = Stream(), []

    def answer(**fields: Any) -> None:
        answers.append(fields)

    return Hearing(SimpleNamespace(create_stream=lambda: stream), answer), stream, answers


def test_sound_is_handed_over_in_blocks_as_its_own_microphone_does() -> None:
    heard, stream, _ = hearing()
    for size in (1, 2047, 4096, 3):  # bytes, odd ones too
        heard.hear(bytes(size), NS_PER_S)
    assert stream.blocks == [1024] * 3


def test_a_segment_began_by_the_samples_that_had_come_and_the_earliest_arrival_counts() -> None:
    heard, stream, answers = hearing()
    heard.hear(bytes(2 * 1600), 10 * NS_PER_S)  # 0.1 s
    heard.hear(bytes(2 * 16_000), 11 * NS_PER_S - 50_000_000)  # 1.1 s have come in 0.95 s and 0.1: 50 ms earlier
    assert answers[0]["kind"] == "open"
    assert answers[0]["segment"] == "7"
    assert answers[0]["has_text"] is False
    assert answers[0]["began_ns"] == 10 * NS_PER_S - 100_000_000 + 250_000_000
    assert answers[-1]["began_ns"] == answers[0]["began_ns"] - 50_000_000
    assert {answer["kind"] for answer in answers} == {"open"}  # an update alone says nothing new
    assert answers[0]["decided_ms"] is None
    stream.tell(LineCompleted(line=complete(8)))
    assert answers[-1]["decided_ms"] == 70
    assert (answers[-1]["kind"], answers[-1]["segment"], answers[-1]["has_text"]) == ("final", "8", True)


def test_what_it_says_when_it_is_stopped_is_not_heard() -> None:
    heard, stream, answers = hearing()
    heard.hear(bytes(2048), NS_PER_S)
    count = len(answers)
    heard.close()
    assert stream.closed
    assert len(answers) == count
