"""A session is answered once, with what was said in it and nothing else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from paho.mqtt import publish

from edge_asr.config import MqttConfig
from edge_asr.controls import Controls, ControlValues, Due
from edge_asr.demo.broker import Broker
from edge_asr.events import CommandResponse, ErrorEvent, Event, SlotValue
from edge_asr.metrics import Metrics
from edge_asr.sinks.hermes import Hermes
from edge_asr.sinks.message import Message
from edge_asr.sinks.mqtt import MqttSink
from tests import sample_events
from tests.sinks.subscriber import Subscriber, wait_for

CONFIGURED = ControlValues(mute=False, sensitivity=50)
START, STOP = "hermes/asr/startListening", "hermes/asr/stopListening"
ON, OFF = "hermes/asr/toggleOn", "hermes/asr/toggleOff"


class Room:
    def __init__(self) -> None:
        self.controls = Controls(CONFIGURED, CONFIGURED, Metrics())
        self.hermes = Hermes("k1", self.controls)
        self.out: list[tuple[str, dict[str, Any]]] = []

    def _keep(self, messages: list[Message]) -> None:
        for message in messages:
            assert (message.qos, message.retain, message.keep) == (1, False, False)
            self.out.append((message.topic, json.loads(message.payload)))

    def say(self, topic: str, retained: bool = False, **fields: Any) -> None:
        payload = json.dumps({"siteId": "k1", **fields}).encode()
        self._keep(self.hermes.take(topic, payload, retained=retained))

    def see(self, *events: Event) -> None:
        for event in events:
            self._keep(self.hermes.seen(event))

    def answer(self, fault: str, due: Due | None = None) -> None:
        due = due or self.controls.take_due()[-1]
        assert self.hermes.asked(due.reply)
        said = CommandResponse(device_id="k1", control=due.control, accepted=not fault, value="", message=fault)
        self._keep(self.hermes.answered(said, due.reply))

    def captured(self) -> list[tuple[str, str | None]]:
        return [(body["text"], body["sessionId"]) for topic, body in self.out if topic == "hermes/asr/textCaptured"]

    def errors(self) -> list[str]:
        return [body["error"] for topic, body in self.out if topic == "hermes/error/asr"]


def utterance(text: str, segment: str) -> list[Event]:
    return [
        sample_events.speech_started(segment),
        sample_events.partial(segment_id=segment),
        sample_events.final(text, segment),
        sample_events.speech_ended(segment_id=segment),
    ]


def test_a_session_listens_at_once_and_is_answered_with_its_first_final() -> None:
    room = Room()
    room.see(*utterance("before", "s-1"))
    room.say(START, sessionId="a", wakewordId="jarvis", intentFilter=["x"] * 50)
    assert room.controls.take_press() == (True, 30)
    room.see(*utterance("turn on", "s-2"), *utterance("after", "s-3"))
    [(topic, body)] = room.out
    assert topic == "hermes/asr/textCaptured"
    assert body == {
        "text": "turn on", "likelihood": 0.9, "seconds": 1.0, "siteId": "k1", "sessionId": "a", "wakewordId": "jarvis",
        "lang": "en",
        "asrTokens": [[{"value": "turn", "confidence": 0.98, "rangeStart": 0, "rangeEnd": 4,
                        "time": {"start": 0.0, "end": 0.3}}]],
    }  # fmt: skip


def test_a_final_of_before_that_comes_late_is_not_the_sessions() -> None:
    room = Room()
    room.see(sample_events.speech_started("s-1"), sample_events.speech_ended(segment_id="s-1"))
    room.say(START, sessionId="a")
    room.see(sample_events.final("the wake word", "s-1"))
    assert room.out == []
    started, partial, final, ended = utterance("turn on", "s-2")
    room.see(started, partial, ended, final)  # the second pass takes its time
    assert room.captured() == [("turn on", "a")]


def test_what_is_being_said_when_it_begins_is_part_of_it() -> None:
    room = Room()
    started, *rest = utterance("jarvis turn on", "s-1")
    room.see(started)
    room.say(START, sessionId="a")
    room.see(*rest)
    assert room.captured() == [("jarvis turn on", "a")]


def test_silence_is_answered_with_nothing() -> None:
    room = Room()
    room.say(START, sessionId="a")
    room.see(sample_events.speech_started("s-1"), sample_events.speech_ended(0, "s-1"))
    assert room.captured() == [("", "a")]
    assert room.out[0][1]["asrTokens"] == [[]]
    assert room.out[0][1]["likelihood"] == 0.0


def test_without_stop_on_silence_it_lasts_until_it_is_stopped() -> None:
    room = Room()
    room.say(START, sessionId="a", stopOnSilence=False)
    room.see(*utterance("turn on", "s-1"), *utterance("turn off", "s-2"))
    room.say(STOP, sessionId="b")  # another's
    assert room.out == []
    room.see(sample_events.speech_started("s-3"))
    room.say(STOP, sessionId="a")
    assert room.out == []  # somebody still speaks
    room.see(*utterance("turn round", "s-3")[1:])
    assert room.captured() == [("turn on turn off turn round", "a")]
    text = room.out[0][1]["text"]
    ranges = [text[token["rangeStart"] : token["rangeEnd"]] for token in room.out[0][1]["asrTokens"][0]]
    assert ranges == ["turn", "turn", "turn"]


def test_stopped_in_silence_it_ends_at_once_and_a_new_one_ends_the_old() -> None:
    room = Room()
    room.say(START, sessionId="a")
    room.say(START, sessionId="b")
    room.say(STOP, sessionId="b")
    room.say(STOP, sessionId="b")
    assert room.captured() == [("", "a"), ("", "b")]


def test_toggled_off_it_hears_no_session_until_every_reason_is_gone() -> None:
    room = Room()
    room.say(START, sessionId="a")
    room.say(OFF, reason="ttsSay")
    assert room.captured() == [("", "a")]
    room.say(OFF, reason="playAudio")
    room.say(ON, reason="ttsSay")
    room.say(START, sessionId="b")
    assert room.errors() == ["it is toggled off; send hermes/asr/toggleOn first"]
    room.see(*utterance("itself", "s-1"))
    assert room.captured() == [("", "a")]
    room.say(ON)  # for whatever reason
    room.say(START, sessionId="c")
    room.see(*utterance("turn on", "s-2"))
    assert room.captured()[1:] == [("turn on", "c")]
    assert not room.controls.take().values.mute


def test_what_keeps_it_from_listening_is_an_error_of_the_session() -> None:
    room = Room()
    room.controls.command("mute", b"ON", retained=False)
    room.say(START, sessionId="a")
    room.controls.command("mute", b"OFF", retained=False)
    room.say(START, sessionId="b")
    room.answer("listen/set: no mic")
    room.see(*utterance("late", "s-1"))
    assert [(body["error"], body["sessionId"]) for _, body in room.out] == [
        ("it is muted and hears nothing", "a"),
        ("listen/set: no mic", "b"),
    ]


def test_a_refusal_of_another_command_or_session_ends_none() -> None:
    room = Room()
    room.say(START, sessionId="a")
    [of_a] = room.controls.take_due()
    room.say(START, sessionId="b")
    room.out.clear()
    [of_b] = room.controls.take_due()
    room.answer("listen/set: no mic", of_a)
    room.answer("", of_b)
    for text in ("gain/set: no", "listen/set: 'soon' is refused"):  # somebody else's
        room.see(ErrorEvent(device_id="k1", emitted_at="", clock_synced=True, code="command", message=text))
    room.see(*utterance("turn on", "s-1"))
    assert room.captured() == [("turn on", "b")]
    assert room.errors() == []


def test_a_session_whose_end_was_lost_takes_no_words_of_much_later(monkeypatch: pytest.MonkeyPatch) -> None:
    room, now_ns = Room(), 1_000_000_000
    monkeypatch.setattr("edge_asr.sinks.hermes.time.monotonic_ns", lambda: now_ns)
    room.say(START, sessionId="a")
    now_ns += 121 * 1_000_000_000
    room.see(*utterance("much later", "s-1"))
    assert room.captured() == [("", "a")]


@pytest.mark.parametrize("topic", [START, OFF])
def test_what_is_anothers_or_retained_does_nothing(topic: str) -> None:
    room = Room()
    room.say(topic, siteId="bedroom")
    room.say(topic, retained=True)
    assert room.hermes.take(topic, b"", retained=False) == []  # the site "default"
    room.say(START, sessionId="a")
    assert room.controls.take_press()[0]
    assert room.out == []


@given(st.sampled_from(Hermes.topics), st.one_of(st.binary(max_size=300), st.just(b"[" * 9000), st.just(b"{" * 8000)))
def test_whatever_comes_is_taken_or_is_one_short_error(topic: str, payload: bytes) -> None:
    room = Room()
    room._keep(room.hermes.take(topic, payload, retained=False))
    assert len(room.out) <= 1
    for where, body in room.out:
        assert where == "hermes/error/asr"
        assert body["error"].startswith(f"{topic} is refused: ")
        assert len(body["error"]) < 400


@pytest.mark.broker
def test_through_a_real_broker(broker: Broker) -> None:
    controls, metrics = Controls(CONFIGURED, CONFIGURED, Metrics()), Metrics()
    config = MqttConfig(host=broker.host, port=broker.port)
    sink = MqttSink(config, "kitchen", metrics, controls=controls, hermes=Hermes("kitchen", controls))
    sink.start()
    try:
        with Subscriber(broker.port) as subscriber:
            wait_for(lambda: "Sending SUBACK to edge_asr-kitchen" in broker.log)
            said = json.dumps({"siteId": "kitchen", "sessionId": "a"})
            publish.single(START, said, qos=1, hostname=broker.host, port=broker.port)
            wait_for(lambda: controls.take_press()[0])
            for event in utterance("turn on", "s-1"):
                sink.emit(event)
            subscriber.wait_for(lambda: bool(subscriber.payloads("/textCaptured")))
            subscriber.wait_for(lambda: bool(subscriber.payloads("kitchen/final")))
            [captured] = [each for each in subscriber.messages if each.topic == "hermes/asr/textCaptured"]
            assert (captured.qos, captured.retained) == (1, False)
            assert json.loads(captured.payload)["text"] == "turn on"
    finally:
        sink.stop(2.0)


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
