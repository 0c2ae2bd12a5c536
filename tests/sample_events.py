"""Events as the pipeline makes them, for whoever needs one."""

from typing import Any

from edge_asr.events import (
    CommandEvent,
    ErrorEvent,
    FinalEvent,
    LadderEvent,
    Latency,
    PartialEvent,
    SlotValue,
    SpeechEndedEvent,
    SpeechStartedEvent,
    StateReport,
    UnknownEvent,
    WakeEvent,
    WordTiming,
)

NOW = "2024-05-01T10:01:07.250+00:00"


def partial(text: str = "turn on", segment_id: str = "s-1") -> PartialEvent:
    return PartialEvent(**_of(segment_id), **_transcript(text, end_s=1.0), revision=1, words=[])


def final(
    text: str = "turn on the light", segment_id: str = "s-1", finalization_ms: float | None = 710.0
) -> FinalEvent:
    return FinalEvent(
        **_of(segment_id),
        **_transcript(text, end_s=1.5),
        revision=3,
        words=[WordTiming("turn", 0.5, 0.8, 0.98)],
        confidence=0.9,
        end_reason="silence",
        latency_ms=Latency(finalization=finalization_ms),
    )


def speech_started(segment_id: str = "s-1") -> SpeechStartedEvent:
    return SpeechStartedEvent(**_of(segment_id), start_s=0.5, start=NOW)


def speech_ended(words: int = 4, segment_id: str = "s-1") -> SpeechEndedEvent:
    return SpeechEndedEvent(**_of(segment_id), end_s=1.5, end=NOW, end_reason="silence", words=words)


def command() -> CommandEvent:
    return CommandEvent(
        **_of("s-1"),
        **_understood(),
        intent="HassTurnOn",
        slots={"name": SlotValue(value="light.lamp", text="the lamp", confidence=0.93)},
        text="turn on the lamp",
        confidence=0.94,
        latency_ms=Latency(finalization=710.0),
    )


def wake() -> WakeEvent:
    return WakeEvent(**_of("s-1"), **_understood(), text="hey house", confidence=0.91)


def unknown() -> UnknownEvent:
    return UnknownEvent(**_of("s-1"), **_understood())


def error(message: str = "it failed") -> ErrorEvent:
    return ErrorEvent(**_of("s-1"), code="recognition", message=message)


def ladder() -> LadderEvent:
    return LadderEvent(
        device_id="k1",
        emitted_at=NOW,
        clock_synced=True,
        rung="no_partials",
        cause="heat",
        message="the machine is hot (86 °C): no partials",
        temperature_celsius=86.2,
    )


def state(name: str = "listening", reason: str = "") -> StateReport:
    assert name in {"starting", "listening", "muted", "degraded", "stopping"}
    return StateReport(
        state=name,  # type: ignore[arg-type]
        capture="healthy" if name == "listening" else "lost",
        reason=reason,
        model="small",
        language="en",
        microphone="USB mic",
        version="0.1.0",
        since=NOW,
    )


def _of(segment_id: str) -> dict[str, Any]:
    """What all events of a segment say."""
    return {
        "device_id": "k1",
        "stream_id": "s",
        "segment_id": segment_id,
        "emitted_at": NOW,
        "clock_synced": True,
    }


def _transcript(text: str, end_s: float) -> dict[str, Any]:
    return {"text": text, "start_s": 0.5, "end_s": end_s, "start": NOW, "end": NOW, "language": "en", "model": "small"}


def _understood() -> dict[str, Any]:
    return {"start_s": 0.5, "end_s": 1.5, "start": NOW, "end": NOW, "language": "en", "model": "en"}
