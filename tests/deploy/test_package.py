"""The Debian package as it is made, with a pip that fetches nothing; tests/system/service installs a whole one."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "deploy" / "debian" / "package.sh"
SCRIPTS = ROOT / "deploy" / "debian" / "package"
PYTHON = f"""#!/bin/sh
case "$*" in
  *"sys.version_info"*) echo "$MINOR" ;;
  -c*) exec '{sys.executable}' "$@" ;;
  "-m compileall"*) exit 0 ;;
  *" wheel "*) for folder; do :; done; touch "${{folder%/project}}/edge_asr-1-py3-none-any.whl" ;;
  *" --target "*)
    echo "$*" >>"$LOG"
    while [ "$1" != --target ]; do shift; done
    mkdir -p "$2/bin" "$2/numpy/tests" "$2/edge_asr" "$2/setuptools"
    touch "$2/bin/f2py" "$2/numpy/tests/x" "$2/edge_asr/__init__.py" "$2/setuptools/x" ;;
esac
"""

pytestmark = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="no dpkg-deb here, which makes packages")


def make_package(folder: Path, arch: str, minor: str = "3.11", **variables: str) -> "subprocess.CompletedProcess[str]":
    python = folder / "python"
    python.write_text(PYTHON)
    python.chmod(0o755)
    environment = {**os.environ, "PYTHON": str(python), "MINOR": minor, "LOG": str(folder / "log"), **variables}
    return subprocess.run(
        ["sh", str(SCRIPT), arch, str(folder)],
        env={**environment, "COMPRESSION": "none"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def fields(package: Path) -> dict[str, str]:
    told = subprocess.run(["dpkg-deb", "--field", str(package)], capture_output=True, text=True, check=True).stdout
    return dict(line.split(": ", 1) for line in told.splitlines() if not line.startswith(" "))


def contents(package: Path, folder: Path) -> dict[str, tarfile.TarInfo]:
    archive = folder / "contents.tar"
    with archive.open("wb") as file:
        subprocess.run(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=file, check=True)
    with tarfile.open(archive) as tar:
        return {member.name.removeprefix("."): member for member in tar}


@pytest.mark.parametrize(("arch", "machine"), [("amd64", "x86_64"), ("arm64", "aarch64")])
def test_what_is_in_it_and_where(arch: str, machine: str, tmp_path: Path) -> None:
    done = make_package(tmp_path, arch)
    assert done.returncode == 0, done.stderr
    package = next(tmp_path.glob("*.deb"))
    told = fields(package)
    version = told["Version"]
    assert package.name == f"edge-asr_{version}_{arch}.deb"
    assert (told["Package"], told["Architecture"]) == ("edge-asr", arch)
    assert version.endswith("-1+deb12")
    wanted = {re.split(r" [(|]", one)[0] for one in told["Depends"].split(", ")}
    assert {"python3.11", "libportaudio2", "libasound2-plugins", "libfst-tools", "libfst22-plugins-base"} <= wanted
    files = contents(package, tmp_path)
    program = f"/opt/edge_asr/env-{version}"
    assert files["/opt/edge_asr/current"].linkname == f"env-{version}"
    assert files["/usr/bin/edge-asr"].linkname == "/opt/edge_asr/current/bin/edge-asr"
    assert files[f"{program}/bin/python3"].linkname == "/usr/bin/python3.11"
    assert files[f"{program}/bin/edge-asr"].mode == 0o755
    packages = f"{program}/lib/python3.11/site-packages"
    assert {f"{packages}/edge_asr/__init__.py", f"{packages}/numpy", f"{packages}/pip"} <= set(files)
    assert not {f"{packages}/bin", f"{packages}/setuptools", f"{packages}/numpy/tests"} & set(files)
    for unit in ("system/edge-asr.service", "system/edge-asr-model.service", "user/edge-asr.service"):
        assert f"/usr/lib/systemd/{unit}" in files
    assert {"/usr/lib/sysusers.d/edge-asr.conf", "/etc/edge_asr/config.toml"} <= set(files)
    assert {(file.uid, file.gid) for file in files.values()} == {(0, 0)}
    assert not [name for name in files if str(tmp_path) in name or name.startswith("/DEBIAN")]
    log = (tmp_path / "log").read_text().splitlines()
    assert "--require-hashes --only-binary :all: --no-deps" in log[0]
    assert f"--platform manylinux_2_36_{machine} " in log[0]
    assert "--no-deps --no-index" in log[1]


def test_the_units_are_those_of_make_install(tmp_path: Path) -> None:
    assert make_package(tmp_path, "amd64").returncode == 0
    subprocess.run(["dpkg-deb", "--raw-extract", str(next(tmp_path.glob("*.deb"))), str(tmp_path / "root")], check=True)
    root = tmp_path / "root"
    for name in ("edge-asr.service", "edge-asr-model.service"):
        assert (root / "usr/lib/systemd/system" / name).read_text() == (ROOT / "systemd" / name).read_text()
    mine = (root / "usr/lib/systemd/user/edge-asr.service").read_text().splitlines()
    theirs = (ROOT / "systemd/user/edge-asr.service").read_text().splitlines()
    differences = [(a, b) for a, b in zip(mine, theirs, strict=True) if a != b]
    assert differences == [("ExecStart=/usr/bin/edge-asr run", "ExecStart=%h/.local/bin/edge-asr run")]
    assert (root / "DEBIAN/conffiles").read_text() == "/etc/edge_asr/config.toml\n"
    assert (root / "etc/edge_asr/config.toml").read_text() == (ROOT / "deploy/debian/config.toml").read_text()
    for script in ("preinst", "postinst", "prerm", "postrm"):
        assert os.access(root / "DEBIAN" / script, os.X_OK)
        assert (root / "DEBIAN" / script).read_text() == (SCRIPTS / script).read_text()
    listed = {line.split("  ", 1)[1] for line in (root / "DEBIAN/md5sums").read_text().splitlines()}
    assert "usr/lib/sysusers.d/edge-asr.conf" in listed
    assert not [name for name in listed if name.startswith(("etc/", "DEBIAN/"))]


def test_the_revision_counts_and_another_debian_is_another_package(tmp_path: Path) -> None:
    assert make_package(tmp_path, "amd64", "3.13", REVISION="4").returncode == 0
    told = fields(next(tmp_path.glob("*.deb")))
    assert told["Version"].endswith("-4+deb13")
    assert told["Depends"].startswith("python3.13, libc6 (>= 2.41)")


@pytest.mark.parametrize(
    ("arch", "minor", "said"),
    [
        ("armhf", "3.11", "no such architecture: armhf; amd64 or arm64"),
        ("amd64", "3.12", "is Python 3.12; Debian 12 has 3.11 and Debian 13 has 3.13"),
    ],
)
def test_what_cannot_be_made_is_said_in_one_line(arch: str, minor: str, said: str, tmp_path: Path) -> None:
    done = make_package(tmp_path, arch, minor)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert said in done.stderr
    assert not list(tmp_path.glob("*.deb"))


def test_package_and_make_install_make_the_same_user() -> None:
    lines = (SCRIPTS / "sysusers.conf").read_text().splitlines()
    script = (ROOT / "deploy" / "debian" / "service.sh").read_text()
    made = next(line for line in script.splitlines() if "systemd-sysusers" in line)
    filled = made.replace("\\", "").replace("$user", "edge-asr").replace("$state", "/var/lib/edge_asr")
    assert all(f'"{line}"' in filled for line in lines)
