"""The second pass: whether there is one, and whether this machine has the time for it."""

import time

from edge_asr.asr.bundle import load_bundle, verify_bundle
from edge_asr.clock import NS_PER_S
from edge_asr.config import Config
from edge_asr.doctor.finding import Finding, ok, skip, warn
from edge_asr.doctor.model import bundle_bytes, noise
from edge_asr.listening_for import wants_commands, wants_open_speech
from edge_asr.loading import load_second_pass, own_judge
from edge_asr.second_pass_choice import needless, second_pass_bundle, unfit, wanted_bundle
from edge_asr.settings import model_folder

CHECK = "second pass"
_MB = 1_000_000
_TIMED_S = 5.0  # about a sentence
_FINE_SHARE = 0.5  # of the deadline: speech is more work than noise


def second_pass(config: Config, *, full: bool) -> list[Finding]:
    """Load it and let it hear some noise; raises ModelError and ConfigError. `full` compares every checksum."""
    wanted, folder = config.second_pass, model_folder(config)
    rewrites = wanted.enabled is not False and wants_open_speech(config.commands)
    bundle = second_pass_bundle(config, load_bundle(folder, config.models.bundle).manifest) if rewrites else None
    if bundle is None and wants_commands(config.commands) and config.commands.second_opinion is True:
        return [_judge(config, full=full)]
    if not rewrites:
        why = "commands are not rewritten, and nothing else is heard"
        return [skip(CHECK, "second_pass.enabled = false" if wanted.enabled is False else why)]
    if bundle is None:
        return [skip(CHECK, f"none by {wanted.bundle}: {_fault(config)}")]
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


def _fault(config: Config) -> str | None:
    """Why there is none where the configuration leaves that open."""
    folder = model_folder(config)
    if not (folder / config.second_pass.bundle).is_dir():
        return "it is not installed"
    first, second = (load_bundle(folder, name).manifest for name in (config.models.bundle, config.second_pass.bundle))
    return unfit(second, first) or needless(second, first)


def _judge(config: Config, *, full: bool) -> Finding:
    """The same model, that only weighs sentences which sound alike."""
    first = load_bundle(model_folder(config), config.models.bundle).manifest
    bundle = wanted_bundle(config, first, "commands.second_opinion = false")
    if full:
        verify_bundle(bundle)
    judge = own_judge(config)
    assert judge is not None  # noqa: S101 - it is asked for
    samples = noise(judge.sample_rate_hz, _TIMED_S)
    judge.weigh(samples, ["a"])
    began_ns = time.monotonic_ns()
    judge.weigh(samples, ["a", "a"])
    took_s = (time.monotonic_ns() - began_ns) / NS_PER_S
    name, size = config.second_pass.bundle, bundle_bytes(bundle) // _MB
    return ok(CHECK, f"{name}, {size} MB, for commands that sound alike: {took_s:.1f} s for {_TIMED_S:g} s of noise")
