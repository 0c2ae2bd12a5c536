"""The data path in one function: chunk -> resample -> gate -> features -> network -> search -> endpoint.

`Pipeline.process` is synchronous: no threads, no I/O, no clock. The daemon, `transcribe` and the tests call the very
same function, and any cutting of the same audio into chunks gives the same observations.
"""

import math
from collections import deque
from typing import Any, Generic

import numpy as np

from edge_asr.asr.division import division_s, until, wordless_s
from edge_asr.asr.endpoint import Endpointer
from edge_asr.asr.recognizer import Recognizer, State
from edge_asr.asr.result import EndReason, Hypothesis
from edge_asr.audio.chunk import AudioChunk, Samples
from edge_asr.audio.gate import BLOCK_MS, Gate
from edge_asr.audio.level import utterance_gain
from edge_asr.audio.resample import BlockResampler
from edge_asr.audio.vad import Vad
from edge_asr.config import EndpointConfig, GateConfig
from edge_asr.endpoint_rules import endpoint_rules, hangover_ms
from edge_asr.observation import Observation, SpeechEnded, SpeechStarted, Transcript
from edge_asr.sensitivity import Thresholds, thresholds
from edge_asr.utterance import Utterance
from edge_asr.wakefulness import Wakefulness

_ROUNDING_S = 1e-6  # times are sums of samples at two rates; equal ones differ in their last bits
_SURE = 0.6  # first words in a running tap and in white noise: 26 of 32 below; of 96 in speech 9, a chunk later then


