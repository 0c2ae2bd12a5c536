"""The second pass over a final: an offline model hears the segment again, and its text replaces the first one's.

Synchronous: the daemon's thread for it, `transcribe` and the bench call the same function. The text of the first pass
stays whenever the second cannot be believed, and the reason is told. What takes long, the decoding, may be
done before the final is there (`foresee`); it is used where the final would be decoded from the same samples behind the
same words, and so gives the same text, but for a second hearing that ends when the final comes.

A pause does not end a sentence: a segment that follows closely is decoded behind what was said before it, whose words
are given. Measured on recordings that the endpointer cuts: see `SecondPassConfig.context_s`.
"""

import itertools
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from edge_asr.asr.align import agreement, align, normalized
from edge_asr.asr.belief import Doubt, doubt, without_leading_marks
from edge_asr.asr.rescorer import Rescored, Rescorer, SpokenWord, always
from edge_asr.asr.result import EndReason, Hypothesis, Word
from edge_asr.asr.said_before import Said, latest
from edge_asr.asr.second_hearing import heard_later, heard_twice
from edge_asr.asr.spoken_runs import run_share
from edge_asr.asr.vote import voted
from edge_asr.audio.chunk import Samples
from edge_asr.errors import RecognitionError
from edge_asr.observation import Observation, Transcript, is_final

log = logging.getLogger(__name__)

Reason = (
    Doubt
    | Literal["no_words", "command", "too_long", "spelled", "error", "overload", "heat", "queue_full", "late", "end"]
)

_ADJACENT_S = 0.7  # a longer pause begins something new
# Context, by the segment's own length: behind 15 s a mere "yes" waited four times as long. At least 6 s: of 2,132 words
# 153 errors with tiny and 119 with base, 155 and 121 without this least, 157 and 122 when no segment is cut for it.
_CONTEXT_SHARE, _LEAST_CONTEXT_S = 3, 6.0
_AFTERSOUND_S = 0.2  # of the silence that ended a segment, for the second pass; see `_heard`
_SHARED_S = 2.5  # of a pause: a segment may begin with the silence that ended the one before, as long as a pre-roll
_WHOLE = (EndReason.SILENCE, EndReason.MAX_LENGTH, EndReason.END_OF_INPUT)  # no sample is missing at such an end
_SPELLED = 0.5  # share of numbers and letters in a row: the first pass has a grammar for them and stays


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The final to publish. `skipped`: why it still is the first pass's, None when the second has spoken."""

    final: Transcript
    skipped: Reason | None = None
    fault: str = ""  # what an error said
    foreseen: bool = False  # its decoding was done before it was there


@dataclass(frozen=True, slots=True)
class _Task:
    """What is to be decoded for a final, and behind which segments."""

    context: list[Said]
    samples: Samples
    given: list[int]

    def same(self, other: "_Task") -> bool:
        return self.given == other.given and np.array_equal(self.samples, other.samples)


@dataclass(frozen=True, slots=True)
class _Found:
    """What the model made of a task, and what it was asked about it since: `margins` by the texts."""

    task: _Task
    rescored: Rescored
    margins: dict[tuple[str, ...], list[float]] = field(default_factory=dict)


