"""All checks in order, each within a deadline: what the next one needs comes first, and nothing hangs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from edge_asr.asr.bundle import load_bundle
from edge_asr.asr.catalogue import CATALOGUE
from edge_asr.audio.backend import installed
from edge_asr.audio.deadline import DeadlineCaller
from edge_asr.audio.devices import Microphone, eligible
from edge_asr.audio.opening import is_played
from edge_asr.audio.portaudio import PortAudio
from edge_asr.audio.pulse import SoundServer
from edge_asr.clock import Clock
from edge_asr.config import Config
from edge_asr.doctor import (
    backends,
    broker,
    container,
    libraries,
    listening,
    machine,
    microphones,
    model,
    second_pass,
    service,
    sound_cards,
    sound_server,
    voice_detector,
)
from edge_asr.doctor.configuration import CHECK as CONFIGURATION
from edge_asr.doctor.configuration import configuration
from edge_asr.doctor.finding import Finding, failed, skip
from edge_asr.errors import ConfigError, EdgeAsrError, ModelError
from edge_asr.memory_limit import memory_limit
from edge_asr.memory_need import memory_need_bytes, what_takes_less
from edge_asr.metrics import Metrics
from edge_asr.settings import Reading, device_id, model_folder, state_folder

T = TypeVar("T")

_QUICK_S = 10.0
_SOUND_S = 20.0
_LISTEN_S = 20.0  # beside the seconds to listen
_BROKER_S = 50.0
_LOAD_S = 180.0
_SPEED_S = 120.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asked for."""

    full: bool = False  # compare every checksum of the model
    seconds: float = 2.0  # to listen


