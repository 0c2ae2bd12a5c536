"""Verdicts: what measurements of `edge-asr bench`, as they write them as JSON, say of the targets."""

from collections.abc import Mapping
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
_OPEN_SPEECH = ("int8", "int8, open")  # the second where there are sentences beside it
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
    name, ratio = figures["measure"], figures["cpu_ratio_vosk_to_live"]
    live, peer = (figures["pooled"][system]["percent"] for system in (LIVE, PEER))
    found = [_every_set(f"{name} at most {VOSK}'s in every set", figures, PEER, 0.0)]
    if len(_sets(figures)) > 1:
        target = f"{name} in all at least {_POOLED_POINTS:g} point better"
        found.append(Verdict(target, f"{live:.2f} and {peer:.2f} %", round(peer - live, 6) >= _POOLED_POINTS))
    cpu = f"CPU at most 1/{_CPU_TIMES:g} of {VOSK}'s"
    found.append(_no_values(cpu) if ratio is None else Verdict(cpu, f"1/{ratio:.1f}", round(ratio, 6) >= _CPU_TIMES))
    return [*found, _live_whole(figures)]


def two_passes(figures: Figures) -> list[Verdict]:
    """Of `accuracy` with two passes: against the second pass's model alone over whole files."""
    target = f"{figures['measure']} at most the model's own over whole files + {_SECOND_POINTS:g} in every set"
    return [_every_set(target, figures, SECOND, _SECOND_POINTS), _live_whole(figures)]


def two_passes_tiny(figures: Figures) -> list[Verdict]:
    """The same, and CPU."""
    share = figures["pooled"][LIVE]["cpu_s_per_audio_s"]
    cpu = Verdict(f"CPU s / audio s at most {_TINY_CPU:g}", f"{share:.4f}", share <= _TINY_CPU)
    return [*two_passes(figures), cpu]


def waits(figures: Figures) -> list[Verdict]:
    """Of `latency` beside moonshine-voice; with fewer finals than it has, ours are not met."""
    found = []
    for name in ("decided_ms", "final_ms"):
        row = figures["waits"][name]
        own, peer = row["edge_asr"], row[MOONSHINE]
        ratios = peer["ours_to_its_median"], peer["ours_to_its_p95"]
        target = f"{row['what']}: at most half of {MOONSHINE}'s, median and 95th percentile"
        if None in ratios:
            found.append(_no_values(target))
            continue
        pairs = [f"{own[key]:.0f} / {peer[key]:.0f}" for key in ("median_ms", "p95_ms")]
        measured = f"{pairs[0]} and {pairs[1]} ms of {own['n']} / {peer['n']}, {ratios[0]:.2f} and {ratios[1]:.2f}"
        found.append(Verdict(target, measured, max(ratios) <= _LATENCY and own["n"] >= peer["n"]))
    return found


def parity(figures: Figures) -> list[Verdict]:
    """Of `parity`: tokens and CPU of the worst way."""
    cases = figures["cases"]
    tokens, cpu = "the same tokens as sherpa-onnx on all recordings", f"CPU at most {_PARITY_CPU:g} of sherpa-onnx's"
    same, heard = sum(case["same_tokens"] for case in cases), sum(case["recordings"] for case in cases)
    ratios = [case["cpu_ratio"] for case in cases]
    if not heard or None in ratios:
        return [_no_values(tokens), _no_values(cpu)]
    most = max(ratios)
    return [
        Verdict(tokens, f"{same} of {heard}", same == heard),
        Verdict(cpu, f"up to {most:.3f}", most <= _PARITY_CPU),
    ]


def invented(figures: Figures) -> list[Verdict]:
    """Of `noise`, ours alone."""
    target = "no word in finals where nobody speaks"
    rows = [row for row in figures if row["heard_by"] == "edge_asr"]
    if not rows:
        return [_no_values(target)]
    minutes = sum(row["audio_s"] for row in rows) / 60
    finals, partials = (sum(row[f"{kind}_words"] for row in rows) for kind in ("final", "partial"))
    measured = f"{finals} in finals, {partials} in partials of {minutes:.1f} minutes of {len(rows)} sounds"
    return [Verdict(target, measured, finals == 0)]


def held(figures: Figures) -> list[Verdict]:
    """Of `cost`: the most that is resident while it hears, in int8."""
    found = []
    for system, most_bytes in (("first pass", _FIRST_BYTES), ("two passes", _BOTH_BYTES)):
        rows = [row for row in figures if row["system"] == system and row["network"] in _OPEN_SPEECH]
        memory = [row["memory_most_while_hearing"] for row in rows]
        total_bytes = max((_MIB * (one["anon_mib"] + one["file_mib"]) for one in memory), default=0)
        target = f"{system}: at most {most_bytes / 1e6:.0f} MB resident while it hears"
        if total_bytes:
            found.append(Verdict(target, f"{total_bytes / 1e6:.0f} MB", total_bytes <= most_bytes))
        else:
            found.append(_no_values(target))
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


def _no_values(target: str) -> Verdict:
    return Verdict(target, "no values", None)


def _sets(figures: Figures) -> Mapping[str, Any]:
    """Those that count and have words at all."""
    return {
        name: scores
        for name, scores in figures["sets"].items()
        if name not in figures["apart"] and scores[LIVE]["percent"] is not None
    }


def _every_set(target: str, figures: Figures, other: str, points: float) -> Verdict:
    """Whether the live pipeline is at most so many points worse than another system in every one of them."""
    percents = {name: (scores[LIVE]["percent"], scores[other]["percent"]) for name, scores in _sets(figures).items()}
    if not percents:
        return _no_values(target)
    worse = [name for name, (live, theirs) in percents.items() if round(live - theirs - points, 6) > 0]
    told = (f"{name} {percents[name][0]:.1f} and {percents[name][1]:.1f} %" for name in worse)
    beyond = f"; not in {', '.join(told)}" if worse else ""
    return Verdict(target, f"{len(percents) - len(worse)} of {len(percents)}{beyond}", not worse)


def _live_whole(figures: Figures) -> Verdict:
    points = figures["live_minus_whole_points"]
    target = f"live at most {_LIVE_POINTS:g} points worse than whole files"
    if points is None:
        return _no_values(target)
    return Verdict(target, f"{points:+.2f}", round(points - _LIVE_POINTS, 6) <= 0)
