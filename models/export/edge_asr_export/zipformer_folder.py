"""A folder in sherpa-onnx's layout to the files of a bundle, and its manifest out of the networks' metadata."""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from edge_asr.asr.bundle import MANIFEST_FILE, Bundle, sha256_of
from edge_asr.asr.manifest import FileEntry, ZipformerCtcManifest, ZipformerManifest, ZipformerTransducerManifest
from edge_asr.asr.onnx_file import OnnxFile
from edge_asr.asr.zipformer.layout import FEATURES, read_layout
from edge_asr.asr.zipformer.load import LOG_SHARES
from edge_asr.errors import ModelError

_SAMPLE_RATE_HZ = 16_000
_INT8 = ".int8.onnx"
_TRANSDUCER = ("encoder", "decoder", "joiner")
_CTC = ("model", "ctc")  # how names of a CTC model's one file begin
_TOKENS = "tokens.txt"


@dataclass(frozen=True)
class About:
    """What a person says of a model; its files do not."""

    name: str
    language: str
    licence: str
    description: str
    version: str
    source: str


def choose_files(names: Iterable[str], *, full_precision: bool) -> dict[str, str]:
    """The file of each role among the names of a folder or archive, int8 where there is a choice; raises ModelError.

    The decoder is taken in full precision where it is there: it is small, and gains nothing by int8.
    """
    known = sorted(names)
    tokens = [name for name in known if PurePosixPath(name).name == _TOKENS]
    encoders = _starting(known, "encoder")
    roles = {role: (role,) for role in _TRANSDUCER} if encoders else {"network": _CTC}
    chosen = {}
    for role, starts in roles.items():
        found = [name for start in starts for name in _starting(known, start)]
        whole = [name for name in found if not name.endswith(_INT8)]
        small = [name for name in found if name.endswith(_INT8)]
        prefer_whole = full_precision or role == "decoder"
        chosen[role] = _only(role, (whole or small) if prefer_whole else (small or whole))
    return chosen | {"tokens": _only("tokens", tokens)}


def build_bundle(files: Mapping[str, Path], bundle: Path, about: About) -> Bundle[ZipformerManifest]:
    """Copy the files of `choose_files` into the empty folder `bundle` and write its manifest; raises ModelError."""
    copied = {}
    for role, source in files.items():
        target = bundle / (_TOKENS if role == "tokens" else f"{role}.onnx")
        shutil.copyfile(source, target)
        copied[role] = target
    entries = {
        role: FileEntry(path.name, sha256_of(path), path.stat().st_size or _refuse_empty(files[role]))
        for role, path in copied.items()
    }
    manifest = _manifest(copied, entries, about)
    (bundle / MANIFEST_FILE).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2))
    return Bundle(bundle, manifest)


def _manifest(files: Mapping[str, Path], entries: dict[str, FileEntry], about: About) -> ZipformerManifest:
    file = OnnxFile(files.get("encoder") or files["network"], 1)
    kind, shape = file.inputs.get(FEATURES, ("nothing", ()))
    if len(shape) != 3 or shape[2] is None:
        raise ModelError(f"{file.path.name} is no streaming zipformer: it takes {kind} {shape} as {FEATURES!r}")
    try:
        encoder = read_layout(file.metadata, shape[2])
    except ModelError as error:
        raise ModelError(f"{file.path.name} is no streaming zipformer: {error}") from error
    said: dict[str, Any] = {
        **vars(about),
        "format": 1,
        "sample_rate_hz": _SAMPLE_RATE_HZ,
        "files": entries,
        "encoder": encoder,
    }
    if "network" in files:
        _, outputs = file.outputs.get(LOG_SHARES, ("nothing", ()))
        vocabulary = outputs[-1] if outputs else None
        if vocabulary is None:
            raise ModelError(f"{file.path.name} does not say how many tokens it has: no width of {LOG_SHARES!r}")
        return ZipformerCtcManifest(**said, vocabulary=vocabulary)
    decoder = OnnxFile(files["decoder"], 1)
    sizes = {key: decoder.metadata.get(key, "") for key in ("vocab_size", "context_size")}
    if not all(size.isascii() and size.isdigit() and int(size) for size in sizes.values()):
        raise ModelError(f"{decoder.path.name} is no decoder of a zipformer: its metadata says {sizes}")
    vocabulary, context_size = int(sizes["vocab_size"]), int(sizes["context_size"])
    return ZipformerTransducerManifest(**said, vocabulary=vocabulary, context_size=context_size)


def _starting(names: Iterable[str], start: str) -> list[str]:
    """Network files whose own name, without its folders, begins so."""
    plain = {name: PurePosixPath(name).name for name in names}
    return [name for name, own in plain.items() if own.startswith(start) and own.endswith(".onnx")]


def _only(role: str, found: list[str]) -> str:
    if len(found) == 1:
        return found[0]
    if not found:
        wanted = _TOKENS if role == "tokens" else f"{'model' if role == 'network' else role}*.onnx"
        raise ModelError(f"it has no {wanted}; expected encoder, decoder, joiner (or model).onnx and tokens.txt")
    raise ModelError(f"it has several files that may be the {role}: {', '.join(found)}; leave one of them")


def _refuse_empty(path: Path) -> int:
    raise ModelError(f"{path} is empty")