class Examination:
    """One round through everything. One thread; the checks run in others, and what hangs is left behind."""

    def __init__(self, read: Callable[[], Reading], wish: Wish, clock: Clock, engine: str | None = None) -> None:
        """engine: of the container that all of this is in, None on a machine."""
        self._engine = engine
        self._contained = engine is not None
        self._read = read
        self._wish = wish
        self._clock = clock
        self._caller = DeadlineCaller(max_hung=100)

    def findings(self) -> Iterator[Finding]:
        """Each finding as soon as it is known. Never raises EdgeAsrError."""
        try:
            reading = self._read()
        except ConfigError as error:
            yield failed(CONFIGURATION, error)
            yield from self._within("libraries", _QUICK_S, libraries.libraries)
            yield skip("all else", "it depends on the configuration")
            return
        config = reading.config
        found = list(self._within(CONFIGURATION, _QUICK_S, lambda: configuration(reading)))
        yield from found
        if self._contained:
            engine, state, named = str(self._engine), state_folder(), config.device.id is not None
            yield from self._within(container.CHECK, _QUICK_S, lambda: container.container(engine, state, named=named))
        spare = config.audio.backend != "portaudio" and any(map(installed, ("parec", "pw-record", "arecord")))
        yield from self._within(libraries.CHECK, _QUICK_S, lambda: libraries.libraries(spare=spare))
        yield from self._sound(config)
        if not config.mqtt.enabled:
            yield skip(broker.CHECK, "mqtt.enabled = false")
        elif any(finding.level == "FAIL" for finding in found):
            yield skip(broker.CHECK, "the configuration is at fault")
        else:
            yield from self._within(
                broker.CHECK,
                _BROKER_S,
                lambda: broker.broker(config.mqtt, device_id(config), self._clock, contained=self._contained),
            )
        yield from self._machine(config)
        yield from self._model(config)

    def _sound(self, config: Config) -> Iterator[Finding]:
        if is_played(config.audio.source):
            yield from self._within(
                microphones.CHECK, _QUICK_S, lambda: [microphones.played(config.audio, self._clock)]
            )
            return
        inventory, faults = self._call(microphones.CHECK, _SOUND_S, lambda: backends.inventory(config.audio))
        yield from faults
        if inventory is None:
            return
        backend, _, _ = config.audio.source.partition(":")
        by_alsa = (
            config.audio.backend == "arecord"
            or backend == "alsa"
            or (backend != "pulse" and any(mic.backend == "alsa" for mic in eligible(inventory)))
        )
        server = SoundServer()
        yield from self._within(
            sound_server.CHECK,
            _QUICK_S,
            lambda: sound_server.sound_server(server, needed=not by_alsa, contained=self._contained),
        )
        cards = partial(sound_cards.sound_cards, contained=self._contained)
        found, chosen = microphones.microphones(config.audio, inventory)
        yield from found
        if chosen is None:
            alsa_counts = backend == "alsa" or (backend != "pulse" and bool(inventory.pulse_problem))
            if alsa_counts and not inventory.alsa_problem:
                yield from self._within(sound_cards.CHECK, _QUICK_S, cards)
            yield skip(listening.LEVEL, "no microphone to listen to")
            return
        if chosen.backend == "alsa":
            yield from self._within(sound_cards.CHECK, _QUICK_S, cards)
        yield from self._within(
            backends.CHECK,
            _QUICK_S,
            lambda: [backends.backend(config.audio, chosen, PortAudio(self._clock, Metrics()))],
        )
        yield from self._listening(config, chosen)

    def _listening(self, config: Config, microphone: Microphone) -> Iterator[Finding]:
        seconds = self._wish.seconds
        recording, faults = self._call(
            listening.LEVEL,
            seconds + _LISTEN_S,
            lambda: listening.record(config.audio, microphone, seconds, self._clock),
        )
        yield from faults
        if recording is not None:
            yield listening.level(recording, microphone)
            yield listening.sample_clock(recording)

    def _machine(self, config: Config) -> Iterator[Finding]:
        installed, wanted = self._sizes(config)
        yield from self._within(machine.MEMORY, _QUICK_S, lambda: [self._memory(config, installed)])
        yield from self._within(machine.DISK, _QUICK_S, lambda: [machine.disk(model_folder(config), wanted)])
        yield from self._within(machine.HEAT, _QUICK_S, lambda: [machine.heat_and_power(config.ladder)])
        yield machine.clock(self._clock)
        yield service.service()

    def _memory(self, config: Config, installed: int) -> Finding:
        limit = memory_limit()
        if limit is None or not installed:
            return machine.memory(installed, limit=limit)
        need, less = memory_need_bytes(config), what_takes_less(config)
        return machine.memory(installed, limit=limit, need_bytes=need, less=less)

    def _sizes(self, config: Config) -> tuple[int, int]:
        """Bytes of the bundle that is here, and bytes that pulling it would take."""
        entry = next((entry for entry in CATALOGUE if entry.name == config.models.bundle), None)
        try:
            return model.bundle_bytes(load_bundle(model_folder(config), config.models.bundle)), 0
        except (ConfigError, ModelError):
            return 0, entry.fetched_bytes + entry.bundle_bytes + entry.build_bytes if entry else 0

    def _model(self, config: Config) -> Iterator[Finding]:
        loaded, faults = self._call(model.MODEL, _LOAD_S, lambda: model.model(config, full=self._wish.full))
        yield from faults
        if loaded is None:
            yield skip(model.SPEED, "no model to measure with")
            yield skip(voice_detector.CHECK, "no model to open the gate for")
            yield skip(second_pass.CHECK, "no first one")
            return
        finding, recognizer = loaded
        yield finding
        yield from self._within(model.SPEED, _SPEED_S, lambda: [model.speed(config, recognizer)])
        yield from self._within(
            voice_detector.CHECK,
            _SPEED_S,
            lambda: voice_detector.voice_detector(config, recognizer.sample_rate_hz, full=self._wish.full),
        )
        yield from self._within(
            second_pass.CHECK, _LOAD_S, lambda: second_pass.second_pass(config, full=self._wish.full)
        )

    def _within(self, check: str, deadline_s: float, function: Callable[[], list[Finding]]) -> Iterator[Finding]:
        found, faults = self._call(check, deadline_s, function)
        yield from faults
        yield from found or []

    def _call(self, check: str, deadline_s: float, function: Callable[[], T]) -> tuple[T | None, list[Finding]]:
        """Result, or None and what went wrong."""
        try:
            return self._caller.call(f"the check of the {check}", deadline_s, function), []
        except EdgeAsrError as error:
            return None, [failed(check, error)]
