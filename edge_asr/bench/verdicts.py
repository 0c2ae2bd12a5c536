"""Verdicts: what measurements of `edge-asr bench`, as they write them as JSON, say of the targets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edge_asr.bench.accuracy import LIVE, PEER, SECOND
from edge_asr.bench.peers import MOONSHINE, VOSK

Figures = Any  # what a measurement writes as JSON

_MIB = 1 << 20
_POOLED_POINTS = 1.0
_CPU_TIMES = 12.0
_SECOND_POINTS = 0.5
_TINY_CPU = 0.07
_LIVE_POINTS = 0.3
_LATENCY = 0.5
_PARITY_CPU = 1.1
_FIRST_BYTES, _BOTH_BYTES = 200_000_000, 350_000_000
_GROWTH_MIB = 1.0  # by 1000 utterances
_DRIFT = 1.1


@dataclass(frozen=True, slots=True)
class Verdict:
    """One target: what is wanted, what was measured. `met` None: it could not be measured."""

    target: str
    measured: str
    met: bool | None


def first_pass(figures: Figures) -> list[Verdict]:
    """Of `accuracy` beside vosk: errors by set, in all, CPU, and what living on a stream costs."""
    name, pooled = figures["measure"], figures["pooled"]
    live, peer = pooled[LIVE], pooled[PEER]
    worse = _exceeding(figures, PEER, 0.0)
    ratio = figures["cpu_ratio_vosk_to_live"]
    found = [
        Verdict(f"{name} at most {VOSK}'s in every set", _by_set(figures, PEER, worse), not worse),
        Verdict(f"CPU at most 1/{_CPU_TIMES:g} of {VOSK}'s", f"1/{ratio:.1f}", round(ratio, 6) >= _CPU_TIMES),
        _live_whole(figures),
    ]
    if len(_sets(figures)) > 1:
        points = peer["percent"] - live["percent"]
        measured = f"{live['percent']:.2f} and {peer['percent']:.2f} %"
        found.insert(
            1, Verdict(f"{name} in all at least {_POOLED_POINTS:g} point better", measured, points >= _POOLED_POINTS)
        )
    return found


def two_passes(figures: Figures) -> list[Verdict]:
    """Of `accuracy` with two passes: against the second pass's model alone over whole files."""
    worse = _exceeding(figures, SECOND, _SECOND_POINTS)
    target = f"{figures['measure']} at most the model's own over whole files + {_SECOND_POINTS:g} in every set"
    return [Verdict(target, _by_set(figures, SECOND, worse), not worse), _live_whole(figures)]


def two_passes_tiny(figures: Figures) -> list[Verdict]:
    """The same, and CPU."""
    share = figures["pooled"][LIVE]["cpu_s_per_audio_s"]
    cpu = Verdict(f"CPU s / audio s at most {_TINY_CPU:g}", f"{share:.4f}", share <= _TINY_CPU)
    return [*two_passes(figures), cpu]


def waits(figures: Figures) -> list[Verdict]:
    """Of `latency` beside moonshine-voice."""
    found = []
    for name in ("decided_ms", "final_ms"):
        row = figures["waits"][name]
        own, peer = row["edge_asr"], row[MOONSHINE]
        ratios = peer["ours_to_its_median"], peer["ours_to_its_p95"]
        target = f"{row['what']}: at most half of {MOONSHINE}'s, median and 95th percentile"
        if None in ratios:
            found.append(Verdict(target, "no values", None))
            continue
        pairs = [f"{own[key]:.0f} / {peer[key]:.0f}" for key in ("median_ms", "p95_ms")]
        measured = f"{pairs[0]} and {pairs[1]} ms, {ratios[0]:.2f} and {ratios[1]:.2f}"
        found.append(Verdict(target, measured, max(ratios) <= _LATENCY))
    return found


def parity(figures: Figures) -> list[Verdict]:
    """Of `parity`: tokens and CPU of the worst way."""
    cases = figures["cases"]
    same, heard = sum(case["same_tokens"] for case in cases), sum(case["recordings"] for case in cases)
    ratios = [case["cpu_ratio"] for case in cases]
    most = max(ratio or 0.0 for ratio in ratios)
    return [
        Verdict("the same tokens as sherpa-onnx on all recordings", f"{same} of {heard}", same == heard),
        Verdict(f"CPU at most {_PARITY_CPU:g} of sherpa-onnx's", f"up to {most:.3f}", most <= _PARITY_CPU),
    ]


def invented(figures: Figures) -> list[Verdict]:
    """Of `noise`, ours alone."""
    rows = [row for row in figures if row["heard_by"] == "edge_asr"]
    minutes = sum(row["audio_s"] for row in rows) / 60
    words = {kind: sum(row[f"{kind}_words"] for row in rows) for kind in ("final", "partial")}
    measured = f"{words['final']} in finals, {words['partial']} in partials of {minutes:.0f} minutes"
    return [Verdict("no word in finals where nobody speaks", measured, words["final"] == 0)]


def held(figures: Figures) -> list[Verdict]:
    """Of `cost`: the most that is resident while it hears, in int8."""
    found = []
    for system, most in (("first pass", _FIRST_BYTES), ("two passes", _BOTH_BYTES)):
        rows = [row for row in figures if (row["system"], row["network"]) == (system, "int8")]
        target = f"{system}: at most {most / 1e6:.0f} MB resident while it hears"
        if not rows:
            found.append(Verdict(target, "no values", None))
            continue
        memory = rows[0]["memory_most_while_hearing"]
        total = _MIB * (memory["anon_mib"] + memory["file_mib"])
        found.append(Verdict(target, f"{total / 1e6:.0f} MB", total <= most))
    return found


def grown(figures: Figures) -> list[Verdict]:
    """Of `soak`: memory and the time of finals."""
    growth, drift = figures["growth_per_1000_utterances"]["anon_mib"], figures["final_cpu_ms"]["ratio"]
    heard = f"{figures['utterances']} utterances"
    memory = f"memory flat over {heard}: below {_GROWTH_MIB:g} MiB more by 1000"
    return [
        Verdict(memory, "-" if growth is None else f"{growth:+.2f}", None if growth is None else growth < _GROWTH_MIB),
        Verdict(
            f"no drift: a final's time the last time at most {_DRIFT:g} of the second time",
            "-" if drift is None else f"{drift:.3f}",
            None if drift is None else drift <= _DRIFT,
        ),
    ]


def _sets(figures: Figures) -> Mapping[str, Any]:
    return {name: scores for name, scores in figures["sets"].items() if name not in figures["apart"]}


def _exceeding(figures: Figures, other: str, points: float) -> list[str]:
    return [
        name
        for name, scores in _sets(figures).items()
        if round(scores[LIVE]["percent"] - scores[other]["percent"] - points, 6) > 0
    ]


def _by_set(figures: Figures, other: str, worse: Sequence[str]) -> str:
    sets = _sets(figures)
    told = (f"{name} {sets[name][LIVE]['percent']:.1f} and {sets[name][other]['percent']:.1f} %" for name in worse)
    beyond = f"; not in {', '.join(told)}" if worse else ""
    return f"{len(sets) - len(worse)} of {len(sets)}{beyond}"


def _live_whole(figures: Figures) -> Verdict:
    points = figures["live_minus_whole_points"]
    target = f"live at most {_LIVE_POINTS:g} points worse than whole files"
    return Verdict(target, f"{points:+.2f}", round(points - _LIVE_POINTS, 6) <= 0)
