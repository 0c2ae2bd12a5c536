"""The volume of the microphone in use: wanted by somebody, set when one is open, and read back."""

import logging
import threading
from typing import NamedTuple

from edge_asr.audio.auto_gain import AutoGain
from edge_asr.audio.opener import MicrophoneStream
from edge_asr.errors import CaptureError

log = logging.getLogger(__name__)


class GainNews(NamedTuple):
    """percent: volume of the source in use, None when it is not known. settled: no wish waits any more.

    fault: why the newest wish could not be done, told once.
    """

    percent: int | None
    settled: bool
    fault: str


class GainKeeper:
    """`want` and `news` are for any thread, the rest is the capture thread's: a sound server takes its time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards what follows, never held while the sound system is asked
        self._wanted: int | None = None
        self._good: int | None = None  # the newest wish that could be done
        self._waits = False
        self._fault = ""
        self._percent: int | None = None
        self._unmoved = False  # said, for this opening: it cannot be turned
        self._fresh = True  # of this opening nothing is known yet; the capture thread's alone

    def want(self, percent: int | None) -> None:
        """What the source in use, and each that is opened later, is to have; None: whatever it has."""
        with self._lock:
            self._wanted = percent
            self._waits = percent is not None
            self._fault = ""

    def news(self) -> GainNews:
        """What is known."""
        with self._lock:
            fault, self._fault = self._fault, ""
            return GainNews(self._percent, not self._waits, fault)

    def closed(self) -> None:
        """The microphone is closed: of the next one nothing is known."""
        self._fresh, self._unmoved = True, False
        with self._lock:
            self._percent = None

    def apply(self, stream: MicrophoneStream, *, look: bool) -> None:
        """Set what is wanted on an open stream; with `look`, read what somebody else may have set."""
        with self._lock:
            wanted, waits = self._wanted, self._waits
        if wanted is not None and (waits or self._fresh):
            self._set(stream, wanted)
        elif look or self._fresh:
            self._tell(wanted, stream.gain())
        self._fresh = False

    def adjust(self, stream: MicrophoneStream, auto: AutoGain) -> None:
        """Let `auto` turn it on an open stream; what somebody wants stays their wish."""
        percent = self._percent
        wanted = None if percent is None or self._waits else auto.wish(percent)
        if wanted is None:
            return
        try:
            now = stream.set_gain(wanted)
        except CaptureError as error:
            self._not_moved(str(error))
            return
        if now == percent:
            self._not_moved(f"it stays at {now} %, {wanted} % was wanted")
            return
        said = {"percent": now, "before_percent": percent}
        log.info("the volume of the microphone is %(percent)d %% now, it was %(before_percent)d %%", said)
        with self._lock:
            self._percent = now

    def _not_moved(self, why: str) -> None:
        """Once for each opening: while a voice clips it is tried every few seconds."""
        if not self._unmoved:
            self._unmoved = True
            log.warning("the volume of the microphone cannot be set: %(reason)s", {"reason": why})

    def _set(self, stream: MicrophoneStream, wanted: int) -> None:
        try:
            percent = stream.set_gain(wanted)
        except CaptureError as error:
            log.warning("the volume of the microphone cannot be set: %(reason)s", {"reason": error})
            self._tell(wanted, stream.gain(), str(error))
        else:
            self._good = wanted
            self._tell(wanted, percent)

    def _tell(self, wanted: int | None, percent: int | None, fault: str = "") -> None:
        with self._lock:
            self._percent = percent
            if wanted == self._wanted:  # else somebody has changed their mind meanwhile
                self._waits, self._fault = False, fault
                if fault:
                    self._wanted = self._good
