"""Whether a command needs the phrase that wakes before it: for a while after the phrase was said alone it does not."""

import math

from edge_asr.asr.result import Hypothesis


class Wakefulness:
    """The pipeline's, in stream time."""

    def __init__(self, wake_for_s: float) -> None:
        self._wake_for_s = wake_for_s
        self._until_s = -math.inf

    def sleep(self) -> None:
        """Nobody has said the phrase."""
        self._until_s = -math.inf

    def counted(self, hypothesis: Hypothesis, onset_s: float, start_s: float) -> Hypothesis:
        """What an utterance that began then is at last. One command uses the phrase up.

        onset_s: of its speech, start_s: of its first sample, in stream time.
        """
        if hypothesis.asleep is not None and onset_s > self._until_s:
            return hypothesis.asleep
        if hypothesis.command is not None:
            self.sleep()
        elif hypothesis.wake is not None:
            self._until_s = start_s + hypothesis.sound_end_s + self._wake_for_s
        return hypothesis
