"""The most memory that a process holds while it works: looked at again and again by a thread."""

import threading
from types import TracebackType
from typing import Self

from edge_asr.bench.resident import Resident, resident
from edge_asr.errors import EdgeAsrError

_PAUSE_S = 0.02


class MemoryWatch:
    """Context manager; `most` is known after it. Looking stops the process for moments: measure no time meanwhile."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._done = threading.Event()
        self.most = Resident()
        self._thread = threading.Thread(target=self._look, name="memory", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        going = True
        while going:
            going = not self._done.wait(_PAUSE_S)  # once more when it is over
            try:
                self.most = self.most.most(resident(self._pid))
            except EdgeAsrError:  # it has died: whoever waits for its answer says so
                return
