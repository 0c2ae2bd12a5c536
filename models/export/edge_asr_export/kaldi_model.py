"""A Kaldi model's folder to the files of a bundle and its manifest."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnx
from numpy.typing import NDArray

from edge_asr.asr.bundle import Bundle
from edge_asr.asr.catalogue import CatalogueEntry
from edge_asr.asr.manifest import Features, KaldiManifest, Search
from edge_asr.errors import ModelError
from edge_asr_export.builder import COUNTS_FOLDER
from edge_asr_export.graph import Growth, check_tools, compose_graph, plain_half
from edge_asr_export.ivector_arrays import ivector_arrays
from edge_asr_export.kaldi_binary import KaldiReader
from edge_asr_export.kaldi_folder import MEMBERS
from edge_asr_export.kaldi_text import read_options, read_word_positions, word_numbers
from edge_asr_export.label_arrays import distinct, label_arrays
from edge_asr_export.lexicon import lexicon_arrays
from edge_asr_export.manifest_file import file_entry, published, write_manifest
from edge_asr_export.nnet3 import read_nnet3
from edge_asr_export.nnet3_to_onnx import IVECTOR, convert
from edge_asr_export.nnet3_to_streaming import convert_streaming
from edge_asr_export.progress import Progress
from edge_asr_export.quantize import write_quantized
from edge_asr_export.self_check import check_built
from edge_asr_export.transition_model import read_transition_model

FILES = {
    "network": "network.int8.onnx",
    "network_float": "network.onnx",
    "graph": "graph.fst",
    "words": "words.txt",
    "labels": "labels.npz",
    "ivector": "ivector.npz",
    "lexicon": "lexicon.npz",
}
NETWORK, QUANTIZE, GRAPH, LEXICON, CHECK = "network", "quantize", "compose graph", "pronunciations", "check"
WEIGHTS = {
    NETWORK: 2.0,
    QUANTIZE: 2.0,
    GRAPH: 48.0,
    LEXICON: 8.0,
    CHECK: 3.0,
}  # seconds on a desktop: their ratio is what counts

# Of 2,132 words in 152 recordings a beam of 9 has 370 errors, 9.5 368, 10 367, for 1.2 and 1.35 times the search; each
# was 2 wider for the first 3 s. At most 1200 states: 1 error more either way, for 1.1 times the search.
_SEARCH = Search(beam=9.5, max_active=850, acoustic_scale=1.0)
# Of 801 Mandarin characters 9 to 11 have 73 errors, and find the likeliest path of each of 62 utterances; but few of
# these are much longer than 3 s.
_BEAM_OF = {"zh": 10.0}
_FRAME_SHIFT_MS, _FRAME_LENGTH_MS = 10.0, 25.0  # Kaldi's defaults, where mfcc.conf is silent


class KaldiBuilder:
    """Builder of this family; see `builder.Builder`."""

    weights = WEIGHTS
    members = MEMBERS

    def check(self) -> None:
        """Look for the tools that compose the graph."""
        check_tools()

    def build(self, entry: CatalogueEntry, source: Path, bundle: Path, work: Path, progress: Progress) -> None:
        """See `build_bundle`."""
        build_bundle(entry, source, bundle, work, progress)


def build_bundle(entry: CatalogueEntry, source: Path, bundle: Path, work: Path, progress: Progress) -> None:
    """Fill the folder `bundle` from the Kaldi model in `source`, and try it. Raises ModelError."""
    progress.start(NETWORK)
    reader = KaldiReader.open(source / "am/final.mdl")
    transitions = read_transition_model(reader)
    labels, label_of_transition = distinct(label_arrays(transitions, source))
    net = read_nnet3(reader)
    options = read_options(source / "conf/model.conf")
    factor = int(_number(options, "model.conf", "frame-subsampling-factor"))
    network = convert(net, factor)
    onnx.save(network, bundle / FILES["network_float"])
    _save(bundle / FILES["labels"], labels)
    _save(bundle / FILES["ivector"], ivector_arrays(source / "ivector"))
    progress.start(QUANTIZE)
    write_quantized(convert_streaming(net, factor), bundle / FILES["network"], net, factor)
    progress.start(GRAPH)
    graph, words = bundle / FILES["graph"], bundle / FILES["words"]
    growth = Growth(entry.language, _counts(entry, source))
    compose_graph(source / "graph", graph, words, work, progress.tick, growth, label_of_transition)
    progress.start(LEXICON)
    positions = read_word_positions(source / "graph/phones/word_boundary.int")
    half = plain_half(source / "graph", work, progress.tick)
    lexicon = lexicon_arrays(half, transitions, positions, word_numbers(words), progress.tick)
    lexicon["contexts"][:, 2:] = label_of_transition[lexicon["contexts"][:, 2:]]
    np.savez_compressed(bundle / FILES["lexicon"], **lexicon)  # type: ignore[arg-type]  # as in `_save`
    progress.start(CHECK)
    mfcc = read_options(source / "conf/mfcc.conf")
    rate_hz = int(_number(mfcc, "mfcc.conf", "sample-frequency"))
    manifest = KaldiManifest(
        format=2,
        **published(entry),
        sample_rate_hz=rate_hz,
        features=_features(mfcc, rate_hz),
        left_context_frames=net.left_context_frames,
        right_context_frames=net.right_context_frames,
        subsampling_factor=factor,
        ivector_dim=net.inputs[IVECTOR],
        pdfs=int(network.graph.output[0].type.tensor_type.shape.dim[1].dim_value),
        labels=len(labels["pdf_of_label"]) - 1,
        search=msgspec.structs.replace(_SEARCH, beam=_BEAM_OF.get(entry.language, _SEARCH.beam)),
        files={role: file_entry(bundle / name) for role, name in FILES.items()},
    )
    write_manifest(bundle, manifest)
    if int(transitions.pdf_of_label.max()) >= manifest.pdfs:
        raise ModelError(f"the transitions name pdf {transitions.pdf_of_label.max()}, the network has {manifest.pdfs}")
    check_built(Bundle(bundle, manifest))


def _counts(entry: CatalogueEntry, source: Path) -> tuple[Path, Path] | None:
    if entry.counts is None:
        return None
    words, pairs = entry.counts.members
    return source / COUNTS_FOLDER / words, source / COUNTS_FOLDER / pairs


def _features(mfcc: dict[str, str], rate_hz: int) -> Features:
    """MFCC of mfcc.conf. A high frequency of 0 or less counts down from half the sampling rate, as in Kaldi."""
    high_hz = _number(mfcc, "mfcc.conf", "high-freq", 0.0)
    return Features(
        mel_bins=int(_number(mfcc, "mfcc.conf", "num-mel-bins")),
        ceps=int(_number(mfcc, "mfcc.conf", "num-ceps")),
        low_hz=_number(mfcc, "mfcc.conf", "low-freq", 20.0),
        high_hz=high_hz if high_hz > 0 else rate_hz / 2 + high_hz,
        frame_shift_ms=_number(mfcc, "mfcc.conf", "frame-shift", _FRAME_SHIFT_MS),
        frame_length_ms=_number(mfcc, "mfcc.conf", "frame-length", _FRAME_LENGTH_MS),
    )


def _number(options: dict[str, str], file: str, key: str, default: float | None = None) -> float:
    if key not in options:
        if default is None:
            raise ModelError(f"{file} lacks --{key}")
        return default
    try:
        return float(options[key])
    except ValueError as error:
        raise ModelError(f"{file}: --{key}={options[key]}, expected a number") from error


def _save(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    np.savez(path, **arrays)  # type: ignore[arg-type]  # numbers only: nothing is pickled
