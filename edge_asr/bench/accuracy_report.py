"""Accuracy for a person and for a machine."""

from typing import Any

from edge_asr.bench.accuracy import LIVE, SECOND, WHOLE, Accuracy, Score
from edge_asr.bench.peers import PEERS
from edge_asr.bench.table import Cell, table

TITLES = {LIVE: "live", WHOLE: "whole file", SECOND: "second pass alone, whole file"}
TITLES |= {name: name for name in PEERS}
_POOLED = "pooled"


def accuracy_text(accuracy: Accuracy, measure: str) -> str:
    """Two tables: errors of each set, then sums and CPU of each system. measure: WER or CER."""
    parts = [_by_set(accuracy, measure), _by_system(accuracy, measure)]
    ratio = accuracy.cpu_ratio()
    if ratio is not None:
        parts.append(f"CPU of vosk / CPU of live: {ratio:.1f}")
    return "\n\n".join(parts)


def accuracy_json(accuracy: Accuracy, measure: str) -> dict[str, Any]:
    """The same, with every recording."""
    sets: dict[str, Any] = {name: _scores(accuracy, name) for name in accuracy.sets}
    return {
        "measure": measure,
        "pooled": _scores(accuracy, None),
        "sets": sets,
        "apart": sorted(accuracy.apart & set(accuracy.sets)),
        "live_minus_whole_points": _points(accuracy, None),
        "cpu_ratio_vosk_to_live": accuracy.cpu_ratio(),
        "recordings": [
            {
                "path": one.recording.name,
                "reference": one.recording.text,
                "texts": dict(one.texts),
                "errors": {system: score.errors.total for system, score in one.scores.items()},
                "cpu_s": {system: round(score.cpu_s, 4) for system, score in one.scores.items()},
            }
            for one in accuracy.heard
        ],
    }


def _by_set(accuracy: Accuracy, measure: str) -> str:
    unit = "words" if measure == "WER" else "characters"
    headings = ["set", "files", "audio s", unit]
    for system in accuracy.systems:
        headings += [f"{TITLES[system]} {measure} %", "S/D/I"]
    headings.append("live - whole, points")
    rows: list[list[Cell]] = []
    for name in [*accuracy.sets, None]:
        scores = [accuracy.score(system, name) for system in accuracy.systems]
        first = scores[0]
        title = _POOLED if name is None else f"{name} (not pooled)" if name in accuracy.apart else name
        row: list[Cell] = [title, first.files, round(first.audio_s), first.errors.words]
        for score in scores:
            errors = score.errors
            row += [errors.percent, f"{errors.substitutions}/{errors.deletions}/{errors.insertions}"]
        points = _points(accuracy, name)
        rows.append([*row, None if points is None else f"{points:+.2f}"])
    return table(headings, rows)


def _by_system(accuracy: Accuracy, measure: str) -> str:
    headings = ["system, one thread", f"{measure} %", "CPU s", "CPU s / audio s", "/ live"]
    live = accuracy.score(LIVE)
    rows: list[list[Cell]] = []
    for system in accuracy.systems:
        score = accuracy.score(system)
        ratio = score.cpu_s / live.cpu_s if live.cpu_s else None
        rows.append([TITLES[system], score.errors.percent, score.cpu_s, f"{score.cpu_share:.4f}", ratio])
    return table(headings, rows, digits=2)


def _points(accuracy: Accuracy, set_name: str | None) -> float | None:
    live = accuracy.score(LIVE, set_name).errors.percent
    whole = accuracy.score(WHOLE, set_name).errors.percent
    return None if live is None or whole is None else live - whole


def _scores(accuracy: Accuracy, set_name: str | None) -> dict[str, Any]:
    return {system: _score(accuracy.score(system, set_name)) for system in accuracy.systems}


def _score(score: Score) -> dict[str, Any]:
    errors = score.errors
    return {
        "files": score.files,
        "audio_s": round(score.audio_s, 3),
        "tokens": errors.words,
        "percent": errors.percent,
        "substitutions": errors.substitutions,
        "deletions": errors.deletions,
        "insertions": errors.insertions,
        "cpu_s": round(score.cpu_s, 3),
        "cpu_s_per_audio_s": round(score.cpu_share, 5),
    }
