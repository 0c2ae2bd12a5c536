"""A peer at the microphone as one of the hearers: a child that stamps what it says itself."""

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import msgspec

from edge_asr.bench.saying import Saying
from edge_asr.errors import EdgeAsrError

_ANSWER_DEADLINE_S = 120.0  # it may be loading, or transcribe what it is behind with
_END_DEADLINE_S = 5.0
_MOST_BYTES = 1 << 16


class PeerHearer:
    """Context manager around one child; entering waits for its model. It ends with us, because its input does.

    command: answers as `listener_loop.listen` does. variables: of the sound server.
    """

    def __init__(self, name: str, command: Sequence[str], variables: Mapping[str, str]) -> None:
        self.name = name
        self._answers: deque[dict[str, Any]] = deque()  # of one read: bounded by it
        self._rest = b""
        self._child = subprocess.Popen(
            [sys.executable, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **variables},
            start_new_session=True,  # Ctrl-C in the terminal is for us
        )

    def __enter__(self) -> Self:
        try:
            self._wait_for("ready")
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._child.terminate()  # nobody waits for its answer any more
        self._end()

    def begin(self) -> None:
        """Let a fresh stream hear."""
        self._command("listen")
        self._wait_for("listening")

    def next(self, wait_s: float) -> Saying | None:
        """The next thing that it says."""
        answer = self._answer(wait_s)
        return None if answer is None or "kind" not in answer else msgspec.convert(answer, Saying)

    def end(self) -> None:
        """End the stream; what it says of it from now on is not heard."""
        self._command("rest")
        self._wait_for("resting")

    def _command(self, word: str) -> None:
        assert self._child.stdin is not None  # noqa: S101 - for the type checker: it is a pipe
        try:
            self._child.stdin.write(word.encode() + b"\n")
            self._child.stdin.flush()
        except BrokenPipeError:
            raise self._ended() from None

    def _wait_for(self, word: str) -> None:
        while True:
            answer = self._answer(_ANSWER_DEADLINE_S)
            if answer is None:
                raise EdgeAsrError(
                    f"{self.name} is not {word} after {_ANSWER_DEADLINE_S:g} s; is the machine too slow?"
                )
            if word in answer:
                return

    def _answer(self, wait_s: float) -> dict[str, Any] | None:
        assert self._child.stdout is not None  # noqa: S101 - for the type checker: it is a pipe
        fd = self._child.stdout.fileno()
        until_s = time.monotonic() + wait_s
        while not self._answers and select.select([fd], [], [], max(0.0, until_s - time.monotonic()))[0]:
            data = os.read(fd, _MOST_BYTES)
            if not data:
                raise self._ended()
            *lines, self._rest = (self._rest + data).split(b"\n")  # the last may be the beginning of one
            self._answers.extend(json.loads(line) for line in lines)
        if not self._answers:
            return None
        answer = self._answers.popleft()
        if "fault" in answer:
            raise EdgeAsrError(str(answer["fault"]))
        return answer

    def _ended(self) -> EdgeAsrError:
        code = self._child.wait(_END_DEADLINE_S)
        return EdgeAsrError(f"{self.name} ended with exit code {code} in mid-measurement; what it wrote says why")

    def _end(self) -> None:
        assert self._child.stdin is not None  # noqa: S101 - for the type checker: they are pipes
        assert self._child.stdout is not None  # noqa: S101
        with contextlib.suppress(BrokenPipeError):
            self._child.stdin.close()
        try:
            self._child.wait(_END_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._child.stdout.close()
