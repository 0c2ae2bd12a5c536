"""Events as the tests of the screen, the tape and the subscriber need them."""

from edge_asr.events import FinalEvent, Latency, PartialEvent, SpeechEndedEvent, SpeechStartedEvent, StateReport

_WHEN = "2024-05-01T10:01:07.250+00:00"


def final(text: str, segment_id: str = "s-1", finalization_ms: float | None = 710.0) -> FinalEvent:
    return FinalEvent(
        device_id="k1",
        stream_id="s",
        segment_id=segment_id,
        emitted_at=_WHEN,
        clock_synced=True,
        text=text,
        revision=3,
        start_s=0.5,
        end_s=1.5,
        start=_WHEN,
        end=_WHEN,
        language="en",
        model="en",
        words=[],
        end_reason="silence",
        latency_ms=Latency(finalization=finalization_ms),
    )


def partial(text: str, segment_id: str = "s-1") -> PartialEvent:
    return PartialEvent(
        device_id="k1",
        stream_id="s",
        segment_id=segment_id,
        emitted_at=_WHEN,
        clock_synced=True,
        text=text,
        revision=1,
        start_s=0.5,
        end_s=1.0,
        start=_WHEN,
        end=_WHEN,
        language="en",
        model="en",
        words=[],
    )


def started(segment_id: str = "s-1") -> SpeechStartedEvent:
    return SpeechStartedEvent(
        device_id="k1",
        stream_id="s",
        segment_id=segment_id,
        emitted_at=_WHEN,
        clock_synced=True,
        start_s=0.5,
        start=_WHEN,
    )


def ended(words: int, segment_id: str = "s-1") -> SpeechEndedEvent:
    return SpeechEndedEvent(
        device_id="k1",
        stream_id="s",
        segment_id=segment_id,
        emitted_at=_WHEN,
        clock_synced=True,
        end_s=1.5,
        end=_WHEN,
        end_reason="silence",
        words=words,
    )


def report(state: str = "listening", reason: str = "") -> StateReport:
    return StateReport(
        state=state,  # type: ignore[arg-type]
        reason=reason,
        model="small",
        language="en",
        microphone="USB mic",
        version="1",
        since=_WHEN,
    )
