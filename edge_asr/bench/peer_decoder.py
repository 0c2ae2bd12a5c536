"""The named peer as a child of the measurement: `python -m edge_asr.bench.peer_decoder MODEL-FOLDER [PHRASES]`.

vosk, with its defaults, as its own examples use it: finals at its own endpoints, then what is left. Partials are not
asked for, which is in its favour: our pipeline makes them. PHRASES is a file with a phrase on each line, which it then
listens for and nothing else, "[unk]" for what is none of them. Only this file imports vosk, and nothing that it imports
may lead to onnxruntime.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from edge_asr.bench.decoder_loop import Decode, Said, serve

_CHUNK_MS = 200


def decoders(folder: str, phrases: str | None = None) -> Mapping[str, Decode]:
    """Decoders by name."""
    import vosk  # noqa: PLC0415 - an extra, loaded late so that this file can be read without it

    vosk.SetLogLevel(-1)
    model = vosk.Model(folder)
    if phrases is not None:
        listed = json.dumps([*Path(phrases).read_text("utf-8").splitlines(), "[unk]"])
        return {
            "vosk, phrases": lambda pcm, rate_hz: _phrases(vosk.KaldiRecognizer(model, rate_hz, listed), pcm, rate_hz)
        }
    return {
        "vosk": lambda pcm, rate_hz: _decode(vosk.KaldiRecognizer(model, rate_hz), pcm, rate_hz),
        "vosk, words": lambda pcm, rate_hz: _with_words(vosk.KaldiRecognizer(model, rate_hz), pcm, rate_hz),
    }


def _decode(recognizer: Any, pcm: bytes, rate_hz: int) -> Said:
    texts = (json.loads(result)["text"] for result in _results(recognizer, pcm, rate_hz))
    return Said(" ".join(text for text in texts if text))


def _phrases(recognizer: Any, pcm: bytes, rate_hz: int) -> Said:
    """Each result is a line."""
    return Said("\n".join(json.loads(result)["text"] for result in _results(recognizer, pcm, rate_hz)))


def _with_words(recognizer: Any, pcm: bytes, rate_hz: int) -> Said:
    """The same, asked for its words: a segment lasts from the first to the last of a result."""
    recognizer.SetWords(True)
    found = [json.loads(result) for result in _results(recognizer, pcm, rate_hz)]
    words = [result["result"] for result in found if result.get("result")]
    text = " ".join(result["text"] for result in found if result["text"])
    return Said(text, spans=tuple((those[0]["start"], those[-1]["end"]) for those in words))


def _results(recognizer: Any, pcm: bytes, rate_hz: int) -> Iterator[str]:
    size = 2 * (rate_hz * _CHUNK_MS // 1000)
    for begin in range(0, len(pcm), size):
        if recognizer.AcceptWaveform(pcm[begin : begin + size]):  # it has found an end
            yield recognizer.Result()
    yield recognizer.FinalResult()


if __name__ == "__main__":
    serve(lambda: decoders(*sys.argv[1:]))
