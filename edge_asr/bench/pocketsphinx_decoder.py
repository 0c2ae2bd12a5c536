"""An older peer as a child of the measurement: `python -m edge_asr.bench.pocketsphinx_decoder`.

pocketsphinx with its defaults and the model that its wheel brings, US English: other weights than ours. A file is one
utterance, which is in its favour: no endpoint cuts a word. As "live" its endpointer hands over what it takes
for speech, as at a microphone: a search through minutes without any would take longer than they last.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from edge_asr.audio.resample import BlockResampler
from edge_asr.bench.decoder_loop import Decode, Said, serve

_RATE_HZ = 16_000  # of its model
_BLOCK_SAMPLES = _RATE_HZ // 5
_SAMPLE_BYTES = 2


def decoders() -> Mapping[str, Decode]:
    """Decoders by name."""
    import pocketsphinx  # noqa: PLC0415 - an extra, loaded late so that this file can be read without it

    decoder = pocketsphinx.Decoder(loglevel="FATAL")

    def live(pcm: bytes, rate_hz: int) -> Said:
        return _live(decoder, pocketsphinx.Endpointer(sample_rate=_RATE_HZ), pcm, rate_hz)

    return {"pocketsphinx": lambda pcm, rate_hz: _decode(decoder, pcm, rate_hz), "pocketsphinx, live": live}


def _decode(decoder: Any, pcm: bytes, rate_hz: int) -> Said:
    decoder.start_utt()
    for block in _blocks(pcm, rate_hz, _BLOCK_SAMPLES):
        decoder.process_raw(block, False, False)
    return Said(_end(decoder))


def _live(decoder: Any, endpointer: Any, pcm: bytes, rate_hz: int) -> Said:
    texts: list[str] = []
    speaking, size = False, endpointer.frame_bytes
    for block in _blocks(pcm, rate_hz, size // _SAMPLE_BYTES):
        if len(block) < size and not speaking:
            break  # the last, of which it may be asked only while somebody speaks
        speech = endpointer.process(block) if len(block) == size else endpointer.end_stream(block)
        if speech is None:
            continue
        if not speaking:
            decoder.start_utt()
        decoder.process_raw(speech, False, False)
        speaking = endpointer.in_speech
        if not speaking:
            texts.append(_end(decoder))
    if speaking:
        texts.append(_end(decoder))
    return Said(" ".join(text for text in texts if text))


def _blocks(pcm: bytes, rate_hz: int, samples: int) -> Iterator[bytes]:
    """Of its rate; the last may be shorter."""
    resampler = BlockResampler(rate_hz, _RATE_HZ, samples)
    for block in [*resampler.step(np.frombuffer(pcm, "<i2").astype(np.int16)), *resampler.finish()]:
        yield block.astype("<i2").tobytes()


def _end(decoder: Any) -> str:
    """What was said, at the end of an utterance."""
    decoder.end_utt()
    best = decoder.hyp()
    return "" if best is None else str(best.hypstr)


if __name__ == "__main__":
    serve(decoders)
