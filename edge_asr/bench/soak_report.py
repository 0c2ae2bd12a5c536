"""A soak for a person and for a machine."""

from collections.abc import Callable
from typing import Any

from edge_asr.bench.soak import Play, Soak
from edge_asr.bench.table import Cell, table


def soak_text(soak: Soak) -> str:
    """Two tables: what is held, and what is computed."""
    head = (
        f"{soak.utterances} utterances, {soak.words} words, {soak.audio_s / 3600:.2f} h of sound in "
        f"{soak.compute_s:.0f} s of CPU"
    )
    return "\n\n".join([head, _held(soak), _computed(soak)])


def soak_json(soak: Soak) -> dict[str, Any]:
    """The same, with every sample."""
    return {
        "utterances": soak.utterances,
        "words": soak.words,
        "recordings_played": soak.plays,
        "audio_s": round(soak.audio_s, 1),
        "cpu_s": round(soak.compute_s, 2),
        "growth_per_1000_utterances": {
            "anon_mib": _rounded(soak.per_thousand(lambda one: one.anon_mib)),
            "file_mib": _rounded(soak.per_thousand(lambda one: one.file_mib)),
            "threads": _rounded(soak.per_thousand(lambda one: one.threads)),
            "descriptors": _rounded(soak.per_thousand(lambda one: one.descriptors)),
        },
        "cpu_ms_per_audio_s": _drift(soak, share_ms),
        "final_cpu_ms": _drift(soak, final_ms),
        "settled_at_utterance": soak.places[soak.settled],
        "samples": [
            {
                "utterances": place,
                "after_recording": recording,
                "anon_mib": round(sample.anon_mib, 3),
                "file_mib": round(sample.file_mib, 3),
                "threads": sample.threads,
                "descriptors": sample.descriptors,
            }
            for place, recording, sample in zip(soak.places, soak.after, soak.samples, strict=True)
        ],
    }


def share_ms(play: Play) -> float:
    """CPU milliseconds for each second of sound."""
    return 1000.0 * play.compute_s / play.audio_s


def final_ms(play: Play) -> float:
    """Longest call that brought a final, in CPU milliseconds."""
    return play.final_ms


def _held(soak: Soak) -> str:
    numbers = soak.of_the_first()
    first, settled, last = (soak.samples[number] for number in numbers)
    grown = soak.per_thousand
    places = (str(soak.places[number]) for number in numbers)
    headings = ["after the same recording, utterances", *places, "growth by 1000"]
    rows: list[list[Cell]] = [
        ["RssAnon, MiB", first.anon_mib, settled.anon_mib, last.anon_mib, _signed(grown(lambda one: one.anon_mib))],
        ["RssFile, MiB", first.file_mib, settled.file_mib, last.file_mib, _signed(grown(lambda one: one.file_mib))],
        ["threads", first.threads, settled.threads, last.threads, _signed(grown(lambda one: one.threads))],
        [
            "descriptors",
            first.descriptors,
            settled.descriptors,
            last.descriptors,
            _signed(grown(lambda one: one.descriptors)),
        ],
    ]
    return table(headings, rows)


def _computed(soak: Soak) -> str:
    rows: list[list[Cell]] = [
        ["CPU, ms / s of sound", *_figures(soak.drift(share_ms))],
        ["call that brings the final, CPU ms", *_figures(soak.drift(final_ms))],
    ]
    return table(["median over the recordings", "second time", "last time", "last / second"], rows)


def _figures(drift: tuple[float | None, float | None, float | None]) -> list[Cell]:
    early, late, ratio = drift
    return [early, late, None if ratio is None else f"{ratio:.3f}"]


def _drift(soak: Soak, cost: Callable[[Play], float]) -> dict[str, float | None]:
    names = ("second_time", "last_time", "ratio")
    return {name: _rounded(value) for name, value in zip(names, soak.drift(cost), strict=True)}


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.3f}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
