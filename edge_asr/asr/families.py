"""From a bundle to its recognizer: the one place that knows every family."""

from typing import Any

from edge_asr.asr.bundle import Bundle, of_family
from edge_asr.asr.judge import Judge
from edge_asr.asr.kaldi.labels import Labels
from edge_asr.asr.kaldi.lexicon import Lexicon
from edge_asr.asr.kaldi.recognizer import KaldiRecognizer
from edge_asr.asr.manifest import (
    KaldiManifest,
    Manifest,
    MoonshineManifest,
    ZipformerCtcManifest,
    ZipformerTransducerManifest,
)
from edge_asr.asr.moonshine.model import Moonshine
from edge_asr.asr.moonshine.recognizer import MoonshineRecognizer
from edge_asr.asr.recognizer import Recognizer
from edge_asr.asr.rescorer import Rescorer
from edge_asr.asr.zipformer.load import load_ctc, load_transducer
from edge_asr.config import RecognizerConfig
from edge_asr.errors import ConfigError, ModelError


def load_streaming(bundle: Bundle[Manifest], choices: RecognizerConfig, *, open_speech: bool = True) -> Recognizer[Any]:
    """Streaming recognizer of a bundle; raises ModelError when it is of a family that cannot stream.

    Without `open_speech` it shall hear commands alone: a family that can saves the memory of all else.
    Raises ConfigError for choices that its family cannot follow.
    """
    manifest = bundle.manifest
    if isinstance(manifest, ZipformerTransducerManifest):
        return load_transducer(of_family(bundle, ZipformerTransducerManifest), choices)
    if choices.hotwords_file is not None:
        kind = type(manifest).__struct_config__.tag
        raise ConfigError(
            f"recognizer.hotwords_file is set, and the model {manifest.name!r} is of the kind {kind!r}: "
            "only a transducer can listen for phrases, leave it out or choose another models.bundle"
        )
    if isinstance(manifest, ZipformerCtcManifest):
        return load_ctc(of_family(bundle, ZipformerCtcManifest), choices)
    if isinstance(manifest, MoonshineManifest):
        return MoonshineRecognizer(Moonshine(of_family(bundle, MoonshineManifest), threads=choices.threads))
    kaldi = of_family(bundle, KaldiManifest)
    return KaldiRecognizer(
        kaldi,
        threads=choices.threads,
        beam=choices.beam,
        max_active=choices.max_active,
        open_speech=open_speech,
    )


def load_lexicon(bundle: Bundle[Manifest]) -> Lexicon:
    """Words that a bundle can hear commands of; raises ModelError when it can hear none."""
    manifest = bundle.manifest
    if not isinstance(manifest, KaldiManifest) or "lexicon" not in manifest.files:
        kind = type(manifest).__struct_config__.tag
        fix = bundle.fix if isinstance(manifest, KaldiManifest) else "choose another models.bundle, for example 'en'"
        raise ModelError(f"the model {manifest.name!r} ({kind}) has no pronunciations, which commands need; {fix}")
    kaldi = of_family(bundle, KaldiManifest)
    labels = Labels.load(bundle.path("labels"), kaldi.manifest.labels, kaldi.manifest.pdfs)
    return Lexicon.load(bundle.path("lexicon"), kaldi.manifest.labels, labels.silence)


def longest_utterance_s(manifest: Manifest) -> float | None:
    """Audio that the recognizer of a bundle can hear as one utterance, in seconds; None: any."""
    return manifest.longest_s if isinstance(manifest, MoonshineManifest) else None


def as_judge(rescorer: Rescorer) -> Judge | None:
    """The same model, where it can weigh texts too."""
    return rescorer if isinstance(rescorer, Moonshine) else None


def load_offline(bundle: Bundle[Manifest], threads: int) -> Rescorer:
    """Model of the second pass; raises ModelError when the bundle is of a family that only streams."""
    return Moonshine(of_family(bundle, MoonshineManifest), threads=threads)
