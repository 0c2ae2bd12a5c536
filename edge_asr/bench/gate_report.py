"""Figures of the gate for a person and for a machine: one column for each detector."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from edge_asr.bench.gate import ModeFigures
from edge_asr.bench.table import Cell, table

_SILENCE = "digital silence"


def gate_text(modes: Sequence[ModeFigures]) -> str:
    """Two tables: speech, all noises together; and each sound alone."""
    distances = list(dict.fromkeys(row.snr_db for row in modes[0].speech))
    heard: list[list[Cell]] = []
    for snr_db in distances:
        missed = (f"{100 * mode.missed_share(snr_db):.2f}" for mode in modes)
        heard.append([f"missed, {_distance(snr_db)}, %", *missed])
    heard += [
        [f"CPU, {_distance(snr_db)}, ms a second", *(_cpu(mode, snr_db) for mode in modes)] for snr_db in distances
    ]
    rows: list[list[Cell]] = []
    for index, sound in enumerate(modes[0].alarms):
        name = sound.noise or _SILENCE
        rows.append([f"{name}: segments an hour", *(round(mode.alarms[index].per_hour) for mode in modes)])
        rows.append([f"{name}: passed, %", *(100 * mode.alarms[index].passed_share for mode in modes)])
        rows.append([f"{name}: CPU, ms a second", *(f"{1000 * mode.alarms[index].cpu_share:.2f}" for mode in modes)])
    names = [mode.mode for mode in modes]
    return "\n\n".join([table(["speech", *names], heard), table(["no speech", *names], rows)])


def gate_json(modes: Sequence[ModeFigures]) -> list[dict[str, Any]]:
    """Every single measurement; shares are of 1."""
    return [
        {
            "mode": mode.mode,
            "speech": [_rounded(asdict(row)) for row in mode.speech],
            "alarms": [_rounded({**asdict(row), "per_hour": row.per_hour}) for row in mode.alarms],
        }
        for mode in modes
    ]


def _distance(snr_db: int | None) -> str:
    return "as recorded" if snr_db is None else f"noise {snr_db} dB below"


def _cpu(mode: ModeFigures, snr_db: int | None) -> str:
    shares = [row.cpu_share for row in mode.speech if row.snr_db == snr_db]
    return f"{1000 * sum(shares) / len(shares):.2f}"


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, 5) if isinstance(value, float) else value for name, value in row.items()}
