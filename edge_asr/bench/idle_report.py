"""Idle figures for a person and for a machine: one column for each sound."""

from collections.abc import Sequence
from typing import Any

from edge_asr.bench.idle import Quiet
from edge_asr.bench.table import Cell, table

_ALWAYS_SHOWN = ("speech_started", "partial", "final", "speech_ended", "error")


def idle_text(quiets: Sequence[Quiet]) -> str:
    """One table."""
    rows: list[list[Cell]] = [
        ["measured, s", *(round(quiet.seconds, 1) for quiet in quiets)],
        ["CPU of the daemon, s", *(f"{quiet.cpu_s:.2f}" for quiet in quiets)],
        ["CPU, % of one core", *(f"{100 * quiet.cpu_share:.2f}" for quiet in quiets)],
        ["resident memory, MiB", *(quiet.resident_mib for quiet in quiets)],
        ["peak resident memory, MiB", *(quiet.peak_mib for quiet in quiets)],
        ["words in partials", *(quiet.partial_words for quiet in quiets)],
        ["words in finals", *(quiet.final_words for quiet in quiets)],
    ]
    kinds = [*_ALWAYS_SHOWN, *sorted({kind for quiet in quiets for kind in quiet.events} - set(_ALWAYS_SHOWN))]
    rows += [[f"events: {kind}", *(quiet.events[kind] for quiet in quiets)] for kind in kinds]
    return table(["the daemon hears", *(quiet.sound for quiet in quiets)], rows)


def idle_json(quiets: Sequence[Quiet]) -> list[dict[str, Any]]:
    """The same as JSON objects."""
    return [
        {
            "sound": quiet.sound,
            "seconds": round(quiet.seconds, 2),
            "cpu_s": round(quiet.cpu_s, 2),
            "cpu_share": round(quiet.cpu_share, 5),
            "resident_mib": round(quiet.resident_mib, 1),
            "peak_mib": round(quiet.peak_mib, 1),
            "partial_words": quiet.partial_words,
            "final_words": quiet.final_words,
            "events": dict(quiet.events),
        }
        for quiet in quiets
    ]
