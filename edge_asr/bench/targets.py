"""What the recognizer is held to: the measurements of `edge-asr bench` by which each of it is judged.

Words are counted after Whisper's normalizer; whoever is compared hears the same recordings in the same run.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_asr.bench import verdicts
from edge_asr.bench.peers import MOONSHINE
from edge_asr.bench.verdicts import Figures, Verdict

NAMES = ("english", "mandarin", "tiny", "base", "latency", "parity", "noise", "memory", "soak")
_MEMORY_EACH = 7  # recordings of a set: most of what is held comes with the first ones


@dataclass(frozen=True, slots=True)
class Run:
    """One measurement: `edge-asr bench WORDS... --set OVERRIDE...`, and what its figures say of the targets."""

    title: str
    words: tuple[str, ...]
    overrides: tuple[str, ...]
    judge: Callable[[Figures], list[Verdict]]


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured."""

    speech: Path
    noises: Sequence[Path]
    each: int | None  # recordings of each set, None: all
    minutes: float  # of each sound
    utterances: int
    repeat: int  # times that the sample is played


def runs(extent: Extent) -> dict[str, Run]:
    """All of them by name."""
    one, each = "second_pass.enabled=false", () if extent.each is None else ("--each", str(extent.each))
    heard = ("accuracy", "--speech", str(extent.speech), *each)
    cost: tuple[str, ...] = ("cost", "--speech", str(extent.speech), "--each", str(extent.each or _MEMORY_EACH))
    cost += ("--threads", "1", "--rounds", "1")
    latency = ("latency", "--repeat", str(extent.repeat), "--peer", MOONSHINE)
    noises = ("--noise", *map(str, extent.noises)) if extent.noises else ()
    noise = ("noise", "--minutes", f"{extent.minutes:g}", *noises)
    soak = ("soak", "--speech", str(extent.speech), "--utterances", str(extent.utterances))
    parity = ("parity", "--speech", str(extent.speech), *each)
    alone = (*heard, "--peer", "none")
    return {
        "english": Run("English, first pass", heard, ("models.bundle=en", one), verdicts.first_pass),
        "mandarin": Run("Mandarin", heard, ("models.bundle=zh", one), verdicts.first_pass),
        "tiny": Run("two passes, tiny", alone, _second("moonshine-tiny-en"), verdicts.two_passes_tiny),
        "base": Run("two passes, base", alone, _second("moonshine-base-en"), verdicts.two_passes),
        "latency": Run("latency", latency, ("models.bundle=en",), verdicts.waits),
        "parity": Run("zipformer parity", parity, (), verdicts.parity),
        "noise": Run("noise", noise, ("models.bundle=en",), verdicts.invented),
        "memory": Run("memory", cost, _second("moonshine-tiny-en"), verdicts.held),
        "soak": Run("soak", soak, ("models.bundle=en",), verdicts.grown),
    }


def _second(bundle: str) -> tuple[str, ...]:
    return "models.bundle=en", f"second_pass.bundle={bundle}", "second_pass.enabled=true"
