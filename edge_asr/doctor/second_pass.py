"""The second pass: whether there is one, and whether this machine has the time for it."""

import time

from edge_asr.asr.bundle import load_bundle, verify_bundle
from edge_asr.clock import NS_PER_S
from edge_asr.config import Config
from edge_asr.doctor.finding import Finding, ok, skip, warn
from edge_asr.doctor.model import bundle_bytes, noise
from edge_asr.loading import load_second_pass
from edge_asr.second_pass_choice import needless, second_pass_bundle, unfit
from edge_asr.settings import model_folder

CHECK = "second pass"
_MB = 1_000_000
_TIMED_S = 5.0  # about a sentence
_FINE_SHARE = 0.5  # of the deadline: speech is more work than noise


def second_pass(config: Config, *, full: bool) -> list[Finding]:
    """Load it and let it hear some noise; raises ModelError and ConfigError. `full` compares every checksum."""
    wanted = config.second_pass
    if wanted.enabled is False:
        return [skip(CHECK, "second_pass.enabled = false")]
    folder = model_folder(config)
    first = load_bundle(folder, config.models.bundle).manifest
    bundle = second_pass_bundle(config, first)
    if bundle is None:
        why: str | None = "it is not installed"
        if (folder / wanted.bundle).is_dir():
            second = load_bundle(folder, wanted.bundle).manifest
            why = unfit(second, first) or needless(second, first)
        return [skip(CHECK, f"none by {wanted.bundle}: {why}")]
    if full:
        verify_bundle(bundle)
    found = load_second_pass(config)
    if found is None:  # removed in between
        return [skip(CHECK, f"none: {wanted.bundle} has gone")]
    samples = noise(found.rescorer.sample_rate_hz, _TIMED_S)
    found.rescorer.decode(samples)
    began_ns = time.monotonic_ns()
    found.rescorer.decode(samples)
    took_s = (time.monotonic_ns() - began_ns) / NS_PER_S
    said = f"{wanted.bundle}, {bundle_bytes(bundle) // _MB} MB; {took_s:.1f} s for {_TIMED_S:g} s of noise"
    if took_s < wanted.deadline_s * _FINE_SHARE:
        return [ok(CHECK, said)]
    fix = "second_pass.enabled = false, a smaller second_pass.bundle, or more second_pass.threads where cores are free"
    return [
        warn(CHECK, f"{said}: most finals will not wait so long (second_pass.deadline_s = {wanted.deadline_s:g})", fix)
    ]
