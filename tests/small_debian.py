"""A small Debian made of scripts, on which deploy/debian/packages.sh runs; and `make` as it is typed."""

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "deploy" / "debian" / "packages.sh"
REAL_TOOLS = ("sh", "grep", "sed", "cut", "sort", "head", "getconf", "timeout", "env", "cat", "uname", "touch", "rm")

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
