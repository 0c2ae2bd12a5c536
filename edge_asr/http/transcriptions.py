"""`/v1/audio/transcriptions` and `/v1/models`, in the shape that OpenAI's clients expect. Nothing touches a disk."""

import asyncio
import math

from aiohttp import web

from edge_asr.events import FinalEvent
from edge_asr.guests.guest import Done, Fault, News
from edge_asr.guests.reception import GuestError, Place
from edge_asr.http.answer import as_error, as_json
from edge_asr.http.reach import Reach
from edge_asr.http.upload import RefusedError, Upload, read_upload
from edge_asr.ports.soon import soon
from edge_asr.subtitles import Heard, as_text, as_verbose, whole_text

_FORMS = ("json", "text", "srt", "verbose_json", "vtt")
_ANY_MODEL = frozenset({"", "default", "whisper-1"})  # what programs send that let nobody choose


class Transcriptions:
    """The loop's thread; recordings are heard in those of the guests."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._guests = reach.guests

    async def transcribe(self, request: web.Request) -> web.Response:
        """Hear one recording."""
        try:
            place = self._guests.reception.admit()  # before it is sent: what lies in memory is bounded by the places
        except GuestError as error:
            return as_error(429 if error.code == "too_many_streams" else 503, error.code, str(error))
        try:
            upload = await read_upload(request, self._reach.config.max_upload_mib)
            wanted = self._wanted(upload)
        except RefusedError as error:
            place.give_back()
            return error.answer
        except BaseException:
            place.give_back()
            raise
        heard = await self._hear(place, upload.file)
        if isinstance(heard, Fault):
            status = {"audio": 400, "busy": 503}.get(heard.code, 500)
            return as_error(status, heard.code, heard.message, "file" if heard.code == "audio" else None)
        return _answer(heard, wanted, upload.all_of("timestamp_granularities"))

    async def models(self, _: web.Request) -> web.Response:
        """What recordings are heard with."""
        names = dict.fromkeys([self._in_force(), self._guests.spoken().model])
        listed = [{"id": name, "object": "model", "created": 0, "owned_by": "edge_asr"} for name in names]
        return as_json({"object": "list", "data": listed})

    def _wanted(self, upload: Upload) -> str:
        """Form of the answer; raises RefusedError when anything else is asked for than can be had."""
        if not upload.file:
            raise RefusedError(400, "missing", "no recording came; send it as the field file", "file")
        form = upload.last("response_format") or "json"
        if form not in _FORMS:
            raise _unknown("response_format", form, f"expected one of {', '.join(_FORMS)}")
        if upload.last("stream").lower() not in {"", "false", "0"}:
            raise _unknown("stream", "true", "a recording is answered at once; /v1/stream gives partials")
        spoken, model, language = self._guests.spoken(), upload.last("model"), upload.last("language")
        if model not in _ANY_MODEL | {spoken.model, self._in_force()}:
            raise _unknown("model", model, f"{self._in_force()!r} listens here; send that, or choose on the page", 404)
        if language and not spoken.speaks(language):
            raise _unknown("language", language, f"the model speaks {spoken.language!r}; choose another on the page")
        return form

    def _in_force(self) -> str:
        controls = self._reach.board.known.controls
        return controls.model if controls is not None and controls.model else self._guests.spoken().model

    async def _hear(self, place: Place, body: bytes) -> Heard | Fault:
        loop = asyncio.get_running_loop()
        finals: list[FinalEvent] = []
        ended: asyncio.Future[Done | Fault] = loop.create_future()

        def end(last: Done | Fault) -> None:
            if not ended.done():
                ended.set_result(last)

        def tell(news: News) -> None:  # in the guest's thread
            if isinstance(news, FinalEvent):
                finals.append(news)
            elif isinstance(news, Done | Fault):
                soon(loop, lambda: end(news))

        guest = self._guests.recording(place, body, tell)
        guest.start()
        try:
            last = await ended
        finally:  # also when the one who asked has gone
            guest.give_up()
        return last if isinstance(last, Fault) else Heard(finals, last.audio_s, last.language)


def _unknown(param: str, value: str, expected: str, status: int = 400) -> RefusedError:
    code = "model_not_found" if status == 404 else param
    return RefusedError(status, code, f"{param} = {value[:60]!r}: {expected}", param)


def _answer(heard: Heard, wanted: str, granularities: set[str]) -> web.Response:
    if wanted == "json":
        return as_json(
            {"text": whole_text(heard), "usage": {"type": "duration", "seconds": math.ceil(round(heard.audio_s, 3))}}
        )
    if wanted == "verbose_json":
        words = "word" in granularities
        return as_json(as_verbose(heard, words=words, segments=not words or "segment" in granularities))
    kinds = {"text": "text/plain", "srt": "application/x-subrip", "vtt": "text/vtt"}
    text = as_text(heard, "srt" if wanted == "srt" else "vtt" if wanted == "vtt" else "text")
    return web.Response(text=text, content_type=kinds[wanted], charset="utf-8", headers={"Cache-Control": "no-store"})
