"""The switch between models as steering sees it, while a smaller one may listen in the place of what was chosen.

The choice is the user's: who stands in for it is never told, kept or given up as one. A wish of that time is granted
when the stand-in goes; one that it is no stand-in for, since it speaks another language, sends it away.
"""

import logging
from collections.abc import Sequence
from typing import Protocol

from edge_asr.clock import NS_PER_S, Clock
from edge_asr.controls import Choice
from edge_asr.events import SentencesReport
from edge_asr.hearing import Hearing

log = logging.getLogger(__name__)

_AGAIN_NS = 60 * NS_PER_S


class Switch(Protocol):
    """What is wanted of the switch itself."""

    in_force: Hearing
    language: str
    sentences: SentencesReport | None

    @property
    def settled(self) -> bool:
        """Whether what is wanted is in force."""
        ...

    def want(self, hearing: Hearing) -> None:
        """Listen with this as soon as it can be."""
        ...

    def again(self) -> None:
        """Load what is wanted once more, since its files are others now."""
        ...

    def turn(self) -> str:
        """Go on with it; why it failed, once."""
        ...

    def close(self) -> None:
        """Begin to load nothing more."""
        ...

    def quiet(self, wait_s: float) -> bool:
        """Whether nothing is being loaded, after at most `wait_s`."""
        ...


class StandIn:
    """The supervisor's thread alone. `in_force` and `language` are of what was chosen, whoever listens.

    small: name of the bundle that may stand in, None where there is none. One that is not installed is one warning.
    """

    def __init__(self, switch: Switch, choices: Sequence[Choice], small: str | None, clock: Clock) -> None:
        self._switch = switch
        self._choices = {choice.model: choice for choice in choices}
        self._small = None if small is None else self._choices.get(small)
        self._clock = clock
        self._wish = switch.in_force
        self._stands_in = False
        self._failed = False
        self._tried_ns = 0
        self.in_force, self.language = switch.in_force, switch.language
        if small is not None and self._small is None:
            log.warning(
                "ladder.small_bundle = %r is not installed: nobody stands in for the model; edge-asr models pull %s",
                small,
                small,
            )

    @property
    def possible(self) -> bool:
        """Whether the small one could listen in the place of what is wished: it is another, of the same language.

        It hears what is to be heard.
        """
        wish, small = self._choices.get(self._wish.model), self._small
        if wish is None or small is None or self._failed:
            return False
        if self._wish.mode in {"commands", "both"} and not small.sentences:
            return False
        return wish.model != small.model and wish.language == small.language

    def stand_in(self, *, on: bool) -> None:
        """Let the small one listen, or the chosen one again, as soon as it can be. On only where it is possible."""
        self._stands_in = on
        if on and self._small is not None:
            hotwords = self._wish.hotwords if self._small.phrases else ()
            self._switch.want(self._wish._replace(model=self._small.model, hotwords=hotwords))
        else:
            self._bring_back()

    @property
    def settled(self) -> bool:
        """Whether what is chosen is what was wished last."""
        if self._stands_in:
            return self._wish == self.in_force and (self._switch.settled or not self._small_listens)
        return self._switch.settled and self._switch.in_force == self._wish

    def want(self, hearing: Hearing) -> None:
        """Choose this; while another stands in for it, it is only wished for."""
        self._wish, self._failed = hearing, False
        if not self._stands_in:
            self._bring_back()

    @property
    def sentences(self) -> SentencesReport | None:
        """What is known of the sentences that are listened for, whoever listens."""
        return self._switch.sentences

    def again(self) -> None:
        """Load what listens once more, since its files are others now."""
        self._switch.again()

    def turn(self) -> str:
        """Go on with it; why what was wished failed, once."""
        fault = self._switch.turn()
        if self._stands_in and self._small_listens and self._wish == self.in_force:
            return fault  # of its files, which are others now: what they were goes on with it
        if self._stands_in:
            self._failed = self._failed or bool(fault)  # the switch has logged it
            return ""
        if self._switch.in_force == self._wish:
            self.in_force, self.language = self._switch.in_force, self._switch.language
            return fault  # of its files, which are others now
        if fault and self._wish != self.in_force:
            self._wish = self.in_force
            self._bring_back()
            return fault
        if self._switch.settled and self._clock.monotonic_ns() - self._tried_ns >= _AGAIN_NS:
            self._bring_back()
        return ""

    def close(self) -> None:
        """Begin to load nothing more."""
        self._switch.close()

    def quiet(self, wait_s: float) -> bool:
        """Whether nothing is being loaded, after at most `wait_s`."""
        return self._switch.quiet(wait_s)

    @property
    def _small_listens(self) -> bool:
        return self._small is not None and self._switch.in_force.model == self._small.model

    def _bring_back(self) -> None:
        self._tried_ns = self._clock.monotonic_ns()
        self._switch.want(self._wish)
