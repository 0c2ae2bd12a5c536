"""Latencies for a person and for a machine, held against the targets."""

from collections.abc import Sequence
from typing import Any

from edge_asr.bench.latency import Latencies
from edge_asr.bench.spread import median, percentile
from edge_asr.bench.table import Cell, table

_FIRST_PARTIAL_TARGET_MS = 600
_DECISION_TARGET_MS = 300
_TAIL_PERCENT = 95
_ROWS: tuple[tuple[str, str, int | None], ...] = (
    ("partial_after_sound", "first partial received - sound began (a second listener)", _FIRST_PARTIAL_TARGET_MS),
    ("partial_first_word", "first partial - first word (its own latency_ms.first_token)", _FIRST_PARTIAL_TARGET_MS),
    ("final_first_word", "the same, aligned once more (final's latency_ms.first_token)", _FIRST_PARTIAL_TARGET_MS),
    ("decision", "final - end was decided (latency_ms.decision)", _DECISION_TARGET_MS),
    ("finalization", "final - last word (latency_ms.finalization)", None),
    ("transport", "any event received - emitted_at", None),
)


def latency_text(latencies: Latencies) -> str:
    """One table, and a line for sentences of which no words came."""
    rows: list[list[Cell]] = []
    for name, title, target_ms in _ROWS:
        values: list[float] = getattr(latencies, name)
        middle, tail = median(values), percentile(values, _TAIL_PERCENT)
        verdict = None if target_ms is None or tail is None else _verdict(values, target_ms)
        rows.append([title, len(values), middle, tail, max(values, default=None), target_ms, verdict])
    text = table(["latency, ms", "n", "median", "p95", "max", "target", "met by"], rows)
    if latencies.unanswered:
        names = ", ".join(dict.fromkeys(latencies.unanswered))
        text += f"\n{len(latencies.unanswered)} of {latencies.sentences} sentences had no final: {names}"
    return text


def latency_json(latencies: Latencies) -> dict[str, Any]:
    """The same, with every value."""
    figures: dict[str, Any] = {}
    for name, title, target_ms in _ROWS:
        values: list[float] = getattr(latencies, name)
        figures[name] = {
            "what": title,
            "median_ms": median(values),
            "p95_ms": percentile(values, _TAIL_PERCENT),
            "target_ms": target_ms,
            "values_ms": [round(value, 1) for value in values],
        }
    return {"sentences": latencies.sentences, "unanswered": latencies.unanswered, "latencies": figures}


def _verdict(values: Sequence[float], target_ms: int) -> str:
    within = sum(value <= target_ms for value in values)
    return f"{within} of {len(values)}"
