"""Another model, loaded beside the one that listens and handed over between two utterances; the old one stays if not.

For a while both are in memory. Loading has a thread of its own, for as long as it takes; nothing else is done in it.
"""

import logging
import threading
from collections.abc import Callable
from typing import Protocol

from edge_asr.brains import Brains
from edge_asr.errors import ConfigError, ModelError
from edge_asr.events import SentencesReport
from edge_asr.hearing import Hearing

log = logging.getLogger(__name__)


class Listener(Protocol):
    """What takes a new model: the worker."""

    @property
    def exchanged(self) -> bool:
        """Whether no exchange waits for the end of an utterance."""
        ...

    def exchange(self, brains: Brains) -> None:
        """Hear with these from the end of the present utterance on."""
        ...


class _Loading:
    """One load in its thread. `brains` and `fault` are for whoever has seen `done`."""

    def __init__(self, wanted: Hearing, load: Callable[[Hearing], Brains]) -> None:
        self.wanted = wanted
        self.brains: Brains | None = None
        self.fault = ""
        self._load = load
        self._thread = threading.Thread(target=self._run, name="model-loader", daemon=True)
        self._thread.start()

    @property
    def done(self) -> bool:
        """Whether it has ended, one way or the other."""
        return not self._thread.is_alive()

    def wait(self, wait_s: float) -> bool:
        """Whether it has ended, after at most `wait_s`."""
        self._thread.join(wait_s)
        return self.done

    def _run(self) -> None:
        try:
            self.brains = self._load(self.wanted)
        except (ModelError, ConfigError) as error:
            self.fault = str(error)
        except Exception as error:  # noqa: BLE001 - the thread's edge: whatever fails here, the old model goes on
            self.fault = f"{type(error).__name__}: {error}"


class ModelSwitch:
    """One thread asks and polls: the supervisor's. `load` is called in another; it raises ModelError and ConfigError.

    on_change(language, model) tells what is in force from now on, by the recognizer's own name.
    """

    def __init__(
        self,
        load: Callable[[Hearing], Brains],
        listener: Listener,
        in_force: Hearing,
        language: str,
        on_change: Callable[[str, str], None],
        sentences: SentencesReport | None = None,
    ) -> None:
        self._load = load
        self._listener = listener
        self._on_change = on_change
        self._wanted = in_force
        self._loading: _Loading | None = None
        self._handed: _Loading | None = None
        self._closed = False
        self._again = False
        self.in_force = in_force
        self.language = language
        self.sentences = sentences

    @property
    def settled(self) -> bool:
        """Whether what is wanted is in force."""
        return self._loading is None and self._handed is None and self._wanted == self.in_force and not self._again

    def want(self, hearing: Hearing) -> None:
        """Listen with this as soon as it can be; of many the last counts. Returns at once."""
        self._wanted = hearing

    def again(self) -> None:
        """Load what is wanted once more, since its files are others now; what listens goes on until it has."""
        self._again = True

    def close(self) -> None:
        """Begin to load nothing more."""
        self._closed = True

    def quiet(self, wait_s: float) -> bool:
        """Whether nothing is being loaded, after at most `wait_s`: a load cannot be cut short."""
        return self._loading is None or self._loading.wait(wait_s)

    def turn(self) -> str:
        """Go on with it, a step at a time. Why it failed, once: then the old model is what is wanted again."""
        handed, loading, fault = self._handed, self._loading, ""
        if handed is not None and handed.brains is not None and self._listener.exchanged:
            self._handed = None
            self.in_force, self.language = handed.wanted, handed.brains.recognizer.language
            self.sentences = handed.brains.sentences
            log.info("listening with %(model)s", {"model": handed.wanted.model})
            self._on_change(self.language, handed.brains.recognizer.model)
        if loading is not None and loading.done:
            self._loading = None
            if loading.wanted == self._wanted:
                fault = self._loaded(loading)
        idle = self._loading is None and self._handed is None and not self._closed
        if idle and (self._wanted != self.in_force or self._again):
            self._again = False
            self._loading = _Loading(self._wanted, self._load)
        return fault

    def _loaded(self, loading: _Loading) -> str:
        if loading.brains is not None:
            self._listener.exchange(loading.brains)
            self._handed = loading
            return ""
        again = loading.wanted == self.in_force
        self._wanted = self.in_force
        if again:
            fault = f"what its files are now cannot be listened with, what they were goes on: {loading.fault}"
        else:
            same = loading.wanted.model == self.in_force.model
            what = "that" if same else repr(loading.wanted.model)
            goes_on = "what it was" if same else repr(self.in_force.model)
            fault = f"{what} cannot be listened with, {goes_on} goes on: {loading.fault}"
        log.warning("%s", fault)
        return fault
