"""The bundle: whole, loadable, and how fast this machine decodes with it."""

import time
from typing import Any

import numpy as np

from edge_asr.asr.bundle import Bundle, load_bundle, verify_bundle
from edge_asr.asr.manifest import Manifest
from edge_asr.asr.moonshine.recognizer import MoonshineRecognizer
from edge_asr.asr.recognizer import Recognizer
from edge_asr.audio.chunk import Samples
from edge_asr.clock import NS_PER_S
from edge_asr.config import Config
from edge_asr.doctor.finding import Finding, ok, warn
from edge_asr.loading import load_recognizer
from edge_asr.settings import model_folder

MODEL, SPEED = "model", "speed"
_MB = 1_000_000
_WARM_S, _TIMED_S = 1.0, 4.0
_STEP_MS = 100
_FINE_RTF, _TIGHT_RTF = 0.5, 0.9
_NOISE_SEED = 1
_ALONE = "it listens alone, its text is in the partials"


def model(config: Config, *, full: bool) -> tuple[Finding, Recognizer[Any]]:
    """Load the bundle and decode a second of noise with it; raises ModelError. `full` compares every checksum."""
    bundle = load_bundle(model_folder(config), config.models.bundle)
    if full:
        verify_bundle(bundle)
    began_ns = time.monotonic_ns()
    recognizer = load_recognizer(config)
    load_s = (time.monotonic_ns() - began_ns) / NS_PER_S
    decode(recognizer, _WARM_S)
    manifest = bundle.manifest
    sums = "every checksum is right" if full else "checksums: --full"
    said = (
        f"{manifest.name} ({manifest.description}, {manifest.version}) in {bundle.folder}, "
        f"{bundle_bytes(bundle) // _MB} MB, loads in {load_s:.1f} s; {sums}"
    )
    if isinstance(recognizer, MoonshineRecognizer):
        said += f"; {_ALONE}"
    return ok(MODEL, said), recognizer


def speed(config: Config, recognizer: Recognizer[Any]) -> Finding:
    """Compute time for each second of audio; a hint, because noise is not speech and the machine may be busy now."""
    rtf = decode(recognizer, _TIMED_S) / _TIMED_S
    threads = config.recognizer.threads
    said = f"RTF {rtf:.2f} on {_TIMED_S:g} s of noise with {threads} thread(s)"
    if rtf < _FINE_RTF:
        return ok(SPEED, f"{said}: fine")
    cheaper = "models.bundle=en" if isinstance(recognizer, MoonshineRecognizer) else "recognizer.max_active=2000"
    fix = f"--set {cheaper}, or more recognizer.threads where cores are free"
    return warn(SPEED, f"{said}: {'tight' if rtf < _TIGHT_RTF else 'too slow'}", fix)


def bundle_bytes(bundle: Bundle[Manifest]) -> int:
    """Size of all files together."""
    return sum(file.bytes for file in bundle.manifest.files.values())


def decode(recognizer: Recognizer[Any], seconds: float) -> float:
    """Seconds that it took to decode `seconds` of noise that swells four times a second, as syllables do."""
    step = recognizer.sample_rate_hz * _STEP_MS // 1000
    samples = noise(recognizer.sample_rate_hz, seconds)
    began_ns = time.monotonic_ns()
    state = recognizer.start()
    for begin in range(0, len(samples), step):
        _, state = recognizer.step(samples[begin : begin + step], state)
    recognizer.finish(state)
    return (time.monotonic_ns() - began_ns) / NS_PER_S


def noise(sample_rate_hz: int, seconds: float) -> Samples:
    """Always the same noise, int16 of shape (n,)."""
    count = int(sample_rate_hz * seconds)
    swell = 0.5 - 0.5 * np.cos(2 * np.pi * 4.0 * np.arange(count) / sample_rate_hz)
    hiss = np.random.default_rng(_NOISE_SEED).normal(0.0, 3000.0, count)
    samples: Samples = np.clip(hiss * swell, -32768, 32767).astype(np.int16)
    return samples
