"""Our side of a measurement: a recognizer in a process of its own, one thread, asked one recording at a time."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from edge_asr.clock import NS_PER_S
from edge_asr.errors import EdgeAsrError

_END_DEADLINE_S = 5.0
# One thread for everyone: libraries of linear algebra would take all cores, and count for it.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a recognizer made of a recording, and what it cost: CPU seconds of its process, all threads; and time.

    `tokens`: where its network's are comparable with another one's. `spans`: see `Said`.
    """

    text: str
    cpu_s: float
    wall_s: float
    tokens: tuple[str, ...] | None = None
    spans: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Started:
    """From the start of a process until its model was loaded: time, and CPU seconds of all its threads."""

    wall_s: float
    cpu_s: float


class DecoderProcess:
    """Context manager around one child; entering waits for its model. It ends with us, because its input does.

    module: run as `python -m module words...`, it calls `decoder_loop.serve`. Raises EdgeAsrError when it fails.
    """

    def __init__(self, module: str, words: Sequence[str]) -> None:
        self._module = module
        self.decoders: tuple[str, ...] = ()  # known when it is entered ...
        self.started = Started(0.0, 0.0)  # ... like this
        self._began_ns = time.monotonic_ns()
        self._child = subprocess.Popen(
            [sys.executable, "-m", module, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **_ONE_THREAD},
            start_new_session=True,  # Ctrl-C in the terminal is for us
        )

    def __enter__(self) -> Self:
        try:
            answer = self._answer()
            self.decoders = tuple(answer["ready"])
            self.started = Started((answer["loaded_ns"] - self._began_ns) / NS_PER_S, answer["loaded_cpu_s"])
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

    @property
    def pid(self) -> int:
        """Number of the child."""
        return self._child.pid

    def decode(self, how: str, samples: NDArray[np.int16], sample_rate_hz: int) -> Decoded:
        """Decode int16 samples of shape (n,) with the child's decoder `how`."""
        pcm = samples.astype("<i2").tobytes()
        request = {"how": how, "sample_rate_hz": sample_rate_hz, "bytes": len(pcm)}
        assert self._child.stdin is not None  # noqa: S101 - for the type checker: it is a pipe
        try:
            self._child.stdin.write(json.dumps(request).encode() + b"\n" + pcm)
            self._child.stdin.flush()
        except BrokenPipeError:
            raise self._ended() from None
        answer = self._answer()
        tokens = answer["tokens"]
        spans = tuple((begin_s, end_s) for begin_s, end_s in answer["spans"])
        return Decoded(
            answer["text"], answer["cpu_s"], answer["wall_s"], None if tokens is None else tuple(tokens), spans
        )

    def _answer(self) -> dict[str, Any]:
        assert self._child.stdout is not None  # noqa: S101 - for the type checker: it is a pipe
        line = self._child.stdout.readline()
        if not line:
            raise self._ended()
        answer: dict[str, Any] = json.loads(line)
        if "fault" in answer:
            raise EdgeAsrError(str(answer["fault"]))
        return answer

    def _ended(self) -> EdgeAsrError:
        code = self._child.wait(_END_DEADLINE_S)
        return EdgeAsrError(f"{self._module} ended with exit code {code} in mid-measurement; what it wrote says why")

    def _end(self) -> None:
        assert self._child.stdin is not None  # noqa: S101 - for the type checker: they are pipes
        assert self._child.stdout is not None  # noqa: S101
        with contextlib.suppress(BrokenPipeError):  # it has gone with half a request in the pipe
            self._child.stdin.close()
        try:
            self._child.wait(_END_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._child.stdout.close()
