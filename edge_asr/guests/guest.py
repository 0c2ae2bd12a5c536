"""The thread of one guest: chunks in, events out, in turns with the others."""

import logging
import threading
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from edge_asr.audio.chunk import AudioChunk
from edge_asr.errors import AudioFileError, EdgeAsrError
from edge_asr.events import Event
from edge_asr.guests.hearing import MakeHearing
from edge_asr.guests.reception import GuestError, Place, Reception
from edge_asr.metrics import Metrics

log = logging.getLogger(__name__)


class Source(Protocol):
    """Where a guest's audio comes from."""

    live: bool

    def chunks(self) -> Iterator[AudioChunk]:
        """All of it; may wait for it. Raises AudioFileError."""
        ...

    def give_up(self) -> None:
        """Let `chunks` end soon; any thread."""
        ...


class Done(NamedTuple):
    """All was heard."""

    audio_s: float
    language: str


class Fault(NamedTuple):
    """It was not: `code` for a program, `message` for a person."""

    code: str
    message: str


News = Event | Done | Fault


class Guest:
    """One guest. Its place is given back when its thread ends.

    `tell` is called in it with each event, and last of all with Done or Fault, unless `give_up` was called; it must not
    block or raise.
    """

    def __init__(
        self,
        place: Place,
        source: Source,
        make: MakeHearing,
        reception: Reception,
        metrics: Metrics,
        tell: Callable[[News], None],
        *,
        partials: bool = True,
    ) -> None:
        self._place = place
        self._source = source
        self._make = make
        self._reception = reception
        self._metrics = metrics
        self._tell = tell
        self._partials = partials
        self._wanted = True
        self._thread = threading.Thread(target=self._run, name="guest", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def give_up(self) -> None:
        """Nobody waits for it any more. Any thread."""
        self._wanted = False
        self._source.give_up()

    def _run(self) -> None:
        try:
            last = self._heard()
        except GuestError as error:
            last = Fault(error.code, str(error))
        except AudioFileError as error:
            last = Fault("audio", str(error))
        except Exception as error:  # noqa: BLE001 - the guest's edge: it costs this one, and nobody else
            last = self._failed(error)
        finally:
            self._place.give_back()
        if self._wanted:
            self._tell(last)

    def _heard(self) -> Done | Fault:
        audio_s = 0.0
        with self._reception.turn(self._is_wanted):
            hearing = self._make(live=self._source.live)
        for chunk in self._source.chunks():
            with self._reception.turn(self._is_wanted):
                if not self._wanted:
                    break
                events = hearing.hear(chunk, partials=self._partials)
            audio_s += chunk.duration_s
            self._metrics.guest_audio_seconds.inc(chunk.duration_s)
            self._tell_all(events)
        if self._wanted:
            with self._reception.turn(self._is_wanted):
                events = hearing.end()
            self._tell_all(events)
        return Done(audio_s, hearing.language)

    def _tell_all(self, events: list[Event]) -> None:
        for event in events:
            if self._wanted:
                self._tell(event)

    def _is_wanted(self) -> bool:
        return self._wanted

    def _failed(self, error: Exception) -> Fault:
        self._metrics.worker_errors.labels(error=type(error).__name__).inc()
        told = {"error": type(error).__name__, "reason": error}
        log.error("a guest's recognition failed (%(error)s: %(reason)s)", told)
        said = str(error) if isinstance(error, EdgeAsrError) else "this device failed to hear it; its log says why"
        return Fault("failed", said)