class Pipeline(Generic[State]):
    """One way through the house, for one stream after another. One thread."""

    def __init__(
        self,
        gate: GateConfig,
        endpoint: EndpointConfig,
        vad: Vad,
        recognizer: Recognizer[State],
        wake_for_s: float = 0.0,
    ) -> None:
        """wake_for_s: for how long a command needs no phrase before it when somebody has said that alone."""
        self._recognizer = recognizer
        self._rate_hz = recognizer.sample_rate_hz
        self._block_samples = self._rate_hz * BLOCK_MS // 1000
        rules = endpoint_rules(endpoint)
        self._gate_config = gate
        self._gate = Gate(gate, hangover_ms(gate, rules), vad, self._block_samples)
        self._endpointer = Endpointer(rules)
        self._resampler: BlockResampler | None = None
        self._stream_id = ""
        self._input_rate_hz = 0
        self._expected_sample = 0
        self._gap_before = False  # samples are missing before the resampler's first
        self._begin_s = 0.0  # stream time of the resampler's first sample
        self._blocks_samples = 0  # samples that have come out of it
        self._tunings: deque[tuple[float, Thresholds]] = deque()  # each with the stream time from which it holds
        self._listen: tuple[float, int] | None = None  # the same: for how many blocks to hear without a voice
        self._segments = 0
        self._utterance: Utterance[State] | None = None
        self._wakefulness = Wakefulness(wake_for_s)
        self._seen: list[Observation] = []  # not handed out yet; a call that fails leaves them to `abandon`

    def process(self, chunk: AudioChunk, *, partials: bool = True) -> list[Observation]:
        """Take the next chunk. A gap before it ends the utterance as `discontinuity`; nothing is decoded across it."""
        fresh = chunk.stream_id != self._stream_id
        gap = chunk.first_sample != (0 if fresh else self._expected_sample)
        if fresh or gap or chunk.sample_rate_hz != self._input_rate_hz or self._resampler is None:
            self._end(EndReason.DISCONTINUITY)
            if fresh:
                self._segments = 0
                self._wakefulness.sleep()
            self._stream_id, self._input_rate_hz = chunk.stream_id, chunk.sample_rate_hz
            self._begin_s = chunk.first_sample / chunk.sample_rate_hz
            self._blocks_samples = 0
            self._resampler = BlockResampler(chunk.sample_rate_hz, self._rate_hz, self._block_samples)
            self._gap_before = gap
        self._expected_sample = chunk.end_sample
        for block in self._resampler.step(chunk.samples):
            self._block(block, partials=partials)
        return self._hand_out()

    def end(self, reason: EndReason) -> list[Observation]:
        """End the stream's present run: what is still inside comes out, and the utterance ends as `reason`."""
        self._end(reason)
        return self._hand_out()

    def set_sensitivity(self, sensitivity: int) -> None:
        """How readily the gate opens, 0 to 100: for what will be given from now on. Raises ConfigError.

        What was given and still waits for the rest of its block is judged as before, so any cutting of the same audio
        gives the same, as long as this is called at the same sample.
        """
        tuned = thresholds(self._gate_config, sensitivity)
        if self._resampler is None:
            self._gate.tune(tuned)
            return
        from_s = self._expected_sample / self._input_rate_hz
        if self._tunings and self._tunings[-1][0] == from_s:
            self._tunings.pop()  # nothing was given in between
        self._tunings.append((from_s, tuned))

    @property
    def recognizer(self) -> Recognizer[State]:
        """What decodes now; immutable. Any thread."""
        return self._recognizer

    @property
    def between_utterances(self) -> bool:
        """Whether nothing is being decoded."""
        return self._utterance is None

    @property
    def candidate(self) -> Transcript | None:
        """What the final would be if the present pause ended the utterance; None while nothing points to that.

        Whoever computes long for a final may begin with it. It is the same object as long as it is the same pause; the
        final may have other words, and hears some more silence.
        """
        utterance = self._utterance
        if utterance is None or utterance.hypothesis is None or utterance.hypothesis.unspoken:
            return None
        now, heard_s = utterance.hypothesis, utterance.heard_samples / self._rate_hz
        if not self._endpointer.likely(now, heard_s, self._gate.unvoiced_blocks * BLOCK_MS / 1000):
            utterance.candidate = None
        elif utterance.candidate is None or utterance.candidate.hypothesis.sound_end_s != now.sound_end_s:
            truncated = utterance.truncated
            utterance.candidate = utterance.transcript(now, EndReason.SILENCE, self._now_s(), truncated=truncated)
        return utterance.candidate

    def exchange(self, recognizer: Recognizer[Any]) -> None:
        """Decode with another recognizer from the next utterance on; only between two of them.

        It hears the same rate, so what waits in front of it, the pre-roll among it, is lost to neither.
        """
        assert self._utterance is None  # noqa: S101 - its state belongs to the recognizer before
        assert recognizer.sample_rate_hz == self._rate_hz  # noqa: S101 - whoever loads it has looked
        self._recognizer = recognizer

    def listen_now(self, seconds: float) -> None:
        """Hear what will be given from now on for so long, voice or not, and begin a segment with it.

        It ends as all do, with silence after words above all; with none it ends when the time is over. In the midst of
        a segment it keeps that one open. Any cutting of the same audio gives the same.
        """
        from_s = -math.inf if self._resampler is None else self._expected_sample / self._input_rate_hz
        self._listen = (from_s, round(seconds * 1000 / BLOCK_MS))

    @property
    def listening_now(self) -> bool:
        """Whether it hears without waiting for a voice, or is about to. Any thread."""
        return self._listen is not None or self._gate.held

    def stop(self) -> None:
        """Make the call that takes long, in another thread, fail soon, and every one after it."""
        self._recognizer.stop()

    def abandon(self) -> list[Observation]:
        """After a RecognitionError: what the failed call had seen, then the utterance's end as `error`; never raises.

        The final holds what was last heard of the utterance.
        """
        self._resampler = None
        self._tune(math.inf)
        self._listen = None
        self._gate.shut()
        utterance, self._utterance = self._utterance, None
        if utterance is not None:
            hypothesis = utterance.hypothesis or Hypothesis((), 0.0, 0.0, timed=False)
            self._last_words(utterance, hypothesis, EndReason.ERROR, truncated=True)
        return self._hand_out()

    def _hand_out(self) -> list[Observation]:
        seen, self._seen = self._seen, []
        return seen

    def _end(self, reason: EndReason) -> None:
        if self._resampler is not None:
            for block in self._resampler.finish():
                self._block(block, partials=False)
            self._resampler = None
        self._tune(math.inf)
        if self._listen is not None:  # what was asked for last holds for what comes next, but for a mute
            self._listen = None if reason is EndReason.MUTE else (-math.inf, self._listen[1])
        if self._utterance is not None:
            self._end_utterance(reason, truncated=reason is not EndReason.END_OF_INPUT)
        self._gate.shut()

    def _now_s(self) -> float:
        return self._begin_s + self._blocks_samples / self._rate_hz

    def _tune(self, until_s: float) -> None:
        """Whatever holds from that stream time on, or from before it."""
        while self._tunings and self._tunings[0][0] <= until_s:
            self._gate.tune(self._tunings.popleft()[1])

    def _block(self, block: Samples, *, partials: bool) -> None:
        if self._tunings or self._listen is not None:
            self._tune(until_s := self._now_s() + _ROUNDING_S)
            if self._listen is not None and self._listen[0] <= until_s:
                self._gate.hold(self._listen[1])
                self._listen = None
        step = self._gate.step(block)
        self._blocks_samples += len(block)
        if step.opened:
            self._open(step.passed, step.onset_sample)
        if self._utterance is None or not len(step.passed):
            return
        self._hear(utterance := self._utterance, step.passed, partials=partials)
        reason = self._endpointer.decide(
            utterance.hypothesis,
            utterance.heard_samples / self._rate_hz,
            self._gate.unvoiced_blocks * BLOCK_MS / 1000,
            self._gate.voiced_blocks * BLOCK_MS / 1000,
            gate_closed=step.closed,
            gate_held=self._gate.held,
        )
        if reason is not None:
            self._divide(utterance, reason, partials=partials)

    def _hear(self, utterance: Utterance[State], samples: Samples, *, partials: bool) -> None:
        utterance.heard.append(samples)
        utterance.heard_samples += len(samples)
        hypothesis, utterance.state = self._recognizer.step(samples, utterance.state, partial=partials)
        if hypothesis is not None:
            self._partial(utterance, hypothesis, wanted=partials)

    def _divide(self, utterance: Utterance[State], reason: EndReason, *, partials: bool) -> None:
        """End the utterance; in a pause the gate keeps what came after the last word, as pre-roll.

        Speech that is too long in the midst of a word is divided before it, and the next utterance has it, at once.
        """
        hypothesis, _ = self._recognizer.finish(utterance.state)
        heard_s = utterance.heard_samples / self._rate_hz
        begin_s = division_s(hypothesis, heard_s) if reason is EndReason.MAX_LENGTH else None
        self._utterance = None
        if begin_s is None:
            self._last_words(utterance, hypothesis, reason, truncated=utterance.truncated)
            self._gate.shut(math.floor(wordless_s(hypothesis, heard_s) * 1000 / BLOCK_MS))
            return
        self._gate.hold(0)  # as shutting it would: who asked to be heard was heard that long
        before, rest = np.split(np.concatenate(utterance.heard), [round(begin_s * self._rate_hz)])
        utterance.heard = [before]
        self._last_words(utterance, until(hypothesis, begin_s), reason, truncated=utterance.truncated)
        self._hear(self._open(rest, 0), rest, partials=partials)

    def _open(self, passed: Samples, onset_sample: int) -> Utterance[State]:
        start_s = self._now_s() - len(passed) / self._rate_hz
        onset_s = start_s + onset_sample / self._rate_hz
        self._segments += 1
        segment_id = f"{self._stream_id}-{self._segments}"
        # held open nobody has spoken yet, and by the noise before it a loud voice would be raised beyond all measure
        gain = 1.0 if self._gate.held else utterance_gain(passed, self._block_samples)
        state = self._recognizer.start(gain)
        truncated = self._gap_before and start_s <= self._begin_s
        self._utterance = utterance = Utterance(self._stream_id, segment_id, state, onset_s, start_s, truncated)
        self._seen.append(SpeechStarted(self._stream_id, segment_id, onset_s))
        return utterance

    def _partial(self, utterance: Utterance[State], hypothesis: Hypothesis, *, wanted: bool) -> None:
        utterance.hypothesis = hypothesis
        stable = utterance.stable.accept(hypothesis)
        if hypothesis.unspoken:
            return
        if wanted and hypothesis.text != utterance.shown and (utterance.revision or not _doubtful(hypothesis)):
            utterance.shown = hypothesis.text
            truncated = utterance.truncated
            told = utterance.transcript(hypothesis, None, self._now_s(), truncated=truncated, stable_chars=stable)
            self._tell(utterance, told)

    def _end_utterance(self, reason: EndReason, *, truncated: bool) -> None:
        utterance = self._utterance
        assert utterance is not None  # noqa: S101 - narrows the type; the callers have looked
        hypothesis, _ = self._recognizer.finish(utterance.state)
        self._utterance = None
        self._last_words(utterance, hypothesis, reason, truncated=truncated or utterance.truncated)

    def _last_words(
        self, utterance: Utterance[State], hypothesis: Hypothesis, reason: EndReason, *, truncated: bool
    ) -> None:
        hypothesis = self._wakefulness.counted(hypothesis, utterance.onset_s, utterance.start_s)
        if hypothesis.words or utterance.revision:
            self._tell(utterance, utterance.transcript(hypothesis, reason, self._now_s(), truncated=truncated))
        spoken = utterance.hypothesis is not None and bool(utterance.hypothesis.words)
        meant = hypothesis.command is not None or hypothesis.wake is not None
        if meant or (hypothesis.unknown and not hypothesis.words and spoken):
            self._seen.append(utterance.understanding(hypothesis, self._now_s()))
        words = len(hypothesis.words)
        self._seen.append(SpeechEnded(self._stream_id, utterance.segment_id, self._now_s(), reason, words))

    def _tell(self, utterance: Utterance[State], transcript: Transcript) -> None:
        utterance.revision = transcript.revision
        self._seen.append(transcript)


def _doubtful(hypothesis: Hypothesis) -> bool:
    """Whether a first partial would be one unsure word: what steady noise gives, and speech soon corrects."""
    return len(hypothesis.words) == 1 and hypothesis.words[0].confidence < _SURE
