"""Published Moonshine networks to the files of a bundle and its manifest.

The networks are taken as they are; sizes are read from them. The word pieces are the published table, or are found in
the published JavaScript, which holds them as one line of base64.
"""

import base64
import binascii
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import onnxruntime as ort

from edge_asr.asr.bundle import Bundle
from edge_asr.asr.catalogue import CatalogueEntry
from edge_asr.asr.manifest import MoonshineManifest
from edge_asr.asr.moonshine.pieces import pack_pieces
from edge_asr.errors import ModelError
from edge_asr_export.manifest_file import file_entry, published, write_manifest
from edge_asr_export.moonshine_check import check_built
from edge_asr_export.progress import Progress

NETWORKS, CHECK = "networks", "check"
_ROLES = {"encoder_model": "encoder", "decoder_model_merged": "decoder"}
_TOKENIZER = "tokenizer.bin"
_FIRST_PIECES = ("<unk>", "<s>", "</s>")
_BASE64 = re.compile(rb"[A-Za-z0-9+/=]{1000,}")
_BYTE_PIECE = re.compile(rb"\A<0x([0-9A-F]{2})>\Z")

_SAMPLE_RATE_HZ = 16000
_TOKENS_PER_S = 6.5  # of fluent speech; beyond it the model invents
_FEWEST_SAMPLES = 2000  # of these the convolutions make one frame
_LONGEST_S = 64.0  # of audio that it was trained on


class MoonshineBuilder:
    """Builder of this family; see `builder.Builder`."""

    weights: Mapping[str, float] = {NETWORKS: 1.0, CHECK: 2.0}

    def __init__(self, members: Sequence[str]) -> None:
        self.members = members

    def check(self) -> None:
        """Nothing is needed beside what the program itself needs."""

    def build(self, entry: CatalogueEntry, source: Path, bundle: Path, _work: Path, progress: Progress) -> None:
        """Copy the networks, write table and manifest, try the bundle. Raises ModelError."""
        progress.start(NETWORKS)
        files = {}
        for member in self.members:
            path = source / member
            if path.stem in _ROLES:
                files[_ROLES[path.stem]] = bundle / path.name
                shutil.copyfile(path, bundle / path.name)
            else:
                files["tokenizer"] = bundle / _TOKENIZER
                _write_tokenizer(path, bundle / _TOKENIZER)
        manifest = MoonshineManifest(
            format=1,
            **published(entry),
            sample_rate_hz=_SAMPLE_RATE_HZ,
            start_token=_FIRST_PIECES.index("<s>"),
            end_token=_FIRST_PIECES.index("</s>"),
            tokens_per_s=_TOKENS_PER_S,
            fewest_samples=_FEWEST_SAMPLES,
            longest_s=_LONGEST_S,
            files={role: file_entry(path) for role, path in sorted(files.items())},
            **_sizes(files["decoder"]),
        )
        write_manifest(bundle, manifest)
        progress.start(CHECK)
        check_built(Bundle(bundle, manifest))


def _write_tokenizer(published: Path, path: Path) -> None:
    if published.suffix == ".bin":
        shutil.copyfile(published, path)
    else:
        path.write_bytes(pack_pieces(pieces_in(published)))


def pieces_in(program: Path) -> list[bytes]:
    """Table of word pieces in a JavaScript program; bytes are spelled <0x41> there."""
    for match in _BASE64.finditer(program.read_bytes()):
        try:
            pieces = base64.b64decode(match[0], validate=True).split(b"\n")
        except binascii.Error:
            continue
        if tuple(piece.decode("utf8", "replace") for piece in pieces[: len(_FIRST_PIECES)]) == _FIRST_PIECES:
            return [bytes([int(byte[1], 16)]) if (byte := _BYTE_PIECE.match(piece)) else piece for piece in pieces]
    raise ModelError(f"{program.name} holds no table of word pieces")


def _sizes(decoder: Path) -> dict[str, Any]:
    """Sizes that the decoder's inputs and outputs tell. Raises ModelError."""
    try:
        session = ort.InferenceSession(str(decoder), providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ModelError(f"{decoder.name} is not a network that onnxruntime can load") from error
    shapes = {node.name: node.shape for node in (*session.get_inputs(), *session.get_outputs())}
    try:
        _, heads, _, head_width = shapes["past_key_values.0.decoder.key"]
        return {
            "vocabulary": shapes["logits"][-1],
            "width": shapes["encoder_hidden_states"][-1],
            "layers": sum(name.startswith("past_") and name.endswith(".decoder.key") for name in shapes),
            "heads": heads,
            "head_width": head_width,
        }
    except KeyError as error:
        raise ModelError(f"{decoder.name} is a foreign network: it has no {error.args[0]}") from error
