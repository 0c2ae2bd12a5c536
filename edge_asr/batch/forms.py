"""The forms in which a recording's text is written."""

from collections.abc import Sequence

import msgspec

from edge_asr.batch.messages import Outcome
from edge_asr.events import FinalEvent, encode
from edge_asr.subtitles import Heard, as_text, as_verbose

SUFFIXES = {"text": ".txt", "json": ".json", "jsonl": ".jsonl", "srt": ".srt", "vtt": ".vtt", "tsv": ".tsv"}


def document(outcome: Outcome, form: str) -> str:
    """All of a recording in one of the forms of SUFFIXES.

    text: a final a line. json: what the HTTP port calls verbose_json, with words. jsonl: events as on the broker.
    tsv: start and end in milliseconds, and text, below a line of headings.
    """
    finals = [event for event in outcome.events if isinstance(event, FinalEvent)]
    heard = Heard(finals, outcome.audio_s, outcome.language)
    if form == "jsonl":
        return "".join(f"{encode(event).decode()}\n" for event in outcome.events)
    if form == "json":
        body = as_verbose(heard, words=True, segments=True)
        return msgspec.json.format(msgspec.json.encode(body), indent=2).decode() + "\n"
    if form == "srt":
        return as_text(heard, "srt")
    if form == "vtt":
        return as_text(heard, "vtt")
    shown = [final for final in finals if final.text]
    return _tsv(shown) if form == "tsv" else "".join(f"{final.text}\n" for final in shown)


def _tsv(finals: Sequence[FinalEvent]) -> str:
    rows = [f"{round(1000 * one.start_s)}\t{round(1000 * one.end_s)}\t{' '.join(one.text.split())}" for one in finals]
    return "\n".join(["start\tend\ttext", *rows]) + "\n"
