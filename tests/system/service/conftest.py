"""The package under test, the image of a Debian that boots, and a machine on which all of it is installed.

`make test-service` runs these; they want root, podman, buildah and mmdebstrap, Debian's mirrors once, and no registry.
Without EDGE_ASR_DEB, the package, nothing here is a test.
"""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_asr.config import Config
from edge_asr.demo.sample import sample
from edge_asr.settings import model_folder
from tests.system.service.machine import PACKAGE, UNIT, Machine, command, podman

FOLDER = Path(__file__).parent
BASE = "localhost/edge-asr-test-base:bookworm"
IMAGE = "localhost/edge-asr-test-service:latest"
SENTENCE = "/srv/sentence.wav"
TOOLS = {"podman": "podman", "buildah": "buildah", "mmdebstrap": "mmdebstrap", "dpkg-deb": "dpkg"}
CONFIGURATION = """
[mqtt]
username = "kitchen"
password_file = "mqtt_password"
[mqtt.spool]
mode = "disk"
[gate]
vad = "webrtc"
[audio]
one_value_alarm_s = 0
"""  # a virtual microphone is digitally silent when nobody speaks
DROP_IN = f"/etc/systemd/system/{UNIT}.d"
HOUSE = """
[Service]
Environment=PULSE_SERVER=unix:/run/pulse/native
LoadCredential=mqtt_password:/etc/edge_asr/mqtt_password
"""

if "EDGE_ASR_DEB" not in os.environ:
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def package() -> Path:
    """The package under test."""
    missing = [name for program, name in TOOLS.items() if shutil.which(program) is None]
    if os.geteuid() != 0 or missing:
        pytest.fail(f"containers that boot want root, and {' '.join(missing) or 'sudo'}: sudo apt install {missing}")
    return Path(os.environ["EDGE_ASR_DEB"]).resolve()


@pytest.fixture(scope="session")
def image(package: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A Debian that boots, with what the package depends on and not the package."""
    if podman("image", "exists", BASE, check=False).returncode != 0:
        archive = tmp_path_factory.mktemp("base") / "base.tar"
        words = ["--quiet", "--variant=minbase", "--mode=root", "--include=ca-certificates", "bookworm", str(archive)]
        command("mmdebstrap", *words, deadline_s=900)
        podman("import", "--quiet", str(archive), BASE)
    wanted = command("dpkg-deb", "--field", str(package), "Depends").stdout
    names = " ".join(re.split(r"[ |(]", one.strip())[0] for one in wanted.split(","))
    words = ["--quiet", "--pull-never", "--layers", "--format=docker", f"--tag={IMAGE}"]
    arguments = [f"--build-arg=BASE={BASE}", f"--build-arg=DEPENDS={names}"]
    file = f"--file={FOLDER / 'Containerfile'}"
    command("buildah", "build", *words, *arguments, file, str(FOLDER / "house"), deadline_s=900)
    return IMAGE


@pytest.fixture(scope="session")
def shared(package: Path) -> dict[Path, str]:
    """What the host lends to a machine: the package, a model, a sentence."""
    return {package: PACKAGE, model_folder(Config()) / "en": "/srv/en", sample()[4]: SENTENCE}


@pytest.fixture(scope="session")
def appliance(image: str, shared: dict[Path, str]) -> Iterator[Machine]:
    """Installed, set up for its house, listening; each test leaves it so."""
    with Machine("edge-asr-test-appliance", image, shared) as machine:
        machine.install()
        machine.write("/etc/edge_asr/config.toml", CONFIGURATION)
        machine.write("/etc/edge_asr/mqtt_password", "s3cret\n")
        machine.run("chmod", "600", "/etc/edge_asr/mqtt_password")
        machine.write(f"{DROP_IN}/house.conf", HOUSE)
        machine.copy_model()
        machine.run("systemctl", "daemon-reload")
        machine.run("systemctl", "restart", UNIT)
        machine.until_listening()
        yield machine
