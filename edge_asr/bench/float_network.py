"""The configured bundle with its network in float: the same streaming network, its weights not yet rounded to int8.

A bundle holds the float network for whole recordings alone, so the streaming one is converted anew from what was
published. All else in it is linked.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from edge_asr.asr.bundle import Bundle, load_bundle, of_family
from edge_asr.asr.catalogue import find
from edge_asr.asr.manifest import KaldiManifest
from edge_asr.bench.published_model import published_model
from edge_asr.config import Config
from edge_asr.errors import ModelError
from edge_asr.settings import model_folder

_FINAL = "am/final.mdl"
_NETWORK = "network.float.onnx"


@contextmanager
def float_models(config: Config) -> Iterator[Config]:
    """The configuration with such a bundle, removed at the end. Raises ModelError where there can be none."""
    folder = model_folder(config)
    bundle = of_family(load_bundle(folder, config.models.bundle), KaldiManifest)
    entry = find(bundle.manifest.name)
    with (
        published_model(entry, [_FINAL], folder, "the float network") as published,
        tempfile.TemporaryDirectory(prefix="edge-asr-float-") as name,
    ):
        models = Path(name)
        _link(folder, models, but=bundle.manifest.name)
        write_float_bundle(bundle, published / _FINAL, models)
        yield msgspec.structs.replace(config, models=msgspec.structs.replace(config.models, dir=str(models)))


def write_float_bundle(bundle: Bundle[KaldiManifest], final: Path, models: Path) -> None:
    """Write a bundle of the same name into the folder `models`. Raises ModelError when `final` is no Kaldi model."""
    try:
        import onnx  # noqa: PLC0415 - only this measurement needs the extra

        from edge_asr_export.kaldi_binary import KaldiReader  # noqa: PLC0415
        from edge_asr_export.manifest_file import file_entry, write_manifest  # noqa: PLC0415
        from edge_asr_export.nnet3 import read_nnet3  # noqa: PLC0415
        from edge_asr_export.nnet3_to_streaming import convert_streaming  # noqa: PLC0415
        from edge_asr_export.transition_model import read_transition_model  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ModelError(f"the package {error.name} is missing; pip install 'edge-asr[export]'") from None
    target = models / bundle.manifest.name
    target.mkdir()
    for role, file in bundle.manifest.files.items():
        if role != "network":
            (target / file.path).symlink_to(bundle.folder / file.path)
    reader = KaldiReader.open(final)
    read_transition_model(reader)
    onnx.save(convert_streaming(read_nnet3(reader), bundle.manifest.subsampling_factor), target / _NETWORK)
    files = {**bundle.manifest.files, "network": file_entry(target / _NETWORK)}
    write_manifest(target, msgspec.structs.replace(bundle.manifest, files=files))


def _link(folder: Path, models: Path, *, but: str) -> None:
    """The other bundles, the second pass among them."""
    for path in folder.iterdir():
        if path.is_dir() and path.name != but and not path.name.startswith("."):
            (models / path.name).symlink_to(path)
