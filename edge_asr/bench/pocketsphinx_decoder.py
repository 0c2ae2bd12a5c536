"""An older peer as a child of the measurement: `python -m edge_asr.bench.pocketsphinx_decoder`.

pocketsphinx with its defaults and the model that its wheel brings, US English: other weights than ours. A file is one
utterance, which is in its favour: no endpoint cuts a word. Only this file imports it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from edge_asr.audio.resample import BlockResampler
from edge_asr.bench.decoder_loop import Decode, Said, serve

_RATE_HZ = 16_000  # of its model
_BLOCK_SAMPLES = _RATE_HZ // 5


def decoders() -> Mapping[str, Decode]:
    """Decoders by name."""
    import pocketsphinx  # noqa: PLC0415 - an extra, loaded late so that this file can be read without it

    decoder = pocketsphinx.Decoder(loglevel="FATAL")
    return {"pocketsphinx": lambda pcm, rate_hz: _decode(decoder, pcm, rate_hz)}


def _decode(decoder: Any, pcm: bytes, rate_hz: int) -> Said:
    resampler = BlockResampler(rate_hz, _RATE_HZ, _BLOCK_SAMPLES)
    decoder.start_utt()
    for block in [*resampler.step(np.frombuffer(pcm, "<i2").astype(np.int16)), *resampler.finish()]:
        decoder.process_raw(block.astype("<i2").tobytes(), False, False)
    decoder.end_utt()
    best = decoder.hyp()
    return Said("" if best is None else str(best.hypstr))


if __name__ == "__main__":
    serve(decoders)
