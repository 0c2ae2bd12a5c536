"""Streaming recognizer of the Kaldi TDNN-F family: features, ivector, network and search, chunk by chunk.

The chunk plan depends on the count of frames alone, so any cutting of the same audio gives the same hypotheses.
"""

import copy
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.bundle import Bundle
from edge_asr.asr.grammar import Grammar
from edge_asr.asr.judge import Judge
from edge_asr.asr.kaldi.command_reader import CommandReader
from edge_asr.asr.kaldi.command_search import CommandGraphs, CommandSearch
from edge_asr.asr.kaldi.confidence import Certainty
from edge_asr.asr.kaldi.features import MfccStream
from edge_asr.asr.kaldi.ivector import IvectorExtractor, SpeakerState
from edge_asr.asr.kaldi.labels import Labels
from edge_asr.asr.kaldi.lexicon import Lexicon
from edge_asr.asr.kaldi.mfcc import Mfcc
from edge_asr.asr.kaldi.network import AcousticNetwork, NetworkState
from edge_asr.asr.kaldi.path_words import PathWords
from edge_asr.asr.kaldi.search import EARLY_BEAM, BestPath, Graph, Search
from edge_asr.asr.manifest import KaldiManifest
from edge_asr.asr.result import Hypothesis
from edge_asr.errors import ModelError, TooBigError

_CHUNK_OUTPUTS = 10  # 0.3 s: shorter answers sooner, longer calls the network less often
# The first call waits for 0.6 s, pre-roll and all: by then more is known of the voice than the noise before it. Of
# 2,132 words 372 errors, and 371 with 0.9 s. In steps of 0.24 s, which cost 5 % more in all, with an even beam: 385
# errors when the first call waits for 0.24 s, 382 for 0.48 s, 378 for 0.72 s, 373 for 0.96 s, 382 for 1.2 s.
_FIRST_OUTPUTS = 2 * _CHUNK_OUTPUTS
_LOOK_OUTPUTS = 5  # the graph's pages are looked after so often: a search may look at 30 MiB of new ones in 0.3 s
_NEW_VOICE_OUTPUTS = 4 * _CHUNK_OUTPUTS  # 1.2 s of a voice: until then it is told anew to every chunk, ...
_ADAPT_OUTPUTS = 4 * _CHUNK_OUTPUTS  # ... then to every fourth: of 2,132 words 372 errors, 374 with every other one


@dataclass(slots=True)
class KaldiUtterance:
    """One utterance on its way."""

    mfcc: MfccStream
    speaker: SpeakerState
    network: NetworkState
    search: Search | None
    words: PathWords | None  # of that search
    command: CommandSearch | None
    decoded: int = 0  # outputs of the network that the searches have seen
    waiting: list[NDArray[np.int16]] = field(default_factory=list)
    waiting_samples: int = 0
    fed_samples: int = 0
    adapted_frames: int = 0  # frames that the speaker statistics have seen
    ivector: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 0), np.float32))
    certainty: Certainty = field(default_factory=Certainty)
    heard: list[NDArray[np.int16]] = field(default_factory=list)  # all of it, where somebody may have to weigh it


