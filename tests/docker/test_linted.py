"""Dockerfiles, compose files and workflow, as their own linters and schemas see them."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.small_debian import ROOT

BIN = Path(sys.executable).parent
SCHEMAS = {"compose-spec": "deploy/compose/*.yaml", "github-workflows": ".github/workflows/*.yaml"}


def run(*words: str) -> str:
    """What the tool says; empty when it is content."""
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_hadolint_has_nothing_to_say(architecture: str) -> None:
    assert run(str(BIN / "hadolint"), "--no-color", f"docker/{architecture}/Dockerfile") == ""


@pytest.mark.parametrize(("schema", "pattern"), SCHEMAS.items())
def test_files_are_as_their_schema_says(schema: str, pattern: str) -> None:
    files = [str(file) for file in sorted(ROOT.glob(pattern))]
    assert files
    assert run(str(BIN / "check-jsonschema"), "--builtin-schema", f"vendor.{schema}", *files) == ""


def test_a_linter_that_finds_something_is_heard(tmp_path: Path) -> None:
    bad = tmp_path / "Dockerfile"
    bad.write_text("FROM debian:latest\nRUN cd /tmp\n")
    assert "DL3007" in run(str(BIN / "hadolint"), "--no-color", str(bad))
    wrong = tmp_path / "compose.yaml"
    wrong.write_text("services: {x: {imag: y}}\n")
    assert "imag" in run(str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(wrong))


def test_the_workflow_does_what_the_makefile_does() -> None:
    text = (ROOT / ".github" / "workflows" / "ci.yaml").read_text()
    targets = (ROOT / "Makefile").read_text()
    for target in ("test", "images", "test-images"):
        assert f"make {target}\n" in text
        assert f"\n{target}:" in targets
