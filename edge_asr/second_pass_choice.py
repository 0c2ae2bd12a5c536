"""Which bundle is the second pass behind which first one, and why it is none."""

import logging

from edge_asr.asr.bundle import Bundle, load_bundle
from edge_asr.asr.manifest import Manifest, MoonshineManifest
from edge_asr.config import Config
from edge_asr.errors import ConfigError
from edge_asr.settings import model_folder

log = logging.getLogger(__name__)


def second_pass_bundle(config: Config, first: Manifest) -> Bundle[Manifest] | None:
    """Bundle of the second pass behind a first one, None when there is to be none.

    Raises ModelError, and ConfigError when it is asked for and cannot hear what the first pass hears.
    """
    wanted, folder = config.second_pass, model_folder(config)
    if wanted.enabled is False or (wanted.enabled == "auto" and not (folder / wanted.bundle).is_dir()):
        return None
    if wanted.enabled is True:
        return wanted_bundle(config, first, "second_pass.enabled = false")
    bundle: Bundle[Manifest] = load_bundle(folder, wanted.bundle)
    fault = unfit(bundle.manifest, first) or needless(bundle.manifest, first)
    if fault is None:
        return bundle
    log.info("no second pass: second_pass.bundle = %r: %s", wanted.bundle, fault)
    return None


def wanted_bundle(config: Config, first: Manifest, without: str) -> Bundle[Manifest]:
    """The same bundle, which somebody asks for; `without` is the setting by which he could do without.

    Raises ModelError, and ConfigError when it cannot hear what the first pass hears.
    """
    name = config.second_pass.bundle
    bundle: Bundle[Manifest] = load_bundle(model_folder(config), name)
    fault = unfit(bundle.manifest, first)
    if fault is not None:
        raise ConfigError(f"second_pass.bundle = {name!r}: {fault}; choose another, or {without}")
    return bundle


def unfit(second: Manifest, first: Manifest) -> str | None:
    """Why a model cannot be the second pass of another."""
    if second.language.split("-")[0] != first.language.split("-")[0]:
        return f"it speaks {second.language!r}, {first.name!r} speaks {first.language!r}"
    if second.sample_rate_hz != first.sample_rate_hz:
        return f"it hears {second.sample_rate_hz} Hz, {first.name!r} hears {first.sample_rate_hz} Hz"
    return None


def needless(second: Manifest, first: Manifest) -> str | None:
    """Why a model is not worth its work as the second pass of another, unless it is asked for."""
    if isinstance(second, MoonshineManifest) and isinstance(first, MoonshineManifest) and second.width <= first.width:
        return f"{first.name!r} has heard it already, and is no smaller; to have it all the same, enabled = true"
    return None
