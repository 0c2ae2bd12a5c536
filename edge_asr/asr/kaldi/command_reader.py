"""What the two searches over the sentences have found: the command, the phrase that wakes, or that it was neither."""

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.grammar import Wake, understood, woken
from edge_asr.asr.judge import Judge
from edge_asr.asr.kaldi.close_call import Choice
from edge_asr.asr.kaldi.command_search import CommandGraphs, CommandSearch
from edge_asr.asr.kaldi.confidence import Certainty, word_confidence
from edge_asr.asr.kaldi.labels import Labels
from edge_asr.asr.kaldi.search import BestPath
from edge_asr.asr.kaldi.unsaid import SURELY_SAID, unsaid
from edge_asr.asr.result import Hypothesis, Unknown, Word


@dataclass(frozen=True)
class CommandReader:
    """Immutable, shared by all utterances.

    most_excess: above it what was said is no sentence, see `CommandSearch.excess`; most_wake_excess: the same for the
    phrase that wakes, over its own frames. output_s: time of one output of the network.
    """

    graphs: CommandGraphs
    labels: Labels
    acoustic_scale: float
    output_s: float
    most_excess: float
    most_wake_excess: float
    judge: Judge | None = None

    @cached_property
    def wakes(self) -> bool:
        """Whether there is a phrase that wakes."""
        return any(token.wake for token in self.graphs.grammar.tokens)

    def so_far(self, search: CommandSearch, certainty: Certainty, decoded: int) -> Hypothesis:
        """The words that may become a sentence, after `decoded` outputs."""
        return self._told(search.so_far(), certainty, decoded, timed=False)

    def last(
        self, search: CommandSearch, certainty: Certainty, decoded: int, heard: list[NDArray[np.int16]]
    ) -> Hypothesis:
        """What was said, at the end. heard: its samples, which only a judge needs."""
        path, free = search.sentence(), search.free()
        excess = search.excess(path, free)
        choice, doubtful = Choice(path), excess > SURELY_SAID and not self.graphs.made_up(path.words)
        if self.judge is not None and math.isfinite(excess) and excess <= self.most_excess:
            by_label = self.labels.by_label(certainty.scores, self.acoustic_scale)
            choice = search.closest(path, by_label, self.judge, np.concatenate(heard), doubtful=doubtful)
        path = choice.path
        told = self._told(path, certainty, decoded, timed=True)
        none = replace(told, words=())
        tokens = [self.graphs.grammar.tokens[number] for number in path.words]
        phrase = woken(tokens)
        alone = phrase == len(tokens)
        phrase_excess = self._phrase_excess(path, free, phrase, certainty) if phrase else -math.inf
        unknown: Unknown | None = None
        if excess > self.most_excess or phrase_excess > self.most_wake_excess:
            unknown = "other"
        elif not alone:  # to wake for nothing costs little
            unknown = _refused(choice, excess, doubtful=doubtful)
        if unknown is not None:
            called = phrase and unknown == "undecided"  # whoever called is told that it was not understood
            return replace(none, unknown=unknown, asleep=none if self.wakes and not called else None)
        sure = [word.confidence for word in told.words]
        wake = Wake(phrase, float(np.mean(sure[:phrase])), phrase_excess) if phrase else None
        if alone:
            return replace(told, wake=wake)
        command = understood(tokens[phrase:], sure[phrase:], excess)
        return replace(told, command=command, wake=wake, asleep=none if self.wakes and wake is None else None)

    def _phrase_excess(self, path: BestPath, free: BestPath, words: int, certainty: Certainty) -> float:
        """How much worse its first words fit their own frames than speech without a grammar fits these.

        A long sentence behind them would make up for a phrase that nobody has said.
        """
        spans = self.labels.word_spans(path.labels)[:words]
        ours, theirs = (certainty.along(self.labels.pdf_of_label[one.labels]) for one in (path, free))
        frames = np.arange(spans[0][0], min(spans[-1][1], len(theirs)))
        frames = frames[~self.labels.silence_of_label[path.labels[frames]]]
        return float((theirs[frames] - ours[frames]).mean()) if len(frames) else math.inf

    def _told(self, path: BestPath, certainty: Certainty, decoded: int, *, timed: bool) -> Hypothesis:
        """Words of a path through the grammar, whose outputs are its tokens."""
        sure = certainty.along(self.labels.pdf_of_label[path.labels])
        words = tuple(
            Word(
                self.graphs.grammar.tokens[number].word,
                begin * self.output_s,
                end * self.output_s,
                word_confidence(sure[begin:end]),
            )
            for number, (begin, end) in zip(path.words, self.labels.word_spans(path.labels), strict=False)
        )
        silent_frames = self.labels.trailing_silence_frames(path.labels)
        return Hypothesis(words, decoded * self.output_s, silent_frames * self.output_s, timed)


def _refused(choice: Choice, excess: float, *, doubtful: bool) -> Unknown | None:
    """Why a sentence that fits is not taken, by what a judge thinks of it; None to take it."""
    if doubtful and choice.weighed is not None and unsaid(excess, choice.weighed):
        return "unsaid"
    return "undecided" if choice.undecided else None
