"""A new bundle of the Moonshine family is tried before it is put in place."""

import numpy as np

from edge_asr.asr.bundle import Bundle
from edge_asr.asr.manifest import MoonshineManifest
from edge_asr.asr.moonshine.model import Moonshine
from edge_asr.errors import ModelError, RecognitionError

_NOISE_S = 2.0
_LOUDNESS = 2000.0


def check_built(bundle: Bundle[MoonshineManifest]) -> None:
    """Load it and write down some noise, in all ways: a draft may save time, it may not change a token.

    Raises ModelError.
    """
    model = Moonshine(bundle)
    count = int(_NOISE_S * model.sample_rate_hz)
    noise = (np.random.default_rng(0).standard_normal(count) * _LOUDNESS).astype(np.int16)
    try:
        model.decode(noise)
        alone = model.decode(noise, draft=())
        drafted = model.decode(noise, draft=alone.tokens)
        misled = model.decode(noise, draft=[*alone.tokens[:1], bundle.manifest.start_token])
    except RecognitionError as error:
        raise ModelError(f"{bundle.manifest.name} does not decode: {error}") from error
    if not alone.tokens == drafted.tokens == misled.tokens:
        raise ModelError(f"{bundle.manifest.name} writes other tokens with a draft than without")
