"""Calls into sound libraries that may never return: made in a thread of their own, left behind after a deadline."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from edge_asr.errors import CaptureError

T = TypeVar("T")


class DeadlineError(CaptureError):
    """The call has not returned in time. It still runs, in a daemon thread that nobody waits for."""


class TooManyHungCallsError(CaptureError):
    """So many calls never returned that another one would only add to them: a new process is the way out."""


class DeadlineCaller:
    """Runs calls one after the other, each within a deadline. One caller's thread at a time.

    A call that is left behind is counted in `hung` until it returns; with more than `max_hung` of them no new call is
    made. Its late result goes to `on_late`, so that what it opened can be closed; then it is counted no more, and
    `on_return` is called. Both in the call's thread.
    """

    def __init__(self, max_hung: int, on_return: Callable[[], None] | None = None) -> None:
        self._max_hung = max_hung
        self._on_return = on_return
        self._hung = 0
        self._lock = threading.Lock()

    @property
    def hung(self) -> int:
        """How many calls were left behind and have not returned yet."""
        with self._lock:
            return self._hung

    def call(
        self, what: str, deadline_s: float, function: Callable[[], T], on_late: Callable[[T], None] | None = None
    ) -> T:
        """Result or exception of `function`.

        Raises DeadlineError when it takes longer than `deadline_s`, TooManyHungCallsError when it is not even tried.
        `what` completes "... did not return". A late exception is dropped with the call.
        """
        if self.hung > self._max_hung:
            raise TooManyHungCallsError(
                f"{what} is not tried: {self.hung} earlier calls of the sound system never returned; restart edge-asr"
            )
        job = _Job(self, function, on_late)
        threading.Thread(target=job.run, name=f"sound: {what}", daemon=True).start()
        return job.result(what, deadline_s)

    def _left_behind(self) -> None:
        with self._lock:
            self._hung += 1

    def _returned(self) -> None:
        with self._lock:
            self._hung -= 1
        if self._on_return is not None:
            self._on_return()


class _Job(Generic[T]):
    """One call, and the race between its return and its deadline, decided under a lock."""

    def __init__(self, caller: DeadlineCaller, function: Callable[[], T], on_late: Callable[[T], None] | None) -> None:
        self._caller = caller
        self._function = function
        self._on_late = on_late
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._left_behind = False
        self._results: list[T] = []
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._results.append(self._function())
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread, which raises it
            self._error = error
        with self._lock:
            self._done.set()
            if not self._left_behind:
                return
        try:
            if self._on_late is not None and self._results:
                self._on_late(self._results[0])
        finally:
            self._caller._returned()  # noqa: SLF001 - the other half of this file

    def result(self, what: str, deadline_s: float) -> T:
        self._done.wait(deadline_s)
        with self._lock:
            if not self._done.is_set():
                self._left_behind = True
                self._caller._left_behind()  # noqa: SLF001 - the other half of this file
                raise DeadlineError(f"{what} did not return within {deadline_s:g} s")
        if self._error is not None:
            raise self._error
        return self._results[0]
