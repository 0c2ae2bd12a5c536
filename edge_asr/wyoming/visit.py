"""One client on its connection."""

import asyncio
import contextlib

from wyoming.error import Error
from wyoming.event import Eventable
from wyoming.ping import Pong

from edge_asr.guests.guest import Fault
from edge_asr.guests.reception import GuestError
from edge_asr.ports.outbox import Outbox
from edge_asr.wyoming.asked import Question, Wish, asked
from edge_asr.wyoming.info import Card
from edge_asr.wyoming.pcm import PcmFormat
from edge_asr.wyoming.reach import WyomingReach
from edge_asr.wyoming.refused import RefusedError
from edge_asr.wyoming.talk import Talk
from edge_asr.wyoming.wire import Incoming, read_event, written

_SILENT_S = 60.0  # nothing came for so long: nobody is there any more
_SAID_S = 2.0
_HEAR_OUT_S = 10.0
_HEAR_OUT_BYTES = 4 << 20
_BLOCK_BYTES = 1 << 16
_AUDIO = 'expected "rate" from 4000 to 768000 Hz, "width" from 1 to 4 bytes and "channels" from 1 to 8'
_SHAPE = frozenset({"rate", "width", "channels"})


class Visit:
    """The loop's thread. It ends with the first refusal, which is told before: many clients read on until it does."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, reach: WyomingReach, card: Card
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._reach = reach
        self._card = card
        self._out = Outbox(self._put_out, writer.transport)
        self._over: asyncio.Future[RefusedError | None] = asyncio.get_running_loop().create_future()
        self._talk: Talk | None = None
        self._leaving = False

    async def serve(self) -> None:
        """Until the client goes, or is sent away."""
        sending = asyncio.create_task(self._out.send())
        taking = asyncio.create_task(self._take())
        try:
            refusal = await self._over
            self._give_up()
            taking.cancel()
            await asyncio.gather(taking, return_exceptions=True)
            if refusal is not None:
                await self._send_away(refusal)
            elif not self._out.too_slow:
                await self._out.sent(_SAID_S)
        finally:
            self._give_up()
            for task in (sending, taking):
                task.cancel()
            await asyncio.gather(sending, taking, return_exceptions=True)
            self._writer.close()

    async def _take(self) -> None:
        try:
            while await self._take_one():  # noqa: ASYNC110 - it waits for what comes
                await asyncio.sleep(0)  # what is answered leaves, however much has come at once
        except RefusedError as error:
            self._end(error)
        except Exception as error:  # noqa: BLE001 - `serve` raises it
            if not self._over.done():
                self._over.set_exception(error)
        else:
            self._leaving = True
            if self._talk is None or not self._talk.finished:  # it may have said that nothing more comes, and listen
                self._end(None)

    async def _take_one(self) -> bool:
        try:
            async with asyncio.timeout(_SILENT_S):
                event = await read_event(self._reader)
        except TimeoutError:
            if self._talk is None:
                return False
            if self._talk.finished:
                return True
            raise RefusedError("silent", f"nothing came for {_SILENT_S:g} s; end audio with audio-stop") from None
        if event is None:
            return False
        await self._handle(event)
        return True

    async def _handle(self, event: Incoming) -> None:
        match event.type:
            case "describe":
                self._say(self._card.info())
            case "ping":
                self._say(Pong(asked(Question, event, '"text" of at most 1000 characters').text))
            case "transcribe":
                wish = asked(Wish, event, '"name" and "language" as text, or neither')
                wish.check(self._reach.guests.spoken(), self._reach.device_name)
            case "audio-start":
                self._begin(asked(PcmFormat, event, _AUDIO, "format"))
            case "audio-chunk":
                await self._chunk(event)
            case "audio-stop":
                self._listening("audio-stop").finish()
            case _:  # what a later version of the protocol may have
                pass

    def _begin(self, form: PcmFormat) -> Talk:
        if self._talk is not None:
            raise RefusedError("protocol", "audio-start before the transcript of the audio before; wait for that")
        try:
            place = self._reach.guests.reception.admit()
        except GuestError as error:
            raise RefusedError(error.code, str(error)) from None
        language = self._reach.guests.spoken().language
        try:
            self._talk = Talk(form, language, self._reach.guests, place, self._say, self._heard)
        except BaseException:  # no thread for it
            place.give_back()
            raise
        return self._talk

    async def _chunk(self, event: Incoming) -> None:
        told = _SHAPE.intersection(event.data)
        form = asked(PcmFormat, event, _AUDIO, "format") if told or self._talk is None else None
        talk = self._begin(form) if self._talk is None and form is not None else self._listening("audio-chunk")
        if form not in (None, talk.form):
            raise RefusedError("format", "rate, width or channels changed within the audio; end it before")
        await talk.take(event.payload)

    def _listening(self, what: str) -> Talk:
        if self._talk is None or self._talk.finished:
            raise RefusedError("protocol", f"{what} without audio-start; send that first")
        return self._talk

    def _heard(self, fault: Fault | None) -> None:
        self._talk = None
        if fault is None:
            self._reach.metrics.wyoming_answers.labels(outcome="transcript").inc()
            if self._leaving:
                self._end(None)
        else:
            self._end(RefusedError(fault.code, fault.message))

    def _say(self, event: Eventable) -> None:
        try:
            self._out.put(written(event))
        except asyncio.QueueFull:  # it does not read what it has asked for
            self._reach.metrics.wyoming_answers.labels(outcome="slow").inc()
            self._out.cut_off()
            self._end(None)

    async def _put_out(self, body: bytes) -> None:
        self._writer.write(body)
        await self._writer.drain()

    def _give_up(self) -> None:
        if self._talk is not None:
            self._talk.give_up()

    def _end(self, refusal: RefusedError | None) -> None:
        if not self._over.done():
            self._over.set_result(refusal)

    async def _send_away(self, refusal: RefusedError) -> None:
        """Say why, and hear out for a while who is still speaking: a connection cut off would take the word with it."""
        self._reach.metrics.wyoming_answers.labels(outcome=refusal.code).inc()
        self._say(Error(str(refusal), refusal.code))
        await self._out.sent(_SAID_S)
        with contextlib.suppress(OSError, TimeoutError):
            self._writer.write_eof()
            async with asyncio.timeout(_HEAR_OUT_S):
                left = _HEAR_OUT_BYTES
                while left > 0 and (block := await self._reader.read(_BLOCK_BYTES)):
                    left -= len(block)
