"""The Makefile's targets do their steps in order."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.small_debian import ROOT, make


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


@pytest.mark.parametrize("code", [0, 3])
def test_the_pipeline_of_changes_runs_make_test_and_what_is_deployed_only_after_it(tmp_path: Path, code: int) -> None:
    called = tmp_path / "called"
    for name, does in (("make", f'echo "$@" >> {called}; exit {code}'), ("podman", ":"), ("buildah", ":")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run([ROOT / ".ci" / "run"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code
    calls = called.read_text().split("\n")[:-1]
    assert calls == (["test"] if code else ["test", "test-system"] if os.geteuid() == 0 else ["test"])
    assert ("is left out, it needs root" in done.stdout) == (not code and os.geteuid() != 0)
    assert "all_s=$((44 * 60))" in (ROOT / ".ci" / "run").read_text()
