"""The whole house for a measurement: private sound server, private broker, the real daemon, and a subscriber."""

import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from subprocess import Popen
from types import TracebackType
from typing import Self

import msgspec

from edge_asr.bench.ear import Ear
from edge_asr.clock import NS_PER_S, Clock
from edge_asr.config import Config, TlsConfig
from edge_asr.demo.broker import Broker
from edge_asr.demo.daemon import DAEMON, Daemon
from edge_asr.demo.pulse_server import MICROPHONE, PulseServer
from edge_asr.demo.subscriber import Received, Subscriber
from edge_asr.errors import EdgeAsrError
from edge_asr.events import Event, StateReport
from edge_asr.settings import device_id

_STATE_DEADLINE_S = 120.0  # a slow card reads the model for a while
_POLL_S = 0.1


class Scene:
    """Context manager; entering waits until the daemon listens, leaving stops everything in reverse.

    words: the options of the configuration, for the daemon; what they say of broker and microphone is overridden.
    Enter it in the main thread. Every method raises EdgeAsrError when the daemon ends or stops listening.
    """

    def __init__(self, config: Config, words: Sequence[str], clock: Clock, *, command: Sequence[str] = DAEMON) -> None:
        self._config = config
        self._words = list(words)
        self._clock = clock
        self._command = command
        self._stack = ExitStack()
        self._state = "starting"
        self._reason = ""

    def __enter__(self) -> Self:
        with self._stack as stack:
            self._sound = stack.enter_context(PulseServer())
            broker = stack.enter_context(Broker())
            mqtt = msgspec.structs.replace(
                self._config.mqtt, host=broker.host, port=broker.port, tls=TlsConfig(), enabled=True, partials=True
            )
            self._subscriber = stack.enter_context(Subscriber(mqtt, device_id(self._config)))
            here = {"audio.source": f"pulse:{MICROPHONE}", "mqtt.host": broker.host, "mqtt.port": broker.port}
            here |= {"mqtt.enabled": "true", "mqtt.tls.enabled": "false", "mqtt.partials": "true"}
            here |= {"audio.one_value_alarm_s": "0"}  # a virtual microphone sends zeros between two sounds
            settings = [word for key, value in here.items() for word in ("--set", f"{key}={value}")]
            self._daemon = Daemon([*self._words, *settings], self._sound.environment(), command=self._command)
            stack.enter_context(self._daemon)
            self._wait_until("listening")
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def daemon_pid(self) -> int:
        """Process of the daemon."""
        return self._daemon.pid

    def play(self, path: Path) -> "Popen[bytes]":
        """Play a file into the microphone in real time."""
        return self._sound.play(path)

    def mute(self) -> None:
        """Let the daemon close its microphone; what it says until then is not seen."""
        os.kill(self._daemon.pid, signal.SIGUSR1)
        self._wait_until("muted")

    def unmute(self) -> None:
        """Let it open its microphone again; it listens when this returns."""
        if self._state != "listening":
            os.kill(self._daemon.pid, signal.SIGUSR2)
            self._wait_until("listening")

    def sound_variables(self) -> Mapping[str, str]:
        """What leads a child to the sound server."""
        return self._sound.environment()

    def listen(self) -> Ear:
        """A second listener on the microphone, to be entered."""
        return Ear(self._sound.environment(), MICROPHONE, self._clock)

    def next(self, wait_s: float) -> Event | None:
        """The next event that a subscriber receives, after waiting for one at most `wait_s`."""
        event = self._next(wait_s)
        if self._state != "listening":
            raise EdgeAsrError(f"the daemon is {self._state} in mid-measurement: {self._reason}")
        return event

    def _next(self, wait_s: float) -> Event | None:
        code = self._daemon.exit_code()
        if code is not None:
            raise EdgeAsrError(f"the daemon has ended with exit code {code}: {self._daemon.last_words()}")
        if self._subscriber.lost:
            raise EdgeAsrError(f"{self._subscriber.lost} messages came too fast to be counted; the figures are void")
        message = self._subscriber.next(wait_s)
        if not isinstance(message, Received) or message.retained or isinstance(message.body, str):
            return None
        if isinstance(message.body, StateReport):
            self._state, self._reason = message.body.state, message.body.reason
            return None
        return message.body

    def _wait_until(self, state: str) -> None:
        began_ns = self._clock.monotonic_ns()
        while self._state != state:
            self._next(_POLL_S)
            if self._clock.monotonic_ns() - began_ns > _STATE_DEADLINE_S * NS_PER_S:
                why = self._reason or "it did not say why"
                raise EdgeAsrError(f"the daemon was not {state} within {_STATE_DEADLINE_S:g} s: {why}")
