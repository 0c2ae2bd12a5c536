"""From observations, which know only the sample clock, to events, which carry ids, wall time and latency."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from edge_asr.asr.result import Word
from edge_asr.audio.chunk import AudioChunk
from edge_asr.clock import NS_PER_S, Clock
from edge_asr.events import (
    CommandEvent,
    ErrorEvent,
    Event,
    FinalEvent,
    Latency,
    PartialEvent,
    SlotValue,
    SpeechEndedEvent,
    SpeechStartedEvent,
    UnknownEvent,
    WakeEvent,
    WordTiming,
)
from edge_asr.observation import Observation, SpeechEnded, SpeechStarted, Transcript, Understanding

_WINDOW_S = 5.0
_SEGMENTS = 32


class CaptureClock:
    """When a sample was captured, on the monotonic clock.

    Chunks arrive late and in bursts, never early: the earliest arrival within the last seconds anchors the sample
    clock. Two windows take turns, so that a sound card whose clock is slow does not drift away.
    """

    def __init__(self) -> None:
        self._stream_id = ""
        self._anchor_ns: int | None = None  # smallest arrival - sample time of the present window
        self._earlier_ns: int | None = None  # and of the one before
        self._window_end_s = 0.0

    def observe(self, chunk: AudioChunk) -> None:
        """Learn from a chunk that was captured live."""
        end_s = chunk.end_sample / chunk.sample_rate_hz
        offset_ns = chunk.captured_ns - round(end_s * NS_PER_S)
        if chunk.stream_id != self._stream_id:
            self._stream_id, self._anchor_ns, self._earlier_ns = chunk.stream_id, None, None
            self._window_end_s = end_s + _WINDOW_S
        elif end_s >= self._window_end_s:
            self._earlier_ns, self._anchor_ns = self._anchor_ns, None
            self._window_end_s = end_s + _WINDOW_S
        self._anchor_ns = offset_ns if self._anchor_ns is None else min(self._anchor_ns, offset_ns)

    def captured_ns(self, at_s: float) -> int:
        """Monotonic time of a moment in stream time; 0 before the first chunk."""
        anchors = [anchor for anchor in (self._anchor_ns, self._earlier_ns) if anchor is not None]
        return min(anchors) + round(at_s * NS_PER_S) if anchors else 0


class Stamp:
    """Makes events. One stream at a time, one thread; `error` alone is for any thread.

    `captured_ns` tells when a moment of stream time was captured; without it (files) there are no latencies and wall
    times count from the making of this object.
    """

    def __init__(
        self, clock: Clock, device_id: str, language: str, model: str, captured_ns: Callable[[float], int] | None
    ) -> None:
        self._clock = clock
        self._device_id = device_id
        self._language = language
        self._model = model
        self._captured_ns = captured_ns
        self._began_ns = clock.monotonic_ns()
        self._first_seen_ns: OrderedDict[str, int] = OrderedDict()  # segment -> its first transcript

    def exchange(self, language: str, model: str) -> None:
        """Another recognizer hears what is stamped from now on."""
        self._language, self._model = language, model

    def event(self, observation: Observation) -> Event:
        """Event of one observation, stamped now."""
        common = self._common(observation.stream_id, observation.segment_id)
        if isinstance(observation, SpeechStarted):
            return SpeechStartedEvent(**common, start_s=_r(observation.at_s), start=self._wall(observation.at_s))
        if isinstance(observation, SpeechEnded):
            return SpeechEndedEvent(
                **common,
                end_s=_r(observation.at_s),
                end=self._wall(observation.at_s),
                end_reason=observation.end_reason.value,
                words=observation.words,
            )
        if isinstance(observation, Understanding):
            return self._understanding(observation, common)
        return self._transcript(observation, common)

    def error(self, code: str, message: str, stream_id: str = "", segment_id: str = "") -> ErrorEvent:
        """Event of something that went wrong; the ids are of the utterance that it cost, as far as there is one."""
        return ErrorEvent(**self._common(stream_id, segment_id), code=code, message=message)

    def _common(self, stream_id: str, segment_id: str) -> dict[str, Any]:
        return {
            "device_id": self._device_id,
            "stream_id": stream_id,
            "segment_id": segment_id,
            "emitted_at": self._clock.now().isoformat(timespec="milliseconds"),
            "clock_synced": self._clock.synced(),
        }

    def _transcript(self, heard: Transcript, common: dict[str, Any]) -> PartialEvent | FinalEvent:
        words = heard.hypothesis.words if heard.hypothesis.timed else ()
        begin_s = _first_word_s(heard)
        end_s = _last_word_s(heard)
        fields: dict[str, Any] = {
            **common,
            "text": heard.hypothesis.text,
            "revision": heard.revision,
            "start_s": _r(begin_s),
            "end_s": _r(end_s),
            "start": self._wall(begin_s),
            "end": self._wall(end_s),
            "language": self._language,
            "model": "+".join(filter(None, [self._model, heard.second_model])),  # times are the first pass's
            "pass_no": 1 if heard.second_model is None else 2,
            "truncated": heard.truncated,
            "latency_ms": self._latency(heard, begin_s, end_s),
            "words": [
                WordTiming(
                    word.word,
                    _r(heard.start_s + word.start_s),
                    _r(heard.start_s + word.end_s),
                    _r(word.confidence),
                )
                for word in words
            ],
        }
        if heard.end_reason is None:
            return PartialEvent(**fields, stable_chars=heard.stable_chars)
        return FinalEvent(**fields, confidence=_confidence(words), end_reason=heard.end_reason.value)

    def _understanding(self, heard: Understanding, common: dict[str, Any]) -> CommandEvent | WakeEvent | UnknownEvent:
        begin_s, end_s = _first_word_s(heard), _last_word_s(heard)
        fields: dict[str, Any] = {
            **common,
            "start_s": _r(begin_s),
            "end_s": _r(end_s),
            "start": self._wall(begin_s),
            "end": self._wall(end_s),
            "language": self._language,
            "model": self._model,
        }
        if self._captured_ns is not None:
            now_ns = self._clock.monotonic_ns()
            fields["latency_ms"] = Latency(
                finalization=_ms(now_ns - self._captured_ns(end_s)),
                decision=_ms(now_ns - self._captured_ns(heard.decided_s)),
            )
        command = heard.command
        if command is None and heard.wake is not None:
            return WakeEvent(**fields, text=heard.hypothesis.text, confidence=_r(heard.wake.confidence))
        if command is None:
            return UnknownEvent(**fields, reason=heard.hypothesis.unknown or "other")
        slots = {
            name: SlotValue(value=slot.value, text=slot.text, confidence=_r(slot.confidence))
            for name, slot in command.slots.items()
        }
        return CommandEvent(
            **fields,
            intent=command.intent,
            slots=slots,
            text=heard.hypothesis.text,
            confidence=_r(command.confidence),
        )

    def _latency(self, heard: Transcript, begin_s: float, end_s: float) -> Latency:
        if self._captured_ns is None:
            return Latency()
        now_ns = self._clock.monotonic_ns()
        first_ns = self._first_seen_ns.setdefault(heard.segment_id, now_ns)
        while len(self._first_seen_ns) > _SEGMENTS:  # a final may wait for its second pass while others begin
            self._first_seen_ns.popitem(last=False)
        first_token_ns = first_ns - self._captured_ns(begin_s)
        # A partial of noise may come before the first word that stays: then no partial of that word is known.
        first_token = _ms(first_token_ns) if first_token_ns >= 0 else None
        if heard.end_reason is None:
            return Latency(first_token=first_token)
        return Latency(
            first_token=first_token,
            finalization=_ms(now_ns - self._captured_ns(end_s)),
            decision=_ms(now_ns - self._captured_ns(heard.decided_s)),
        )

    def _wall(self, at_s: float) -> str:
        now: datetime = self._clock.now()
        moment_ns = self._began_ns + round(at_s * NS_PER_S) if self._captured_ns is None else self._captured_ns(at_s)
        ago = timedelta(microseconds=(self._clock.monotonic_ns() - moment_ns) / 1000)
        return (now - ago).isoformat(timespec="milliseconds")


def _first_word_s(heard: Transcript | Understanding) -> float:
    """Where the first word begins on the path; the gate's onset, maybe a breath before it, when none has a place."""
    placed = [word for word in heard.hypothesis.words if word.end_s > word.start_s]
    return heard.start_s + placed[0].start_s if placed else heard.onset_s


def _last_word_s(heard: Transcript | Understanding) -> float:
    """Where the last word ends that has a time, or all that was decoded."""
    words = heard.hypothesis.words if heard.hypothesis.timed else ()
    return heard.start_s + (words[-1].end_s if words else heard.hypothesis.decoded_s)


def _confidence(words: Sequence[Word]) -> float | None:
    """Confidence of an utterance: the mean of its words', weighted by their length."""
    lengths = [max(word.end_s - word.start_s, 0.01) for word in words]
    if not lengths:
        return None
    return _r(sum(w.confidence * s for w, s in zip(words, lengths, strict=True)) / sum(lengths))


def _r(value: float) -> float:
    return round(value, 3)


def _ms(duration_ns: int) -> float:
    return round(duration_ns / 1e6, 1)
