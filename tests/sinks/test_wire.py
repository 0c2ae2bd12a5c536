"""Which topic, quality and life each event has."""

import pytest

from edge_asr.events import Event
from edge_asr.sinks.wire import of_event
from tests import sample_events


@pytest.mark.parametrize(
    ("event", "topic", "qos", "kept", "stale_s"),
    [
        (sample_events.partial(), "partial", 0, False, 5),
        (sample_events.final(), "final", 1, True, None),
        (sample_events.speech_started(), "event", 1, False, None),
        (sample_events.error(), "event", 1, False, None),
        (sample_events.command(), "event", 1, False, 10),
        (sample_events.wake(), "event", 1, False, 10),
        (sample_events.unknown(), "event", 1, False, 10),
    ],
    ids=lambda value: type(value).__name__,
)
def test_finals_are_kept_and_commands_are_soon_stale(
    event: Event, topic: str, qos: int, kept: bool, stale_s: int | None
) -> None:
    message = of_event("edge_asr/k1", event)
    assert (message.topic, message.qos, message.keep, message.stale_s) == (f"edge_asr/k1/{topic}", qos, kept, stale_s)
    assert not message.retain
