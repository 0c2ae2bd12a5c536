"""A streaming recognizer made of an offline model: what was heard of an utterance is decoded again as it grows.

The tokens of one decoding are the draft of the next, which only writes what is new or other; what may be the last, in a
pause and at the end, is looked for more widely: of 2,132 words 234 errors in place of 278, for an eighth more work. The
model has no alignment, so where somebody speaks is told by loudness, and the times of words are estimates (see
`word_times`). Trailing silence is the time since the last loud sound; where a sound goes on, as in steady noise, it is
the time for which that sound has added no word.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.align import normalized
from edge_asr.asr.belief import Doubt, doubt, sureness, without_leading_marks
from edge_asr.asr.moonshine.loudness import BLOCK_MS, Loudness, Mask
from edge_asr.asr.moonshine.schedule import due, in_pause, stands
from edge_asr.asr.moonshine.word_times import estimated
from edge_asr.asr.rescorer import Rescorer, SpokenWord
from edge_asr.asr.result import Hypothesis
from edge_asr.errors import RecognitionError

_BLOCK_S = BLOCK_MS / 1000
_OPEN_END = ".,;:!?…-"  # what follows may belong to the sentence
_CUT_BLOCKS = 100 // BLOCK_MS  # a word that ended so shortly before may not have ended
_SURE = 0.8  # confidence from which such a word is shown at once: 3 of 4 stay then, of all 1 in 3
_INT16 = np.iinfo(np.int16)


@dataclass(slots=True)
class MoonshineUtterance:
    """One utterance on its way."""

    gain: float
    loudness: Loudness
    blocks: list[NDArray[np.int16]] = field(default_factory=list)
    rest: NDArray[np.int16] = field(default_factory=lambda: np.empty(0, np.int16))  # less than a block
    decoded: int | None = None  # blocks that the last decoding has heard
    tokens: Sequence[int] = ()  # of the last decoding: the draft of the next
    words: tuple[SpokenWord, ...] = ()  # of the last that was believed
    doubt: Doubt | None = None  # why the last decoding was not
    changed: int = 0  # blocks that were heard when the words became what they are
    soft_until: int = 0  # up to here words came of what is not loud


class MoonshineRecognizer:
    """Immutable but for the model's own memory; the state belongs to one thread."""

    def __init__(self, rescorer: Rescorer) -> None:
        self._rescorer = rescorer
        self.sample_rate_hz = rescorer.sample_rate_hz
        self.language = rescorer.language
        self.model = rescorer.model

    def start(self, gain: float = 1.0) -> MoonshineUtterance:
        """State of a new utterance, whose samples are raised by `gain`."""
        return MoonshineUtterance(gain, Loudness(self.sample_rate_hz))

    def step(
        self, samples: NDArray[np.int16], state: MoonshineUtterance, *, partial: bool = True
    ) -> tuple[Hypothesis | None, MoonshineUtterance]:
        """Take samples; decode whenever it is due. RecognitionError when there are more than the model can hear."""
        hypothesis = None
        size = state.loudness.block_samples
        waiting = np.concatenate([state.rest, _raised(samples, state.gain)])
        whole = len(waiting) // size * size
        state.rest = waiting[whole:]
        for begin in range(0, whole, size):
            block = waiting[begin : begin + size]
            state.loudness.accept(block)
            state.blocks.append(block)
            voice = state.loudness.extent()
            if voice is not None and due(state.loudness.blocks, voice, state.decoded, partial=partial):
                final = in_pause(voice[1], state.loudness.blocks)
                self._decode(state, np.concatenate(state.blocks), voice[1], final=final)
                hypothesis = self._hypothesis(state, voice)
        return hypothesis, state

    def finish(self, state: MoonshineUtterance) -> tuple[Hypothesis, MoonshineUtterance]:
        """Decode what is left. Without a sound that stands out, or a text that is sure of itself, there is no word."""
        voice = state.loudness.extent()
        samples = np.concatenate([*state.blocks, state.rest])
        if voice is not None and not stands(state.loudness.blocks, voice[1], state.decoded):
            self._decode(state, samples, voice[1], final=True)
        heard_s = len(samples) / self.sample_rate_hz
        voiced = state.loudness.voiced()
        silence_s = heard_s - (0.0 if voice is None else voice[1] * _BLOCK_S)
        words = () if state.doubt == "doubtful" else state.words
        return Hypothesis(estimated(words, voiced), heard_s, silence_s, timed=True, estimated=True), state

    def stop(self) -> None:
        """See `Recognizer`: an utterance of many seconds may take one to decode."""
        self._rescorer.stop()

    def _decode(
        self, state: MoonshineUtterance, samples: NDArray[np.int16], voice_end: int, *, final: bool = False
    ) -> None:
        """Hear all of it; what cannot be believed leaves the words as they were, for now. final: it may be the last."""
        rescorer = self._rescorer
        seconds = len(samples) / rescorer.sample_rate_hz
        if seconds > rescorer.longest_s:
            raise RecognitionError(
                f"an utterance of {seconds:.1f} s is longer than the {rescorer.longest_s:g} s that the model "
                f"{rescorer.model!r} can hear; lower endpoint.max_utterance_s"
            )
        found = rescorer.decode(samples, draft=None if final else state.tokens)
        words = without_leading_marks(found.words)
        state.doubt = doubt(words, state.words, seconds, complete=found.complete)
        if state.doubt == "endless" and final and state.words and sureness(words) >= _SURE:
            state.doubt = None  # somebody speaks, and it lost its way at the very end
        if state.doubt is not None or _bare(words) != _bare(state.words):
            state.changed = state.loudness.blocks
            if in_pause(voice_end, state.decoded):
                state.soft_until = state.changed
        state.decoded = state.loudness.blocks
        if state.doubt in {None, "empty"}:
            state.words = words
        state.tokens = found.tokens

    def _hypothesis(self, state: MoonshineUtterance, voice: tuple[int, int]) -> Hypothesis:
        now, voiced = state.loudness.blocks, state.loudness.voiced()
        quiet = now - voice[1]
        words = estimated(state.words, voiced)
        cut = quiet < _CUT_BLOCKS and state.changed == now  # the last word goes on, and its end is made up
        if words and cut and words[-1].confidence < _SURE:
            words = words[:-1]
        if words and (last := words[-1].word.rstrip(_OPEN_END)):
            words = (*words[:-1], replace(words[-1], word=last))
        unchanged = now - max(state.changed, _last_run(voiced))
        silence = max(now - max(voice[1], state.soft_until), unchanged) if state.words else now
        return Hypothesis(words, now * _BLOCK_S, silence * _BLOCK_S, timed=False)


def _raised(samples: NDArray[np.int16], gain: float) -> NDArray[np.int16]:
    if gain == 1.0:
        return samples
    raised: NDArray[np.int16] = np.clip(np.rint(samples * gain), _INT16.min, _INT16.max).astype(np.int16)
    return raised


def _bare(words: Sequence[SpokenWord]) -> list[str]:
    return [normalized(word.word) for word in words]


def _last_run(voiced: Mask) -> int:
    """Where the voice that goes on at the end set in; the end when there is none."""
    silent = np.flatnonzero(~voiced)
    return int(silent[-1]) + 1 if len(silent) else 0
