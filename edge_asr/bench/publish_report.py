"""Figures of publishing for a person and for a machine."""

from dataclasses import asdict
from typing import Any

from edge_asr.bench.publish import PublishFigures
from edge_asr.bench.table import Cell, table


def publish_text(figures: PublishFigures) -> str:
    """Two tables: events per second by way, and the times inside `emit` by condition."""
    rates: list[list[Cell]] = [
        [rate.way, round(rate.median_per_s), f"{figures.ratio(rate.way):.2f}", rate.median_cpu_us]
        for rate in figures.rates
    ]
    stalls: list[list[Cell]] = [
        [stall.condition, stall.calls, *(each / 1000 for each in (stall.median_us, stall.p999_us, stall.worst_us))]
        for stall in figures.stalls
    ]
    for row, stall in zip(stalls, figures.stalls, strict=True):
        row.append(stall.dropped)
    heading = f"finals of {figures.payload_bytes} bytes"
    return "\n\n".join(
        [
            table([heading, "a second", "ratio", "CPU, us each"], rates),
            table(["time in emit, ms", "calls", "median", "99.9 %", "worst", "dropped"], stalls, digits=3),
        ]
    )


def publish_json(figures: PublishFigures) -> dict[str, Any]:
    """Every single measurement."""
    return {
        **asdict(figures),
        "ratio_to_bare_paho": {rate.way: round(figures.ratio(rate.way), 4) for rate in figures.rates},
    }
