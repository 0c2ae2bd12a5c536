"""The two networks of the Moonshine family: an encoder over raw samples, and a decoder that writes token by token."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.bundle import Bundle
from edge_asr.asr.manifest import MoonshineManifest
from edge_asr.errors import ModelError
from edge_asr.onnx_session import first_line, open_session, run_options

log = logging.getLogger(__name__)

_PAST, _PRESENT = "past_key_values", "present"
_LOGITS, _HIDDEN = "logits", "encoder_hidden_states"
_PROBE_S = 0.5
WIDTH = 4  # texts at a time, at most
_FRAME_SAMPLES = 384  # of the encoder, 24 ms
# What runs on so much audio need, 12 s, is kept for the next one. What longer ones need is not: it grows with the
# square of the length. Giving back after short ones too made them slower: all their pages are new then.
_KEPT_FRAMES = 500

Arrays = dict[str, NDArray[Any]]


class Networks:
    """Immutable but for onnxruntime's own arenas; any thread. What fails in the runtime raises what that raises."""

    def __init__(self, bundle: Bundle[MoonshineManifest], threads: int) -> None:
        """Open and try them. Raises ModelError."""
        self._manifest = manifest = bundle.manifest
        self._run_options, self._emptying_options = run_options(), run_options(gives_back=True)
        self._encoder = open_session(bundle.path("encoder"), threads, any_length=True)
        self._decoder = open_session(bundle.path("decoder"), threads, any_length=True)
        self._encoder_inputs = _checked(self._encoder, bundle.path("encoder"), {"input_values": None})
        self._decoder_inputs = _checked(self._decoder, bundle.path("decoder"), _decoder_widths(manifest))
        self._past = sorted(name for name in self._decoder_inputs if name.startswith(_PAST))
        self._all_outputs = [_LOGITS, *(name.replace(_PAST, _PRESENT) for name in self._past)]
        self._moving = [name for name in self._past if ".decoder." in name]  # the others stay for the utterance
        self._moving_outputs = [_LOGITS, *(name.replace(_PAST, _PRESENT) for name in self._moving)]
        self._check(bundle)

    def encode(self, samples: NDArray[np.float32]) -> Arrays:
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

    def first(self, fixed: Arrays, tokens: Sequence[int]) -> tuple[NDArray[np.float32], Arrays]:
        """Logits (len(tokens), vocabulary) after each of the first tokens, and what the next step needs."""
        return self._started(fixed, tokens, self._options(fixed[_HIDDEN].shape[1]))

    def give_back(self, fixed: Arrays) -> None:
        """Let the runtime give back what the decoder needed for a long sound, of which the caller holds nothing more.

        A run does so at its end, and what it has just computed holds the rest.
        """
        if fixed[_HIDDEN].shape[1] > _KEPT_FRAMES:
            self._started(self._little, [self._manifest.start_token], self._emptying_options)

    def _started(self, fixed: Arrays, tokens: Sequence[int], options: Any) -> tuple[NDArray[np.float32], Arrays]:
        nothing = np.zeros((1, self._manifest.heads, 0, self._manifest.head_width), np.float32)
        given = {"input_ids": np.array([tokens], np.int64), "use_cache_branch": np.array([False])}
        results = self._decoder.run(
            self._all_outputs, {**fixed, **given, **dict.fromkeys(self._past, nothing)}, options
        )
        return results[0][0], dict(zip(self._past, results[1:], strict=True))

    def next(self, fixed: Arrays, tokens: Sequence[int], past: Arrays) -> tuple[NDArray[np.float32], Arrays]:
        """The same after more tokens, behind those of `past`."""
        logits, past = self._followed(fixed, np.array([tokens], np.int64), past)
        return logits[0], past

    def side_by_side(self, fixed: Arrays, tokens: Sequence[int], past: Arrays) -> tuple[NDArray[np.float32], Arrays]:
        """Logits (len(tokens), vocabulary) after one more token of each text of `past`; see `wide`, `picked`."""
        logits, past = self._followed(fixed, np.array(tokens, np.int64)[:, None], past)
        return logits[:, -1], past

    def _followed(self, fixed: Arrays, tokens: NDArray[np.int64], past: Arrays) -> tuple[NDArray[np.float32], Arrays]:
        given = {"input_ids": tokens, "use_cache_branch": np.array([True])}
        results = self._decoder.run(self._moving_outputs, {**fixed, **given, **past}, self._run_options)
        return results[0], {**past, **dict(zip(self._moving, results[1:], strict=True))}

    def stop(self) -> None:
        """Make every run, now and from now on, fail soon: a thread inside of it must not outlive the interpreter."""
        self._run_options.terminate = self._emptying_options.terminate = True

    def _check(self, bundle: Bundle[MoonshineManifest]) -> None:
        """Names and widths may fit and the networks not: half a second of silence tells."""
        manifest = self._manifest
        silence = np.zeros(int(_PROBE_S * manifest.sample_rate_hz), np.float32)
        try:
            self._little = self.encode(silence)
            logits, past = self.first(self._little, [manifest.start_token])
            more, _ = self.next(self._little, [manifest.start_token], past)
        except Exception as error:
            raise ModelError(f"{bundle.folder}: encoder and decoder do not compute: {first_line(error)}") from error
        shapes, wanted = {logits.shape, more.shape}, {(1, manifest.vocabulary)}
        if shapes != wanted or not (np.isfinite(logits).all() and np.isfinite(more).all()):
            raise ModelError(f"{bundle.path('decoder')} makes {sorted(shapes)} of one token, expected {sorted(wanted)}")
        self.wide = self._is_wide(past)

    def _is_wide(self, past: Arrays) -> bool:
        """Whether several texts may share what belongs to their sound, as the published networks let them."""
        tokens = [self._manifest.start_token, self._manifest.end_token] * (WIDTH // 2)
        alone = [self.next(self._little, [token], past)[0][0] for token in tokens[:2]]
        try:
            beside, _ = self.side_by_side(self._little, tokens, picked(past, [0] * WIDTH))
        except Exception as error:  # noqa: BLE001 - a runtime's own; such a decoder writes one text at a time
            log.debug("the decoder takes one text at a time: %(error)s", {"error": first_line(error)})
            return False
        if beside.shape != (WIDTH, self._manifest.vocabulary):
            return False
        own, other = ([np.abs(row - alone[(at + turn) % 2]).max() for at, row in enumerate(beside)] for turn in (0, 1))
        return all(one <= another for one, another in zip(own, other, strict=True))  # none is taken for its neighbour


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


def picked(past: Arrays, rows: Sequence[int]) -> Arrays:
    """The texts in these rows of what the decoder needs, in this order; one may be there more than once."""
    return {name: value[list(rows)] if ".decoder." in name else value for name, value in past.items()}


def shortened(past: Arrays, tokens: int) -> Arrays:
    """What the decoder needs behind the first `tokens` of what it was given."""
    return {name: value[:, :, :tokens] if ".decoder." in name else value for name, value in past.items()}
