"""Who opens the gate, and what a second opinion costs here."""

import time

import numpy as np

from edge_asr.asr.bundle import verify_bundle
from edge_asr.audio.gate import BLOCK_MS
from edge_asr.clock import NS_PER_S
from edge_asr.config import Config
from edge_asr.detector import SILERO_BUNDLE, build_vad, silero_bundle
from edge_asr.doctor.finding import Finding, ok
from edge_asr.doctor.model import noise

CHECK = "voice detector"
_TIMED_S = 4.0


def voice_detector(config: Config, sample_rate_hz: int, *, full: bool) -> list[Finding]:
    """Let it hear some noise; raises ModelError and ConfigError. `full` compares every checksum."""
    wanted = config.gate.vad
    bundle = silero_bundle(config, sample_rate_hz)
    if bundle is None:
        better = "" if wanted == "webrtc" else f"; steady noise opens it, less so after: models pull {SILERO_BUNDLE}"
        return [ok(CHECK, f"webrtc alone (gate.vad = {wanted}){better}")]
    if full:
        verify_bundle(bundle)
    vad = build_vad(config, sample_rate_hz)
    samples = noise(sample_rate_hz, _TIMED_S)
    size = sample_rate_hz * BLOCK_MS // 1000
    began_ns = time.monotonic_ns()
    for block in np.split(samples[: len(samples) // size * size], len(samples) // size):
        vad.voiced(block)
    share = (time.monotonic_ns() - began_ns) / NS_PER_S / _TIMED_S
    who = "Silero alone" if wanted == "silero" else "webrtc, then Silero"
    return [ok(CHECK, f"{who} ({bundle.manifest.version}); {100 * share:.1f} % of one core in noise")]
