"""A small made-up Debian on which the whole of deploy/debian/service.sh runs."""

import shutil
import subprocess
from pathlib import Path

from tests.small_debian import System

SCRIPT = Path(__file__).parents[1] / "deploy" / "debian" / "service.sh"
PACKAGES = ["libportaudio2", "libasound2-plugins", "libfst-tools", "libfst22-plugins-base"]


class Home(System):
    """A small Debian on which the service can be installed: systemd, pip and edge-asr are scripts."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        for tool in ("ln", "mv", "mkdir", "mktemp", "cp", "chmod", "dirname", "readlink", "install"):
            real = shutil.which(tool)
            assert real is not None
            (self.bin / tool).symlink_to(real)
        self.touch("uid", "0\n")
        self.touch("run/systemd/system/.keep")
        self.install(*PACKAGES)
        for name in ("chown", "systemd-sysusers", "userdel", "sleep"):
            self.fake(name, f'echo "{name} $*" >> "$SYSTEM/log"')
        self.fake("systemctl", 'echo "systemctl $*" >> "$SYSTEM/log"; case $1 in show) echo listening ;; esac')
        self.fake(
            "python3",
            """
            case "$*" in
              *ensurepip* | *version_info*) exit 0 ;;
              "-m venv "*)
                mkdir -p "$3/bin"
                cp "$SYSTEM/pip" "$3/bin/python"
                cp "$SYSTEM/program" "$3/bin/edge-asr" ;;
            esac""",
        )
        self.script("pip", 'echo "pip $*" >> "$SYSTEM/log"; [ ! -e "$SYSTEM/offline" ]')
        self.script(
            "program",
            """
            echo "edge-asr $*" >> "$SYSTEM/log"
            case "$1 $2" in
              "check-config --print") printf '[models]\\nbundle = "en"\\n' ;;
              "models verify") [ -e "$SYSTEM/model" ] ;;
              "models pull")
                [ $# -eq 2 ] || [ "$STATE_DIRECTORY" = "$EDGE_ASR_ROOT/var/lib/edge_asr" ] || exit 1
                touch "$SYSTEM/model" ;;
            esac""",
        )

    def script(self, name: str, body: str) -> None:
        """A program that others copy."""
        self.touch(name, f"#!/bin/sh\n{body}\n")
        (self.folder / name).chmod(0o755)

    def do(self, action: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run the script."""
        (self.folder / "log").write_text("")
        fixed = {"PATH": str(self.bin), "SYSTEM": str(self.folder), "EDGE_ASR_ROOT": str(self.folder)}
        return subprocess.run(
            ["sh", str(SCRIPT), action],
            env={**fixed, "TMPDIR": str(self.folder), **variables},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def environments(self) -> list[Path]:
        """Programs that are there."""
        return sorted((self.folder / "opt/edge_asr").glob("env-*"))
