"""Offline recognizer of the Moonshine family: an encoder over raw samples, and a decoder that writes token by token."""

import math
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.bundle import Bundle
from edge_asr.asr.judge import NEVER, Weighed
from edge_asr.asr.manifest import MoonshineManifest
from edge_asr.asr.moonshine.beam import beam_search
from edge_asr.asr.moonshine.greedy import greedy
from edge_asr.asr.moonshine.networks import Arrays, Networks, shortened
from edge_asr.asr.moonshine.pieces import Pieces
from edge_asr.asr.moonshine.shares import log_total
from edge_asr.asr.moonshine.writing import ways
from edge_asr.asr.moonshine.written import Written
from edge_asr.asr.rescorer import Rescored, always
from edge_asr.errors import ModelError, RecognitionError, TooBigError
from edge_asr.onnx_session import first_line

_FULL_SCALE = 32768.0
_QUIET_PEAK, _WANTED_PEAK = 0.02, 0.5  # of full scale
_SPARE_TOKENS = 8  # beside the tokens of the time: a short word has many for its length
_NOISE_RMS, _NOISE_S = 300.0, 1.5  # int16 scale: a room in which nobody speaks


class Moonshine:
    """Immutable but for onnxruntime's own arenas; `decode` may be called from any thread."""

    def __init__(self, bundle: Bundle[MoonshineManifest], *, threads: int = 1) -> None:
        self._manifest = manifest = bundle.manifest
        self.sample_rate_hz = manifest.sample_rate_hz
        self.language = manifest.language
        self.model = manifest.name
        self.longest_s = manifest.longest_s
        try:
            self._pieces = Pieces.load(bundle.path("tokenizer"), manifest.vocabulary)
            self._networks = Networks(bundle, threads)
        except TooBigError:
            raise
        except ModelError as error:
            raise ModelError(f"{error}; {bundle.fix}") from error

    def open_end(self, tokens: Sequence[int]) -> Sequence[int]:
        """Tokens without the marks at their end."""
        end = len(tokens)
        while end and self._pieces.is_mark(tokens[end - 1]):
            end -= 1
        return tokens[:end]

    def last_words(self, tokens: Sequence[int], count: int) -> Sequence[int] | None:
        """See `Rescorer`."""
        return self._pieces.last_words(tokens, count)

    def decode(
        self,
        samples: NDArray[np.int16],
        draft: Sequence[int] | None = None,
        given: Sequence[int] = (),
        wanted: Callable[[], bool] = always,
    ) -> Rescored:
        """Text of int16 samples (n,) after what is `given`, see `Rescorer`. Raises RecognitionError."""
        if len(samples) < self._manifest.fewest_samples:
            return Rescored((), (), complete=True)
        _check_wanted(wanted)
        try:
            sound = self._networks.encode(_raised(samples))
            written = self._write(sound, len(samples) / self.sample_rate_hz, draft, given, wanted)
        except RecognitionError:
            raise
        except Exception as error:
            raise RecognitionError(f"the model {self.model!r} failed: {first_line(error)}") from error
        words = self._pieces.words(written.tokens, written.log_shares)
        log_share = sum(written.log_shares)
        return Rescored(words, tuple(written.tokens), written.complete, log_share, sound)

    def _write(
        self,
        sound: Arrays,
        seconds: float,
        draft: Sequence[int] | None,
        given: Sequence[int],
        wanted: Callable[[], bool],
    ) -> Written:
        manifest, check = self._manifest, partial(_check_wanted, wanted)
        begin, end = [manifest.start_token, *given], manifest.end_token
        limit = max(0, int(seconds * manifest.tokens_per_s) + _SPARE_TOKENS - len(given))
        check()
        if draft is None and self._networks.wide:
            return beam_search(self._networks, sound, begin, end, limit, check)
        return greedy(self._networks, sound, begin, end, limit, draft or (), check)

    def margins(
        self,
        sound: Any,
        given: Sequence[int],
        text: str,
        others: Sequence[str],
        wanted: Callable[[], bool] = always,
    ) -> list[float]:
        """By how much, as a log ratio, `text` is likelier than each of the others, see `Rescorer`."""
        try:
            try:
                return self._margins(sound, given, text, others, wanted)
            finally:
                self._networks.give_back(sound)
        except RecognitionError:
            raise
        except Exception as error:
            raise RecognitionError(f"the model {self.model!r} failed: {first_line(error)}") from error

    def _margins(
        self, sound: Arrays, given: Sequence[int], text: str, others: Sequence[str], wanted: Callable[[], bool]
    ) -> list[float]:
        """Each text is one with `text` up to where they first differ: from there on it is given to the decoder."""
        own = self._written(text, given)
        if own is None:
            return [math.inf] * len(others)
        begin = [self._manifest.start_token, *given]
        _check_wanted(wanted)
        logits, past = self._networks.first(sound, [*begin, *own])
        logits = logits[len(begin) - 1 :]
        found: list[float] = []
        for tokens in (self._written(other, given) for other in others):
            if tokens is None:
                found.append(math.inf)
                continue
            same = _same(own, tokens)
            rest, following = tokens[same:], logits[same : same + 1]
            if rest:
                _check_wanted(wanted)
                more, _ = self._networks.next(sound, rest, shortened(past, len(begin) + same))
                following = np.concatenate([following, more])
            found.append(self._log_share(logits[same:], own[same:]) - self._log_share(following, rest))
        return found

    def _written(self, text: str, given: Sequence[int]) -> list[int] | None:
        """Tokens of a text; behind what is given it may begin with a mark, which no space parts from that."""
        return self._pieces.tokens(text, spaced=not given or text[:1].isalnum())

    def weigh(self, samples: NDArray[np.int16], texts: Sequence[str]) -> list[Weighed]:
        """Log share of each text, as the model writes it and with a mark at its end, see `Judge`.

        Of several ways to write it the likeliest counts. Raises RecognitionError.
        """
        rows = [[self._pieces.tokens(way) for way in ways(text)] for text in texts]
        if len(samples) < self._manifest.fewest_samples:
            raise RecognitionError(f"{len(samples)} samples are too few for the model {self.model!r}")
        try:
            fixed = self._networks.encode(_raised(samples))
            return [self._likeliest(fixed, [way for way in row if way is not None]) for row in rows]
        except Exception as error:
            raise RecognitionError(f"the model {self.model!r} failed: {first_line(error)}") from error

    def _likeliest(self, fixed: Arrays, rows: Sequence[Sequence[int]]) -> Weighed:
        if not rows:
            return NEVER
        return Weighed(*(max(self._share_of(sound, row) for row in rows) for sound in (fixed, self._nothing)))

    def _share_of(self, sound: Arrays, tokens: Sequence[int]) -> float:
        logits, _ = self._networks.first(sound, [self._manifest.start_token, *tokens])
        return self._log_share(logits, tokens)

    @cached_property
    def _nothing(self) -> Arrays:
        """What the decoder is given where there is nothing to hear but noise, always the same."""
        noise = np.random.default_rng(1).normal(0.0, _NOISE_RMS, round(_NOISE_S * self.sample_rate_hz))
        return self._networks.encode(noise.astype(np.float32) / np.float32(_FULL_SCALE))

    def _log_share(self, logits: NDArray[np.float32], tokens: Sequence[int]) -> float:
        """Of these tokens and an end, or a mark, behind them; logits (len(tokens) + 1, vocabulary) before each."""
        total = 0.0
        for row, token in zip(logits, tokens, strict=False):
            total += float(row[token]) - log_total(row)
        ends = logits[-1, [self._manifest.end_token, *self._pieces.marks]]
        return total + log_total(ends) - log_total(logits[-1])

    def stop(self) -> None:
        """See `Rescorer`."""
        self._networks.stop()


def _check_wanted(wanted: Callable[[], bool]) -> None:
    if not wanted():
        raise RecognitionError("nobody waits for this text any more")


def _raised(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    """Samples in -1..1, very quiet ones raised.

    Measured, WER at a peak of -34 dBFS and below: 13.1 % as they are, 10.4 % raised; 24.1 and 12.0 at -46 dBFS. Louder
    ones are left alone: raising them made them no better.
    """
    scaled = samples.astype(np.float32) / _FULL_SCALE
    peak = float(np.abs(scaled).max())
    return scaled * np.float32(_WANTED_PEAK / peak) if 0.0 < peak < _QUIET_PEAK else scaled


def _same(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens both begin with."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
