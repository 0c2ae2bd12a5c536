"""Which voice detector guards the gate: webrtc's, Silero's where its bundle is installed, or both."""

import logging

from edge_asr.asr.bundle import Bundle, load_bundle, of_family
from edge_asr.asr.manifest import SileroManifest
from edge_asr.audio.silero import SecondOpinion, SileroVad
from edge_asr.audio.slow_gain import SlowGain
from edge_asr.audio.vad import Vad, WebRtcVad
from edge_asr.config import Config
from edge_asr.errors import ConfigError, ModelError
from edge_asr.sensitivity import thresholds
from edge_asr.settings import model_folder

log = logging.getLogger(__name__)

SILERO_BUNDLE = "silero-vad"


def build_vad(config: Config, sample_rate_hz: int) -> Vad:
    """A fresh voice detector, as `gate.vad` wants it; raises ModelError, and ConfigError when it hears another rate.

    Under "auto" a bundle that cannot be loaded is one warning.
    """
    gate = config.gate
    now = thresholds(gate, gate.sensitivity)
    webrtc = WebRtcVad(now.vad_mode, sample_rate_hz, gate.vad_max_gain_db)
    try:
        silero = _load_silero(config, sample_rate_hz, now.silero_threshold)
    except ModelError as error:
        if gate.vad != "auto":
            raise
        log.warning("no second opinion on voices, the gate opens to more noise: %s", error)
        return webrtc
    if silero is None:
        return webrtc
    if gate.vad == "silero":
        return silero
    return SecondOpinion(webrtc, silero, SlowGain(sample_rate_hz, gate.vad_max_gain_db))


def silero_bundle(config: Config, sample_rate_hz: int) -> Bundle[SileroManifest] | None:
    """Bundle of the neural voice detector, None when webrtc decides alone.

    Raises ModelError, and ConfigError when it is asked for and hears another rate than the recognizer.
    """
    wanted, folder = config.gate.vad, model_folder(config)
    if wanted == "webrtc" or (wanted == "auto" and not (folder / SILERO_BUNDLE).is_dir()):
        return None
    bundle = of_family(load_bundle(folder, SILERO_BUNDLE), SileroManifest)
    if bundle.manifest.sample_rate_hz == sample_rate_hz:
        return bundle
    if wanted == "auto":
        return None
    raise ConfigError(
        f"gate.vad = {wanted!r}: Silero hears {bundle.manifest.sample_rate_hz} Hz, the model {config.models.bundle!r} "
        f'{sample_rate_hz} Hz; set gate.vad = "webrtc"'
    )


def _load_silero(config: Config, sample_rate_hz: int, threshold: float) -> SileroVad | None:
    bundle = silero_bundle(config, sample_rate_hz)
    if bundle is None:
        return None
    return SileroVad(
        bundle.path("network"),
        bundle.manifest.window_samples,
        bundle.manifest.context_samples,
        sample_rate_hz,
        threshold,
        config.gate.vad_max_gain_db,
    )
