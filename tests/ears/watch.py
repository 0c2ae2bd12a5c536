"""The one who watches: runs the listener, keeps its beats, knows how long it was deaf without a word."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

NS_PER_S = 1_000_000_000
_NO_BEAT = {"at_ns": 0, "status": "", "reason": "", "stream_id": "", "chunk_ns": 0, "sound_ns": 0, "fed": True}
_POLL_S = 0.02
LISTENER = [sys.executable, "-m", "tests.ears.listener"]


@dataclass
class Watch:
    """Context manager around one listener. `deaf_s` grows; the rest is the newest beat's."""

    source: str
    backend: str
    variables: Mapping[str, str]
    beat: dict[str, Any] = field(default_factory=lambda: dict(_NO_BEAT))
    undeclared_s: float = 0.0  # longest time without a sound while it said that it hears
    longest_pause_s: float = 0.0  # between two beats
    _declared_ns: int = 0  # when it last said that it does not hear
    unfed_s: float = 0.0  # for how long systemd's watchdog was not fed

    def __enter__(self) -> Self:
        words = [*LISTENER, self.source, self.backend]
        self._process = subprocess.Popen(words, env=dict(self.variables), stdout=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        finally:
            self._reader.join()

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def wait_for(self, what: Callable[[dict[str, Any]], bool], deadline_s: float) -> dict[str, Any] | None:
        """The first beat of which that holds; None when none comes in time."""
        end = time.monotonic() + deadline_s
        while time.monotonic() < end and self.runs:
            beat = self.beat
            if what(beat):
                return beat
            time.sleep(_POLL_S)
        return None

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            beat = json.loads(line)
            before, self.beat = self.beat, beat
            if before["at_ns"]:
                pause_s = (beat["at_ns"] - before["at_ns"]) / NS_PER_S
                self.longest_pause_s = max(self.longest_pause_s, pause_s)
                self.unfed_s += 0.0 if beat["fed"] else pause_s
            if beat["status"] != "healthy":
                self._declared_ns = beat["at_ns"]
            deaf_s = (beat["at_ns"] - max(beat["sound_ns"], self._declared_ns)) / NS_PER_S
            if beat["sound_ns"]:
                self.undeclared_s = max(self.undeclared_s, deaf_s)
