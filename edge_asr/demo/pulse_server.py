"""A private PulseAudio with a virtual microphone: speech is played into a null sink and heard on `usb_mic`.

It shares nothing with the sound server of the person at the keyboard: own folder, own socket, no hardware. The demo,
the bench and the tests use it.
"""

import os
import shutil
import subprocess
import time
from pathlib import Path

from edge_asr.demo.guarded import GuardedProcess
from edge_asr.demo.private_server import PrivateServer
from edge_asr.errors import EdgeAsrError

SINK = "feed"
MICROPHONE = "usb_mic"
MICROPHONE_DESCRIPTION = "Virtual_USB_Mic"
_START_DEADLINE_S = 10.0
_STOP_DEADLINE_S = 1.0
_COMMAND_DEADLINE_S = 5.0
_POLL_S = 0.05
_PROGRAMS = {"pulseaudio": "pulseaudio", "pactl": "pulseaudio-utils", "paplay": "pulseaudio-utils"}


class PulseServer(PrivateServer):
    """Context manager around one PulseAudio daemon. One thread; raises EdgeAsrError when it cannot be started.

    `kill` and `start` may follow each other: the socket stays the same.
    """

    def __init__(self) -> None:
        for program, package in _PROGRAMS.items():
            if shutil.which(program) is None:
                raise EdgeAsrError(f"'{program}' is not installed; sudo apt install {package}")
        super().__init__("pulse", _STOP_DEADLINE_S)
        self._players: list[subprocess.Popen[bytes]] = []

    @property
    def socket(self) -> Path:
        """The socket that clients connect to."""
        return self._folder / "native"

    def environment(self) -> dict[str, str]:
        """Variables that lead a client (libpulse, ALSA's `pulse` device, pactl) to this server and no other."""
        run = str(self._folder / "run")
        return {
            "XDG_RUNTIME_DIR": run,
            "PULSE_RUNTIME_PATH": run,
            "PULSE_STATE_PATH": str(self._folder / "state"),
            "PULSE_CONFIG_PATH": str(self._folder / "conf"),
            "PULSE_COOKIE": str(self._folder / "cookie"),
            "PULSE_SERVER": f"unix:{self.socket}",
        }

    def start(self) -> None:
        """Start the daemon and wait until it answers; a running one is left as it is."""
        if self._process is not None:
            return
        for name in ("run", "state", "conf"):
            (self._folder / name).mkdir(mode=0o700, exist_ok=True)
        script = self._folder / "server.pa"
        script.write_text(self._script())
        log = self._folder / "pulse.log"
        log.unlink(missing_ok=True)
        daemon = ["pulseaudio", "-n", "-F", str(script), "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1"]
        daemon += ["--realtime=no", "--high-priority=no", "--disable-shm=yes", "--log-target=stderr"]
        self._process = GuardedProcess(daemon, self._folder, log, self.environment())
        deadline = time.monotonic() + _START_DEADLINE_S
        while not self._answers():
            if time.monotonic() > deadline or not self._process.runs:
                self.kill()
                lines = log.read_text(errors="replace").splitlines() or ["it said nothing"]
                raise EdgeAsrError(f"the private PulseAudio did not start: {lines[-1]}")
            time.sleep(_POLL_S)

    def load_microphone(self) -> None:
        """Plug the virtual microphone in."""
        self.pactl("load-module", *_microphone_module())
        self.pactl("set-default-source", MICROPHONE)

    def unload_microphone(self) -> None:
        """Pull the virtual microphone out."""
        self.pactl("unload-module", "module-remap-source")

    def play(self, path: Path | str) -> subprocess.Popen[bytes]:
        """Play a WAV or FLAC file into the microphone, in real time; the process ends when the file has ended."""
        self._players = [player for player in self._players if player.poll() is None]
        player = subprocess.Popen(
            ["paplay", f"--device={SINK}", str(path)],
            env={**os.environ, **self.environment()},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._players.append(player)
        return player

    def pactl(self, *words: str) -> str:
        """Output of a pactl command; raises EdgeAsrError with its words when it fails."""
        done = self._run_pactl(*words)
        if done.returncode != 0:
            raise EdgeAsrError(f"pactl {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def _script(self) -> str:
        return "\n".join(
            (
                ".fail",
                f"load-module module-native-protocol-unix socket={self.socket} auth-anonymous=1",
                f"load-module module-null-sink sink_name={SINK} rate=16000 format=s16le channels=1",
                f"load-module {' '.join(_microphone_module())}",
                f"set-default-source {MICROPHONE}",
                f"set-default-sink {SINK}",
                "",
            )
        )

    def _answers(self) -> bool:
        try:
            return self._run_pactl("info").returncode == 0
        except subprocess.TimeoutExpired:
            return False

    def _run_pactl(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pactl", *words],
            env={**os.environ, **self.environment()},
            capture_output=True,
            text=True,
            timeout=_COMMAND_DEADLINE_S,
            check=False,
        )

    def _remove(self) -> None:
        for player in self._players:
            player.kill()
            player.wait()
        super()._remove()


def _microphone_module() -> list[str]:
    return [
        "module-remap-source",
        f"source_name={MICROPHONE}",
        f"master={SINK}.monitor",
        "remix=no",
        "channels=1",
        "master_channel_map=mono",
        "channel_map=mono",
        f"source_properties=device.description={MICROPHONE_DESCRIPTION}",
    ]
