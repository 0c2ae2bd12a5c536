"""A child of the measurement that takes for a segment what is loud: `python -m tests.bench.gate_decoders`."""

from collections.abc import Mapping

import numpy as np

from edge_asr.bench.decoder_loop import Decode, Said, serve


def loud(pcm: bytes, rate_hz: int) -> Said:
    """One segment from the first loud sample to the last one, but for its last quarter of a second."""
    sounding = np.flatnonzero(np.abs(np.frombuffer(pcm, "<i2").astype(np.int32)) > 700)
    if not len(sounding):
        return Said("")
    return Said("words", spans=((float(sounding[0]) / rate_hz, float(sounding[-1]) / rate_hz - 0.25),))


def load() -> Mapping[str, Decode]:
    return {"live": loud, "vosk, words": loud, "moonshine-voice": lambda _pcm, _rate_hz: Said("")}


if __name__ == "__main__":
    serve(load)
