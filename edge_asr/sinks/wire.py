"""What everything that is published becomes: topic, payload, quality and whether it stays on the broker."""

from collections.abc import Iterator

import msgspec

from edge_asr.commands import CONTROLS, Reply
from edge_asr.controls import ControlValues, shown
from edge_asr.events import (
    CommandEvent,
    CommandResponse,
    Event,
    FinalEvent,
    LadderReport,
    LevelReport,
    LoadReport,
    ModelReport,
    PartialEvent,
    Report,
    StateReport,
    UnknownEvent,
    WakeEvent,
    encode,
)
from edge_asr.sinks.message import JSON, TEXT, Message

_PARTIAL_STALE_S = 5  # a newer one, or the final, has come by then
_LEVEL_STALE_S = 5
_COMMAND_STALE_S = 10  # what is done later is done to somebody's surprise
_RESPONSE_STALE_S = 30
_REPORTS: dict[type[Report], str] = {
    StateReport: "state",
    LoadReport: "load",
    LadderReport: "ladder",
    ModelReport: "model/update",
}


def of_event(base: str, event: Event) -> Message:
    """Message of an event, below the device's topics; never retained."""
    if isinstance(event, PartialEvent):
        return Message(f"{base}/partial", encode(event), qos=0, stale_s=_PARTIAL_STALE_S)
    if isinstance(event, CommandEvent | WakeEvent | UnknownEvent):
        return Message(f"{base}/event", encode(event), qos=1, stale_s=_COMMAND_STALE_S)
    final = isinstance(event, FinalEvent)
    return Message(f"{base}/{'final' if final else 'event'}", encode(event), qos=1, keep=final)


def of_report(base: str, report: Report) -> Message:
    """Message of a state of the device; a level is none, and does not stay."""
    if isinstance(report, LevelReport):
        return Message(f"{base}/level", msgspec.json.encode(report), qos=0, stale_s=_LEVEL_STALE_S)
    return state(f"{base}/{_REPORTS[type(report)]}", msgspec.json.encode(report))


def of_answer(base: str, values: ControlValues, before: ControlValues | None) -> Iterator[Message]:
    """Messages of the controls that are in force: of those that are other than before, or of all when none is."""
    for control in CONTROLS:
        now = shown(control, values)
        if before is None or before == values or now != shown(control, before):
            yield state(f"{base}/{control}/state", now.encode(), JSON if control == "commands" else TEXT)


def of_response(response: CommandResponse, reply: Reply) -> Message:
    """Message of what became of a command, for who has sent it; not retained."""
    payload = msgspec.json.encode(response)
    return Message(reply.topic, payload, qos=1, stale_s=_RESPONSE_STALE_S, correlation=reply.correlation)


def availability(base: str, text: str) -> Message:
    """Message of `online` or `offline`."""
    return state(f"{base}/availability", text.encode(), TEXT)


def state(topic: str, payload: bytes, content_type: str = JSON) -> Message:
    """A message that stays on the broker."""
    return Message(topic, payload, qos=1, retain=True, content_type=content_type)
