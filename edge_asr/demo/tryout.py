"""The try-out: the real daemon, and a subscriber that shows what comes out of it.

What this machine lacks is stood in for, privately and only while it runs: a microphone by a PulseAudio that plays a
recording, a broker by a mosquitto on the loopback address. Everything stops in reverse order.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import msgspec

from edge_asr.audio.opening import opener_of
from edge_asr.clock import NS_PER_S, Clock
from edge_asr.config import AudioConfig, MqttConfig
from edge_asr.demo.broker import Broker
from edge_asr.demo.daemon import DAEMON, Daemon
from edge_asr.demo.pulse_server import MICROPHONE, PulseServer
from edge_asr.demo.sample import TITLE, own_files, sample
from edge_asr.demo.screen import Screen
from edge_asr.demo.subscriber import Notice, Received, Subscriber
from edge_asr.demo.tape import Tape
from edge_asr.errors import EXIT_FAILURE, EXIT_OK, CaptureError, ConfigError
from edge_asr.events import StateReport
from edge_asr.metrics import Metrics
from edge_asr.settings import Reading, device_id
from edge_asr.sinks.broker_faults import broker_port
from edge_asr.supervisor import StopRequest

_POLL_S = 0.1
_LISTENING_DEADLINE_S = 120.0  # a slow card reads the model for a while; only where somebody waits for the end


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asked for."""

    words: tuple[str, ...] = ()  # the options of the configuration, for the daemon: --config FILE, --set KEY=VALUE
    files: tuple[str, ...] = ()  # own recordings; they go into the virtual microphone
    once: bool = False  # play once, end when everything was answered
    seconds: float | None = None  # end after so many seconds of listening
    show_log: bool = False


