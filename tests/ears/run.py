"""The run: faults in random order, and after each the time until the microphone is heard again."""

import os
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from edge_asr.demo.pulse_server import PulseServer
from tests.ears.faults import FAULTS, MIC, MOVED, RESTARTED, Fault, lasting, listeners
from tests.ears.watch import NS_PER_S, Watch
from tests.pipewire_server import PipeWireServer

Server = PulseServer | PipeWireServer
SERVERS: dict[str, type[PulseServer] | type[PipeWireServer]] = {"pulseaudio": PulseServer, "pipewire": PipeWireServer}
UNDECLARED_S = 5.0
_HEARD_DEADLINE_S = 30.0
_SETTLE_S = 3.0
_REFUSAL_S = 6.0
_HISS_S = 3600
_RATE_HZ = 16_000


@dataclass
class Ears:
    """What was seen on one server."""

    server: str
    backend: str
    faults: Counter[str] = field(default_factory=Counter)
    again_s: dict[str, list[float]] = field(default_factory=dict)
    breaches: list[str] = field(default_factory=list)
    refused: int = 0  # moves that the server has not made, not counted as faults
    dead_rooms: int = 0  # microphones that the server did not bring back for anybody, not counted either
    undeclared_s: float = 0.0
    unfed_s: float = 0.0

    def all_again_s(self) -> list[float]:
        return [each for times in self.again_s.values() for each in times]


class _Player:
    """Keeps the room hissing, over restarts of its server."""

    def __init__(self, room: Server, path: Path) -> None:
        self._room, self._path = room, path
        self._process: subprocess.Popen[bytes] | None = None

    def play(self) -> None:
        if self._process is None or self._process.poll() is not None:
            self._process = self._room.play(self._path)


def run(server: str, backend: str, count: int, seed: int, folder: Path) -> Ears:
    """`count` faults on `server`, in an order that `seed` decides."""
    dice = random.Random(seed)  # noqa: S311 - the same seed is the same run
    random.seed(seed)
    ears = Ears(server, backend)
    hiss = np.random.default_rng(seed).integers(-300, 300, _RATE_HZ * _HISS_S, np.int16)
    path = folder / f"hiss-{server}.wav"
    soundfile.write(path, hiss, _RATE_HZ)
    with ExitStack() as stack:
        room: Server = SERVERS[server]()
        stack.enter_context(room)
        player = _Player(room, path)
        player.play()
        watching = _Watching(stack, room, backend)
        if watching.watch.wait_for(_healthy_since(0), _HEARD_DEADLINE_S) is None:
            ears.breaches.append(f"it never heard anything: {watching.watch.beat}")
            return ears
        time.sleep(_SETTLE_S)
        while ears.faults.total() < count and ears.refused < count:
            fault = dice.choice(FAULTS)
            _suffer(fault, room, player, watching, ears, dice)
            time.sleep(dice.uniform(0.2, 2.0))
        player.play()
        watching.settle(ears)
    return ears


class _Watching:
    """The listener of the moment: a restart makes another one."""

    def __init__(self, stack: ExitStack, room: Server, backend: str) -> None:
        self._room, self._backend = room, backend
        self._inner = stack.enter_context(ExitStack())
        self.baseline: tuple[int, int] | None = None
        self.start()

    def start(self) -> None:
        variables = {**os.environ, **self._room.environment()}
        self.watch = self._inner.enter_context(Watch(f"pulse:{MIC}", self._backend, variables))
        self.baseline = None

    def end(self, ears: Ears) -> None:
        """What this one had to say."""
        ears.undeclared_s = max(ears.undeclared_s, self.watch.undeclared_s)
        ears.unfed_s += self.watch.unfed_s
        if self.watch.undeclared_s > UNDECLARED_S:
            ears.breaches.append(f"{self.watch.undeclared_s:.1f} s deaf while it said that it hears")
        if self.watch.longest_pause_s > UNDECLARED_S:
            ears.breaches.append(f"it said nothing at all for {self.watch.longest_pause_s:.1f} s")
        try:
            self._inner.close()
        except subprocess.TimeoutExpired:
            ears.breaches.append("it did not end within 10 s of SIGTERM")

    def settle(self, ears: Ears) -> None:
        """At the end everything that was opened on the way is gone: a fresh one has as many threads and descriptors."""
        time.sleep(_SETTLE_S)
        worn = self.watch.beat
        self.end(ears)
        self.start()
        fresh = self.watch.wait_for(_healthy_since(time.monotonic_ns()), _HEARD_DEADLINE_S)
        if fresh is None:
            ears.breaches.append("a fresh one hears nothing")
            return
        time.sleep(_SETTLE_S)
        fresh = self.watch.beat
        for what in ("threads", "descriptors"):
            if worn[what] > fresh[what]:
                ears.breaches.append(f"{worn[what]} {what} after all of it, {fresh[what]} in a fresh one")
        self.end(ears)


