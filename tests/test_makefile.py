"""The Makefile's targets do their steps in order."""

import os
import re

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


def test_the_pipeline_of_changes_runs_make_test() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    text = script.read_text()
    assert "set -euo pipefail" in text
    assert re.search(r"timeout .* 44m make test </dev/null$", text, re.MULTILINE)
