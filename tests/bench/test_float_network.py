"""The float network streams, and is the very one that the bundle has for whole recordings."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from edge_asr.asr.bundle import Bundle, load_bundle, of_family
from edge_asr.asr.kaldi.network import AcousticNetwork
from edge_asr.asr.manifest import KaldiManifest
from edge_asr.bench import float_network
from edge_asr.bench.float_network import float_models, write_float_bundle
from edge_asr.config import Config, ModelsConfig
from edge_asr.errors import ModelError
from edge_asr.onnx_session import open_session
from edge_asr_export.manifest_file import write_manifest
from edge_asr_export.pull import pull
from tests.export.conftest import Published, Quiet, index, published, quiet

__all__ = ["index", "published", "quiet"]  # fixtures


@pytest.fixture
def bundle(index: Published, quiet: Quiet, tmp_path: Path) -> Bundle[KaldiManifest]:
    return of_family(pull(index.entry, tmp_path / "models", quiet), KaldiManifest)


def streamed(bundle: Bundle[KaldiManifest], frames: np.ndarray, voice: np.ndarray) -> np.ndarray:
    network = AcousticNetwork(bundle.path("network"), 1)
    network.check(bundle.path("network"), bundle.manifest)
    rows, state, scores = 5 * bundle.manifest.subsampling_factor, network.start(), []
    for at in range(0, len(frames), rows):
        part, state = network.run(frames[at : at + rows], voice, state)
        scores.append(part)
    return np.concatenate(scores)


def test_it_computes_what_the_whole_run_does_and_int8_does_not(
    bundle: Bundle[KaldiManifest],
    published: Published,
    tmp_path: Path,
) -> None:
    models = tmp_path / "float"
    models.mkdir()
    write_float_bundle(bundle, published.model / "am/final.mdl", models)
    written = of_family(load_bundle(models, bundle.manifest.name), KaldiManifest)
    random, manifest = np.random.default_rng(0), bundle.manifest
    frames = (10 * random.standard_normal((60 * manifest.subsampling_factor, manifest.features.ceps))).astype("f4")
    voice = random.standard_normal((1, manifest.ivector_dim)).astype("f4")
    session = open_session(bundle.path("network_float"), 1)
    feeds = {"input": frames[manifest.subsampling_factor - 1 :], "ivector": voice}
    whole = session.run(["output"], feeds)[0]
    exact, rounded = (streamed(one, frames, voice)[-len(whole) :] for one in (written, bundle))
    assert np.abs(exact - whole).max() < 1e-3
    assert np.abs(rounded - whole).max() > 1e-2


def test_the_other_bundles_are_there_and_all_of_it_goes_again(
    bundle: Bundle[KaldiManifest],
    index: Published,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(float_network, "find", lambda _name: index.entry)
    folder = bundle.folder.parent
    (folder / "second").mkdir()
    (folder / "second" / "manifest.json").write_text("{}")
    config = Config(models=ModelsConfig(bundle=bundle.manifest.name, dir=str(folder)))
    with float_models(config) as changed:
        models = Path(changed.models.dir or "")
        assert models != folder
        assert (models / "second" / "manifest.json").read_text() == "{}"
        assert load_bundle(models, bundle.manifest.name).path("network").stat().st_size > 0
        assert changed.models.bundle == config.models.bundle
    assert not models.exists()
    assert load_bundle(folder, bundle.manifest.name).manifest == bundle.manifest


def test_a_bundle_that_nobody_has_published_has_none(bundle: Bundle[KaldiManifest]) -> None:
    own = bundle.folder.rename(bundle.folder.parent / "own")
    write_manifest(own, msgspec.structs.replace(bundle.manifest, name="own"))
    config = Config(models=ModelsConfig(bundle="own", dir=str(own.parent)))
    with pytest.raises(ModelError, match="there is no model 'own' to pull"), float_models(config):
        pass
