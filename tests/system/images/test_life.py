"""A container's life: locked up, asked for its health, stopped, and built anew."""

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from tests.small_debian import ROOT
from tests.system.images.conftest import CLEAR, Home
from tests.system.images.container import IMAGE, OWN, Container, engine, once
from tests.waiting import wait_until

LOCKED_UP = ("--read-only", "--read-only-tmpfs=false", "--cap-drop=all", "--security-opt=no-new-privileges")
_STOP_S = 5.0


def test_it_runs_with_nothing_to_write_no_rights_and_no_way_to_any(home: Home) -> None:
    with Container(OWN, [*LOCKED_UP, *home.flags()], home.command()) as container:
        home.until_listening()
        assert home.hears() == CLEAR
        status = container.inside("cat", "/proc/1/status").out
        assert re.search(r"^CapBnd:\s+0+$", status, re.MULTILINE)
        assert re.search(r"^NoNewPrivs:\s+1$", status, re.MULTILINE)
        assert re.search(r"^Uid:\s+999\s", status, re.MULTILINE)
        assert container.inside("touch", "/opt/edge_asr/x").code != 0


def test_it_ends_in_good_order_within_five_seconds(home: Home) -> None:
    with Container(OWN, home.flags(), home.command()) as container:
        home.until_listening()
        took_s = container.stop_s()
        assert container.exit_code() == 0
        assert took_s < _STOP_S
        wait_until(lambda: home.listener.of("availability")[-1].body["text"] == "offline", 5, "offline")


def test_its_health_is_the_daemons_own_word(home: Home) -> None:
    with Container(OWN, home.flags(), home.command()) as container:
        home.until_listening()
        wait_until(lambda: container.health() == "healthy", 20, "healthy")
        container.signal("STOP")
        assert container.health() == "unhealthy"
        container.signal("CONT")
        wait_until(lambda: container.health() == "healthy", 20, "healthy again")


def test_an_image_holds_no_tools_and_nothing_of_who_built_it() -> None:
    for tool in ("pip", "pip3", "gcc", "cc", "git", "npm"):
        assert once(OWN, tool, flags=["--entrypoint", "which"]).code != 0
    name = f"{IMAGE}:{OWN}"
    told = engine("image", "inspect", name).stdout + engine("history", "--no-trunc", name).stdout
    assert "://" not in told.replace("http://deb.debian.org", "")
    labels = engine("image", "inspect", "--format", "{{.Labels}}", name).stdout
    assert "org.opencontainers.image.version:" in labels
    assert "org.opencontainers.image.licenses:Apache-2.0" in labels


def test_another_line_of_code_makes_the_last_layer_anew_alone(tmp_path: Path) -> None:
    again = tmp_path / "again"
    for part in ("docker", "edge_asr", "locks", "models"):
        shutil.copytree(ROOT / part, again / part, ignore=shutil.ignore_patterns("__pycache__"))
    for part in (".dockerignore", "pyproject.toml"):
        shutil.copy2(ROOT / part, again / part)
    with (again / "edge_asr" / "heap.py").open("a") as file:
        file.write(f"# {time.time_ns()}\n")
    began = time.monotonic()
    build = ["sh", str(again / "docker" / "build.sh")]
    environment = {**os.environ, "ARCHITECTURES": OWN, "TAG": "again", "IMAGE": IMAGE}
    done = subprocess.run(build, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    print(f"built anew in {time.monotonic() - began:.1f} s")
    before, after = layers(f"{IMAGE}:{OWN}"), layers(f"{IMAGE}:again-{OWN}")
    engine("rmi", "--force", f"{IMAGE}:again-{OWN}", f"{IMAGE}:again")
    assert after[:-1] == before[:-1]
    assert after[-1] != before[-1]


def layers(image: str) -> list[str]:
    """Digests of its layers, the lowest first."""
    return engine("image", "inspect", "--format", "{{range .RootFS.Layers}}{{.}} {{end}}", image).stdout.split()


def test_from_its_start_to_its_ears(home: Home) -> None:
    began = time.monotonic()
    with Container(OWN, home.flags(), home.command()):
        home.until_listening()
        print(f"listening {time.monotonic() - began:.1f} s after the container was asked for")
    assert home.listener.state() == "listening"
