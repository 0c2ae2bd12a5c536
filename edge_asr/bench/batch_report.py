"""What a batch takes, for a person and for a machine; ratios are to the first program, which is ours."""

from collections.abc import Sequence
from typing import Any

from edge_asr.bench.batch import Run
from edge_asr.bench.table import Cell, table


def batch_text(runs: Sequence[Run], measure: str) -> str:
    """One table. measure: WER or CER."""
    rows: list[list[Cell]] = [
        [
            run.program.name,
            f"{run.hours_per_hour:.1f}",
            f"{run.audio_s / max(run.wall_s):.1f} to {run.audio_s / min(run.wall_s):.1f}",
            f"{_times(run, runs):.2f}",
            f"{run.cpu_share:.3f}",
            None if run.errors.percent is None else f"{run.errors.percent:.2f}",
        ]
        for run in runs
    ]
    first = runs[0].program.name
    heads = ["batch", "hours of sound an hour", "of the rounds", f"times {first}", "CPU s / audio s", f"{measure} %"]
    return table(heads, rows)


def batch_json(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """The same with every round."""
    return [
        {
            "program": run.program.name,
            "audio_s": round(run.audio_s, 3),
            "hours_per_hour": round(run.hours_per_hour, 3),
            "times_first": round(_times(run, runs), 4),
            "cpu_s_per_audio_s": round(run.cpu_share, 5),
            "wall_s": [round(wall_s, 3) for wall_s in run.wall_s],
            "cpu_s": [round(cpu_s, 3) for cpu_s in run.cpu_s],
            "percent": run.errors.percent,
            "tokens": run.errors.words,
        }
        for run in runs
    ]


def _times(run: Run, runs: Sequence[Run]) -> float:
    return run.hours_per_hour / runs[0].hours_per_hour
