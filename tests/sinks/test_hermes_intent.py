"""A command is an intent of the session in which it was said; other speech and a device toggled off have none."""

from typing import Any

from msgspec.structs import replace

from edge_asr.events import Event, SlotValue
from tests import sample_events
from tests.sinks.hermes_room import OFF, ON, START, Room, utterance


def commanded(segment: str, **fields: Any) -> Event:
    return replace(sample_events.command(), segment_id=segment, **fields)


def intents(room: Room) -> list[tuple[str, str | None]]:
    return [(topic, body["sessionId"]) for topic, body in room.out if "/asr/" not in topic]


def test_a_command_is_an_intent_with_its_slots_and_their_places() -> None:
    room = Room()
    lamp = SlotValue(value="light.living", text="lamp", confidence=0.9)
    level = SlotValue(value=50, text="fifty", confidence=0.8)
    fixed = SlotValue(value="light", text="", confidence=1.0)
    slots = {"domain": fixed, "name": lamp, "level": level}
    room.see(commanded("s-1", intent="HassLightSet", text="set the lamp to fifty", slots=slots))
    [(topic, body)] = room.out
    assert topic == "hermes/intent/HassLightSet"
    assert body["input"] == body["rawInput"] == "set the lamp to fifty"
    assert body["intent"] == {"intentName": "HassLightSet", "confidenceScore": sample_events.command().confidence}
    assert (body["siteId"], body["sessionId"], body["lang"]) == ("k1", None, "en")
    found = {each["slotName"]: (each["value"]["value"], each["rawValue"], each["range"]) for each in body["slots"]}
    assert [found[name][:2] for name in ("domain", "name", "level")] == [
        ("light", ""),
        ("light.living", "lamp"),
        (50, "fifty"),
    ]
    places = {name: body["input"][at["start"] : at["end"]] for name, (_, _, at) in found.items()}
    assert places == {"domain": "", "name": "lamp", "level": "fifty"}


def test_an_intent_belongs_to_the_session_in_which_it_was_said_whichever_comes_first() -> None:
    room = Room()
    room.say(START, sessionId="a")
    start, partial, final, end = utterance("turn on", "s-1")
    room.see(start, partial, final, commanded("s-1", intent="one"), end)
    room.say(START, sessionId="b")
    start, partial, final, end = utterance("turn off", "s-2")
    room.see(start, partial, commanded("s-2", intent="two"), end, final)  # its text was written anew
    room.see(commanded("s-3", intent="three"))
    assert intents(room) == [("hermes/intent/one", "a"), ("hermes/intent/two", "b"), ("hermes/intent/three", None)]
    assert room.captured() == [("turn on", "a"), ("turn off", "b")]


def test_other_speech_is_no_intent_for_who_has_asked_alone() -> None:
    room = Room()
    unknown = replace(sample_events.unknown(), segment_id="s-1")
    room.see(sample_events.speech_started("s-1"), unknown, sample_events.speech_ended(segment_id="s-1"))
    assert room.out == []
    room.say(START, sessionId="a")
    room.see(
        sample_events.speech_started("s-2"),
        replace(unknown, segment_id="s-2"),
        replace(sample_events.speech_ended(segment_id="s-2"), words=0),
    )
    assert intents(room) == [("hermes/nlu/intentNotRecognized", "a")]
    assert room.captured() == [("", "a")]


def test_toggled_off_no_intent_is_told_and_no_name_leaves_its_topic() -> None:
    room = Room()
    room.say(OFF)
    room.see(commanded("s-1"))
    assert room.out == []
    room.say(ON)
    room.see(
        commanded("s-2", intent="a/b+c#\0"), commanded("s-3", intent="x" * 5000), commanded("s-4", intent="good night")
    )
    topics = [topic for topic, _ in room.out]
    assert topics == ["hermes/intent/a_b_c__", f"hermes/intent/{'x' * 200}", "hermes/intent/good night"]
    for number in range(1000):
        room.say(START, sessionId="c")
        room.see(*utterance("x", f"t-{number}"))
    assert len(room.hermes._asked_for) == 32
