"""Events as the pipeline makes them, for whoever needs one."""

from edge_asr.events import (
    ErrorEvent,
    FinalEvent,
    Latency,
    PartialEvent,
    SpeechEndedEvent,
    SpeechStartedEvent,
    StateReport,
    WordTiming,
)

NOW = "2026-01-02T03:04:05.678Z"


def partial(number: int = 1, revision: int = 1, text: str = "turn on") -> PartialEvent:
    return PartialEvent(
        device_id="kitchen",
        stream_id="s1",
        segment_id=f"s1-{number}",
        emitted_at=NOW,
        clock_synced=True,
        text=text,
        revision=revision,
        start_s=1.0,
        end_s=2.5,
        start=NOW,
        end=NOW,
        language="en",
        model="en",
        words=[],
    )


def final(number: int = 1, text: str = "turn on the light") -> FinalEvent:
    return FinalEvent(
        device_id="kitchen",
        stream_id="s1",
        segment_id=f"s1-{number}",
        emitted_at=NOW,
        clock_synced=True,
        text=text,
        revision=3,
        start_s=1.0,
        end_s=2.5,
        start=NOW,
        end=NOW,
        language="en",
        model="en",
        words=[WordTiming("turn", 1.0, 1.3, 0.98)],
        confidence=0.9,
        end_reason="silence",
        latency_ms=Latency(first_token=210.0, finalization=640.5),
    )


def speech_started() -> SpeechStartedEvent:
    return SpeechStartedEvent(
        device_id="kitchen",
        stream_id="s1",
        segment_id="s1-1",
        emitted_at=NOW,
        clock_synced=True,
        start_s=1.0,
        start=NOW,
    )


def speech_ended() -> SpeechEndedEvent:
    return SpeechEndedEvent(
        device_id="kitchen",
        stream_id="s1",
        segment_id="s1-1",
        emitted_at=NOW,
        clock_synced=True,
        end_s=2.5,
        end=NOW,
        end_reason="silence",
        words=4,
    )


def error() -> ErrorEvent:
    return ErrorEvent(device_id="kitchen", emitted_at=NOW, clock_synced=False, code="recognition", message="it failed")


def state(name: str = "listening", reason: str = "") -> StateReport:
    assert name in {"starting", "listening", "muted", "degraded", "stopping"}
    return StateReport(
        state=name,  # type: ignore[arg-type]
        reason=reason,
        model="en",
        language="en",
        microphone="USB microphone",
        version="0.1.0",
        since=NOW,
    )
