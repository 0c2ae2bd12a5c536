"""The child's side of a measurement: takes recordings on standard input, answers with text and CPU seconds.

Each recognizer is measured in a process of its own, because vosk and onnxruntime in one process deadlock, and because
the CPU time of a process is then that of one recognizer. This file needs nothing but Python itself.

A request is one line of JSON (`how`, `sample_rate_hz`, `bytes`) and then so many bytes of mono s16le; an answer is one
line of JSON (`text`, `tokens`, `spans`, `cpu_s`, `wall_s`). The first answer says that the model is loaded, when that
was on the monotonic clock that all processes share, and what CPU it took. The loop ends with its input.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from edge_asr.bench.child_answers import answering


@dataclass(frozen=True, slots=True)
class Said:
    """What a recognizer made of a recording; `tokens` as its network's table writes them, where they are comparable.

    `spans`: beginning and end in seconds of each segment in which it had words, where it was asked for them.
    """

    text: str
    tokens: tuple[str, ...] | None = None
    spans: tuple[tuple[float, float], ...] = ()


Decode = Callable[[bytes, int], Said]  # mono s16le, sample rate in Hz
_NS_PER_S = 1_000_000_000
_WARM_UP_RATE_HZ = 16000
_WARM_UP_PCM = bytes(2 * _WARM_UP_RATE_HZ)  # a second of silence: what is made at first use is not measured


def _nothing() -> None:
    pass


def serve(load: Callable[[], Mapping[str, Decode]], between: Callable[[], None] = _nothing) -> None:
    """Load, warm up, then answer until the input ends. A ValueError or OSError of `load` becomes the one answer.

    between: makes what a recording needs anew, before its time is taken.
    """
    answer = answering()
    try:
        decoders = load()
    except (ValueError, OSError) as error:
        answer(fault=str(error))
        return
    loaded = {"loaded_ns": time.monotonic_ns(), "loaded_cpu_s": time.process_time()}
    for decode in decoders.values():
        between()
        decode(_WARM_UP_PCM, _WARM_UP_RATE_HZ)
    answer(ready=sorted(decoders), **loaded)
    for line in sys.stdin.buffer:
        request = json.loads(line)
        pcm = sys.stdin.buffer.read(request["bytes"])
        between()
        began_ns, began_s = time.monotonic_ns(), time.process_time()
        said = decoders[request["how"]](pcm, request["sample_rate_hz"])
        cpu_s = time.process_time() - began_s
        wall_s = (time.monotonic_ns() - began_ns) / _NS_PER_S
        answer(text=said.text, tokens=said.tokens, spans=said.spans, cpu_s=cpu_s, wall_s=wall_s)
