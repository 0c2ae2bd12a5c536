"""Whether this runs in a container: then other hands mend what is missing than on a machine of its own."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

_ENGINE = re.compile(r'^engine="(?P<name>[a-z]+)', re.MULTILINE)
_FILES = {"run/.containerenv": "podman", ".dockerenv": "docker"}
_NAMES = ("podman", "docker", "oci")  # $container of systemd-nspawn or LXC means a whole system


def container_engine(root: Path = Path("/"), environment: Mapping[str, str] | None = None) -> str | None:
    """Name of the engine, "container" where it does not tell; None on a machine. Never raises.

    The marks are those that the engines leave: Podman's /run/.containerenv, Docker's /.dockerenv, $container, and the
    address that Kubernetes gives to all of its own.
    """
    variables = os.environ if environment is None else environment
    if variables.get("KUBERNETES_SERVICE_HOST"):
        return "kubernetes"
    for name, engine in _FILES.items():
        mark = root / name
        if os.path.lexists(mark):
            return _named(mark) or engine
    named = variables.get("container", "")
    if named not in _NAMES:
        return None
    return "container" if named == "oci" else named


def pull_command(name: str, engine: str) -> str:
    """How a model comes into the volume of an image that builds none."""
    tool = "podman" if engine == "podman" else "docker"
    return f"{tool} run --rm -v edge_asr:/var/lib/edge_asr edge-asr:models pull {name}"


def _named(mark: Path) -> str | None:
    """Engine that the file itself names; Podman writes it where the container may see it."""
    try:
        found = _ENGINE.search(mark.read_text("utf-8", "replace"))
    except OSError:
        return None
    return None if found is None else found["name"]
