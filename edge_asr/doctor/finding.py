"""What a check has found: one line for a person, and what it means for the exit code."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from edge_asr.errors import EXIT_CONFIG, EXIT_FAILURE, EXIT_OK, EdgeAsrError

Level = Literal["ok", "warn", "FAIL", "skip"]
WORDS: dict[Level, str] = {"ok": "ok", "warn": "warn", "FAIL": "FAIL", "skip": "skip"}
SIGNS: dict[Level, str] = {"ok": "✓", "warn": "!", "FAIL": "✗", "skip": "·"}
_CHECK_WIDTH = 14


@dataclass(frozen=True, slots=True)
class Finding:
    """One line. `fix` is what to do about it, a command where there is one; `exit_code` counts for FAIL alone."""

    check: str
    level: Level
    text: str
    fix: str = ""
    exit_code: int = EXIT_FAILURE

    def line(self, names: dict[Level, str]) -> str:
        """The whole finding on one line; `names` is WORDS or SIGNS."""
        name = names[self.level].ljust(max(map(len, names.values())))
        said = " ".join(self.text.split())
        return f"{name} {self.check.ljust(_CHECK_WIDTH)} {said}{f'; fix: {self.fix}' if self.fix else ''}"


def ok(check: str, text: str) -> Finding:
    """All is well, or it is mere information."""
    return Finding(check, "ok", text)


def warn(check: str, text: str, fix: str = "") -> Finding:
    """It works, and may be better."""
    return Finding(check, "warn", text, fix)


def fail(check: str, text: str, fix: str = "", exit_code: int = EXIT_FAILURE) -> Finding:
    """It does not work."""
    return Finding(check, "FAIL", text, fix, exit_code)


def skip(check: str, text: str) -> Finding:
    """Not looked at, and why."""
    return Finding(check, "skip", text)


def failed(check: str, error: EdgeAsrError) -> Finding:
    """An error of the house as a finding; its text carries the fix already."""
    return Finding(check, "FAIL", str(error), "", error.exit_code)


def exit_code(findings: Iterable[Finding]) -> int:
    """0 when nothing failed; 78 when the configuration or the model is at fault, else 1."""
    codes = [finding.exit_code for finding in findings if finding.level == "FAIL"]
    if EXIT_CONFIG in codes:
        return EXIT_CONFIG
    return EXIT_FAILURE if codes else EXIT_OK
