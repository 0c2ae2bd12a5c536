"""One audio of a client, from its beginning to its transcript."""

import asyncio
from collections.abc import Callable

from wyoming.asr import Transcript, TranscriptChunk, TranscriptStart, TranscriptStop
from wyoming.event import Eventable

from edge_asr.asr.script import glued
from edge_asr.events import FinalEvent
from edge_asr.guests.guest import Done, Fault, Guest, News
from edge_asr.guests.house import Guests
from edge_asr.guests.live_source import LiveSource
from edge_asr.guests.reception import Place
from edge_asr.ports.soon import soon
from edge_asr.wyoming.info import spelled
from edge_asr.wyoming.pcm import PcmFormat, to_samples

_AGAIN_S = 0.02


class Talk:
    """The loop's thread, but for `_tell`. Every final is a chunk at once; all of them are the one transcript.

    say: takes an event to the client. ended: called once, with the fault if it was one.
    """

    def __init__(
        self,
        form: PcmFormat,
        language: str,
        guests: Guests,
        place: Place,
        say: Callable[[Eventable], None],
        ended: Callable[[Fault | None], None],
    ) -> None:
        self.form = form
        self.finished = False
        self._language = spelled(language)
        self._say = say
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._text = ""
        self._begun = False
        self._rest = b""
        self._guest: Guest
        self._source: LiveSource
        self._guest, self._source = guests.stream(place, form.rate, self._tell, partials=False)
        self._guest.start()

    async def take(self, payload: bytes) -> None:
        """Take what came; wait where the guest is behind: what waits meanwhile is the sender's."""
        data = self._rest + payload
        whole = len(data) - len(data) % (self.form.width * self.form.channels)
        self._rest = data[whole:]
        samples = to_samples(data[:whole], self.form)
        while len(samples) and not self._source.offer(samples):  # noqa: ASYNC110 - it is a thread that makes room
            await asyncio.sleep(_AGAIN_S)

    def finish(self) -> None:
        """All was sent."""
        self.finished = True
        self._source.finish()

    def give_up(self) -> None:
        """Nobody waits for it any more."""
        self._guest.give_up()

    def _tell(self, news: News) -> None:
        """The guest's thread."""
        if isinstance(news, FinalEvent | Done | Fault):
            soon(self._loop, lambda: self._heard(news))

    def _heard(self, news: News) -> None:
        match news:
            case FinalEvent():
                self._add(news.text)
            case Done():
                self._begin()
                self._say(Transcript(self._text, language=self._language))  # what those read who read nothing else
                self._say(TranscriptStop())
                self._ended(None)
            case Fault():
                self._ended(news)

    def _add(self, text: str) -> None:
        if text:
            self._begin()
            chunk = text if not self._text or glued(self._text, text) else f" {text}"
            self._text += chunk
            self._say(TranscriptChunk(chunk))

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._say(TranscriptStart(language=self._language))
