import numpy as np

from edge_asr.bench.full_speed import pieces
from edge_asr.events import FinalEvent, SpeechEndedEvent
from tests.bench.fake_stream import fake_stream
from tests.fakes import RATE_HZ, hush, tone


def test_pieces_are_the_whole() -> None:
    samples = np.arange(1000, dtype=np.int16)
    parts = list(pieces(samples, RATE_HZ))
    assert [len(part) for part in parts] == [320, 320, 320, 40]
    assert np.array_equal(np.concatenate(parts), samples)


def test_one_stream_goes_on_from_call_to_call() -> None:
    stream, events = fake_stream(), []
    for _ in range(2):
        for piece in pieces(np.concatenate([tone(1.1), hush(2)]), RATE_HZ):
            events += stream.hear(piece, RATE_HZ)
    ends = [event for event in events if isinstance(event, SpeechEndedEvent)]
    assert [(end.segment_id, end.end_reason) for end in ends] == [("bench-1", "silence"), ("bench-2", "silence")]


def test_the_end_brings_out_what_is_inside() -> None:
    stream = fake_stream()
    for piece in pieces(tone(1.1), RATE_HZ):
        assert not any(isinstance(event, FinalEvent) for event in stream.hear(piece, RATE_HZ))
    final = next(event for event in stream.end() if isinstance(event, FinalEvent))
    assert (final.text, final.end_reason) == ("w0 w1", "end_of_input")
