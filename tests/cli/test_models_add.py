"""A person's own zipformer, from a folder, an archive or an address with a pinned checksum; whole or not at all."""

import hashlib
import json
import shutil
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from edge_asr.asr.bundle import load_bundle, verify_bundle
from edge_asr.cli.main import main
from edge_asr.errors import EXIT_CONFIG, EXIT_OK
from tests.asr.zipformer.zipformers import Kind, network

ABOUT = ("--language", "en", "--licence", "MIT")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address under which it is served."""
    folder = tmp_path / "served"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield folder, f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def published(folder: Path, kind: Kind = "transducer", *, both: bool = True) -> Path:
    """A model as it is published: float and int8 side by side, sounds to try it, one folder around it all."""
    inner = folder / "sherpa-model-2024" / "exp"
    inner.mkdir(parents=True)
    for int8 in (False, True) if both else (True,):
        for path in network(kind, int8=int8).folder.glob("*.*"):
            name = path.name.replace("encoder", "encoder-epoch-99-avg-1-chunk-16-left-64")
            shutil.copyfile(path, inner / name)
    (inner.parent / "README.md").write_text("a model")
    return inner.parent


def packed(model: Path, archive: Path) -> str:
    """Pack a model's folder; returns the sum."""
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive, "w") as opened:
            for path in model.rglob("*"):
                opened.write(path, path.relative_to(model.parent))
    else:
        with tarfile.open(archive, f"w:{archive.suffix[1:]}") as opened_tar:  # type: ignore[call-overload]
            opened_tar.add(model, model.name)
    return hashlib.sha256(archive.read_bytes()).hexdigest()


def add(models: Path, source: str | Path, *more: str, name: str = "mine") -> int:
    return main(["models", "add", name, "--from", str(source), "--models-dir", str(models), *ABOUT, *more])


