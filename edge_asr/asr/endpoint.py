"""The one owner of the end of an utterance.

Rules, in their order:
1. the gate has closed: nothing voiced for the hangover;
2. after words: trailing silence on the best path, and unvoiced audio that the search has not seen yet, reach
   `silence_s`; past half of `max_utterance_s` ever less silence is enough, so that long speech is cut in a pause. The
   unseen audio counts only once the search itself has seen a pause: the detector takes quiet ends of words for none.
   And where a voice has set in that the search has not seen yet, it is waited for: a cut there would divide a word;
3. nothing said: no words for `no_words_s`, unless the gate is held open for who is about to speak;
4. too long: `max_utterance_s`.

It also says when a pause is likely to become rule 2's, so that what takes long may begin while one waits. Measured on
46 recordings of seven kinds, 367 s, with a silence_s of 0.6 s and Moonshine tiny: what is begun three fifths of it
after the last sound has 0.24 s in the median until the end comes (0.22 s in nine of ten), and was in vain 16 times in
60, 5.6 % of both passes' work. Begun after 0.25 s: 0.32 s, and 25 in 69, 9.5 %; after 0.4 s: 0.20 s, and 11 in 55,
3.4 %.
"""

from edge_asr.asr.result import EndReason, Hypothesis
from edge_asr.endpoint_rules import EndpointRules

_SHORTEST_PAUSE_S = 0.15
_SEEN_PAUSE_S = 0.2
_LIKELY_SHARE = 0.6  # of the silence that is required
_LIKELY_LEAST_S = 0.25
_LIKELY_UNVOICED_S = 0.2  # the detector takes noise for a voice, so it is asked for less
# Beyond what is unseen: the search may take so long to believe in a word behind a pause. With 0.2 s one of 183
# utterances was cut within its word, 0.43 s into "and separating"; with 0.45 s none of them ends later.
_FRESH_VOICE_S = 0.45
_ROUNDING_S = 1e-6  # times are sums of blocks and frames; equal ones differ in their last bits


class Endpointer:
    """Immutable rules over what gate and decoder say."""

    def __init__(self, rules: EndpointRules) -> None:
        self._silence_s = rules.silence_s
        self._no_words_s = rules.no_words_s
        self._max_utterance_s = rules.max_utterance_s

    def decide(
        self,
        hypothesis: Hypothesis | None,
        heard_s: float,
        unvoiced_s: float,
        voiced_s: float,
        *,
        gate_closed: bool,
        gate_held: bool = False,
    ) -> EndReason | None:
        """Reason to end now, or None. `heard_s` is the audio given to the recognizer.

        It ends with `unvoiced_s` of no voice or with `voiced_s` of voice; the other is 0.
        """
        if gate_closed:
            return EndReason.SILENCE
        if heard_s >= self._max_utterance_s:
            return EndReason.MAX_LENGTH
        if hypothesis is None or not hypothesis.words:
            return EndReason.SILENCE if heard_s >= self._no_words_s and not gate_held else None
        unseen_s = heard_s - hypothesis.decoded_s
        if 0.0 < voiced_s <= unseen_s + _FRESH_VOICE_S:
            return None
        silence_s = hypothesis.trailing_silence_s
        if silence_s + _ROUNDING_S >= _SEEN_PAUSE_S and unvoiced_s + _ROUNDING_S >= unseen_s:
            silence_s += unseen_s
        return EndReason.SILENCE if silence_s + _ROUNDING_S >= self._required_s(heard_s) else None

    def likely(self, hypothesis: Hypothesis | None, heard_s: float, unvoiced_s: float) -> bool:
        """Whether detector and search both hear a pause after words that ends the utterance if it goes on."""
        if hypothesis is None or not hypothesis.words or hypothesis.trailing_silence_s <= 0.0:
            return False
        silence_s = heard_s - hypothesis.sound_end_s
        wanted_s = max(_LIKELY_LEAST_S, _LIKELY_SHARE * self._required_s(heard_s))
        return unvoiced_s + _ROUNDING_S >= _LIKELY_UNVOICED_S and silence_s + _ROUNDING_S >= wanted_s

    def _required_s(self, heard_s: float) -> float:
        half_s = self._max_utterance_s / 2
        left = min(1.0, (self._max_utterance_s - heard_s) / half_s)
        return max(_SHORTEST_PAUSE_S, self._silence_s * left)
