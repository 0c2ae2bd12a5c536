"""A container is known by the marks of its engine, and a machine is never taken for one."""

from pathlib import Path

import pytest

from edge_asr.container import container_engine, pull_command


def root(folder: Path, **files: str) -> Path:
    (folder / "run").mkdir()
    for name, text in files.items():
        (folder / name.replace("_", "/")).write_text(text)
    return folder


def test_a_machine_is_no_container(tmp_path: Path) -> None:
    assert container_engine(root(tmp_path), {}) is None
    assert container_engine(tmp_path, {"container": "lxc"}) is None  # a whole system, with apt and a sound server
    assert container_engine(tmp_path, {"container": "systemd-nspawn", "HOME": "/root"}) is None


@pytest.mark.parametrize(
    ("text", "engine"),
    [("", "podman"), ('engine="podman-4.3.1"\nname="x"\n', "podman"), ('engine="nerdctl"', "nerdctl")],
)
def test_the_mark_of_podman_names_the_engine_or_is_empty(text: str, engine: str, tmp_path: Path) -> None:
    (root(tmp_path) / "run" / ".containerenv").write_text(text)
    assert container_engine(tmp_path, {}) == engine


def test_docker_and_kubernetes(tmp_path: Path) -> None:
    assert container_engine(tmp_path, {"container": "oci"}) == "container"
    assert container_engine(tmp_path, {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}) == "kubernetes"
    (tmp_path / ".dockerenv").touch()
    assert container_engine(tmp_path, {}) == "docker"


def test_a_model_comes_into_the_volume_by_the_engine_that_is_here() -> None:
    assert pull_command("en", "podman") == "podman run --rm -v edge_asr:/var/lib/edge_asr edge-asr:models pull en"
    assert pull_command("zh", "kubernetes").startswith("docker run ")
