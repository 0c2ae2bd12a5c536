"""The two small networks of a transducer: one looks at the last tokens, one joins that with what was heard."""

import threading
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.onnx_file import OnnxFile, shared
from edge_asr.errors import ModelError, RecognitionError

Context = tuple[int, ...]  # the last tokens
Values = NDArray[np.float32]
_TOKENS, _SAID, _HEARD, _LOGIT = "y", "decoder_out", "encoder_out", "logit"
_KEPT_CONTEXTS = 2048  # the same few come again and again; a row of 512 numbers has 2 KB
_TRIED_CONTEXTS = 8


class Transducer:
    """Decoder and joiner. Immutable but for what it remembers to save work; may be used from any thread."""

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
        self._decoder, self._joiner, self._width = decoder, joiner, width
        self.vocabulary = vocabulary
        self.nothing_said: Context = (-1,) * (context_size - 1) + (0,)  # the context before the first token
        self._row = lru_cache(_KEPT_CONTEXTS)(self._read_only_row)
        self._row_by_row = self._try()
        self._desks = _Desks()

    def context(self, tokens: Sequence[int]) -> Context:
        """The end of what was said, as the decoder looks at it."""
        size = len(self.nothing_said)
        last = tuple(tokens[-size:])
        return last if len(last) == size else (*self.nothing_said, *last)[-size:]

    def said(self, contexts: Sequence[Context]) -> Values:
        """What the last tokens of each path lead one to expect: float32 (n, width). Raises RecognitionError."""
        if len(contexts) == 1:
            return self._row(contexts[0])
        if not self._row_by_row:
            return self._run_decoder(contexts)
        return np.concatenate([self._row(context) for context in contexts])

    def scores(self, heard: Values, said: Values) -> Values:
        """Logits float32 (n, vocabulary) of one output of the encoder (width,), beside each of `said` (n, width).

        They are good until the next call in this thread. Raises RecognitionError.
        """
        desk = self._desk(len(said))
        desk.heard[:] = heard
        desk.said[:] = said
        self._joiner.run_bound(desk.binding)
        return desk.scores

    def _run_decoder(self, contexts: Sequence[Context]) -> Values:
        return self._decoder.run(_SAID, {_TOKENS: np.array(contexts, np.int64)})

    def _read_only_row(self, context: Context) -> Values:
        row = self._run_decoder([context])
        row.flags.writeable = False  # it is given out again
        return row

    def _try(self) -> bool:
        """Whether the decoder gives one context the same row alone and beside others; raises ModelError.

        Where its weights are int8 it does not: values are quantized by the range of all rows together. Then the rows
        of a step are computed together, as sherpa-onnx does, else they are looked up.
        """
        tokens = np.linspace(0, self.vocabulary - 1, _TRIED_CONTEXTS).astype(int).tolist()
        contexts = [self.context(tokens[place:] + tokens[:place]) for place in range(len(tokens))]
        try:
            together = self._run_decoder(contexts)
            alone = np.concatenate([self._run_decoder([context]) for context in contexts])
        except RecognitionError as error:
            raise ModelError(f"{self._decoder.path} does not compute a context: {error}") from error
        return bool(np.allclose(together, alone, rtol=1e-4, atol=1e-5))

    def _desk(self, rows: int) -> "_Desk":
        desks = self._desks.by_rows
        if rows not in desks:
            desks[rows] = _Desk(self._joiner, rows, self._width, self.vocabulary)
        return desks[rows]


class _Desk:
    """Where the joiner reads and writes for so many paths, arranged once: otherwise that costs as much as it does."""

    def __init__(self, joiner: OnnxFile, rows: int, width: int, vocabulary: int) -> None:
        self.heard, self.said = (np.zeros((rows, width), np.float32) for _ in range(2))
        self.scores = np.zeros((rows, vocabulary), np.float32)
        reads = {_HEARD: shared(self.heard), _SAID: shared(self.said)}
        self.binding = joiner.bind(reads, {_LOGIT: shared(self.scores)})


class _Desks(threading.local):
    """Desks of one thread, by their rows: as many as a beam has paths at most."""

    def __init__(self) -> None:
        self.by_rows: dict[int, _Desk] = {}
