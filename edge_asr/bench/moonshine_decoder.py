"""moonshine-voice as a child of the measurement: `python -m edge_asr.bench.moonshine_decoder`.

A recording is a stream of its own, given 0.1 s at a time as in its example; its text is the lines that it has at the
end, each of them a segment of its own detector. Half a second of silence follows the recording: when a stream is
stopped, what came after the last update is lost, and a microphone would have gone on.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from edge_asr.bench.decoder_loop import Decode, Said, serve
from edge_asr.bench.moonshine_peer import as_floats, load_transcriber

_CHUNKS_PER_S = 10
_TAIL_S = 0.5  # its update interval


def decoders() -> Mapping[str, Decode]:
    """Decoders by name. Raises ValueError when its model is not there."""
    transcriber = load_transcriber()
    return {"moonshine-voice": lambda pcm, rate_hz: _decode(transcriber, pcm, rate_hz)}


def _decode(transcriber: Any, pcm: bytes, rate_hz: int) -> Said:
    heard, tail = np.frombuffer(pcm, "<i2").astype(np.int16), np.zeros(round(_TAIL_S * rate_hz), np.int16)
    samples = as_floats(np.concatenate([heard, tail]))
    size = rate_hz // _CHUNKS_PER_S
    with transcriber.create_stream() as stream:
        stream.start()
        for begin in range(0, len(samples), size):
            stream.add_audio(samples[begin : begin + size], rate_hz)
        lines = stream.stop().lines
    said = [line for line in lines if line.text.strip()]
    spans = tuple((line.start_time, line.start_time + line.duration) for line in said)
    return Said(" ".join(line.text.strip() for line in said), spans=spans)


if __name__ == "__main__":
    serve(decoders)
