"""Hermes, the protocol of Rhasspy and Snips before it: a session is asked for, and answered with what was said in it.

Its page: https://rhasspy.readthedocs.io/en/latest/reference/#mqtt-api (hermes/asr). There are no partials in it. What
is said outside of a session is none of its business, and stays on our own topics alone, but for commands: they are
intents, whoever has asked for them.
"""

import threading
import time
from collections import deque
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from edge_asr.clock import NS_PER_S
from edge_asr.commands import Reply
from edge_asr.controls import Controls
from edge_asr.events import (
    CommandEvent,
    CommandResponse,
    ErrorEvent,
    Event,
    FinalEvent,
    SpeechEndedEvent,
    UnknownEvent,
)
from edge_asr.sinks.hermes_intent import NOT_RECOGNIZED, intent_body, intent_topic, not_recognized_body
from edge_asr.sinks.message import Message

_BASE = "hermes/asr"
_ON, _OFF, _START, _STOP = (f"{_BASE}/{verb}" for verb in ("toggleOn", "toggleOff", "startListening", "stopListening"))
_CAPTURED, _ERROR = f"{_BASE}/textCaptured", "hermes/error/asr"
_PAYLOAD_BYTES = 8192  # Rhasspy's intent filter, which is of no use here, may be a long list
_LISTEN_S = 30  # Rhasspy itself gives up after so long
_SESSION_S = 120.0  # then its end was lost
_MOST_FINALS = 32  # of a session that is not ended by silence
_REMEMBERED = 32  # segments that were over before a session; their finals may come late
_STALE_S = 30
_COMMAND_STALE_S = 10  # what is done later is done to somebody's surprise
_REASONS = ("dialogueSession", "playAudio", "ttsSay")  # any other is the empty one, which goes for all of them

Name = Annotated[str, Meta(max_length=200)]


class _Said(Struct, frozen=True, rename="camel"):
    """What is read of any message; fields of no use here are skipped."""

    site_id: Name = "default"
    session_id: Name | None = None
    wakeword_id: Name | None = None
    stop_on_silence: bool = True
    reason: str | None = ""


class _Session:
    """One that lasts: whose it is, what it has heard, and when it is over at the latest."""

    def __init__(self, said: _Said, over_before: frozenset[str]) -> None:
        self.said = said
        self.over_before = over_before
        self.finals: list[FinalEvent] = []
        self.open_segments: set[str] = set()
        self.stopping = False
        self.ends_ns = time.monotonic_ns() + round(_SESSION_S * NS_PER_S)


