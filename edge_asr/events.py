"""The wire format: one tagged union on `event_type`, version 1.

`events.schema.json` is its JSON Schema; a test holds it to these Structs. Adding an optional field keeps `v`.
"""

from typing import Any, Literal

import msgspec
from msgspec import Struct, field

VERSION: Literal[1] = 1
WhyUnknown = Literal["other", "unsaid", "undecided"]
RungName = Literal["all", "no_partials", "no_second_pass", "small_model"]


class WordTiming(Struct, frozen=True):
    """A word in stream time (seconds since the source was opened); confidence in 0..1."""

    word: str
    start_s: float
    end_s: float
    confidence: float


class Latency(Struct, frozen=True):
    """Milliseconds, measured against the capture time of the samples.

    first_token: first partial published - the first word began. finalization: final published - last speech sample.
    decision: final published - the sample at which the end was decided. None where it is not known.
    """

    first_token: float | None = None
    finalization: float | None = None
    decision: float | None = None


class _Base(Struct, frozen=True, kw_only=True):
    device_id: str
    stream_id: str
    segment_id: str
    emitted_at: str  # ISO 8601, UTC
    clock_synced: bool
    v: Literal[1] = VERSION


class _Transcript(_Base, frozen=True, kw_only=True):
    text: str
    revision: int  # counts the transcripts of this segment from 1; the final has the highest
    start_s: float
    end_s: float
    start: str
    end: str
    language: str
    model: str
    words: list[WordTiming]
    confidence: float | None = None
    end_reason: str | None = None
    pass_no: Literal[1, 2] = field(name="pass", default=1)
    truncated: bool = False  # audio is missing at an end of this segment
    latency_ms: Latency = Latency()


class PartialEvent(_Transcript, frozen=True, kw_only=True, tag_field="event_type", tag="partial"):
    """May still change, but for its first `stable_chars` characters, which rarely do; `words` is empty."""

    stable_chars: int = 0


class FinalEvent(_Transcript, frozen=True, kw_only=True, tag_field="event_type", tag="final"):
    """Never changes; exactly one for each segment that has had a transcript."""


class SpeechStartedEvent(_Base, frozen=True, kw_only=True, tag_field="event_type", tag="speech_started"):
    """The gate has opened."""

    start_s: float
    start: str


class SpeechEndedEvent(_Base, frozen=True, kw_only=True, tag_field="event_type", tag="speech_ended"):
    """The utterance is over; `words` is how many were heard, and with 0 there may be no final."""

    end_s: float
    end: str
    end_reason: str
    words: int


class SlotValue(Struct, frozen=True, kw_only=True):
    """One slot of a command: what it holds, the words that said so, and how sure they are, in 0..1.

    A slot that its sentence always has was said by no words.
    """

    value: str | int | float | bool
    text: str
    confidence: float


class _Understood(_Base, frozen=True, kw_only=True):
    start_s: float
    end_s: float
    start: str
    end: str
    language: str
    model: str
    latency_ms: Latency = Latency()


class CommandEvent(_Understood, frozen=True, kw_only=True, tag_field="event_type", tag="command"):
    """One of the sentences of the lists was said; its words are the `final` of the same segment."""

    intent: str
    slots: dict[str, SlotValue]
    text: str
    confidence: float


class WakeEvent(_Understood, frozen=True, kw_only=True, tag_field="event_type", tag="wake"):
    """The phrase that wakes was said alone: for a while a sentence needs none before it."""

    text: str
    confidence: float


class UnknownEvent(_Understood, frozen=True, kw_only=True, tag_field="event_type", tag="unknown"):
    """Somebody spoke, none of the sentences, while only those are listened for: there is no `final`.

    other: other speech. unsaid: one of them fits, and a second opinion does not hear it. undecided: several fit that
    mean different things.
    """

    reason: WhyUnknown = "other"


