"""Names of the openings of a microphone."""

import secrets

from edge_asr.clock import Clock


class StreamNames:
    """Short names that do not repeat, over restarts too: wall-clock seconds in base 36, and three random digits.

    The random part is for machines without a clock of their own, which wake up at the same second twice.
    """

    _DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last_s = 0

    def next(self) -> str:
        """A new name; later ones sort behind earlier ones of this process."""
        self._last_s = max(self._last_s + 1, int(self._clock.now().timestamp()))
        number = self._last_s * 36**3 + secrets.randbelow(36**3)
        digits = ""
        while number:
            number, digit = divmod(number, 36)
            digits = self._DIGITS[digit] + digits
        return digits
