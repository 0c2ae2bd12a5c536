"""sherpa-onnx in a process of its own: it brings another onnxruntime than the product's."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


class SherpaProcess:
    """Decodes what it is given, piece by piece, until it is left."""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.asr.zipformer.sherpa_process"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()  # type: ignore[union-attr]
        self._process.stdout.close()  # type: ignore[union-attr]
        self._process.wait(timeout=20)

    def decode(
        self, options: dict[str, Any], samples: NDArray[np.int16], cuts: Sequence[int], tail: int
    ) -> list[dict[str, Any]]:
        """Tokens, their times and log shares after each piece, and last after `tail` samples of silence."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {"options": options, "samples": samples.tolist(), "cuts": list(cuts), "tail": tail}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer: list[dict[str, Any]] = json.loads(self._process.stdout.readline())
        return answer


def _decode(recognizer: Any, samples: NDArray[np.float32], cuts: list[int], tail: int) -> list[dict[str, Any]]:
    stream = recognizer.create_stream()
    answers = []
    for begin, end in zip([0, *cuts], [*cuts, len(samples)], strict=True):
        stream.accept_waveform(16000, samples[begin:end])
        answers.append(_result(recognizer, stream))
    stream.accept_waveform(16000, np.zeros(tail, np.float32))
    stream.input_finished()
    return [*answers, _result(recognizer, stream)]


def _result(recognizer: Any, stream: Any) -> dict[str, Any]:
    while recognizer.is_ready(stream):
        recognizer.decode_stream(stream)
    result = recognizer.get_result_all(stream)
    lists = {"tokens": result.tokens, "times": result.timestamps, "log_shares": result.ys_probs}
    return {"text": result.text} | {name: list(values) for name, values in lists.items()}


def _load(options: dict[str, Any]) -> Any:
    import sherpa_onnx  # noqa: PLC0415 - in the child alone

    given = {name: value for name, value in options.items() if name != "kind"}
    given["num_threads"] = 1
    if options["kind"] == "ctc":
        return sherpa_onnx.OnlineRecognizer.from_zipformer2_ctc(**given)
    return sherpa_onnx.OnlineRecognizer.from_transducer(**given, model_type="zipformer2", temperature_scale=1.0)


def _serve() -> None:
    loaded: dict[str, Any] = {}
    for line in sys.stdin:
        request = json.loads(line)
        key = json.dumps(request["options"], sort_keys=True)
        if key not in loaded:
            loaded.clear()
            loaded[key] = _load(request["options"])
        samples = np.array(request["samples"], np.float32) / np.float32(32768)
        print(json.dumps(_decode(loaded[key], samples, request["cuts"], request["tail"])), flush=True)


if __name__ == "__main__":
    _serve()


def network(folder: Path, start: str) -> str:
    """The one file whose name begins so."""
    (found,) = folder.glob(f"{start}*.onnx")
    return str(found)
