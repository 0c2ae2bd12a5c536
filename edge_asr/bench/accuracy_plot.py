"""Errors against CPU, one point for each system: below and to the left is better."""

from collections.abc import Iterator

from edge_asr.bench.accuracy import Accuracy, Score
from edge_asr.bench.accuracy_report import TITLES
from edge_asr.bench.scatter import Point, scatter


def accuracy_plot(accuracy: Accuracy, measure: str, machine: str) -> str:
    """SVG document: systems pooled, and pale beside them each set. measure: WER or CER. machine: what it ran on.

    Raises ValueError when nothing was scored.
    """
    return scatter(
        list(_points(accuracy, measure)),
        f"{measure} against CPU, one thread: {machine}",
        "CPU seconds for each second of audio",
        f"{measure}, %",
    )


def _points(accuracy: Accuracy, measure: str) -> Iterator[Point]:
    for system in accuracy.systems:
        pooled = accuracy.score(system)
        if (percent := pooled.errors.percent) is not None and pooled.cpu_s:
            label = f"{TITLES[system]}: {percent:.1f} %"
            yield Point(system, pooled.cpu_share, percent, _hint(system, "pooled", pooled, measure), label)
        for name in accuracy.sets:
            score = accuracy.score(system, name)
            if name not in accuracy.apart and (percent := score.errors.percent) is not None and score.cpu_s:
                yield Point(system, score.cpu_share, percent, _hint(system, name, score, measure))


def _hint(system: str, name: str, score: Score, measure: str) -> str:
    return f"{TITLES[system]}, {name}: {measure} {score.errors.percent:.1f} %, CPU {score.cpu_share:.4f}"