class TryOut:
    """One try-out; `run` belongs to the main thread. Raises EdgeAsrError when it cannot begin."""

    def __init__(
        self,
        reading: Reading,
        wish: Wish,
        screen: Screen,
        stop: StopRequest,
        clock: Clock,
        *,
        daemon: Sequence[str] = DAEMON,
    ) -> None:
        self._reading = reading
        self._wish = wish
        self._screen = screen
        self._stop = stop
        self._clock = clock
        self._daemon = daemon
        self._words = list(wish.words)
        self._variables: dict[str, str] = {}
        self._listening_ns: int | None = None  # since when

    def run(self) -> int:
        """Set the scene, play, take it down; returns the exit code."""
        with ExitStack() as stack:
            stack.callback(self._screen.close)
            tape = self._microphone(stack)
            mqtt = self._broker(stack)
            self._screen.say(f"As any subscriber sees it:  {_mosquitto_sub(mqtt)}")
            subscriber = stack.enter_context(Subscriber(mqtt, device_id(self._reading.config)))
            self._screen.say("Loading the model ...")
            if not self._wish.show_log:
                self._words += ["--set", "log.format=text"]  # of which we tell the last line
            daemon = Daemon(self._words, self._variables, show_log=self._wish.show_log, command=self._daemon)
            stack.enter_context(daemon)
            code = self._watch(daemon, subscriber, tape)
            if subscriber.lost:
                self._screen.say(f"messages that came too fast to be shown: {subscriber.lost}")
        return code

    def _microphone(self, stack: ExitStack) -> Tape | None:
        """A tape when the microphone is a virtual one, None when it is real."""
        audio = self._reading.config.audio
        if self._wish.files or self._wish.once:
            self._screen.say("Microphone: a virtual one, as asked for.")
        elif (found := _real_microphone(audio, self._clock)) is None:
            self._screen.say("Microphone: none found here; a virtual one stands in.")
        else:
            self._screen.say(f"Microphone: {found}. Say something!")
            return None
        files = own_files(self._wish.files) if self._wish.files else sample()
        server = stack.enter_context(PulseServer())
        self._variables |= server.environment()
        # Between two sentences it sends zeros, which of a real microphone would be an alarm.
        self._words += ["--set", f"audio.source=pulse:{MICROPHONE}", "--set", "audio.one_value_alarm_s=0"]
        self._screen.say(f"It hears {'what you gave' if self._wish.files else TITLE}.")
        return Tape(files, server.play, self._clock, once=self._wish.once)

    def _broker(self, stack: ExitStack) -> MqttConfig:
        mqtt = self._reading.config.mqtt
        if not mqtt.enabled:
            raise ConfigError("mqtt.enabled = false: the try-out needs MQTT, add --set mqtt.enabled=true")
        if any(key.startswith("mqtt.") for key in self._reading.keys):
            self._screen.say(f"Broker: {mqtt.host}:{broker_port(mqtt)}, as configured.")
            return mqtt
        broker = stack.enter_context(Broker())
        self._words += ["--set", f"mqtt.host={broker.host}", "--set", f"mqtt.port={broker.port}"]
        self._screen.say(f"Broker: none is configured; a private one stands in at {broker.host}:{broker.port}.")
        return msgspec.structs.replace(mqtt, host=broker.host, port=broker.port)

    def _watch(self, daemon: Daemon, subscriber: Subscriber, tape: Tape | None) -> int:
        began_ns = self._clock.monotonic_ns()
        while not self._stop.wait(0):
            message = subscriber.next(_POLL_S)
            if message is not None:
                self._take(message, tape)
            code = daemon.exit_code()
            if code is not None:
                self._screen.say(f"The daemon has ended with exit code {code}: {daemon.last_words()}")
                return code
            if self._listening_ns is None:
                self._screen_out_a_daemon_that_never_listens(began_ns)
                continue
            if tape is not None:
                tape.advance()
                if tape.done:
                    return self._verdict(tape)
            if self._wish.seconds is not None and self._past(self._listening_ns, self._wish.seconds):
                return EXIT_OK
        return EXIT_OK

    def _take(self, message: Received | Notice, tape: Tape | None) -> None:
        if isinstance(message, Received):
            body = message.body
            if message.retained:
                return  # what an earlier daemon of this name has left behind
            if isinstance(body, StateReport):
                if body.state == "listening" and self._listening_ns is None:
                    self._listening_ns = self._clock.monotonic_ns()
            elif tape is not None and not isinstance(body, str):
                tape.hear(body)
        self._screen.show(message)

    def _screen_out_a_daemon_that_never_listens(self, began_ns: int) -> None:
        if (self._wish.once or self._wish.seconds is not None) and self._past(began_ns, _LISTENING_DEADLINE_S):
            raise CaptureError(f"the daemon did not listen within {_LISTENING_DEADLINE_S:g} s; --log shows its log")

    def _past(self, since_ns: int, wait_s: float) -> bool:
        return self._clock.monotonic_ns() - since_ns >= wait_s * NS_PER_S

    def _verdict(self, tape: Tape) -> int:
        if tape.refused is not None:
            self._screen.say(f"'{tape.refused}' cannot be played into the virtual microphone; give WAV or FLAC")
            return EXIT_FAILURE
        for path in tape.unanswered:
            self._screen.say(f"No words came of '{path.name}'.")
        return EXIT_FAILURE if tape.unanswered else EXIT_OK


def _real_microphone(audio: AudioConfig, clock: Clock) -> str | None:
    """Description of the microphone that the daemon will choose; None when there is none."""
    opener = opener_of(audio, clock, Metrics())
    try:
        return opener.choose().description
    except CaptureError:
        return None
    finally:
        opener.stop()


def _mosquitto_sub(mqtt: MqttConfig) -> str:
    user = f" -u {mqtt.username} -P ..." if mqtt.username else ""
    tls = f" --cafile {mqtt.tls.ca_file}" if mqtt.tls.ca_file else " --tls-use-os-certs" if mqtt.tls.enabled else ""
    return f"mosquitto_sub -h {mqtt.host} -p {broker_port(mqtt)}{user}{tls} -t '{mqtt.topic_prefix}/#' -v"
