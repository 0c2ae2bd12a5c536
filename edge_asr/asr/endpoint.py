"""The one owner of the end of an utterance.

Rules, in their order:
1. the gate has closed: nothing voiced for the hangover;
2. after words: trailing silence on the best path, and unvoiced audio that the search has not seen yet, reach
   `silence_s`; past half of `max_utterance_s` ever less silence is enough, so that long speech is cut in a pause;
3. nothing said: no words for `no_words_s`;
4. too long: `max_utterance_s`.
"""

from edge_asr.asr.result import EndReason, Hypothesis
from edge_asr.config import EndpointConfig

_SHORTEST_PAUSE_S = 0.15
_ROUNDING_S = 1e-6  # times are sums of blocks and frames; equal ones differ in their last bits


class Endpointer:
    """Immutable rules over what gate and decoder say."""

    def __init__(self, config: EndpointConfig) -> None:
        self._silence_s = config.silence_s
        self._no_words_s = config.no_words_s
        self._max_utterance_s = config.max_utterance_s

    def decide(
        self, hypothesis: Hypothesis | None, heard_s: float, unvoiced_s: float, *, gate_closed: bool
    ) -> EndReason | None:
        """Reason to end now, or None. `heard_s` is the audio given to the recognizer, `unvoiced_s` its unvoiced end."""
        if gate_closed:
            return EndReason.SILENCE
        if heard_s >= self._max_utterance_s:
            return EndReason.MAX_LENGTH
        if hypothesis is None or not hypothesis.words:
            return EndReason.SILENCE if heard_s >= self._no_words_s else None
        unseen_s = heard_s - hypothesis.decoded_s
        silence_s = hypothesis.trailing_silence_s + (unseen_s if unvoiced_s + _ROUNDING_S >= unseen_s else 0.0)
        return EndReason.SILENCE if silence_s + _ROUNDING_S >= self._required_s(heard_s) else None

    def _required_s(self, heard_s: float) -> float:
        half_s = self._max_utterance_s / 2
        left = min(1.0, (self._max_utterance_s - heard_s) / half_s)
        return max(_SHORTEST_PAUSE_S, self._silence_s * left)