def refusal(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line of complaint, behind the steps."""
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("edge-asr: ")]
    assert len(lines) == 1
    return lines[0]


def visible(models: Path) -> list[str]:
    return sorted(path.name for path in models.glob("*") if path.name != ".lock")


def test_a_folder_becomes_a_bundle_like_any_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, models = published(tmp_path), tmp_path / "models"
    assert add(models, model, "--description", "my own", "--version", "3") == EXIT_OK
    said = capsys.readouterr()
    assert said.out.startswith("mine: ready, ")
    assert "mine: 3/3 check" in said.err
    bundle = load_bundle(models, "mine")
    verify_bundle(bundle)
    manifest = bundle.manifest
    assert (manifest.language, manifest.licence, manifest.description, manifest.version) == ("en", "MIT", "my own", "3")
    assert manifest.source == str(model)
    int8 = network("transducer", int8=True).folder
    assert bundle.path("encoder").read_bytes() == (int8 / "encoder.int8.onnx").read_bytes()
    assert main(["models", "list", "--json", "--models-dir", str(models)]) == EXIT_OK
    row = json.loads(capsys.readouterr().out)[-1]
    assert (row["name"], row["state"]) == ("mine", "installed")
    assert main(["models", "remove", "mine", "--models-dir", str(models)]) == EXIT_OK
    assert visible(models) == []


def test_float_networks_on_request_and_ctc(tmp_path: Path) -> None:
    model, models = published(tmp_path), tmp_path / "models"
    assert add(models, model, "--float") == EXIT_OK
    whole = network("transducer").folder
    assert load_bundle(models, "mine").path("encoder").read_bytes() == (whole / "encoder.onnx").read_bytes()
    assert add(models, published(tmp_path / "ctc", "ctc"), name="other") == EXIT_OK
    assert type(load_bundle(models, "other").manifest).__struct_config__.tag == "zipformer-ctc"


@pytest.mark.parametrize("ending", ["tar.bz2", "tar.gz", "zip"])
def test_an_address_with_the_right_sum(ending: str, served: tuple[Path, str], tmp_path: Path) -> None:
    folder, host = served
    total = packed(published(tmp_path), folder / f"model.{ending}")
    models = tmp_path / "models"
    assert add(models, f"http://{host}/model.{ending}?token=secret", "--sha256", total) == EXIT_OK
    assert load_bundle(models, "mine").manifest.source == f"http://{host}/model.{ending}"


def test_an_archive_on_this_machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = tmp_path / "model.tar.gz"
    total = packed(published(tmp_path), archive)
    models = tmp_path / "models"
    assert add(models, archive, "--sha256", "0" * 64) == EXIT_CONFIG
    assert f"has sha256 {total}, expected {'0' * 64}: nothing of it was used" in refusal(capsys)
    assert add(models, archive, "--sha256", total) == EXIT_OK


def test_another_sum_an_address_without_one_and_one_that_leads_nowhere(
    served: tuple[Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, host = served
    packed(published(tmp_path), folder / "model.zip")
    models = tmp_path / "models"
    assert add(models, f"http://{host}/model.zip", "--sha256", "0" * 64) == EXIT_CONFIG
    assert "nothing of it was used" in refusal(capsys)
    assert add(models, f"http://{host}/model.zip") == EXIT_CONFIG
    assert refusal(capsys).endswith("/model.zip is fetched only with --sha256: say what the archive must be")
    assert add(models, f"http://{host}/other.zip", "--sha256", "0" * 64) == EXIT_CONFIG
    assert "/other.zip could not be fetched: " in refusal(capsys)
    assert add(models, "http://127.0.0.1:9/model.zip", "--sha256", "0" * 64) == EXIT_CONFIG
    assert "could not be fetched: [Errno 111]" in refusal(capsys)
    assert visible(models) == []


@pytest.mark.parametrize(
    ("source", "more", "complaint"),
    [
        ("ftp://example.org/x.zip", ("--sha256", "0" * 64), "expected a folder, an archive or http(s)://..."),
        ("file:///etc/passwd", ("--sha256", "0" * 64), "expected a folder, an archive or http(s)://..."),
        ("nowhere", (), "nowhere is not there"),
        (".", ("--sha256", "0" * 64), "is a folder, which has no sha256"),
        (".", ("--sha256", "0"), "--sha256 is '0', expected 64 digits"),
        (".", ("--language", "German!"), "--language is 'German!', expected a code such as de"),
        ("empty", (), "it has no model*.onnx; expected encoder, decoder, joiner (or model).onnx and tokens.txt"),
        ("text.zip", (), "text.zip is no sound tar or zip archive"),
    ],
)
def test_what_cannot_be_added_is_refused_in_one_line(
    source: str,
    more: tuple[str, ...],
    complaint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.zip").write_text("no archive")
    assert add(tmp_path / "models", source, *more) == EXIT_CONFIG
    assert complaint in refusal(capsys)
    assert visible(tmp_path / "models") == []


def test_names_that_are_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, models = published(tmp_path), tmp_path / "models"
    assert add(models, model, name="en") == EXIT_CONFIG
    assert refusal(capsys).endswith("'en' is a model of the catalogue; choose another name")
    assert add(models, model, name="../en") == EXIT_CONFIG
    assert "the name is '../en'" in refusal(capsys)
    assert add(models, model) == EXIT_OK
    assert add(models, model) == EXIT_CONFIG
    assert refusal(capsys).endswith("choose another name, or replace it: --force")
    assert add(models, model, "--force") == EXIT_OK


def test_a_model_that_does_not_fit_together_leaves_the_old_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, models = published(tmp_path, both=False), tmp_path / "models"
    assert add(models, model) == EXIT_OK
    before = (models / "mine/manifest.json").read_bytes()
    inner = model / "exp"
    (inner / "tokens.txt").write_text("<blk> 0\n<unk> 1\n")
    assert add(models, model, "--force") == EXIT_CONFIG
    line = refusal(capsys)
    assert f"{model} cannot be added: tokens.txt is of another model: it has no token 2" in line
    assert ".build-" not in line
    shutil.copyfile(inner / "joiner.int8.onnx", inner / "encoder-other.int8.onnx")
    assert add(models, model, "--force") == EXIT_CONFIG
    assert "it has several files that may be the encoder: " in refusal(capsys)
    for path in inner.glob("encoder*"):
        path.write_bytes(b"no network")
    (inner / "encoder-other.int8.onnx").unlink()
    assert add(models, model, "--force") == EXIT_CONFIG
    assert "cannot be added: encoder.onnx is not a network that onnxruntime can load" in refusal(capsys)
    shutil.copyfile(inner / "joiner.int8.onnx", next(inner.glob("encoder*")))
    assert add(models, model, "--force") == EXIT_CONFIG
    assert "encoder.onnx is no streaming zipformer: it takes nothing () as 'x'" in refusal(capsys)
    assert visible(models) == ["mine"]
    assert (models / "mine/manifest.json").read_bytes() == before
    verify_bundle(load_bundle(models, "mine"))
