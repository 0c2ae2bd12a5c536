"""A private PipeWire with its session manager and its PulseAudio side: the same virtual microphone as PulseServer's.

It shares nothing with the sound server of the person at the keyboard: own folder, own bus, own sockets, no hardware.
"""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from edge_asr.demo.guarded import GuardedProcess
from edge_asr.demo.private_server import PrivateServer
from edge_asr.demo.pulse_server import MICROPHONE, MICROPHONE_DESCRIPTION, SINK
from edge_asr.errors import EdgeAsrError

PROGRAMS = {
    "pipewire": "pipewire",
    "wireplumber": "wireplumber",
    "pipewire-pulse": "pipewire-pulse",
    "pw-record": "pipewire-bin",
    "dbus-daemon": "dbus",
    "pactl": "pulseaudio-utils",
}
_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth><policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>
"""
_RATE = "context.properties = { default.clock.rate = 16000 default.clock.allowed-rates = [ 16000 ] }\n"
_START_DEADLINE_S = 15.0


def missing() -> str:
    """Packages that have to be installed first; empty when all are there."""
    return " ".join(package for program, package in PROGRAMS.items() if shutil.which(program) is None)


class PipeWireServer(PrivateServer):
    """Context manager around the four daemons. Bit-exact: everything runs at 16 kHz."""

    def __init__(self) -> None:
        super().__init__("pipewire", stop_deadline_s=1.0)
        self._others: list[GuardedProcess] = []
        self._players: list[subprocess.Popen[bytes]] = []

    def environment(self) -> dict[str, str]:
        """Variables that lead a client to this server and no other."""
        run = self._folder / "run"
        return {
            "XDG_RUNTIME_DIR": str(run),
            "PIPEWIRE_RUNTIME_DIR": str(run),
            "PULSE_RUNTIME_PATH": str(run / "pulse"),
            "PULSE_SERVER": f"unix:{run}/pulse/native",
            "XDG_CONFIG_HOME": str(self._folder / "conf"),
            "XDG_STATE_HOME": str(self._folder / "state"),
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={run}/bus",
        }

    def start(self) -> None:
        """Start the daemons and wait until the microphone is there."""
        if self._process is not None:
            return
        run, drop_ins = self._folder / "run", self._folder / "conf" / "pipewire" / "pipewire.conf.d"
        shutil.rmtree(run, ignore_errors=True)
        run.mkdir(mode=0o700)
        drop_ins.mkdir(parents=True, exist_ok=True)
        (drop_ins / "rate.conf").write_text(_RATE)
        bus = self._folder / "bus.conf"
        bus.write_text(_BUS.format(path=run / "bus"))
        self._others = [self._daemon("dbus-daemon", f"--config-file={bus}", "--nofork")]
        self._until((run / "bus").exists, "the bus")
        self._process = self._daemon("pipewire")
        self._until((run / "pipewire-0").exists, "PipeWire")
        self._others += [self._daemon("wireplumber"), self._daemon("pipewire-pulse")]
        self._until(lambda: "PipeWire" in self._try("info"), "pipewire-pulse")
        self.pactl("load-module", "module-null-sink", f"sink_name={SINK}", "rate=16000", "format=s16le", "channels=1")
        self.load_microphone()

    def kill(self) -> None:
        """End all of them as a crash would."""
        super().kill()
        for process in self._others:
            process.kill()
        self._others = []

    def stop(self) -> None:
        """End all of them."""
        super().stop()
        for process in self._others:
            process.stop(self._stop_deadline_s)
        self._others = []

    def suspend(self) -> None:
        """Stop PipeWire and its PulseAudio side in their tracks."""
        super().suspend()
        for process in self._others:
            process.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let them go on."""
        super().resume()
        for process in self._others:
            process.signal(signal.SIGCONT)

    def load_microphone(self) -> None:
        """Plug the virtual microphone in."""
        words = f"source_name={MICROPHONE} master={SINK}.monitor remix=no channels=1 master_channel_map=mono"
        words += f" channel_map=mono source_properties=device.description={MICROPHONE_DESCRIPTION}"
        self.pactl("load-module", "module-remap-source", *words.split())
        self._until(lambda: MICROPHONE in self._try("list", "short", "sources"), "the microphone")
        self.pactl("set-default-source", MICROPHONE)

    def unload_microphone(self) -> None:
        """Pull the virtual microphone out."""
        self.pactl("unload-module", "module-remap-source")

    def play(self, path: Path | str) -> subprocess.Popen[bytes]:
        """Play a file into the microphone, in real time; the process ends when the file has ended."""
        environment = {**os.environ, **self.environment()}
        words = ["paplay", f"--device={SINK}", str(path)]
        player = subprocess.Popen(words, env=environment, stdin=subprocess.DEVNULL, start_new_session=True)
        self._players.append(player)
        return player

    def pactl(self, *words: str) -> str:
        """Output of a pactl command; raises EdgeAsrError with its words when it fails."""
        done = self._run(*words)
        if done.returncode != 0:
            raise EdgeAsrError(f"pactl {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def _try(self, *words: str) -> str:
        try:
            return self._run(*words).stdout
        except subprocess.TimeoutExpired:
            return ""

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **self.environment(), "LC_ALL": "C"}
        return subprocess.run(
            ["pactl", *words], env=environment, capture_output=True, text=True, timeout=5.0, check=False
        )

    def _daemon(self, *words: str) -> GuardedProcess:
        return GuardedProcess(words, self._folder, self._folder / f"{words[0]}.log", self.environment())

    def _until(self, condition: object, what: str) -> None:
        assert callable(condition)
        deadline = time.monotonic() + _START_DEADLINE_S
        while not condition():
            if time.monotonic() > deadline:
                logs = [f"{log.name}: {log.read_text(errors='replace')[-300:]}" for log in self._folder.glob("*.log")]
                raise EdgeAsrError(f"{what} did not start: {logs}")
            time.sleep(0.05)

    def _remove(self) -> None:
        for player in self._players:
            player.kill()
            player.wait()
        super()._remove()
