"""Small zipformers in a folder, their recognizers, and a sound that makes them say many different things."""

import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
import onnx
from numpy.typing import NDArray

from edge_asr.asr.bundle import Bundle
from edge_asr.asr.families import load_streaming
from edge_asr.asr.manifest import ZipformerManifest
from edge_asr.asr.zipformer.recognizer import ZipformerRecognizer
from edge_asr.config import RecognizerConfig
from edge_asr_export.zipformer.builder import write
from edge_asr_export.zipformer.plan import Plan
from edge_asr_export.zipformer.sound import changing_sound
from edge_asr_export.zipformer.write import made_up_pieces, write_ctc, write_transducer
from edge_asr_export.zipformer_folder import About, build_bundle, choose_files

Kind = Literal["transducer", "ctc"]
Alphabet = Literal["pieces", "characters", "bytes"]
ABOUT = About("mine", "en", "MIT", "a small one", "1", "made here")


def alphabet(kind: Alphabet) -> list[str]:
    """Tokens of one of the three kinds of tables."""
    marks = ["<blk>", "<sos/eos>", "<unk>"]
    if kind == "characters":
        return [*marks, *(chr(0x4E00 + 7 * number) for number in range(50)), "▁A", "▁B", "C", "D"]
    if kind == "bytes":
        letters = [chr(code) for code in range(0x21, 0x40)] + ["Ģ", "ĸ", "Ņ", "ƌ", "Ɛ", "ƋŞ", "ƍĻĤ", "ƌġľ"]
        return [*marks, "▁", *letters, "▁ƍĻĤ", "▁E", "▁T"]
    return made_up_pieces(200)


class Network:
    """A folder in sherpa-onnx's layout and the bundle that was made of it."""

    def __init__(self, folder: Path, bundle: Bundle[ZipformerManifest], tokens: list[str]) -> None:
        self.folder = folder
        self.bundle = bundle
        self.tokens = tokens

    def recognizer(self, choices: RecognizerConfig | None = None) -> ZipformerRecognizer:
        loaded = load_streaming(self.bundle, choices or RecognizerConfig())
        assert isinstance(loaded, ZipformerRecognizer)
        return loaded


_FOLDERS = TemporaryDirectory(prefix="zipformers-")


def network(kind: Kind, table: Alphabet = "pieces", seed: int = 1, *, int8: bool = False) -> Network:
    """One of them, made once; nobody may change its files."""
    return _network(kind, table, seed, int8)


@cache
def _network(kind: Kind, table: Alphabet, seed: int, int8: bool) -> Network:
    folder = Path(_FOLDERS.name) / f"{kind}-{table}-{seed}-{int8}"
    tokens = alphabet(table)
    write = write_ctc if kind == "ctc" else write_transducer
    write(folder, replace(Plan(), seed=seed), tokens, quantized=int8)
    return Network(folder, as_bundle(folder, folder / ABOUT.name), tokens)


def with_int8_decoder(model: Network, folder: Path) -> Network:
    """The same transducer, its decoder's weights in int8 too, in an empty folder."""
    copy = folder / "network"
    shutil.copytree(model.folder, copy, ignore=shutil.ignore_patterns("decoder.onnx", ABOUT.name))
    write(onnx.load(model.folder / "decoder.onnx"), copy / "decoder.int8.onnx", quantized=True)
    return Network(copy, as_bundle(copy, folder / "bundle"), model.tokens)


def as_bundle(folder: Path, target: Path) -> Bundle[ZipformerManifest]:
    """Bundle of a folder in sherpa-onnx's layout."""
    target.mkdir()
    chosen = choose_files([path.name for path in folder.iterdir() if path.is_file()], full_precision=False)
    return build_bundle({role: folder / name for role, name in chosen.items()}, target, ABOUT)


@cache
def _whole_sound() -> NDArray[np.int16]:
    return changing_sound(30.0, seed=77)


def sound(samples: int) -> NDArray[np.int16]:
    """Not the one that the networks were set by."""
    return _whole_sound()[:samples]