class KaldiRecognizer:
    """Immutable but for onnxruntime's own arenas; the state belongs to one thread."""

    def __init__(
        self,
        bundle: Bundle[KaldiManifest],
        *,
        threads: int = 1,
        beam: float | None = None,
        max_active: int | None = None,
        open_speech: bool = True,
    ):
        """Without `open_speech` the graph of a whole language stays on the disk, and `with_commands` is needed.

        Raises ModelError.
        """
        manifest = bundle.manifest
        self._manifest = manifest
        self._beam = manifest.search.beam if beam is None else beam
        self._max_active = manifest.search.max_active if max_active is None else max_active
        try:
            self.network = AcousticNetwork(bundle.path("network"), threads)
            self.network.check(bundle.path("network"), manifest)
            self._labels = Labels.load(bundle.path("labels"), manifest.labels, manifest.pdfs)
            self._ivectors = IvectorExtractor.load(bundle.path("ivector"), manifest.features.ceps, manifest.ivector_dim)
            self._graph = Graph(bundle.path("graph"), bundle.path("words"), manifest.labels) if open_speech else None
        except TooBigError:
            raise
        except ModelError as error:
            raise ModelError(f"{error}; {bundle.fix}") from error
        self.sample_rate_hz = manifest.sample_rate_hz
        self.language = manifest.language
        self.model = manifest.name
        self._mfcc = Mfcc(manifest.features, manifest.sample_rate_hz)
        self._output_s = manifest.subsampling_factor * manifest.features.frame_shift_ms / 1000
        self._commands: CommandReader | None = None
        self._judge: Judge | None = None
        self._lexicon_path = bundle.path("lexicon") if "lexicon" in manifest.files else None
        self._fix = bundle.fix

    def with_commands(self, grammar: Grammar, most_excess: float, most_wake_excess: float = 0.0) -> Self:
        """One that hears the sentences of a grammar too, or them alone; it shares all else with this one.

        Above `most_excess` it is none of them: see `CommandSearch.excess`; `most_wake_excess` is that of the phrase
        that wakes, said alone. Takes a fraction of a second, for their graph. Raises ModelError.
        """
        if self._lexicon_path is None:
            raise ModelError(
                f"the model {self.model!r} was built without pronunciations, which commands need; {self._fix}"
            )
        lexicon = Lexicon.load(self._lexicon_path, self._manifest.labels, self._labels.silence)
        earlier = self._commands.graphs.filler if self._commands is not None else None
        reader = CommandReader(
            CommandGraphs(grammar, lexicon, self._labels, earlier),
            self._labels,
            self._manifest.search.acoustic_scale,
            self._output_s,
            most_excess,
            most_wake_excess,
            self._judge,
        )
        return self._with(_commands=reader)

    def advised_by(self, judge: Judge | None) -> Self:
        """One that asks a model of another kind where two sentences sound alike; it shares all else with this one.

        The judge is stopped with it. It is asked in the thread of `finish`, for a few sentences of a hundred.
        """
        reader = replace(self._commands, judge=judge) if self._commands is not None else None
        return self._with(_judge=judge, _commands=reader)

    @property
    def judge(self) -> Judge | None:
        """Whom it asks."""
        return self._judge

    @property
    def hears_open_speech(self) -> bool:
        """Whether the graph of a whole language is there."""
        return self._graph is not None

    def without_commands(self) -> Self:
        """One that hears open speech alone; it shares all else with this one."""
        return self._with(_commands=None)

    def without_open_speech(self) -> Self:
        """One that hears commands alone; `with_commands` says which."""
        return self._with(_graph=None)

    def _with(self, **other: Any) -> Self:
        changed = copy.copy(self)
        vars(changed).update(other)
        return changed

    def start(self, gain: float = 1.0) -> KaldiUtterance:
        """State of a new utterance, whose samples are raised by `gain`."""
        search = words = None
        if self._graph is not None:
            search = Search(self._graph.fst, self._beam, self._max_active, EARLY_BEAM)
            words = PathWords(self._graph.words, self._labels, self._output_s)
        command = CommandSearch(self._commands.graphs) if self._commands is not None else None
        mfcc = MfccStream(self._mfcc, gain)
        return KaldiUtterance(mfcc, self._ivectors.start(), self.network.start(), search, words, command)

    def step(
        self,
        samples: NDArray[np.int16],
        state: KaldiUtterance,
        *,
        partial: bool = True,  # noqa: ARG002 - its partials cost next to nothing
    ) -> tuple[Hypothesis | None, KaldiUtterance]:
        """Take samples; decode every chunk that is complete with its right context."""
        state.waiting.append(samples)
        state.waiting_samples += len(samples)
        if self._judge is not None and state.command is not None:
            state.heard.append(samples)
        advanced = False
        while (needed := self._samples_for_next_chunk(state)) <= state.waiting_samples:
            self._feed(needed, state)
            self._decode(_CHUNK_OUTPUTS if state.decoded else _FIRST_OUTPUTS, state.mfcc.frames, state)
            advanced = True
        return (self._partial(state) if advanced else None), state

    def finish(self, state: KaldiUtterance) -> tuple[Hypothesis, KaldiUtterance]:
        """Decode the tail; the right context that it lacks is its last frame, repeated."""
        self._feed(state.waiting_samples, state)
        frames = state.mfcc.frames
        outputs = -(-len(frames) // self._manifest.subsampling_factor) - state.decoded
        if outputs > 0:
            missing = self._reach_frames(state.decoded + outputs) - len(frames)
            tail = np.repeat(frames[-1:], max(0, missing), axis=0)
            self._decode(outputs, np.concatenate([frames, tail]), state)
        return self._final(state), state

    def stop(self) -> None:
        """See `Recognizer`: no chunk takes long, but for what a judge may be asked at the end."""
        if self._judge is not None:
            self._judge.stop()

    def _reach_frames(self, outputs: int) -> int:
        """How many frames the first `outputs` outputs of the network look at."""
        return (outputs - 1) * self._manifest.subsampling_factor + 1 + self._manifest.right_context_frames

    def _samples_for_next_chunk(self, state: KaldiUtterance) -> int:
        """How many waiting samples complete the next chunk and its right context."""
        frames = self._reach_frames(state.decoded + (_CHUNK_OUTPUTS if state.decoded else _FIRST_OUTPUTS))
        return (frames - 1) * self._mfcc.hop_samples + self._mfcc.window_samples - state.fed_samples

    def _feed(self, count: int, state: KaldiUtterance) -> None:
        """Turn the first `count` waiting samples into frames."""
        if not state.waiting:
            return
        samples = np.concatenate(state.waiting)
        state.mfcc.accept(samples[:count])
        state.fed_samples += count
        state.waiting = [samples[count:]]
        state.waiting_samples -= count

    def _decode(self, outputs: int, frames: NDArray[np.float32], state: KaldiUtterance) -> None:
        """Run the next `outputs` outputs through network and search; `frames` reaches to the end of their context."""
        if state.decoded < _NEW_VOICE_OUTPUTS or state.decoded % _ADAPT_OUTPUTS == 0:
            self._adapt(state)
        end = self._reach_frames(state.decoded + outputs)
        if state.decoded:
            window = frames[self._reach_frames(state.decoded) : end]
        else:  # before the first frame lies the first frame, repeated
            lead = self._manifest.left_context_frames
            lead += -(lead + end) % self._manifest.subsampling_factor
            window = np.concatenate([np.repeat(frames[:1], lead, axis=0), frames[:end]])
        scores, state.network = self.network.run(window, state.ivector, state.network)
        scores = scores[-outputs:]
        state.certainty.add(scores)
        by_label = self._labels.by_label(scores, self._manifest.search.acoustic_scale)
        state.decoded += outputs
        if state.command is not None:
            state.command.advance(by_label)
        if state.search is not None and self._graph is not None:
            for begin in range(0, outputs, _LOOK_OUTPUTS):
                state.search.advance(by_label[begin : begin + _LOOK_OUTPUTS])
                self._graph.relieve()

    def _adapt(self, state: KaldiUtterance) -> None:
        """Take the frames up to now into what is known of the voice."""
        state.speaker = self._ivectors.accept(state.mfcc.frames, state.adapted_frames, state.speaker)
        state.adapted_frames = state.mfcc.count
        state.ivector = self._ivectors.ivector(state.speaker)

    def _partial(self, state: KaldiUtterance) -> Hypothesis:
        if state.search is not None:
            return self._hypothesis(state.search.best_path(final=False), state, timed=False)
        assert state.command is not None and self._commands is not None  # noqa: S101, PT018 - one of the two is there
        # A sentence of a list is told as a whole or not at all: until then other speech looks like one of them.
        return replace(self._commands.so_far(state.command, state.certainty, state.decoded), unspoken=True)

    def _final(self, state: KaldiUtterance) -> Hypothesis:
        if state.command is None or self._commands is None:
            return self._open_speech(state)
        sentence = self._commands.last(state.command, state.certainty, state.decoded, state.heard)
        taken, wakes = sentence.command is not None or sentence.wake is not None, self._commands.wakes
        if state.search is None or (taken and not (wakes and sentence.wake is None)):
            return sentence
        said = self._open_speech(state)
        if taken:
            return replace(sentence, asleep=said)
        return replace(said, unknown=sentence.unknown, asleep=said if wakes else None)

    def _open_speech(self, state: KaldiUtterance) -> Hypothesis:
        assert state.search is not None  # noqa: S101 - one of the two searches is there
        return self._hypothesis(state.search.best_path(final=True), state, timed=True)

    def _hypothesis(self, path: BestPath, state: KaldiUtterance, *, timed: bool) -> Hypothesis:
        assert state.words is not None  # noqa: S101 - whoever searches open speech reads words
        words = state.words.read(path, state.certainty, last=timed)
        silent_frames = self._labels.trailing_silence_frames(path.labels)
        return Hypothesis(words, state.decoded * self._output_s, silent_frames * self._output_s, timed)
