"""How long to wait for the end of an utterance: profiles with measured times, and single times that win over them."""

from dataclasses import dataclass

from edge_asr.config import EndpointConfig, EndpointProfile, GateConfig

_LEAST_HANGOVER_MS = 800
_BEYOND_SILENCE_MS = 200  # the search tells a pause better than the detector, so it comes first


@dataclass(frozen=True, slots=True)
class EndpointRules:
    """The times in force: silence after words, nothing said, too long."""

    silence_s: float
    no_words_s: float
    max_utterance_s: float


# Measured on 152 recordings of read sentences and spelled letters, live, first pass, silence behind each: time from the
# last word to the final in the median, and recordings that came in more than one piece. Word errors differ by no more
# than 0.4 points. A wait of 0.3 s is no quicker than one of 0.4: the search sees a pause no sooner.
#   quick      0.45 s  38
#   balanced   0.61 s  20
#   patient    1.00 s   8
#   dictation  2.00 s   4
PROFILES: dict[EndpointProfile, EndpointRules] = {
    "quick": EndpointRules(silence_s=0.4, no_words_s=3.0, max_utterance_s=10.0),
    "balanced": EndpointRules(silence_s=0.6, no_words_s=5.0, max_utterance_s=20.0),
    "patient": EndpointRules(silence_s=1.0, no_words_s=8.0, max_utterance_s=30.0),
    "dictation": EndpointRules(silence_s=2.0, no_words_s=10.0, max_utterance_s=30.0),
}


def endpoint_rules(config: EndpointConfig) -> EndpointRules:
    """Times of the profile, but for those that are set."""
    profile = PROFILES[config.profile]
    return EndpointRules(
        profile.silence_s if config.silence_s is None else config.silence_s,
        profile.no_words_s if config.no_words_s is None else config.no_words_s,
        profile.max_utterance_s if config.max_utterance_s is None else config.max_utterance_s,
    )


def hangover_ms(gate: GateConfig, rules: EndpointRules) -> int:
    """Time without voice that closes the gate. Where none is set, it leaves the end to `silence_s`."""
    if gate.hangover_ms is not None:
        return gate.hangover_ms
    return max(_LEAST_HANGOVER_MS, round(1000 * rules.silence_s) + _BEYOND_SILENCE_MS)
