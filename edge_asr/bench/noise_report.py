"""Invented words for a person and for a machine: one row for each sound."""

from collections.abc import Sequence
from typing import Any

from edge_asr.bench.noise import Invented
from edge_asr.bench.table import Cell, table


def noise_text(sounds: Sequence[Invented], unit: str) -> str:
    """One table. unit: words or characters."""
    headings = [
        "by the hour of sound",
        "heard, min",
        "speech_started",
        "partials",
        f"{unit} in partials",
        "finals",
        f"{unit} in finals",
        "CPU s / audio s",
    ]
    rows: list[list[Cell]] = [
        [
            one.sound,
            one.audio_s / 60,
            one.hourly(one.events["speech_started"]),
            one.hourly(one.events["partial"]),
            one.hourly(one.partial_words),
            one.hourly(one.events["final"]),
            one.hourly(one.final_words),
            f"{one.cpu_share:.4f}",
        ]
        for one in sounds
    ]
    return table(headings, rows)


def noise_json(sounds: Sequence[Invented]) -> list[dict[str, Any]]:
    """The same as JSON objects, with the plain counts."""
    return [
        {
            "sound": one.sound,
            "audio_s": round(one.audio_s, 3),
            "cpu_s": round(one.cpu_s, 3),
            "cpu_s_per_audio_s": round(one.cpu_share, 5),
            "partial_words": one.partial_words,
            "final_words": one.final_words,
            "partial_words_per_hour": round(one.hourly(one.partial_words), 2),
            "final_words_per_hour": round(one.hourly(one.final_words), 2),
            "events": dict(one.events),
        }
        for one in sounds
    ]
