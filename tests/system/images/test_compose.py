"""The house of compose.yaml, from empty volumes to a final, with a broker that lets nobody in without a password."""

import json
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_asr.demo.sample import sample
from tests.small_debian import ROOT
from tests.system.images.conftest import CLEAR, Home
from tests.system.images.container import IMAGE, engine
from tests.waiting import wait_until

BROKER = "docker.io/library/eclipse-mosquitto:2"
PROMETHEUS = "docker.io/prom/prometheus:v3.5.0"
_UP_S = 300
_OVERRIDE = """
services:
  edge-asr:
    volumes: ["{socket}:/run/pulse/native"]
    environment: {{EDGE_ASR__AUDIO__ONE_VALUE_ALARM_S: "0"}}
volumes:
  state: {{name: edge_asr-compose-test}}
"""

pytestmark = [
    pytest.mark.skipif(shutil.which("podman-compose") is None, reason="podman-compose is not installed"),
    pytest.mark.skipif(engine("image", "exists", BROKER).returncode != 0, reason=f"the image {BROKER} is not here"),
]


@pytest.fixture
def folder(home: Home, tmp_path: Path) -> Iterator[Path]:
    """A copy of deploy/, set up; its containers and volumes are gone afterwards."""
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    folder = tmp_path / "deploy" / "compose"
    (folder / "override.yaml").write_text(_OVERRIDE.format(socket=home.socket))
    subprocess.run(["sh", "setup.sh"], cwd=folder, check=True, capture_output=True)
    engine("volume", "create", "edge_asr-compose-test")
    place = Path(engine("volume", "inspect", "--format", "{{.Mountpoint}}", "edge_asr-compose-test").stdout.strip())
    shutil.copytree(home.models / "en", place / "models" / "en")  # what the service `models` would fetch
    for path in (place, *place.rglob("*")):
        os.chown(path, 999, 999)
    yield folder
    compose(folder, "--profile", "monitoring", "down", "--volumes")
    engine("volume", "rm", "--force", "edge_asr-compose-test")


def compose(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = ["podman-compose", "-f", "compose.yaml", "-f", "override.yaml", *words]
    environment = {**os.environ, "EDGE_ASR_IMAGE": IMAGE}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=_UP_S, check=False
    )


def heard(folder: Path, *words: str, user: str = "homeassistant") -> str:
    password = (folder / "secrets" / "homeassistant_password").read_text().strip()
    login = ["-u", user, "-P", password] if user else []
    done = subprocess.run(
        ["mosquitto_sub", "-h", "127.0.0.1", *login, *words], capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout + done.stderr


def up(folder: Path) -> None:
    """All that runs without being asked for, until it listens."""
    done = compose(folder, "up", "-d")
    assert done.returncode == 0, done.stdout + done.stderr
    state = ("-t", "edge_asr/kitchen/state", "-W", "2")
    wait_until(lambda: '"listening"' in heard(folder, *state), 180, "listening")


def test_from_the_microphone_to_home_assistant(home: Home, folder: Path) -> None:
    up(folder)
    words = ["-h", "127.0.0.1", "-u", "homeassistant", "-t", "edge_asr/kitchen/final", "-C", "1", "-W", "40"]
    words += ["-P", (folder / "secrets" / "homeassistant_password").read_text().strip()]
    listener = subprocess.Popen(["mosquitto_sub", *words], stdout=subprocess.PIPE, text=True)
    assert home.server.play(sample()[4]).wait(60) == 0
    told, _ = listener.communicate(timeout=60)
    assert CLEAR in told
    assert "not authorised" in heard(folder, "-t", "#", "-W", "2", user="")


@pytest.mark.skipif(engine("image", "exists", PROMETHEUS).returncode != 0, reason=f"the image {PROMETHEUS} is not here")
def test_prometheus_asks_the_daemon_with_its_token(folder: Path) -> None:
    up(folder)
    done = compose(folder, "--profile", "monitoring", "up", "-d", "--no-recreate", "prometheus")
    assert done.returncode == 0, done.stdout + done.stderr
    query = "http://127.0.0.1:9090/api/v1/query?query=edge_asr_audio_seconds_total"

    def scraped() -> bool:
        try:
            with urllib.request.urlopen(query, timeout=5) as answer:
                return bool(json.load(answer)["data"]["result"])
        except OSError:
            return False

    wait_until(scraped, 60, "a scrape")
