"""Finals as OpenAI's clients want them: text, JSON, SRT and WebVTT."""

import math
import zlib
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from edge_asr.events import FinalEvent

Form = Literal["json", "text", "srt", "verbose_json", "vtt"]


class Heard(NamedTuple):
    """All of a recording."""

    finals: Sequence[FinalEvent]
    audio_s: float
    language: str


def whole_text(heard: Heard) -> str:
    """What was said, in one line."""
    return " ".join(final.text for final in heard.finals if final.text)


def as_text(heard: Heard, form: Literal["text", "srt", "vtt"]) -> str:
    """One of the forms that are plain text."""
    if form == "text":
        return whole_text(heard) + "\n"
    shown = [final for final in heard.finals if final.text]
    mark = "," if form == "srt" else "."
    cues = [
        (f"{number}\n" if form == "srt" else "")
        + f"{_clock(final.start_s, mark)} --> {_clock(max(final.end_s, final.start_s), mark)}\n{_cue(final.text)}\n"
        for number, final in enumerate(shown, 1)
    ]
    return ("" if form == "srt" else "WEBVTT\n\n") + "\n".join(cues)


def as_verbose(heard: Heard, *, words: bool, segments: bool) -> dict[str, Any]:
    """`verbose_json`. What this recognizer has no number for is 0, or empty."""
    body: dict[str, Any] = {
        "task": "transcribe",
        "language": heard.language,
        "duration": round(heard.audio_s, 3),
        "text": whole_text(heard),
    }
    shown = [final for final in heard.finals if final.text]
    if segments:
        body["segments"] = [_segment(number, final) for number, final in enumerate(shown)]
    if words:
        body["words"] = [
            {"word": word.word, "start": word.start_s, "end": word.end_s} for final in shown for word in final.words
        ]
    return body


def _segment(number: int, final: FinalEvent) -> dict[str, Any]:
    text = final.text.encode()
    return {
        "id": number,
        "seek": 0,
        "start": final.start_s,
        "end": final.end_s,
        "text": final.text,
        "tokens": [],
        "temperature": 0.0,
        "avg_logprob": round(math.log(max(final.confidence, 1e-6)), 4) if final.confidence is not None else 0.0,
        "compression_ratio": round(len(text) / len(zlib.compress(text)), 4),
        "no_speech_prob": 0.0,
    }


def _cue(text: str) -> str:
    """Without what would begin a cue of its own, or a tag."""
    return text.replace("-->", "→").replace("&", "&amp;").replace("<", "&lt;")


def _clock(seconds: float, mark: str) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{mark}{ms % 1000:03}"
