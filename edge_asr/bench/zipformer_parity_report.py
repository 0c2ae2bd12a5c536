"""Parity with sherpa-onnx for a person and for a machine: a row for each network and search."""

from collections.abc import Sequence
from typing import Any

from edge_asr.bench.table import Cell, table
from edge_asr.bench.zipformer_parity import Case, CaseParity


def parity_text(results: Sequence[CaseParity], rounds: int) -> str:
    """One table, how it was taken, and the recordings on which they differ."""
    heads = ["network and search, one thread", "files", "audio s", "tokens", "same tokens", "same text"]
    heads += ["ours, CPU s / audio s", "sherpa-onnx", "ours / sherpa-onnx"]
    rows: list[list[Cell]] = []
    for result in results:
        pairs = result.pairs
        same_tokens, same_texts = sum(pair.same_tokens for pair in pairs), sum(pair.same_text for pair in pairs)
        row: list[Cell] = [_title(result.case), len(pairs), round(result.audio_s), sum(pair.tokens for pair in pairs)]
        row += [f"{same_tokens}/{len(pairs)}", f"{same_texts}/{len(pairs)}"]
        row += [f"{share:.4f}" for share in result.cpu_shares]
        rows.append([*row, None if result.cpu_ratio is None else f"{result.cpu_ratio:.3f}"])
    lines = [table(heads, rows)]
    lines.append(f"Each recording {rounds} times with both in turns; CPU is that of the cheapest of them.")
    for result in results:
        other = [pair.path for pair in result.pairs if not (pair.same_tokens and pair.same_text)]
        if other:
            lines.append(f"{_title(result.case)}, different on: {', '.join(other)}")
    return "\n".join(lines)


def parity_json(results: Sequence[CaseParity], rounds: int) -> dict[str, Any]:
    """The same, with every recording."""
    return {
        "rounds": rounds,
        "cases": [
            {
                "network": result.case.bundle.manifest.name,
                "paths": result.case.paths,
                "recordings": len(result.pairs),
                "audio_s": round(result.audio_s, 2),
                "same_tokens": sum(pair.same_tokens for pair in result.pairs),
                "same_texts": sum(pair.same_text for pair in result.pairs),
                "cpu_s_per_audio_s": dict(zip(("edge_asr", "sherpa-onnx"), result.cpu_shares, strict=True)),
                "cpu_ratio": result.cpu_ratio,
                "pairs": result.pairs,
            }
            for result in results
        ],
    }


def _title(case: Case) -> str:
    return f"{case.bundle.manifest.name}, {'greedy' if case.paths == 1 else f'beam {case.paths}'}"