def _suffer(
    fault: Fault,
    room: Server,
    player: _Player,
    watching: _Watching,
    ears: Ears,
    dice: random.Random,
) -> None:
    before = watching.watch.beat["stream_id"]
    fault.inject(room)
    if fault.name == RESTARTED:
        watching.end(ears)
        watching.start()
    lasting(fault, dice)
    injected_ns = time.monotonic_ns()
    fault.mend(room)
    back_ns = time.monotonic_ns()
    player.play()
    ears.faults[fault.name] += 1
    # with a server that was away the sound is back later than the microphone is: the first sample counts, zeros too
    again = _healthy_since(back_ns, before if fault.new_stream else None)
    heard = watching.watch.wait_for(again, _REFUSAL_S) if fault.name == MOVED else None
    if fault.name == MOVED and heard is None and listeners(room):
        # PipeWire's session manager does not always do it: the stream is still where it was
        ears.faults[fault.name] -= 1
        ears.refused += 1
        return
    heard = heard or watching.watch.wait_for(again, _HEARD_DEADLINE_S)
    if heard is None and not _anybody_hears(room):
        ears.faults[fault.name] -= 1
        ears.dead_rooms += 1
        room.unload_microphone()
        room.load_microphone()
        if watching.watch.wait_for(_healthy_since(time.monotonic_ns()), _HEARD_DEADLINE_S) is None:
            ears.breaches.append(f"it does not hear what is loaded anew: {watching.watch.beat}")
        return
    if heard is None:
        beat = watching.watch.beat
        ears.breaches.append(
            f"fault {ears.faults.total()}, {fault.name}: not back after {_HEARD_DEADLINE_S:g} s: {beat}"
        )
        return
    again_ns = max(0, heard["chunk_ns"] - (back_ns if fault.name != MOVED else injected_ns))
    ears.again_s.setdefault(fault.name, []).append(again_ns / NS_PER_S)


def _anybody_hears(room: Server) -> bool:
    """Whether a program of the sound server's own hears the microphone: if not, it is not back."""
    words = ["parec", f"--device={MIC}", "--raw", "--latency-msec=50"]
    try:
        done = subprocess.run(
            words, env={**os.environ, **room.environment()}, capture_output=True, timeout=4.0, check=False
        )
    except subprocess.TimeoutExpired as still_runs:
        return bool(still_runs.stdout)
    return bool(done.stdout)


def _healthy_since(since_ns: int, not_stream: str | None = None) -> Callable[[dict[str, Any]], bool]:
    return lambda beat: (
        beat["status"] in ("healthy", "silent") and beat["chunk_ns"] > since_ns and beat["stream_id"] != not_stream
    )


def report(ears: Ears) -> str:
    """A table for people."""
    lines = [
        f"{ears.server}, backend {ears.backend}: {sum(ears.faults.values())} faults, {len(ears.breaches)} breaches"
    ]
    for name, count in sorted(ears.faults.items()):
        times = sorted(ears.again_s.get(name, []))
        if times:
            figures = f"median {np.median(times):5.2f}  p95 {np.percentile(times, 95):5.2f}  worst {times[-1]:5.2f}"
            lines.append(f"  {name:44} {count:3}  first sample after it was back, s: {figures}")
    times = ears.all_again_s()
    if times:
        lines.append(f"  {'all':44} {len(times):3}  median {np.median(times):.2f}  p95 {np.percentile(times, 95):.2f}")
    if ears.refused or ears.dead_rooms:
        lines.append(
            f"  not counted: {ears.refused} moves that the server did not make, {ears.dead_rooms} it did not mend"
        )
    lines.append(
        f"  longest deaf and said to hear: {ears.undeclared_s:.2f} s; watchdog not fed for {ears.unfed_s:.1f} s"
    )
    return "\n".join([*lines, *(f"  BREACH: {breach}" for breach in ears.breaches)])
