"""The lock files hold what the project asks for, with hashes, and agree with each other."""

import re
import tomllib

import pytest

from tests.small_debian import ROOT

LOCKS = ROOT / "locks"


def pins(name: str) -> dict[str, set[str]]:
    """Versions of each package in a lock file; there may be one for each range of Python."""
    found: dict[str, set[str]] = {}
    for line in (LOCKS / name).read_text().splitlines():
        if match := re.match(r"([a-z0-9-]+)==(\S+)", line):
            found.setdefault(match[1], set()).add(match[2])
    return found


@pytest.mark.parametrize("name", ["daemon.txt", "run.txt", "dev.txt", "bench.txt"])
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
    assert names(project["project"]["dependencies"]) <= set(pins("daemon.txt"))
    assert not (extras["export"] | extras["bench"]) & set(pins("daemon.txt"))


@pytest.mark.parametrize(
    ("smaller", "larger"), [("daemon.txt", "run.txt"), ("run.txt", "dev.txt"), ("run.txt", "bench.txt")]
)
def test_all_lock_files_agree(smaller: str, larger: str) -> None:
    for package, versions in pins(smaller).items():
        assert pins(larger)[package] == versions