class SecondPass:
    """One rescorer, and what it has just heard. One thread; finals come in their order."""

    def __init__(self, rescorer: Rescorer, context_s: float) -> None:
        self.rescorer = rescorer
        self._context_samples = round(context_s * rescorer.sample_rate_hz)
        self._longest_samples = round(rescorer.longest_s * rescorer.sample_rate_hz)
        self._context: list[Said] = []
        self._foreseen: _Found | None = None
        self.model = rescorer.model

    def rewrite(
        self, final: Transcript, in_time: Callable[[], bool] = always, again: Callable[[], bool] = always
    ) -> Rewritten:
        """The same final with the text of the second pass, or as it was; never raises RecognitionError.

        in_time: asked before each step of the vote; without time for it the text is the second pass's own.
        again: the same for a second hearing; without time for it the first one stands.
        """
        task, foreseen = self._task(final), self._foreseen
        self._context, self._foreseen = [], None
        if not isinstance(task, _Task):
            return Rewritten(final, task)
        used = foreseen is not None and foreseen.task.same(task)
        try:
            found = foreseen if foreseen is not None and used else self._find(task, again)
            return self._rewritten(final, found, in_time, used=used)
        except RecognitionError as error:
            return Rewritten(final, "error", str(error))

    def foresee(self, candidate: Transcript, wanted: Callable[[], bool], again: Callable[[], bool] = always) -> None:
        """Decode what is likely to become a final, as long as it is `wanted`; a later `rewrite` may find it done.

        again: for a second hearing it is asked too, and without it the first one stands, with all that was asked of it.

        What fails, or is given up, is as if it had not been begun.
        """
        self._foreseen = None
        task = self._task(candidate)
        if not isinstance(task, _Task):
            return
        try:
            first = self.rescorer.decode(task.samples, given=task.given, wanted=wanted)
            self._prepare(candidate, _Found(task, first), wanted)
            better = heard_later(self.rescorer, task.samples, task.given, first, lambda: wanted() and again())
            if better is not first:
                self._prepare(candidate, _Found(task, better), wanted)
        except RecognitionError:
            log.debug("a decoding ahead of its final was given up")

    def _prepare(self, candidate: Transcript, found: _Found, wanted: Callable[[], bool]) -> None:
        """Ask of what was found all that will be asked of its final, and have it ready. Raises RecognitionError."""
        if not wanted():  # what stands then may be less than there is time for later
            return
        own = self._own(candidate, found)
        if self._doubt(candidate, found, own) is None:
            self._vote(candidate, found, own, wanted)
        self._foreseen = found

    def same_sound(self, one: Transcript, other: Transcript) -> bool:
        """Whether it would hear the same of both. Any thread."""
        same_segment = (one.stream_id, one.segment_id) == (other.stream_id, other.segment_id)
        return same_segment and len(self._heard(one)) == len(self._heard(other))

    def stop(self) -> None:
        """Make what is being computed fail soon; any thread. Nothing can be rewritten after it."""
        self.rescorer.stop()

    def _task(self, final: Transcript) -> _Task | Reason:
        if not final.hypothesis.words:
            return "no_words"
        if final.hypothesis.command is not None or final.hypothesis.wake is not None:
            return "command"
        if len(final.samples) > self._longest_samples:
            return "too_long"
        said = [word.word for word in final.hypothesis.words]
        if run_share(said, self.rescorer.language) >= _SPELLED:
            return "spelled"
        context = self._before(final)
        samples = np.concatenate([*(one.samples for one in context), self._heard(final)])
        given = self.rescorer.open_end(list(itertools.chain.from_iterable(one.tokens for one in context)))
        return _Task(context, samples, list(given))

    def _find(self, task: _Task, again: Callable[[], bool]) -> _Found:
        return _Found(task, heard_twice(self.rescorer, task.samples, task.given, always, again))

    def _rewritten(self, final: Transcript, found: _Found, in_time: Callable[[], bool], *, used: bool) -> Rewritten:
        own = self._own(final, found)
        reason = self._doubt(final, found, own)
        if reason is not None:
            return Rewritten(final, reason, foreseen=used)
        try:
            words = self._vote(final, found, own, in_time)
        except RecognitionError:
            log.debug("a vote was given up")
            words = own
        # The rest of a text that was cut off would come out with the next; and nothing is heard across a gap.
        if found.rescored.complete and final.end_reason in _WHOLE:
            rate_hz, tokens = self.rescorer.sample_rate_hz, found.rescored.tokens
            timed = align(final.hypothesis.words, own, len(self._heard(final)) / rate_hz)
            end_s = final.start_s + len(final.samples) / rate_hz
            said = Said(final.stream_id, final.samples, tokens, timed, end_s)
            self._context = [*found.task.context, said]
        return Rewritten(self._with(final, words), foreseen=used)

    def _doubt(self, final: Transcript, found: _Found, own: tuple[SpokenWord, ...]) -> Doubt | None:
        """Why the words of the second pass alone are not believed."""
        seconds = len(final.samples) / self.rescorer.sample_rate_hz
        return doubt(own, final.hypothesis.words, seconds, complete=found.rescored.complete)

    def _vote(
        self, final: Transcript, found: _Found, own: tuple[SpokenWord, ...], wanted: Callable[[], bool]
    ) -> tuple[SpokenWord, ...]:
        """The words of both passes. Raises RecognitionError."""
        rescored = found.rescored
        if not rescored.complete:
            return own
        # What the model has written before its own words, a mark or what was said before, it must be given again.
        before = [word.word for word in rescored.words[: len(rescored.words) - len(own)]]

        def margins(text: str, others: Sequence[str]) -> list[float]:
            texts = text, *others
            if texts not in found.margins:
                whole, *rest = (" ".join([*before, one]) for one in texts)
                asked = self.rescorer.margins(rescored.sound, found.task.given, whole, rest, wanted)
                found.margins[texts] = asked
            return found.margins[texts]

        return voted(final.hypothesis.words, own, margins)

    def _own(self, final: Transcript, found: _Found) -> tuple[SpokenWord, ...]:
        """The words of the second pass alone."""
        words, context = without_leading_marks(found.rescored.words), found.task.context
        return _without_echo(words, context[-1].words, final.hypothesis.words) if context else words

    def _before(self, final: Transcript) -> list[Said]:
        """What was said right before this one, as much as the context may hold."""
        context, rate_hz = self._context, self.rescorer.sample_rate_hz
        if not context or context[-1].stream_id != final.stream_id or final.truncated:  # a gap may lie before it
            return []
        if not -_SHARED_S <= final.start_s - context[-1].end_s <= _ADJACENT_S:
            return []
        own = len(self._heard(final))  # with its silence it would not be what was foreseen
        wanted = max(_CONTEXT_SHARE * own, round(_LEAST_CONTEXT_S * rate_hz))
        room = min(self._context_samples, self._longest_samples - own, wanted)
        return latest(context, room, rate_hz, self.rescorer.last_words)

    def _heard(self, final: Transcript) -> Samples:
        """Samples of a segment without most of the silence that ended it, where such models write what nobody said.

        Measured, word errors with 0.15 to 0.3 s left and with all of it: 30 to 34 and 38 of 212 in very quiet
        recordings; 145 to 157 and 156 of 1050 in others.
        """
        if final.end_reason is not EndReason.SILENCE:
            return final.samples
        return final.samples[: round((final.hypothesis.sound_end_s + _AFTERSOUND_S) * self.rescorer.sample_rate_hz)]

    def _with(self, final: Transcript, words: tuple[SpokenWord, ...]) -> Transcript:
        first = final.hypothesis
        end_s = len(final.samples) / self.rescorer.sample_rate_hz
        aligned = align(first.words, words, end_s)
        hypothesis = Hypothesis(aligned, first.decoded_s, first.trailing_silence_s, first.timed)
        return replace(final, hypothesis=hypothesis, second_model=self.model)


def _without_echo(
    words: tuple[SpokenWord, ...], said: tuple[Word, ...], first: tuple[Word, ...]
) -> tuple[SpokenWord, ...]:
    """Words without those at their beginning that were said before, unless the first pass has heard them again.

    Who says "yes" three times, segment by segment, was given "yes yes" for the last: the model had lost count.
    """
    spoken, before = ([normalized(word.word) for word in these] for these in (words, said))
    for count in range(min(len(words) - 1, len(said)), 0, -1):
        rest = words[count:]
        if spoken[:count] == before[-count:] and agreement(first, rest) > agreement(first, words):
            return rest
    return words


def heard_again(
    observation: Observation, second_pass: SecondPass | None, again: Callable[[], bool] = always
) -> Observation:
    """What the pipeline has seen, a final with its text of the second pass; for whoever has time to wait.

    again: see `SecondPass.rewrite`.
    """
    if second_pass is None or not is_final(observation):
        return observation
    rewritten = second_pass.rewrite(observation, again=again)
    if rewritten.skipped == "error":
        log.warning("the second pass failed (%(reason)s); the first one's text stands", {"reason": rewritten.fault})
    return rewritten.final
