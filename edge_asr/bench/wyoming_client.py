"""A client of any Wyoming server, which speaks as Home Assistant does: at the pace of speech, then audio-stop."""

import asyncio
import time
from typing import NamedTuple

from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error

from edge_asr.audio.chunk import Samples
from edge_asr.errors import EdgeAsrError

_CHUNK_SAMPLES = 1024
_CONNECT_S = 10.0
_ANSWER_S = 120.0


class Server(NamedTuple):
    """Where one listens, and what it is called in the report."""

    name: str
    host: str
    port: int


class Answer(NamedTuple):
    """latency_s: from audio-stop to the transcript."""

    text: str
    latency_s: float


def spoken(server: Server, samples: Samples, rate_hz: int, language: str) -> Answer:
    """Say int16 (n,) to it. Raises EdgeAsrError: it is not there, refuses, or says nothing."""
    try:
        return asyncio.run(_spoken(server, samples, rate_hz, language))
    except TimeoutError:
        raise EdgeAsrError(f"{_place(server)} does not answer; is it started, and has it loaded its model?") from None
    except OSError as error:
        raise EdgeAsrError(f"{_place(server)} cannot be reached ({error.strerror or error}); start it first") from None


async def _spoken(server: Server, samples: Samples, rate_hz: int, language: str) -> Answer:
    async with AsyncTcpClient(server.host, server.port, _CONNECT_S, _ANSWER_S) as client:
        await client.write_event(Transcribe(language=language).event())
        await client.write_event(AudioStart(rate_hz, 2, 1).event())
        began = time.monotonic()
        for begin in range(0, len(samples), _CHUNK_SAMPLES):
            chunk = samples[begin : begin + _CHUNK_SAMPLES]
            await asyncio.sleep(max(0.0, began + (begin + len(chunk)) / rate_hz - time.monotonic()))
            await client.write_event(AudioChunk(rate_hz, 2, 1, chunk.astype("<i2").tobytes()).event())
        stopped = time.monotonic()
        await client.write_event(AudioStop().event())
        while (event := await client.read_event()) is not None:
            if Transcript.is_type(event.type):
                return Answer(Transcript.from_event(event).text, time.monotonic() - stopped)
            if Error.is_type(event.type):
                raise EdgeAsrError(f"{_place(server)} refuses: {Error.from_event(event).text}")
        raise EdgeAsrError(f"{_place(server)} closed the connection without a transcript; its log may say why")


def _place(server: Server) -> str:
    return f"{server.name} at {server.host}:{server.port}"
