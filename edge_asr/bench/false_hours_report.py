"""Commands that nobody gave in hours of other speech, for a person and for a machine."""

from collections import Counter
from dataclasses import asdict
from typing import Any

from edge_asr.bench.commands_report import CURVE, FALSE, false_rows, rate_cells
from edge_asr.bench.false_hours import LEVELS_DB, SNRS_DB, SPEEDS, FalseHours
from edge_asr.bench.table import Cell, table

_MOST_TOLD = 20


def false_text(found: FalseHours, most_excess: float) -> str:
    """By noise and its distance, for other thresholds, and which commands they were taken for."""
    hours = found.audio_s / 3600
    parts = [
        table(FALSE, [*false_rows(found.by_distance, most_excess)[:-1], *false_rows(found.elsewhere, most_excess)]),
        table(["most_excess", *FALSE[2:]], _curve(found)),
    ]
    taken = Counter(one.command for one in found.mistaken if one.excess <= CURVE[-1])
    if taken:
        rows = [_mistaken(found, command, most_excess) for command, _ in taken.most_common(_MOST_TOLD)]
        parts.append(table([f"taken for, at {CURVE[-1]:g}", "times", f"at {most_excess:g}", "best fit"], rows))
    soft_to_loud_db = LEVELS_DB[1] - LEVELS_DB[0]
    parts.append(
        f"These are the same {found.speech_s / 60:.0f} minutes of speech over and over in other dress (speed "
        f"{SPEEDS[0]:g} to {SPEEDS[1]:g}, noise {SNRS_DB[1]:g} to {SNRS_DB[0]:g} dB below, {soft_to_loud_db:g} dB from "
        f"soft to loud, cut at other places), not {hours:.1f} hours of other people. More than `at most` an hour is "
        "ruled out for speech like this, and for no other."
    )
    parts.append(f"CPU s / audio s: {found.cpu_s / found.audio_s:.3f}")
    return "\n\n".join(parts)


def false_json(found: FalseHours) -> dict[str, Any]:
    """Every command that was heard, with its excess; those that fit at all with where they were heard."""
    return asdict(found)


def _curve(found: FalseHours) -> list[list[Cell]]:
    return [[f"{most:.1f}", *rate_cells(found.elsewhere, most)] for most in CURVE]


def _mistaken(found: FalseHours, command: str, most_excess: float) -> list[Cell]:
    excesses = [one.excess for one in found.mistaken if one.command == command]
    kept = sum(excess <= most_excess for excess in excesses)
    return [command, sum(excess <= CURVE[-1] for excess in excesses), kept, f"{min(excesses):.2f}"]
