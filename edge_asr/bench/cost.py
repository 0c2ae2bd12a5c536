"""What listening costs: CPU, time, memory and the start, each way of it in a fresh process of its own.

One process after the other, so that none takes the memory of another; in rounds, so that whatever else the machine does
falls on all ways alike. In the last round each hears the recordings once more while its memory is watched: looking
takes time, so no time is taken then.
"""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec
from tqdm import tqdm

from edge_asr.audio.chunk import Samples
from edge_asr.bench.decoder_process import DecoderProcess, Started
from edge_asr.bench.memory_watch import MemoryWatch
from edge_asr.bench.peers import Peer
from edge_asr.bench.recordings import Recording
from edge_asr.bench.resident import Resident, resident
from edge_asr.bench.spread import median, percentile
from edge_asr.clock import Clock
from edge_asr.config import Config

Sound = tuple[Samples, int]  # int16 (n,), rate in Hz
FIRST, BOTH = "first pass", "two passes"
_OWN, _LIVE = "edge_asr.bench.own_decoder", "live"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to listen: a child that calls `decoder_loop.serve` with the decoder `how`."""

    system: str
    network: str  # kind of its weights
    threads: int
    module: str
    words: Sequence[str]
    how: str


@dataclass(slots=True)
class Play:
    """One recording: its length, and for each round seconds of CPU and of the clock."""

    name: str
    audio_s: float
    cpu_s: list[float] = field(default_factory=list)
    wall_s: list[float] = field(default_factory=list)

    @property
    def usual_cpu_s(self) -> float:
        """Median of the rounds."""
        return statistics.median(self.cpu_s)

    @property
    def rtf(self) -> float:
        """Real-time factor, time of computing for time of audio: the median of the rounds."""
        return statistics.median(self.wall_s) / self.audio_s


@dataclass(slots=True)
class Cost:
    """All of one way. Memory: when loaded, the most while it hears, and when it has heard everything."""

    way: Way
    plays: list[Play]
    starts: list[Started] = field(default_factory=list)
    loaded: Resident = field(default_factory=Resident)
    hearing: Resident = field(default_factory=Resident)
    resting: Resident = field(default_factory=Resident)

    @property
    def cpu_share(self) -> float:
        """CPU seconds for each second of audio."""
        return sum(play.usual_cpu_s for play in self.plays) / sum(play.audio_s for play in self.plays)

    def rtf(self, percent: float) -> float | None:
        """Real-time factor that so many of the recordings do not exceed."""
        return percentile([play.rtf for play in self.plays], percent)

    @property
    def start_s(self) -> float | None:
        """Time from the start of the process until the model is loaded, median."""
        return median([start.wall_s for start in self.starts])

    @property
    def start_cpu_s(self) -> float | None:
        """CPU seconds of that, median."""
        return median([start.cpu_s for start in self.starts])


def ways(
    networks: dict[str, Config], threads: Sequence[int], peers: Sequence[Peer], *, second_pass: bool
) -> Iterator[Way]:
    """Every way. networks: configuration by kind of weights. second_pass: whether there is one to be measured."""
    for both in (False, True)[: 1 + second_pass]:
        for network, config in networks.items():
            for count in threads:
                changed = _with(config, count, second_pass=both)
                words = [msgspec.json.encode(changed).decode(), _LIVE]
                yield Way(BOTH if both else FIRST, network, count, _OWN, words, _LIVE)
    for peer in peers:
        yield Way(peer.name, "own", 1, peer.module, peer.words, peer.name)


def measure(wanted: Sequence[Way], recordings: Sequence[Recording], rounds: int, clock: Clock) -> list[Cost]:
    """Every way in every round. Raises EdgeAsrError, AudioFileError."""
    sounds = [recording.samples(clock) for recording in recordings]
    lengths = [
        (recording.name, len(samples) / rate_hz)
        for recording, (samples, rate_hz) in zip(recordings, sounds, strict=True)
    ]
    costs = [Cost(way, [Play(name, audio_s) for name, audio_s in lengths]) for way in wanted]
    total = len(wanted) * len(recordings) * (rounds + 1)
    with tqdm(total=total, desc="recordings", unit="file", disable=None, leave=False) as bar:
        for number in range(rounds):
            for cost in costs:
                with DecoderProcess(cost.way.module, cost.way.words) as process:
                    cost.starts.append(process.started)
                    cost.loaded = resident(process.pid)
                    _hear(cost, sounds, process, bar)
                    if number == rounds - 1:
                        _watch(cost, sounds, process, bar)
    return costs


def _hear(cost: Cost, sounds: Sequence[Sound], process: DecoderProcess, bar: "tqdm[None]") -> None:
    process.decode(cost.way.how, *sounds[0])  # what is made at first use is no cost of listening
    for play, (samples, rate_hz) in zip(cost.plays, sounds, strict=True):
        decoded = process.decode(cost.way.how, samples, rate_hz)
        play.cpu_s.append(decoded.cpu_s)
        play.wall_s.append(decoded.wall_s)
        bar.update()


def _watch(cost: Cost, sounds: Sequence[Sound], process: DecoderProcess, bar: "tqdm[None]") -> None:
    with MemoryWatch(process.pid) as watch:
        for samples, rate_hz in sounds:
            process.decode(cost.way.how, samples, rate_hz)
            bar.update()
    cost.hearing, cost.resting = watch.most, resident(process.pid)


def _with(config: Config, threads: int, *, second_pass: bool) -> Config:
    return msgspec.structs.replace(
        config,
        recognizer=msgspec.structs.replace(config.recognizer, threads=threads),
        second_pass=msgspec.structs.replace(config.second_pass, threads=threads, enabled=second_pass),
    )