class Hermes:
    """Translates both ways for the site `site_id`; returns what is to be published, not retained. Any thread.

    It never mutes: who mutes and listens again is a person, and Rhasspy toggles whenever it speaks itself.
    """

    def __init__(self, site_id: str, controls: Controls) -> None:
        self._site_id = site_id
        self._controls = controls
        self._lock = threading.Lock()
        self._off: set[str] = set()  # reasons to hear nothing
        self._session: _Session | None = None
        self._sessions = 0
        self._over: deque[str] = deque(maxlen=_REMEMBERED)
        self._asked_for: dict[str, _Said] = {}  # segments of the last session: what they mean may come behind them

    topics = (_ON, _OFF, _START, _STOP)

    def take(self, topic: str, payload: bytes, *, retained: bool) -> list[Message]:
        """Take one message of `topics`, whatever it is; a retained one does nothing, nobody has just said it."""
        if retained:
            return []
        try:
            if len(payload) > _PAYLOAD_BYTES:
                raise msgspec.ValidationError(f"it has {len(payload)} bytes, expected {_PAYLOAD_BYTES} at most")
            said = msgspec.json.decode(payload or b"{}", type=_Said)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return [self._error(_Said(site_id=self._site_id), f"{topic} is refused: {error}", topic)]
        if said.site_id != self._site_id:
            return []
        with self._lock:
            match topic:
                case "hermes/asr/toggleOn" | "hermes/asr/toggleOff":
                    return self._toggle(_reason(said), on=topic == _ON)
                case "hermes/asr/startListening":
                    return self._start(said)
            return self._stop(said)

    def seen(self, event: Event) -> list[Message]:
        """What an event means to the session."""
        with self._lock:
            session = self._session
            if session is not None and time.monotonic_ns() > session.ends_ns:
                return [*self._end(session), *self._note(event, None)]
            return self._note(event, session)

    @staticmethod
    def asked(reply: Reply) -> bool:
        """Whether it is we who have sent the command; nobody else may name that topic."""
        return reply.topic == _START

    def answered(self, response: CommandResponse, reply: Reply) -> list[Message]:
        """What became of the command with which a session began: it may be that it cannot listen now."""
        with self._lock:
            session = self._session
            if session is None or response.accepted or reply.correlation != str(self._sessions).encode():
                return []
            self._session = None
            return [self._error(session.said, response.message, "command")]

    def _note(self, event: Event, session: _Session | None) -> list[Message]:
        if isinstance(event, SpeechEndedEvent):
            self._over.append(event.segment_id)
        if session is not None and event.segment_id and event.segment_id not in session.over_before:
            self._asked_for[event.segment_id] = session.said
            while len(self._asked_for) > _REMEMBERED:
                del self._asked_for[next(iter(self._asked_for))]
        if isinstance(event, CommandEvent | UnknownEvent):
            return self._understood(event)
        if session is None or event.segment_id in session.over_before:
            return []
        if isinstance(event, ErrorEvent):
            return self._failed(session, event)
        heard_out = self._heard(session, event)
        return self._end(session) if heard_out else []

    def _understood(self, event: CommandEvent | UnknownEvent) -> list[Message]:
        """A command is an intent; of other speech only who has asked for it is told that it is none."""
        said = self._asked_for.get(event.segment_id)
        session_id, wakeword_id = (None, None) if said is None else (said.session_id, said.wakeword_id)
        if self._off or (said is None and isinstance(event, UnknownEvent)):
            return []
        if isinstance(event, CommandEvent):
            topic = intent_topic(event.intent)
            return [_message(topic, intent_body(event, self._site_id, session_id, wakeword_id), _COMMAND_STALE_S)]
        body = not_recognized_body(event.segment_id, self._site_id, session_id)
        return [_message(NOT_RECOGNIZED, body, _COMMAND_STALE_S)]

    @staticmethod
    def _heard(session: _Session, event: Event) -> bool:
        """Whether the session is over with this event."""
        segment, ends = event.segment_id, session.said.stop_on_silence or session.stopping
        if isinstance(event, FinalEvent):
            session.finals = [*session.finals, event][-_MOST_FINALS:]
        elif not isinstance(event, SpeechEndedEvent):
            session.open_segments.add(segment)
            return False
        elif event.words and not any(final.segment_id == segment for final in session.finals):
            return False  # its final still waits for the second pass
        session.open_segments.discard(segment)
        return ends

    def _toggle(self, reason: str, *, on: bool) -> list[Message]:
        if not on:
            self._off.add(reason)
            return [] if self._session is None else self._end(self._session)
        if reason:
            self._off.discard(reason)
        else:
            self._off.clear()
        return []

    def _start(self, said: _Said) -> list[Message]:
        ended = [] if self._session is None else self._end(self._session)
        if self._off:
            return [*ended, self._error(said, "it is toggled off; send hermes/asr/toggleOn first", _START)]
        if self._controls.muted:
            return [*ended, self._error(said, "it is muted and hears nothing", _START)]
        self._session = _Session(said, frozenset(self._over))
        self._sessions += 1
        reply = Reply(_START, str(self._sessions).encode())
        self._controls.command("listen", str(_LISTEN_S).encode(), retained=False, reply=reply)
        return ended

    def _stop(self, said: _Said) -> list[Message]:
        session = self._session
        if session is None or (said.session_id or None) != (session.said.session_id or None):
            return []
        session.stopping = True
        return [] if session.open_segments else self._end(session)  # what is being said is heard to its end

    def _end(self, session: _Session) -> list[Message]:
        self._session = None
        return [_message(_CAPTURED, _captured(session.finals, session.said))]

    def _failed(self, session: _Session, event: ErrorEvent) -> list[Message]:
        """An utterance was lost; commands that were refused are not the session's."""
        if event.code == "command":
            return []  # our own is `answered`
        self._session = None
        return [self._error(session.said, event.message, event.code)]

    @staticmethod
    def _error(said: _Said, text: str, context: str) -> Message:
        body = {"error": text, "context": context, "siteId": said.site_id, "sessionId": said.session_id}
        return _message(_ERROR, body)


def _reason(said: _Said) -> str:
    return said.reason if said.reason in _REASONS else ""


def _message(topic: str, body: dict[str, Any], stale_s: int = _STALE_S) -> Message:
    return Message(topic, msgspec.json.encode(body), qos=1, stale_s=stale_s)


def _captured(finals: list[FinalEvent], said: _Said) -> dict[str, Any]:
    texts = [final.text for final in finals]
    sure = [final.confidence for final in finals if final.confidence is not None]
    tokens: list[dict[str, Any]] = []
    begin = 0
    for final in finals:
        tokens += _tokens(final, begin, finals[0].start_s)
        begin += len(final.text) + 1
    return {
        "text": " ".join(texts),
        "likelihood": min(sure, default=0.0),
        "seconds": round(finals[-1].end_s - finals[0].start_s, 3) if finals else 0.0,
        "siteId": said.site_id,
        "sessionId": said.session_id,
        "wakewordId": said.wakeword_id,
        "lang": finals[-1].language if finals else None,
        "asrTokens": [tokens],
    }


def _tokens(final: FinalEvent, begin: int, origin_s: float) -> list[dict[str, Any]]:
    """Its words with their places in the text, which begins at `begin`, and their times after `origin_s`."""
    found, at = [], 0
    for word in final.words:
        place = final.text.find(word.word, at)
        place = at if place < 0 else place
        at = place + len(word.word)
        time_s = {"start": round(word.start_s - origin_s, 3), "end": round(word.end_s - origin_s, 3)}
        ranges = {"rangeStart": begin + place, "rangeEnd": begin + at}
        found.append({"value": word.word, "confidence": word.confidence, **ranges, "time": time_s})
    return found