class ErrorEvent(Struct, frozen=True, kw_only=True, tag_field="event_type", tag="error"):
    """Something went wrong that a subscriber may want to know."""

    device_id: str
    emitted_at: str
    clock_synced: bool
    code: str
    message: str
    stream_id: str = ""  # empty where it belongs to no stream, or to no segment of it
    segment_id: str = ""
    v: Literal[1] = VERSION


class LadderEvent(Struct, frozen=True, kw_only=True, tag_field="event_type", tag="ladder"):
    """A hot or slow machine gives more up, or takes something up again; `…/ladder` says the same, retained."""

    device_id: str
    emitted_at: str
    clock_synced: bool
    rung: RungName
    cause: Literal["heat", "lag"] | None  # of what is given up; None: nothing is
    message: str
    temperature_celsius: float | None = None
    stream_id: str = ""  # it belongs to none, nor to a segment
    segment_id: str = ""
    v: Literal[1] = VERSION


TranscriptEvent = PartialEvent | FinalEvent
Event = (
    PartialEvent
    | FinalEvent
    | SpeechStartedEvent
    | SpeechEndedEvent
    | CommandEvent
    | WakeEvent
    | UnknownEvent
    | ErrorEvent
    | LadderEvent
)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def encode(event: Event) -> bytes:
    """One event as one line of JSON, UTF-8, without the line end. Thread-safe."""
    return _encoder.encode(event)


def decode(payload: bytes) -> Event:
    """Event of a JSON payload; raises msgspec.ValidationError or DecodeError when it is not one. Thread-safe."""
    return _decoder.decode(payload)


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the union."""
    schema = msgspec.json.schema(Event)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "edge_asr events", **schema}


class CommandResponse(Struct, frozen=True, kw_only=True):
    """What became of a command, for whoever has named a response topic (MQTT 5)."""

    device_id: str
    control: str
    accepted: bool
    value: str  # what is in force now, as on the control's state topic
    message: str = ""  # why it was refused
    v: Literal[1] = VERSION


class LoadReport(Struct, frozen=True, kw_only=True):
    """The retained `…/load` payload: how hard the first pass works, over the last `over_s` seconds."""

    rtf: float | None  # compute / audio; None: no audio came
    lag_s: float  # the worst: now - capture time of what was being consumed
    over_s: float


class LadderReport(Struct, frozen=True, kw_only=True):
    """The retained `…/ladder` payload: what a hot or slow machine has given up; each rung includes those before it."""

    rung: RungName
    cause: Literal["heat", "lag"] | None
    temperature_celsius: float | None  # when it stepped there
    since: str  # ISO 8601, UTC


class ModelReport(Struct, frozen=True, kw_only=True):
    """The retained `…/model/update` payload: the bundle in force, and the newest that this program knows."""

    installed_version: str
    latest_version: str
    title: str


class SentencesReport(Struct, frozen=True, kw_only=True):
    """The retained `…/commands/state` payload: what is known of the sentences, but for their words."""

    source: Literal["file", "told"]  # of the configuration, or what somebody has sent in its place
    sentences: int  # as they are written
    intents: int
    words: int  # different ones
    names: int  # of the house, in its lists
    left_out: int  # of them, since nobody knows how they sound
    sha256: str  # of the text; of several files, of all in a row


class StateReport(Struct, frozen=True, kw_only=True):
    """The retained `…/state` payload: what the device is doing and why."""

    state: Literal["starting", "listening", "muted", "degraded", "stopping"]
    capture: Literal["starting", "healthy", "silent", "lost", "recovering", "hung", "muted", "stopped"]
    reason: str  # empty while listening; else one line for a person, with the fix
    model: str
    language: str
    microphone: str  # description of the source in use, empty while there is none
    version: str
    since: str  # ISO 8601, UTC


class LevelReport(Struct, frozen=True, kw_only=True):
    """The `…/level` payload, not retained: how loud the microphone was since the last one, in dB of full scale."""

    rms_dbfs: float
    peak_dbfs: float
    clipped: float  # share of the samples at full scale


Report = StateReport | LoadReport | LadderReport | ModelReport | LevelReport
