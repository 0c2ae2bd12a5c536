"""What the recognizer says, in the time of the utterance; no wall clock, no ids."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from edge_asr.asr.grammar import Command, Wake

# Why speech is none of the sentences: it is other speech; one fits, and a second model does not hear it; or several fit
# that mean different things.
Unknown = Literal["other", "unsaid", "undecided"]


class EndReason(StrEnum):
    """Why an utterance ended; exactly one per final."""

    SILENCE = "silence"  # trailing silence after words, heard by gate or decoder
    MAX_LENGTH = "max_length"
    DISCONTINUITY = "discontinuity"  # samples are missing: a gap or an overload
    MUTE = "mute"
    SHUTDOWN = "shutdown"
    END_OF_INPUT = "end_of_input"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Word:
    """One word. Times in seconds from the first sample of the utterance; confidence in 0..1.

    `glued`: no space stands before it, as between Chinese characters.
    """

    word: str
    start_s: float
    end_s: float
    confidence: float
    glued: bool = False


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """The best path so far.

    Before `timed` is true the words' times and confidences may still move. `decoded_s` is how far the search has
    come, `trailing_silence_s` how much of its end is silence on the best path. `estimated`: the times
    of words are guesses. `command`: what the sentence of a list means, if it is one; `unknown`: lists were listened
    for, and why this is none of their sentences. `unspoken`: nobody is shown the words, they only tell that one speaks.
    `wake`: it begins with the phrase that wakes, or is no more than that. `asleep`: what this is instead as long as
    nobody has said the phrase.
    """

    words: tuple[Word, ...]
    decoded_s: float
    trailing_silence_s: float
    timed: bool
    estimated: bool = False
    command: Command | None = None
    unknown: Unknown | None = None
    unspoken: bool = False
    wake: Wake | None = None
    asleep: "Hypothesis | None" = None

    @property
    def command_only(self) -> "Hypothesis":
        """The same without the words of the phrase that wakes, where others follow them."""
        before = self.wake.words if self.wake is not None else 0
        return replace(self, words=self.words[before:]) if before < len(self.words) else self

    @property
    def sound_end_s(self) -> float:
        """Where the silence at the end begins, to the microsecond; not every sound was a word."""
        heard_s = self.decoded_s - self.trailing_silence_s
        return round(max(self.words[-1].end_s, heard_s) if self.words else heard_s, 6)

    @property
    def text(self) -> str:
        """Words joined by single spaces, but for glued ones."""
        return "".join(word.word if word.glued else f" {word.word}" for word in self.words).strip()
