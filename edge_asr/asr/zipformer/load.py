"""From a bundle in sherpa-onnx's layout to its recognizer: every file opened and held to the others."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge_asr.asr.bundle import Bundle
from edge_asr.asr.manifest import ZipformerCtcManifest, ZipformerManifest, ZipformerTransducerManifest
from edge_asr.asr.onnx_file import OnnxFile
from edge_asr.asr.zipformer.beam_search import BeamTransducer
from edge_asr.asr.zipformer.encoder import StreamingEncoder
from edge_asr.asr.zipformer.greedy_search import GreedyCtc, GreedyTransducer
from edge_asr.asr.zipformer.hotwords import load_phrases
from edge_asr.asr.zipformer.recognizer import ZipformerRecognizer
from edge_asr.asr.zipformer.token_path import BLANK
from edge_asr.asr.zipformer.tokens import Tokens
from edge_asr.asr.zipformer.transducer import Transducer
from edge_asr.config import RecognizerConfig
from edge_asr.errors import ModelError, TooBigError

HEARD, LOG_SHARES = "encoder_out", "log_probs"  # outputs of the encoder, and of a CTC network
_PATHS_WITH_HOTWORDS = 4


def load_transducer(bundle: Bundle[ZipformerTransducerManifest], choices: RecognizerConfig) -> ZipformerRecognizer:
    """Recognizer of a transducer; raises ModelError, and ConfigError for the file of hotwords."""
    manifest, threads = bundle.manifest, choices.threads
    with _fix(bundle):
        tokens = Tokens.load(bundle.path("tokens"), manifest.vocabulary)
        if tokens.blank() != BLANK:
            raise ModelError(f"{bundle.path('tokens')} has blank at {tokens.blank()}, expected at {BLANK}")
        encoder = StreamingEncoder(OnnxFile(bundle.path("encoder"), threads), manifest.encoder, HEARD)
        decoder, joiner = (OnnxFile(bundle.path(role), threads) for role in ("decoder", "joiner"))
        transducer = Transducer(decoder, joiner, encoder.width, manifest.vocabulary, manifest.context_size)
    phrases = None
    if choices.hotwords_file is not None:
        phrases = load_phrases(Path(choices.hotwords_file).expanduser(), choices.hotwords_score, tokens)
    paths = choices.paths or (_PATHS_WITH_HOTWORDS if phrases else 1)
    if paths == 1:
        return ZipformerRecognizer(bundle, encoder, GreedyTransducer(transducer, tokens.unknown()), tokens)
    search = BeamTransducer(transducer, tokens.unknown(), paths, phrases)
    return ZipformerRecognizer(bundle, encoder, search, tokens)


def load_ctc(bundle: Bundle[ZipformerCtcManifest], choices: RecognizerConfig) -> ZipformerRecognizer:
    """Recognizer of a CTC network; raises ModelError."""
    manifest = bundle.manifest
    with _fix(bundle):
        tokens = Tokens.load(bundle.path("tokens"), manifest.vocabulary)
        file = OnnxFile(bundle.path("network"), choices.threads)
        encoder = StreamingEncoder(file, manifest.encoder, LOG_SHARES)
        if encoder.width != manifest.vocabulary:
            raise ModelError(f"{file.path} has {encoder.width} tokens, the manifest says {manifest.vocabulary}")
        return ZipformerRecognizer(bundle, encoder, GreedyCtc(tokens.blank()), tokens)


@contextmanager
def _fix(bundle: Bundle[ZipformerManifest]) -> Iterator[None]:
    """What to do is said with what is wrong."""
    try:
        yield
    except TooBigError:
        raise
    except ModelError as error:
        raise ModelError(f"{error}; {bundle.fix}") from error
