"""A session is answered once, with what was said in it and nothing else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt import publish

from edge_asr.config import MqttConfig
from edge_asr.controls import Controls
from edge_asr.demo.broker import Broker
from edge_asr.events import ErrorEvent
from edge_asr.metrics import Metrics
from edge_asr.sinks.hermes import Hermes
from edge_asr.sinks.mqtt import MqttSink
from tests import sample_events
from tests.sinks.hermes_room import CONFIGURED, OFF, ON, START, STOP, Room, utterance
from tests.sinks.subscriber import Subscriber, wait_for


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
