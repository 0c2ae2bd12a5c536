"""The road from a fresh system to `make run`: the packages' script, the Makefile and the lock files."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "deploy" / "debian" / "packages.sh"
LOCKS = ROOT / "locks"
REAL_TOOLS = ("sh", "grep", "sed", "cut", "sort", "head", "getconf", "timeout", "env", "cat", "uname", "touch", "rm")
RUN_PACKAGES = [
    "libportaudio2",
    "libasound2-plugins",
    "mosquitto",
    "mosquitto-clients",
    "libfst-tools",
    "libfst22-plugins-base",
    "pulseaudio",
    "pulseaudio-utils",
    "pocketsphinx-testdata",
]
TEST_PACKAGES = [*RUN_PACKAGES, "openssl", "shellcheck"]

FAKES = {
    # installed packages are lines of the file `installed`; what is asked of root is a line of `log`
    "dpkg-query": """
        case $4 in
          'libfst*-plugins-base') grep '^libfst[0-9]*-plugins-base$' "$SYSTEM/installed" | sed 's/$/ installed/' ;;
          *) grep -qx "$4" "$SYSTEM/installed" && echo installed ;;
        esac""",
    "apt-cache": """
        [ -e "$SYSTEM/lists" ] || exit 1
        [ "$1" != search ] || echo "libfst22-plugins-base - plugins" """,
    "apt-get": """
        case " $* " in
          *" -s "*) [ ! -e "$SYSTEM/removes" ] || cat "$SYSTEM/removes"; exit 0 ;;
          *" update "*) echo update >> "$SYSTEM/log"; touch "$SYSTEM/lists"; exit 0 ;;
        esac
        echo "$*" >> "$SYSTEM/log"
        echo "DEBIAN_FRONTEND=$DEBIAN_FRONTEND" >> "$SYSTEM/log"
        [ ! -e "$SYSTEM/stale" ] || { rm "$SYSTEM/stale"; exit 100; }
        for word; do echo "$word" >> "$SYSTEM/installed"; done""",
    "sudo": """echo "sudo $1" >> "$SYSTEM/log"; exec "$@" """,
    "systemctl": """echo "systemctl $*" >> "$SYSTEM/log" """,
    "id": """cat "$SYSTEM/uid" """,
    "python3": """
        case $2 in
          *version_info*) exit "$(cat "$SYSTEM/python")" ;;
          *ensurepip*) exit 0 ;;
        esac
        echo "Python 3.9.2" """,
}


class System:
    """A small Debian made of scripts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        self.bin.mkdir()
        for tool in REAL_TOOLS:
            real = shutil.which(tool)
            assert real is not None
            (self.bin / tool).symlink_to(real)
        for name, body in FAKES.items():
            self.fake(name, body)
        for name, content in {"installed": "", "log": "", "uid": "1000\n", "python": "0\n"}.items():
            (folder / name).write_text(content)
        (folder / "lists").touch()

    def fake(self, name: str, body: str) -> None:
        """Put a program of shell into the system."""
        file = self.bin / name
        file.unlink(missing_ok=True)
        file.write_text(f"#!/bin/sh\n{body}\n")
        file.chmod(0o755)

    def install(self, *packages: str) -> None:
        """Have these packages already."""
        (self.folder / "installed").write_text("".join(f"{package}\n" for package in packages))

    def touch(self, path: str, content: str = "") -> None:
        """Have this file."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)

    def run(self, purpose: str = "run") -> "subprocess.CompletedProcess[str]":
        """Run the script."""
        environment = {"PATH": str(self.bin), "SYSTEM": str(self.folder), "EDGE_ASR_ROOT": str(self.folder)}
        return subprocess.run(
            ["sh", str(SCRIPT), purpose], env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    def log(self) -> list[str]:
        """What was asked of root."""
        return (self.folder / "log").read_text().splitlines()

    def asked_to_install(self) -> list[str]:
        """Packages of the last `apt-get install`."""
        line = [line for line in self.log() if " install " in line][-1]
        return [word for word in line.partition(" install ")[2].split() if not word.startswith("-")]


@pytest.fixture
def system(tmp_path: Path) -> System:
    return System(tmp_path)


def test_a_complete_system_is_left_alone_without_a_word(system: System) -> None:
    system.install(*TEST_PACKAGES)
    for purpose in ("run", "test"):
        done = system.run(purpose)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert system.log() == []


def test_a_fresh_system_gets_what_is_missing_and_is_told_why(system: System) -> None:
    done = system.run()
    assert done.returncode == 0, done.stderr
    assert system.asked_to_install() == RUN_PACKAGES
    for package in RUN_PACKAGES:
        assert re.search(rf"^  {package} +\S.*$", done.stdout, re.MULTILINE)
    shown = next(line for line in done.stdout.splitlines() if "apt-get" in line)
    assert shown.startswith("Installing them: sudo apt-get install --no-install-recommends --no-remove libportaudio2 ")
    log = system.log()
    assert log[0] == "sudo env"
    assert "DPkg::Lock::Timeout=300" in log[1]
    assert log[2] == "DEBIAN_FRONTEND=noninteractive"
    assert "update" not in log
    assert system.run().stdout == ""


def test_the_tests_need_more(system: System) -> None:
    assert system.run("test").returncode == 0
    assert system.asked_to_install() == TEST_PACKAGES


def test_only_what_is_missing_is_installed(system: System) -> None:
    system.install(*[package for package in RUN_PACKAGES if package != "libportaudio2"])
    assert system.run().returncode == 0
    assert system.asked_to_install() == ["libportaudio2"]


def test_a_broker_that_is_no_package_counts(system: System) -> None:
    system.install(*[package for package in RUN_PACKAGES if package != "mosquitto"])
    system.touch("usr/sbin/mosquitto", "#!/bin/sh\n")
    (system.folder / "usr/sbin/mosquitto").chmod(0o755)
    assert system.run().stdout == ""


@pytest.mark.parametrize("by", ["card", "server"])
def test_with_a_microphone_none_is_stood_in_for(system: System, by: str) -> None:
    if by == "card":
        system.touch("proc/asound/pcm", "00-00: USB Audio : USB Audio : capture 1\n")
    else:
        system.fake("pactl", "printf '1\\tfeed.monitor\\tnull\\n2\\tusb_mic\\tremap\\n'")
    assert system.run().returncode == 0
    assert system.asked_to_install() == RUN_PACKAGES[:-3]


def test_loudspeakers_are_no_microphone(system: System) -> None:
    system.touch("proc/asound/pcm", "00-00: bcm2835 Headphones : bcm2835 Headphones : playback 8\n")
    system.fake("pactl", "printf '1\\talsa_output.hdmi.monitor\\tmodule\\n'")
    assert system.run().returncode == 0
    assert "pulseaudio" in system.asked_to_install()


def test_lists_are_fetched_only_when_apt_does_not_know_a_package(system: System) -> None:
    (system.folder / "lists").unlink()
    done = system.run()
    assert done.returncode == 0, done.stderr
    assert system.log()[1] == "update"
    assert system.asked_to_install() == RUN_PACKAGES


def test_stale_lists_are_fetched_and_the_install_tried_again(system: System) -> None:
    system.touch("stale")
    assert system.run().returncode == 0
    assert [line.split()[0] for line in system.log() if "install" in line or line == "update"] == ["-q", "update", "-q"]


def test_root_needs_no_sudo(system: System) -> None:
    (system.bin / "sudo").unlink()
    system.touch("uid", "0\n")
    done = system.run()
    assert done.returncode == 0, done.stderr
    assert "Installing them: apt-get install" in done.stdout
    assert system.asked_to_install() == RUN_PACKAGES


def test_neither_root_nor_sudo_says_what_an_administrator_should_run(system: System) -> None:
    (system.bin / "sudo").unlink()
    done = system.run()
    assert done.returncode == 1
    assert "let an administrator run: apt-get install --no-install-recommends libportaudio2" in done.stderr
    assert system.log() == []


def test_without_apt_the_programs_are_named(system: System) -> None:
    for name in ("apt-get", "apt-cache", "dpkg-query"):
        (system.bin / name).unlink()
    done = system.run()
    assert done.returncode == 1
    assert "  mosquitto " in done.stdout
    assert "  libportaudio2 " not in done.stdout
    assert "install these with your own package manager" in done.stderr
    for name in ("mosquitto", "mosquitto_sub", "fstcompose", "pulseaudio", "paplay"):
        system.fake(name, "exit 0")
    assert system.run().returncode == 0


def test_the_system_broker_is_not_left_running(system: System) -> None:
    system.touch("run/systemd/system/.keep")
    done = system.run()
    assert "systemctl disable --now mosquitto.service" in system.log()
    assert "sudo systemctl enable --now mosquitto" in done.stdout


def test_a_system_broker_that_was_there_is_left_alone(system: System) -> None:
    system.touch("run/systemd/system/.keep")
    system.install("mosquitto")
    assert system.run().returncode == 0
    assert not any("systemctl" in line for line in system.log())


def test_nothing_of_a_desktop_is_removed(system: System) -> None:
    system.touch("removes", "Remv pipewire-alsa [0.3.65]\n")
    done = system.run()
    assert done.returncode == 0
    assert "please plug a microphone in" in done.stdout
    assert system.asked_to_install() == [package for package in RUN_PACKAGES if package != "pulseaudio"]
    assert system.run("test").returncode == 1


def test_an_old_python_is_told_before_anything_is_installed(system: System) -> None:
    system.touch("python", "1\n")
    done = system.run()
    assert done.returncode == 1
    assert "Python 3.9.2 is not Python 3.11 to 3.14" in done.stderr
    assert "make run PYTHON=python3.12" in done.stderr
    assert system.log() == []


@pytest.mark.parametrize(("machine", "bits"), [("armv7l", "32"), ("aarch64", "32"), ("riscv64", "64")])
def test_a_machine_without_onnxruntime_is_told_so(system: System, machine: str, bits: str) -> None:
    system.fake("uname", f"echo {machine}")
    system.fake("getconf", f"echo {bits}")
    done = system.run()
    assert done.returncode == 1
    assert f"this system is {machine}, {bits} bit" in done.stderr
    assert system.log() == []


def make(*words: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(
        ["make", "--no-print-directory", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def test_make_alone_lists_the_targets() -> None:
    lines = make().splitlines()
    names = [line.split()[1] for line in lines]
    assert {"run", "test", "setup", "bundle", "lock", "clean"} <= set(names)
    assert all(line.startswith("  make ") and len(line.split()) > 2 for line in lines)


def test_run_and_test_do_their_steps_in_order() -> None:
    run = make("--dry-run", "--always-make", "run", "PYTHON=python3", "ARGS=--once")
    steps = ["packages.sh run", "models pull en", "edge-asr demo --once"]
    assert [step for step in steps if step in run] == steps
    assert sorted(steps, key=run.index) == steps
    test = make("--dry-run", "--always-make", "test")
    steps = [
        "packages.sh test",
        "models pull en",
        "ruff check",
        "ruff format --check",
        "mypy",
        "lint-imports",
        "pytest",
    ]
    assert [step for step in steps if step in test] == steps
    assert sorted(steps, key=test.index) == steps


def test_the_pipeline_of_changes_runs_make_test() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    text = script.read_text()
    assert "set -euo pipefail" in text
    assert re.search(r"timeout .* 44m make test </dev/null$", text, re.MULTILINE)


def pins(name: str) -> dict[str, set[str]]:
    """Versions of each package in a lock file; there may be one for each range of Python."""
    found: dict[str, set[str]] = {}
    for line in (LOCKS / name).read_text().splitlines():
        if match := re.match(r"([a-z0-9-]+)==(\S+)", line):
            found.setdefault(match[1], set()).add(match[2])
    return found


@pytest.mark.parametrize("name", ["run.txt", "dev.txt", "bench.txt"])
def test_a_lock_file_names_no_index_and_hashes_everything(name: str) -> None:
    text = (LOCKS / name).read_text()
    assert "://" not in text
    assert not re.search(r"^\s*--(?!hash=sha256:[0-9a-f]{64}\b)", text, re.MULTILINE)
    entries = re.split(r"\n(?=\S)", text)
    pinned = [entry for entry in entries if not entry.startswith("#")]
    assert len(pinned) > 20
    for entry in pinned:
        assert re.match(r"[a-z0-9-]+==\S+.*\\\n    --hash=sha256:", entry), entry


def test_the_lock_files_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())

    def names(requirements: list[str]) -> set[str]:
        return {re.split(r"[<>=!~;\[ ]", requirement)[0].lower() for requirement in requirements}

    core = names(project["project"]["dependencies"]) | names(project["build-system"]["requires"])
    extras = {name: names(wanted) for name, wanted in project["project"]["optional-dependencies"].items()}
    assert core | extras["export"] <= set(pins("run.txt"))
    assert core | extras["export"] | extras["dev"] <= set(pins("dev.txt"))
    assert core | extras["export"] | extras["bench"] <= set(pins("bench.txt"))
    assert not extras["bench"] & set(pins("run.txt"))


@pytest.mark.parametrize("larger", ["dev.txt", "bench.txt"])
def test_all_lock_files_agree(larger: str) -> None:
    for package, versions in pins("run.txt").items():
        assert pins(larger)[package] == versions
