"""`/ws`: all that the device says, as it says it, and the controls; what the live page is made of."""

import asyncio
import contextlib
from typing import Any

import msgspec
from aiohttp import WSMsgType, web
from msgspec import Struct

from edge_asr.commands import SENTENCES_BYTES, Control, Reply
from edge_asr.http.answer import as_error, is_upgrade
from edge_asr.http.hub import frame_of
from edge_asr.http.listeners import Listener, Listeners
from edge_asr.http.reach import Reach

_MESSAGE_BYTES = 2 * SENTENCES_BYTES  # a sign that JSON writes with two is rare
_HEARTBEAT_S = 20.0
_COMMANDS_APART_S = 0.05  # who floods us waits in its own connection
_SHARE = 2  # of the connections: some are left for questions


class _Command(Struct, forbid_unknown_fields=True):
    control: Control
    value: str
    id: str = ""  # comes back in the answer


_decoder = msgspec.json.Decoder(_Command)


async def events(request: web.Request, reach: Reach, listeners: Listeners) -> web.StreamResponse:
    """Serve one client until it goes, or is too slow."""
    if len(listeners) >= reach.config.max_connections // _SHARE:
        reach.metrics.http_refused.labels(reason="listeners").inc()
        return as_error(503, "too_many_listeners", "too many listen already; close some, or raise http.max_connections")
    socket = web.WebSocketResponse(heartbeat=_HEARTBEAT_S, max_msg_size=_MESSAGE_BYTES, compress=False)
    if not is_upgrade(socket, request):
        return as_error(426, "websocket", "this path speaks WebSocket: ask with ws:// in place of http://")
    await socket.prepare(request)
    listener = listeners.join(socket, request.transport)
    try:
        listener.put(frame_of("hello", _hello(reach)))
        sender = asyncio.create_task(listener.send())
        try:
            await _obey(socket, listener, reach)
        finally:
            sender.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sender
    finally:
        listeners.leave(listener)
    return socket


async def _obey(socket: web.WebSocketResponse, listener: Listener, reach: Reach) -> None:
    async for message in socket:
        if message.type is not WSMsgType.TEXT:
            break
        try:
            command = _decoder.decode(message.data)
        except (msgspec.DecodeError, UnicodeError) as error:
            said = f'{error}; expected {{"control": "mute", "value": "ON"}}'
            with contextlib.suppress(asyncio.QueueFull):
                listener.put(frame_of("response", {"accepted": False, "message": said}))
        else:
            reply = Reply(listener.name, command.id.encode("utf-8", "surrogatepass"), "http")
            value = command.value.encode("utf-8", "surrogatepass")
            reach.controls.command(command.control, value, retained=False, reply=reply)
        await asyncio.sleep(_COMMANDS_APART_S)


def _hello(reach: Reach) -> dict[str, Any]:
    """All that is known now: a page that is loaded anew has what it had."""
    known = reach.board.known
    return {
        "device_id": reach.device.id,
        "name": reach.device.name,
        "version": reach.device.version,
        "choices": [{"model": choice.model, "language": choice.language} for choice in reach.controls.choices],
        "state": known.state,
        "broker": None if known.broker is None else known.broker._asdict(),
        "controls": known.controls,
        "load": known.load,
        "ladder": known.ladder,
        "finals": reach.hub.finals,
    }
