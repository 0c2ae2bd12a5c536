"""What a command is in Hermes: an intent with its slots, as Rhasspy's own recognizers of intents tell it.

Its page: https://rhasspy.readthedocs.io/en/latest/reference/#mqtt-api (hermes/nlu).
"""

import re
from typing import Any

from edge_asr.events import CommandEvent

NOT_RECOGNIZED = "hermes/nlu/intentNotRecognized"
_OF_TOPICS = re.compile(r"[/+#\0]")
_MOST_CHARACTERS = 200


def intent_topic(intent: str) -> str:
    """Where it is told; what a topic cannot hold becomes _."""
    return f"hermes/intent/{_OF_TOPICS.sub('_', intent)[:_MOST_CHARACTERS]}"


def intent_body(event: CommandEvent, site_id: str, session_id: str | None, wakeword_id: str | None) -> dict[str, Any]:
    """An intent that was recognized; without a session nobody had asked for it."""
    return {
        "input": event.text,
        "rawInput": event.text,
        "intent": {"intentName": event.intent, "confidenceScore": event.confidence},
        "slots": _slots(event),
        "siteId": site_id,
        "sessionId": session_id,
        "wakewordId": wakeword_id,
        "id": event.segment_id,
        "customData": None,
        "asrConfidence": event.confidence,
        "asrTokens": [],
        "lang": event.language,
    }


def not_recognized_body(segment_id: str, site_id: str, session_id: str | None) -> dict[str, Any]:
    """Somebody spoke, none of the sentences; what is not told."""
    return {"input": "", "siteId": site_id, "sessionId": session_id, "id": segment_id, "customData": None}


def _slots(event: CommandEvent) -> list[dict[str, Any]]:
    """With their places in the text; a slot that its sentence always has was said nowhere."""
    found, at = [], 0
    for name, slot in event.slots.items():
        place = event.text.find(slot.text, at) if slot.text else -1
        begin = max(place, 0)
        end = begin + len(slot.text) if place >= 0 else begin
        at = end if place >= 0 else at
        found.append(
            {
                "entity": name,
                "slotName": name,
                "confidence": slot.confidence,
                "rawValue": slot.text,
                "value": {"kind": "Unknown", "value": slot.value},
                "range": {"start": begin, "end": end, "rawStart": begin, "rawEnd": end},
            }
        )
    return found
