"""Offline recognizer of the Moonshine family: an encoder over raw samples, and a decoder that writes token by token.

Decoding is greedy. A draft, the tokens of an earlier and shorter decoding, is checked in one step of the decoder and
kept up to the first difference. In exact arithmetic the result is that of decoding without it. The published networks
are quantized, and scale what is computed together by its loudest number, so a close decision may fall otherwise:
measured, in a quarter of the texts a word or a comma, and over 888 s no more errors (WER 11.3 % with, 11.8 % without).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.bundle import Bundle
from edge_asr.asr.judge import NEVER, Weighed
from edge_asr.asr.manifest import MoonshineManifest
from edge_asr.asr.moonshine.pieces import Pieces
from edge_asr.asr.moonshine.token_loop import loop_start
from edge_asr.asr.moonshine.writing import ways
from edge_asr.asr.rescorer import Rescored, always
from edge_asr.errors import ModelError, RecognitionError, TooBigError
from edge_asr.onnx_session import first_line, open_session, run_options

_FULL_SCALE = 32768.0
_QUIET_PEAK, _WANTED_PEAK = 0.02, 0.5  # of full scale
_SPARE_TOKENS = 8  # beside the tokens of the time: a short word has many for its length
_PAST, _PRESENT = "past_key_values", "present"
_LOGITS, _HIDDEN = "logits", "encoder_hidden_states"
_PROBE_S = 0.5
_NOISE_RMS, _NOISE_S = 300.0, 1.5  # int16 scale: a room in which nobody speaks
_FRAME_SAMPLES = 384  # of the encoder, 24 ms
# What runs on so much audio need, 12 s, is kept for the next one. What longer ones need is not: it grows with the
# square of the length. Giving back after short ones too made them slower: all their pages are new then.
_KEPT_FRAMES = 500

Arrays = dict[str, NDArray[Any]]


class Moonshine:
    """Immutable but for onnxruntime's own arenas; `decode` may be called from any thread."""

    def __init__(self, bundle: Bundle[MoonshineManifest], *, threads: int = 1) -> None:
        self._manifest = manifest = bundle.manifest
        self.sample_rate_hz = manifest.sample_rate_hz
        self.language = manifest.language
        self.model = manifest.name
        self.longest_s = manifest.longest_s
        try:
            self._run_options, self._emptying_options = run_options(), run_options(gives_back=True)
            self._pieces = Pieces.load(bundle.path("tokenizer"), manifest.vocabulary)
            self._encoder = open_session(bundle.path("encoder"), threads, any_length=True)
            self._decoder = open_session(bundle.path("decoder"), threads, any_length=True)
            self._encoder_inputs = _checked(self._encoder, bundle.path("encoder"), {"input_values": None})
            self._decoder_inputs = _checked(self._decoder, bundle.path("decoder"), _decoder_widths(manifest))
            self._past = sorted(name for name in self._decoder_inputs if name.startswith(_PAST))
            self._all_outputs = [_LOGITS, *(name.replace(_PAST, _PRESENT) for name in self._past)]
            self._moving = [name for name in self._past if ".decoder." in name]  # the others stay for the utterance
            self._moving_outputs = [_LOGITS, *(name.replace(_PAST, _PRESENT) for name in self._moving)]
            self._check(bundle)
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

    def decode(
        self,
        samples: NDArray[np.int16],
        draft: Sequence[int] = (),
        given: Sequence[int] = (),
        wanted: Callable[[], bool] = always,
    ) -> Rescored:
        """Text of int16 samples (n,) after what is `given`, see `Rescorer`. Raises RecognitionError."""
        if len(samples) < self._manifest.fewest_samples:
            return Rescored((), (), complete=True)
        try:
            tokens, log_shares, complete = self._greedy(_raised(samples), draft, given, wanted)
        except RecognitionError:
            raise
        except Exception as error:
            raise RecognitionError(f"the model {self.model!r} failed: {first_line(error)}") from error
        return Rescored(self._pieces.words(tokens, log_shares), tuple(tokens), complete)

    def weigh(self, samples: NDArray[np.int16], texts: Sequence[str]) -> list[Weighed]:
        """Log share of each text, as the model writes it and with a mark at its end, see `Judge`.

        Of several ways to write it the likeliest counts. Raises RecognitionError.
        """
        rows = [[self._pieces.tokens(way) for way in ways(text)] for text in texts]
        if len(samples) < self._manifest.fewest_samples:
            raise RecognitionError(f"{len(samples)} samples are too few for the model {self.model!r}")
        try:
            fixed = self._encode(_raised(samples))
            return [self._likeliest(fixed, [way for way in row if way is not None]) for row in rows]
        except Exception as error:
            raise RecognitionError(f"the model {self.model!r} failed: {first_line(error)}") from error

    def _likeliest(self, fixed: Arrays, rows: Sequence[Sequence[int]]) -> Weighed:
        if not rows:
            return NEVER
        return Weighed(*(max(self._log_share(sound, row) for row in rows) for sound in (fixed, self._nothing)))

    @cached_property
    def _nothing(self) -> Arrays:
        """What the decoder is given where there is nothing to hear but noise, always the same."""
        noise = np.random.default_rng(1).normal(0.0, _NOISE_RMS, round(_NOISE_S * self.sample_rate_hz))
        return self._encode(noise.astype(np.float32) / np.float32(_FULL_SCALE))

    def _log_share(self, fixed: Arrays, tokens: Sequence[int]) -> float:
        """Of these tokens and an end, or a mark, behind them."""
        logits = self._first(fixed, [self._manifest.start_token, *tokens])[0].astype(np.float64)
        shares = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
        end = np.logaddexp.reduce(shares[-1, [self._manifest.end_token, *self._pieces.marks]])
        return float(shares[np.arange(len(tokens)), list(tokens)].sum() + end)

    def stop(self) -> None:
        """See `Rescorer`: a thread inside the runtime must not outlive the interpreter."""
        self._run_options.terminate = self._emptying_options.terminate = True

    def _greedy(
        self, samples: NDArray[np.float32], draft: Sequence[int], given: Sequence[int], wanted: Callable[[], bool]
    ) -> tuple[list[int], list[float], bool]:
        """Tokens between what is given and the end, the log share of each, and whether the end came."""
        manifest = self._manifest
        limit = int(len(samples) / manifest.sample_rate_hz * manifest.tokens_per_s) + _SPARE_TOKENS - len(given)
        draft = list(draft)[: max(0, limit)]
        begin = [manifest.start_token, *given]
        fixed = self._encode(samples)
        _check_wanted(wanted)
        logits, past = self._first(fixed, [*begin, *draft])
        logits = logits[len(begin) - 1 :]
        tokens: list[int] = []
        log_shares: list[float] = []
        row = 0
        token, log_share = _best(logits[row])
        while token != manifest.end_token:
            if len(tokens) >= limit:
                return tokens, log_shares, False
            tokens.append(token)
            log_shares.append(log_share)
            loop = loop_start(tokens)
            if loop is not None:
                return tokens[:loop], log_shares[:loop], False
            if row < len(draft) and draft[row] == token:
                row += 1
                token, log_share = _best(logits[row])
                continue
            if len(tokens) == row + 1:  # the first token that the draft has not: forget what followed it there
                draft = []
                past = {name: _cut(name, value, len(begin) + row) for name, value in past.items()}
            _check_wanted(wanted)
            logits, past = self._next(fixed, token, past)
            token, log_share = _best(logits[-1])
        return tokens, log_shares, True

    def _encode(self, samples: NDArray[np.float32]) -> Arrays:
        """What every step of the decoder is given."""
        mask = np.ones((1, len(samples)), np.int64)  # one entry for each raw sample, not for each frame
        given = {"input_values": samples[None], "attention_mask": mask}
        options = self._options(len(samples) // _FRAME_SAMPLES)
        hidden = self._encoder.run(None, {name: given[name] for name in self._encoder_inputs}, options)[0]
        fixed: Arrays = {_HIDDEN: hidden, "encoder_attention_mask": mask}
        return {name: value for name, value in fixed.items() if name in self._decoder_inputs}

    def _options(self, frames: int) -> Any:
        """How the networks run on so many frames of the encoder."""
        return self._run_options if frames <= _KEPT_FRAMES else self._emptying_options

    def _first(self, fixed: Arrays, tokens: Sequence[int]) -> tuple[NDArray[np.float32], Arrays]:
        """Logits (len(tokens), vocabulary) after each of the first tokens, and what the next step needs."""
        manifest = self._manifest
        nothing = np.zeros((1, manifest.heads, 0, manifest.head_width), np.float32)
        options = self._options(fixed[_HIDDEN].shape[1])
        given = {"input_ids": np.array([tokens], np.int64), "use_cache_branch": np.array([False])}
        results = self._decoder.run(
            self._all_outputs, {**fixed, **given, **dict.fromkeys(self._past, nothing)}, options
        )
        return results[0][0], dict(zip(self._past, results[1:], strict=True))

    def _next(self, fixed: Arrays, token: int, past: Arrays) -> tuple[NDArray[np.float32], Arrays]:
        given = {"input_ids": np.array([[token]], np.int64), "use_cache_branch": np.array([True])}
        results = self._decoder.run(self._moving_outputs, {**fixed, **given, **past}, self._run_options)
        return results[0][0], {**past, **dict(zip(self._moving, results[1:], strict=True))}

    def _check(self, bundle: Bundle[MoonshineManifest]) -> None:
        """Names and widths may fit and the networks not: half a second of silence tells."""
        silence = np.zeros(int(_PROBE_S * self.sample_rate_hz), np.float32)
        manifest = self._manifest
        try:
            logits, past = self._first(self._encode(silence), [manifest.start_token])
            more, _ = self._next(self._encode(silence), manifest.start_token, past)
        except Exception as error:
            raise ModelError(f"{bundle.folder}: encoder and decoder do not compute: {first_line(error)}") from error
        shapes, wanted = {logits.shape, more.shape}, {(1, manifest.vocabulary)}
        if shapes != wanted or not (np.isfinite(logits).all() and np.isfinite(more).all()):
            raise ModelError(f"{bundle.path('decoder')} makes {sorted(shapes)} of one token, expected {sorted(wanted)}")


def _check_wanted(wanted: Callable[[], bool]) -> None:
    if not wanted():
        raise RecognitionError("nobody waits for this text any more")


def _decoder_widths(manifest: MoonshineManifest) -> dict[str, int | None]:
    """Inputs that the decoder of a manifest has, and the last dimension of each; None: free."""
    past = {
        f"{_PAST}.{layer}.{side}.{part}": manifest.head_width
        for layer in range(manifest.layers)
        for side in ("decoder", "encoder")
        for part in ("key", "value")
    }
    return {"input_ids": None, "use_cache_branch": None, _HIDDEN: manifest.width, **past}


def _checked(session: Any, path: Path, wanted: Mapping[str, int | None]) -> frozenset[str]:
    """Names of the inputs; raises ModelError unless `wanted` are among them, masks aside, with these widths."""
    found = {node.name: node.shape[-1] for node in session.get_inputs() if not node.name.endswith("attention_mask")}
    fits = found.keys() == wanted.keys() and all(width in {None, found[name]} for name, width in wanted.items())
    if not fits:
        raise ModelError(f"{path} is a foreign network: its inputs are {found}, the manifest says {dict(wanted)}")
    return frozenset(node.name for node in session.get_inputs())


def _raised(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    """Samples in -1..1, very quiet ones raised.

    Measured, WER at a peak of -34 dBFS and below: 13.1 % as they are, 10.4 % raised; 24.1 and 12.0 at -46 dBFS. Louder
    ones are left alone: raising them made them no better.
    """
    scaled = samples.astype(np.float32) / _FULL_SCALE
    peak = float(np.abs(scaled).max())
    return scaled * np.float32(_WANTED_PEAK / peak) if 0.0 < peak < _QUIET_PEAK else scaled


def _best(logits: NDArray[np.float32]) -> tuple[int, float]:
    """Most likely token of logits (vocabulary,), and the log of its share among all."""
    token = int(logits.argmax())
    top = logits[token]
    return token, -float(np.log(np.exp(logits - top).sum()))


def _cut(name: str, value: NDArray[Any], length: int) -> NDArray[Any]:
    return value[:, :, :length] if ".decoder." in name else value
