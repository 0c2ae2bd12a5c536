"""The wire format. After a wanted change of it: `python -m tests.test_events` writes the schema anew."""

import functools
import json
from pathlib import Path
from typing import Any, get_args

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_asr import events
from edge_asr.events import (
    CommandEvent,
    ErrorEvent,
    Event,
    FinalEvent,
    LadderEvent,
    Latency,
    PartialEvent,
    SpeechEndedEvent,
    SpeechStartedEvent,
    UnknownEvent,
    WakeEvent,
)
from tests import sample_events

SCHEMA = Path(events.__file__).with_name("events.schema.json")
KINDS = [
    PartialEvent,
    FinalEvent,
    SpeechStartedEvent,
    SpeechEndedEvent,
    CommandEvent,
    WakeEvent,
    UnknownEvent,
    ErrorEvent,
    LadderEvent,
]
SAMPLES: list[Event] = [
    sample_events.partial(),
    sample_events.final(),
    sample_events.speech_started(),
    sample_events.speech_ended(),
    sample_events.command(),
    sample_events.wake(),
    sample_events.unknown(),
    sample_events.error(),
    sample_events.ladder(),
]

texts = st.text(st.characters(exclude_categories=["Cs"]))
numbers = st.floats(allow_nan=False, allow_infinity=False)
common = {
    "device_id": texts,
    "stream_id": texts,
    "segment_id": texts,
    "emitted_at": texts,
    "clock_synced": st.booleans(),
}
words = st.builds(events.WordTiming, texts, numbers, numbers, numbers)
transcript = common | {
    "text": texts,
    "revision": st.integers(0, 2**53),
    "start_s": numbers,
    "end_s": numbers,
    "start": texts,
    "end": texts,
    "language": texts,
    "model": texts,
    "words": st.lists(words, max_size=4),
    "confidence": st.none() | numbers,
    "end_reason": st.none() | texts,
    "pass_no": st.sampled_from([1, 2]),
    "truncated": st.booleans(),
    "latency_ms": st.builds(Latency, st.none() | numbers, st.none() | numbers, st.none() | numbers),
}
understood = common | {
    "start_s": numbers,
    "end_s": numbers,
    "start": texts,
    "end": texts,
    "language": texts,
    "model": texts,
}
any_event: st.SearchStrategy[Event] = st.one_of(
    st.builds(PartialEvent, **transcript),
    st.builds(FinalEvent, **transcript),
    st.builds(SpeechStartedEvent, **common, start_s=numbers, start=texts),
    st.builds(SpeechEndedEvent, **common, end_s=numbers, end=texts, end_reason=texts, words=st.integers(0, 1000)),
    st.builds(
        CommandEvent,
        **understood,
        intent=texts,
        slots=st.dictionaries(
            texts, st.builds(events.SlotValue, value=texts | numbers, text=texts, confidence=numbers)
        ),
        text=texts,
        confidence=numbers,
    ),
    st.builds(WakeEvent, **understood, text=texts, confidence=numbers),
    st.builds(UnknownEvent, **understood),
    st.builds(ErrorEvent, **common, code=texts, message=texts),
    st.builds(
        LadderEvent,
        **common,
        rung=st.sampled_from(get_args(events.RungName)),
        cause=st.sampled_from(["heat", "lag", None]),
        message=texts,
        temperature_celsius=st.none() | numbers,
    ),
)


def rendered() -> str:
    """The schema as it is kept in the repository."""
    return json.dumps(events.json_schema(), indent=2, ensure_ascii=False) + "\n"


@functools.cache
def validator() -> Any:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_kept_schema_is_that_of_the_code() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == rendered(), "run: python -m tests.test_events"


@pytest.mark.parametrize("event", SAMPLES, ids=[type(event).__name__ for event in SAMPLES])
def test_every_kind_is_valid_and_comes_back_equal(event: Event) -> None:
    payload = events.encode(event)
    validator().validate(json.loads(payload))
    assert events.decode(payload) == event
    assert b"\n" not in payload


def test_there_is_a_sample_of_every_kind() -> None:
    assert [type(event) for event in SAMPLES] == KINDS
    assert {kind.__struct_config__.tag for kind in KINDS} == set(events.json_schema()["discriminator"]["mapping"])


@given(any_event)
def test_any_event_comes_back_equal(event: Event) -> None:
    payload = events.encode(event)
    assert events.decode(payload) == event
    assert b"\n" not in payload
    assert json.loads(payload)["event_type"] == type(event).__struct_config__.tag
    assert json.loads(payload)["v"] == events.VERSION


@given(any_event)
def test_any_event_is_valid(event: Event) -> None:
    validator().validate(json.loads(events.encode(event)))


def test_the_pass_is_called_pass_on_the_wire() -> None:
    document = json.loads(events.encode(msgspec.structs.replace(sample_events.final(), pass_no=2)))
    assert document["pass"] == 2
    assert "pass_no" not in document


@pytest.mark.parametrize(
    "change",
    [{"event_type": "rumour"}, {"v": 2}, {"pass": 3}, {"text": None}, {"words": [{"word": "on"}]}, {"revision": "one"}],
    ids=str,
)
def test_schema_and_code_refuse_the_same(change: dict[str, Any]) -> None:
    document = json.loads(events.encode(sample_events.final())) | change
    with pytest.raises(msgspec.ValidationError):
        events.decode(json.dumps(document).encode())
    with pytest.raises(jsonschema.ValidationError):
        validator().validate(document)


def test_a_newer_optional_field_is_not_in_the_way() -> None:
    document = json.loads(events.encode(sample_events.final())) | {"mood": "calm"}
    assert events.decode(json.dumps(document).encode()) == sample_events.final()
    validator().validate(document)


if __name__ == "__main__":
    SCHEMA.write_text(rendered(), encoding="utf-8")
