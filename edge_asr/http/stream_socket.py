"""`/v1/stream`: PCM comes over a WebSocket while it is being said, partials and finals go back."""

import asyncio
import contextlib
from typing import Annotated, TypeVar

import msgspec
import numpy as np
from aiohttp import WSCloseCode, WSMsgType, web
from msgspec import Meta, Struct

from edge_asr.audio.channels import to_mono
from edge_asr.audio.replay import MAX_RATE_HZ, MIN_RATE_HZ
from edge_asr.guests.guest import Done, Fault, Guest, News
from edge_asr.guests.house import Guests
from edge_asr.guests.live_source import LiveSource
from edge_asr.guests.reception import GuestError, Place
from edge_asr.http.answer import as_error, is_upgrade
from edge_asr.http.hub import event_topic, frame_of
from edge_asr.http.listeners import Listener
from edge_asr.ports.soon import soon

_MESSAGE_BYTES = 1 << 20
_SILENT_S = 60.0  # nothing came for so long: nobody is there any more
_CLOSE_S = 2.0
_AGAIN_S = 0.02
_CODES = {
    "busy": WSCloseCode.TRY_AGAIN_LATER,
    "protocol": WSCloseCode.POLICY_VIOLATION,
    "silent": WSCloseCode.POLICY_VIOLATION,
}
T = TypeVar("T")


class _Begin(Struct, forbid_unknown_fields=True):
    """First message, where it is text."""

    sample_rate: Annotated[int, Meta(ge=MIN_RATE_HZ, le=MAX_RATE_HZ)] = 16_000
    channels: Annotated[int, Meta(ge=1, le=8)] = 1
    partials: bool = True


class _End(Struct, forbid_unknown_fields=True):
    """Last message."""

    end: bool


async def stream(request: web.Request, guests: Guests) -> web.StreamResponse:
    """Hear one guest to its end."""
    socket = web.WebSocketResponse(
        max_msg_size=_MESSAGE_BYTES, compress=False, receive_timeout=_SILENT_S, timeout=_CLOSE_S
    )
    if not is_upgrade(socket, request):
        return as_error(426, "websocket", "this path speaks WebSocket: ask with ws:// in place of http://")
    try:
        place = guests.reception.admit()
    except GuestError as error:
        return as_error(503, error.code, str(error))
    visit = None
    try:
        await socket.prepare(request)
        visit = _Visit(socket, request.transport, guests, place)
        await visit.serve()
    finally:
        if visit is None or not visit.begun:
            place.give_back()
    return socket


class _Visit:
    """One guest on its connection. The loop's thread, but for `_tell`."""

    def __init__(
        self, socket: web.WebSocketResponse, transport: asyncio.BaseTransport | None, guests: Guests, place: Place
    ) -> None:
        self._socket = socket
        self._guests = guests
        self._place = place
        self._out = Listener("", socket, transport)
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[Done | Fault | None] = self._loop.create_future()  # None: it has gone
        self._guest: Guest | None = None

    @property
    def begun(self) -> bool:
        """Whether its place is given back by itself."""
        return self._guest is not None

    async def serve(self) -> None:
        """Until it has ended, one way or the other."""
        tasks = [asyncio.create_task(self._take()), asyncio.create_task(self._out.send())]
        code = WSCloseCode.OK
        try:
            last = await self._ended
            if last is not None:
                code = self._farewell(last)
                await self._out.sent(_CLOSE_S)
        finally:
            if self._guest is not None:
                self._guest.give_up()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await self._socket.close(code=code)

    async def _take(self) -> None:
        """Take what it says."""
        try:
            await self._take_all()
        except TimeoutError:
            self._end(Fault("silent", f'nothing came for {_SILENT_S:g} s; end a stream with {{"end": true}}'))
        except msgspec.DecodeError as error:
            expected = 'begin with {"sample_rate": 16000} or with PCM, end with {"end": true}'
            self._end(Fault("protocol", f"{error}; {expected}"))

    async def _take_all(self) -> None:
        source: LiveSource | None = None
        channels, rest = 1, b""
        while True:
            message = await self._socket.receive()
            if message.type is WSMsgType.TEXT and source is not None:
                _decoded(message.data, _End)
                source.finish()
                return
            if message.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
                self._end(None)
                return
            if source is None:
                begin = _decoded(message.data, _Begin) if message.type is WSMsgType.TEXT else _Begin()
                source, channels = self._begin(begin), begin.channels
            if message.type is WSMsgType.BINARY:
                data = rest + message.data
                whole = len(data) - len(data) % (2 * channels)
                rest = data[whole:]
                await self._hand_over(data[:whole], channels, source)

    def _begin(self, begin: _Begin) -> LiveSource:
        self._guest, source = self._guests.stream(self._place, begin.sample_rate, self._tell, partials=begin.partials)
        self._guest.start()
        return source

    @staticmethod
    async def _hand_over(data: bytes, channels: int, source: LiveSource) -> None:
        """Wait where the guest is behind: what waits meanwhile is the sender's."""
        samples = to_mono(np.frombuffer(data, "<i2").astype(np.int16), channels, "mix")
        while len(samples) and not source.offer(samples):  # noqa: ASYNC110 - it is a thread that makes room
            await asyncio.sleep(_AGAIN_S)

    def _tell(self, news: News) -> None:
        """The guest's thread."""
        soon(self._loop, lambda: self._heard(news))

    def _heard(self, news: News) -> None:
        if isinstance(news, Done | Fault):
            self._end(news)
        elif not self._ended.done():
            try:
                self._out.put(frame_of(event_topic(news), news))
            except asyncio.QueueFull:  # it does not read what it has asked for
                self._out.cut_off()
                self._end(None)

    def _end(self, last: Done | Fault | None) -> None:
        if not self._ended.done():
            self._ended.set_result(last)

    def _farewell(self, last: Done | Fault) -> WSCloseCode:
        with contextlib.suppress(asyncio.QueueFull):
            if isinstance(last, Done):
                self._out.put(frame_of("done", {"audio_s": round(last.audio_s, 3)}))
            else:
                self._out.put(frame_of("error", {"code": last.code, "message": last.message}))
        return WSCloseCode.OK if isinstance(last, Done) else _CODES.get(last.code, WSCloseCode.INTERNAL_ERROR)


def _decoded(text: str, kind: type[T]) -> T:
    return msgspec.json.decode(text, type=kind)
