"""Waits of ours and of peers side by side, for a person and for a machine."""

from collections.abc import Sequence
from typing import Any

from edge_asr.bench.beside import Beside, Wait
from edge_asr.bench.spread import median, percentile
from edge_asr.bench.table import Cell, table

_TAIL_PERCENT = 95
_ROWS = (
    ("first_ms", "first text - speech began"),
    ("final_ms", "final text - speech ended"),
    ("decided_ms", "final text - it decided that the speech was over"),
)
_TOGETHER = "all heard each sentence at the same time, and shared the CPU"
_IN_TURNS = "each sentence was played to one after the other, each with the machine to itself"


def beside_text(beside: Beside) -> str:
    """One table, how it was played, and a line for what is not in it."""
    rows: list[list[Cell]] = []
    for name, title in _ROWS:
        for hearer, waits in beside.waits.items():
            values = _values(waits, name)
            rows.append(
                [
                    f"{title}, {hearer}",
                    len(values),
                    median(values),
                    percentile(values, _TAIL_PERCENT),
                    max(values, default=None),
                ]
            )
        for peer in _peers(beside):
            of_medians, of_tails = _ratios(beside, name, peer)
            rows.append([f"  ours / {peer}", None, _ratio(of_medians), _ratio(of_tails), None])
    lines = [table(["beside peers, ms", "n", "median", "p95", "max"], rows)]
    lines.append(f"Timed by a second listener; {_TOGETHER if beside.together else _IN_TURNS}.")
    lines.append(
        "When it decided: ours says so; pocketsphinx when it hands the last sound over, vosk and sherpa-onnx when they "
        "are given the block in which it ended, moonshine-voice when its last transcription begins."
    )
    for hearer, waits in beside.waits.items():
        silent = [wait.file for wait in waits if wait.final_ms is None and not wait.too_early]
        cut = [wait.file for wait in waits if wait.too_early]
        for files, what in ((silent, "no final"), (cut, "a final before the end of the speech, and none after it")):
            if files:
                names = ", ".join(dict.fromkeys(files))
                lines.append(f"{hearer}: {len(files)} of {len(waits)} sentences had {what}: {names}")
    return "\n".join(lines)


def beside_json(beside: Beside) -> dict[str, Any]:
    """The same, with every value."""
    figures: dict[str, Any] = {}
    for name, title in _ROWS:
        figures[name] = {"what": title}
        for hearer, waits in beside.waits.items():
            values = _values(waits, name)
            figures[name][hearer] = {
                "n": len(values),
                "median_ms": median(values),
                "p95_ms": percentile(values, _TAIL_PERCENT),
            }
        for peer in _peers(beside):
            of_medians, of_tails = _ratios(beside, name, peer)
            figures[name][peer] |= {"ours_to_its_median": of_medians, "ours_to_its_p95": of_tails}
    return {"played": _TOGETHER if beside.together else _IN_TURNS, "waits": figures, "sentences": beside.waits}


def _values(waits: Sequence[Wait], name: str) -> list[float]:
    return [value for wait in waits if (value := getattr(wait, name)) is not None]


def _peers(beside: Beside) -> list[str]:
    """All but ours, which is the first."""
    return list(beside.waits)[1:]


def _ratios(beside: Beside, name: str, peer: str) -> tuple[float | None, float | None]:
    """Ours for that peer's, of the medians and of the 95th percentiles."""
    ours, theirs = (_values(waits, name) for waits in (next(iter(beside.waits.values())), beside.waits[peer]))
    if not ours or not theirs:
        return None, None
    pairs = [(median(ours), median(theirs)), (percentile(ours, _TAIL_PERCENT), percentile(theirs, _TAIL_PERCENT))]
    of_medians, of_tails = (own / other if own is not None and other else None for own, other in pairs)
    return of_medians, of_tails


def _ratio(value: float | None) -> str | None:
    return None if value is None else f"{value:.2f}"
