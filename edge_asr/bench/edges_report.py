"""Words lost at the edges of speech, and at the cuts of long speech, for a person and for a machine."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from edge_asr.bench.edges import PLACES, ROOMS, Edges
from edge_asr.bench.long_speech import PAUSES_S, LongSpeech
from edge_asr.bench.table import Cell, table
from edge_asr.bench.wer import Errors


def edges_text(edges: Sequence[Edges], long: Sequence[LongSpeech], measure: str) -> str:
    """Two tables: a row for each edge in each room, and one for each length of pause. measure: WER or CER."""
    rows: list[list[Cell]] = []
    for room in ROOMS:
        for place in PLACES:
            words = [one.of(place) for one in edges if one.room == room]
            row: list[Cell] = [f"{place} word, {room}", len(words)]
            for heard in ([word.live for word in words], [word.whole for word in words]):
                row += [sum(edge != "right" for edge in heard), heard.count("missing")]
            rows.append([*row, sum(place in one.lost_live for one in edges if one.room == room)])
    headings = [
        "cut tight, in",
        "words",
        "live: not right",
        "missing",
        "whole file: not right",
        "missing",
        "live alone",
    ]
    parts = [table(headings, rows)]
    if long:
        parts.append(
            table(["long speech", "audio s", "segments", "at the longest", *_long_headings(measure)], _long(long))
        )
    return "\n\n".join(parts)


def edges_json(edges: Sequence[Edges], long: Sequence[LongSpeech]) -> dict[str, Any]:
    """Every recording and every piece of long speech, with their texts."""
    return {
        "edges": [{**asdict(one), "lost_live": one.lost_live} for one in edges],
        "long_speech": [asdict(one) for one in long],
    }


def _long_headings(measure: str) -> list[str]:
    return [f"live {measure} %", f"whole file {measure} %", "words at cuts", "live alone lost", "whole alone lost"]


def _long(long: Sequence[LongSpeech]) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    for pause_s in PAUSES_S:
        pieces = [one for one in long if one.longest_pause_s == pause_s]
        reasons = [reason for one in pieces for reason in one.end_reasons]
        rows.append(
            [
                f"pauses up to {pause_s:g} s",
                round(sum(one.seconds for one in pieces)),
                len(reasons),
                reasons.count("max_length"),
                sum((one.live for one in pieces), Errors()).percent,
                sum((one.whole for one in pieces), Errors()).percent,
                sum(one.beside for one in pieces),
                sum(len(one.lost) for one in pieces),
                sum(len(one.gained) for one in pieces),
            ]
        )
    return rows
