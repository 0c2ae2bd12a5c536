"""Networks, searches and recordings: whether sherpa-onnx and ours say the same tokens of each, and what that costs."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

import msgspec
from tqdm import tqdm

from edge_asr.asr.bundle import Bundle
from edge_asr.asr.manifest import ZipformerManifest, ZipformerTransducerManifest
from edge_asr.bench.decoder_process import Decoded, DecoderProcess
from edge_asr.bench.parity import equal_text, equal_tokens
from edge_asr.bench.peers import SHERPA
from edge_asr.bench.recordings import Recording
from edge_asr.bench.sherpa_decoder import options_of
from edge_asr.clock import Clock
from edge_asr.config import Config

_OWN, _THEIRS, _WHOLE = "edge_asr.bench.own_decoder", "edge_asr.bench.sherpa_decoder", "whole"
_GREEDY, _BEAM = 1, 4


@dataclass(frozen=True, slots=True)
class Case:
    """A network and how its tokens are searched: `paths` 1 is greedy."""

    bundle: Bundle[ZipformerManifest]
    paths: int


@dataclass(frozen=True, slots=True)
class Pair:
    """One recording, ours and theirs: CPU seconds are those of the cheapest round."""

    path: str
    audio_s: float
    tokens: int  # of ours
    same_tokens: bool
    same_text: bool
    own_cpu_s: float
    their_cpu_s: float


@dataclass(frozen=True, slots=True)
class CaseParity:
    """All recordings of one case."""

    case: Case
    pairs: list[Pair] = field(default_factory=list)

    @property
    def cpu_ratio(self) -> float | None:
        """CPU of ours for that of sherpa-onnx; None where it is too short to be counted."""
        theirs = sum(pair.their_cpu_s for pair in self.pairs)
        return sum(pair.own_cpu_s for pair in self.pairs) / theirs if theirs else None

    @property
    def cpu_shares(self) -> tuple[float, float]:
        """CPU seconds for each second of audio, ours and theirs."""
        ours, theirs = (sum(pair.own_cpu_s for pair in self.pairs), sum(pair.their_cpu_s for pair in self.pairs))
        return ours / self.audio_s, theirs / self.audio_s

    @property
    def audio_s(self) -> float:
        """Seconds of all recordings."""
        return sum(pair.audio_s for pair in self.pairs)


def cases(bundles: Sequence[Bundle[ZipformerManifest]]) -> list[Case]:
    """Every search of each network."""
    return [
        Case(bundle, paths)
        for bundle in bundles
        for paths in ((_GREEDY, _BEAM) if isinstance(bundle.manifest, ZipformerTransducerManifest) else (_GREEDY,))
    ]


def measure(wanted: Sequence[Case], recordings: Sequence[Recording], rounds: int, clock: Clock) -> list[CaseParity]:
    """Each recording `rounds` times with both, one thread each, in turns, so whatever else runs falls on both alike."""
    results = []
    total = len(wanted) * len(recordings)
    with tqdm(total=total, desc="recordings", unit="file", disable=None, leave=False) as bar:
        for case in wanted:
            with ExitStack() as stack:
                ours = stack.enter_context(
                    DecoderProcess(_OWN, [msgspec.json.encode(own_config(case)).decode(), _WHOLE])
                )
                options = msgspec.json.encode(options_of(case.bundle, case.paths)).decode()
                theirs = stack.enter_context(DecoderProcess("edge_asr.bench.sherpa_decoder", [options]))
                parity = CaseParity(case)
                for recording in recordings:
                    parity.pairs.append(_pair(recording, ours, theirs, rounds, clock))
                    bar.update()
            results.append(parity)
    return results


def _pair(recording: Recording, ours: DecoderProcess, theirs: DecoderProcess, rounds: int, clock: Clock) -> Pair:
    samples, rate_hz = recording.samples(clock)
    own: list[Decoded] = []
    other: list[Decoded] = []
    turns = [(own, ours, _WHOLE), (other, theirs, SHERPA)]
    for number in range(rounds):
        for answers, process, how in turns if number % 2 else reversed(turns):
            answers.append(process.decode(how, samples, rate_hz))
    pairs = [(one, another) for one in own for another in other]
    return Pair(
        recording.name,
        len(samples) / rate_hz,
        len(own[0].tokens or ()),
        all(equal_tokens(one.tokens or (), another.tokens or ()) for one, another in pairs),
        all(equal_text(one.text, another.text) for one, another in pairs),
        min(one.cpu_s for one in own),
        min(one.cpu_s for one in other),
    )


def own_config(case: Case) -> Config:
    """Our configuration: everything as it is by default but the network, its search and one thread."""
    config = Config()
    folder = case.bundle.folder
    models = msgspec.structs.replace(config.models, dir=str(folder.parent), bundle=folder.name)
    recognizer = msgspec.structs.replace(config.recognizer, paths=case.paths, threads=1)
    second_pass = msgspec.structs.replace(config.second_pass, enabled=False)
    return msgspec.structs.replace(config, models=models, recognizer=recognizer, second_pass=second_pass)


def _json(options: msgspec.Struct) -> str:
    return msgspec.json.encode(options).decode()
