"""What listening costs, for a person and for a machine: one row for each way."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from edge_asr.bench.cost import Cost
from edge_asr.bench.table import Cell, table

_MIDDLE, _TAIL = 50.0, 95.0


def cost_text(costs: Sequence[Cost]) -> str:
    """Two tables: computing, and memory with the start."""
    heads = [f"{cost.way.system}, {cost.way.network}, {_threads(cost.way.threads)}" for cost in costs]
    computing: list[list[Cell]] = [
        [head, f"{cost.cpu_share:.4f}", _three(cost.rtf(_MIDDLE)), _three(cost.rtf(_TAIL))]
        for head, cost in zip(heads, costs, strict=True)
    ]
    holding: list[list[Cell]] = [
        [head, f"{cost.start_s:.2f}", f"{cost.start_cpu_s:.2f}", *_memory(cost)]
        for head, cost in zip(heads, costs, strict=True)
    ]
    return "\n\n".join(
        [
            table(["computing", "CPU s / audio s", "RTF, median", "RTF, 95th percentile"], computing),
            table(
                [
                    "start, and MiB: own + of files",
                    "loaded after, s",
                    "CPU s",
                    "loaded",
                    "most while it hears",
                    "at rest afterwards",
                ],
                holding,
            ),
        ]
    )


def cost_json(costs: Sequence[Cost]) -> list[dict[str, Any]]:
    """The same with every recording and every start."""
    return [
        {
            "system": cost.way.system,
            "network": cost.way.network,
            "threads": cost.way.threads,
            "cpu_s_per_audio_s": round(cost.cpu_share, 5),
            "rtf_p50": _rounded(cost.rtf(_MIDDLE)),
            "rtf_p95": _rounded(cost.rtf(_TAIL)),
            "start_s": _rounded(cost.start_s),
            "start_cpu_s": _rounded(cost.start_cpu_s),
            "starts": [_all_rounded(asdict(start)) for start in cost.starts],
            "memory_loaded": _all_rounded(asdict(cost.loaded)),
            "memory_most_while_hearing": _all_rounded(asdict(cost.hearing)),
            "memory_at_rest": _all_rounded(asdict(cost.resting)),
            "recordings": [
                {
                    "path": play.name,
                    "audio_s": _rounded(play.audio_s),
                    "cpu_s": [_rounded(cpu_s) for cpu_s in play.cpu_s],
                    "wall_s": [_rounded(wall_s) for wall_s in play.wall_s],
                    "rtf": _rounded(play.rtf),
                }
                for play in cost.plays
            ],
        }
        for cost in costs
    ]


def _threads(count: int) -> str:
    return "1 thread" if count == 1 else f"{count} threads"


def _memory(cost: Cost) -> list[str]:
    return [f"{one.anon_mib:.0f} + {one.file_mib:.0f}" for one in (cost.loaded, cost.hearing, cost.resting)]


def _three(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 5)


def _all_rounded(row: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, 5) if isinstance(value, float) else value for name, value in row.items()}
