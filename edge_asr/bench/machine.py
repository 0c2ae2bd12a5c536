"""What was measured, and on what: a number without them says nothing."""

import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from edge_asr import __version__
from edge_asr.asr.bundle import load_bundle
from edge_asr.config import Config
from edge_asr.detector import silero_bundle
from edge_asr.second_pass_choice import second_pass_bundle
from edge_asr.settings import model_folder

_BOARD = Path("/proc/device-tree/model")  # a Raspberry Pi's own name
_CPUS = Path("/proc/cpuinfo")
_BUSY_LOAD = 0.5  # of all cores together; a quiet machine stays below
_OWN_PACKAGES = ("onnxruntime", "kaldi-decoder", "numpy")


class Setting(msgspec.Struct, frozen=True):
    """Machine, versions and bundle of one measurement."""

    cpu: str
    cores: int
    architecture: str
    load_1min: float  # when the measurement began
    python: str
    versions: dict[str, str]
    bundle: str
    language: str
    bundle_source: str
    second_pass: str | None  # bundle of it, None: there is none
    silero: str | None  # bundle of the gate's neural voice detector, None: webrtc decides alone

    @property
    def busy(self) -> bool:
        """Whether others were computing when it began."""
        return self.load_1min > _BUSY_LOAD

    def line(self) -> str:
        """All of it for a person."""
        versions = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        return (
            f"{self.cpu}, {self.cores} cores, {self.architecture}, load {self.load_1min:.2f}; "
            f"Python {self.python}, {versions}; bundle {self.bundle} ({self.bundle_source}), "
            f"second pass {self.second_pass or 'none'}, gate {self.silero or 'webrtc'}"
        )


def setting(config: Config, packages: Sequence[str] = ()) -> Setting:
    """What is to be measured now; `packages` are named beside our own. Raises ModelError when there is no bundle."""
    manifest = load_bundle(model_folder(config), config.models.bundle).manifest
    second = second_pass_bundle(config, manifest)
    silero = silero_bundle(config, manifest.sample_rate_hz)
    return Setting(
        cpu=_cpu(),
        cores=len(os.sched_getaffinity(0)),
        architecture=platform.machine(),
        load_1min=round(os.getloadavg()[0], 2),
        python=platform.python_version(),
        versions={"edge_asr": __version__, **{name: _version(name) for name in (*_OWN_PACKAGES, *packages)}},
        bundle=f"{manifest.name} {manifest.version}",
        language=manifest.language,
        bundle_source=manifest.source,
        second_pass=None if second is None else f"{second.manifest.name} {second.manifest.version}",
        silero=None if silero is None else f"{silero.manifest.name} {silero.manifest.version}",
    )


def _cpu() -> str:
    try:
        return _BOARD.read_text().rstrip("\0\n")
    except OSError:
        pass
    for line in _CPUS.read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.processor() or "an unnamed CPU"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"
