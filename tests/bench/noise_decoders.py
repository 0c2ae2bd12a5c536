"""A child of the measurement that says a word for each second of any sound, and one live."""

from collections.abc import Mapping

import numpy as np

from edge_asr.bench.decoder_loop import Decode, Said, serve


def loud(pcm: bytes, rate_hz: int) -> Said:
    samples = np.frombuffer(pcm, "<i2")
    return Said(" ".join("word" for _ in range(len(samples) // rate_hz)) if samples.any() else "")


def load() -> Mapping[str, Decode]:
    return {"loud": loud, "sherpa-onnx": loud, "sherpa-onnx, live": lambda pcm, _: Said("word" if any(pcm) else "")}


if __name__ == "__main__":
    serve(load)
