"""The two small networks of a transducer: one looks at the last tokens, one joins that with what was heard."""

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.onnx_file import OnnxFile
from edge_asr.errors import ModelError

Contexts = NDArray[np.int64]
Values = NDArray[np.float32]
_TOKENS, _SAID, _HEARD, _LOGIT = "y", "decoder_out", "encoder_out", "logit"


class Transducer:
    """Decoder and joiner. Immutable."""

    def __init__(self, decoder: OnnxFile, joiner: OnnxFile, width: int, vocabulary: int, context_size: int) -> None:
        """Hold both to the encoder's `width` and to the manifest; raises ModelError."""
        for key, wanted in (("context_size", context_size), ("vocab_size", vocabulary)):
            if decoder.metadata.get(key) != str(wanted):
                found = decoder.metadata.get(key)
                raise ModelError(
                    f"{decoder.path} is a foreign network: its metadata says {key}={found}, expected {wanted}"
                )
        rows = ("float32", (None, width))
        decoder.expect({_TOKENS: ("int64", (None, context_size))}, {_SAID: rows})
        joiner.expect({_HEARD: rows, _SAID: rows}, {_LOGIT: ("float32", (None, vocabulary))})
        self._decoder, self._joiner = decoder, joiner
        self.vocabulary = vocabulary
        self.nothing_said = (-1,) * (context_size - 1) + (0,)  # the context before the first token

    def said(self, contexts: Contexts) -> Values:
        """What the last tokens, int64 (n, context_size), lead one to expect: float32 (n, width)."""
        return self._decoder.run(_SAID, {_TOKENS: contexts})

    def scores(self, heard: Values, said: Values) -> Values:
        """Logits float32 (n, vocabulary) of n outputs of the encoder, each beside one of `said`."""
        return self._joiner.run(_LOGIT, {_HEARD: heard, _SAID: said})
