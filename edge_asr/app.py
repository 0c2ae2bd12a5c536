"""Wires everything, once, by constructor arguments; no other file knows all the rooms."""

import logging
import math
import os
import signal
from functools import partial

from edge_asr import __version__
from edge_asr.answers import Answers
from edge_asr.audio.auto_gain import AutoGain, GainLimits
from edge_asr.audio.capture import Capture
from edge_asr.audio.level_meter import LevelMeter
from edge_asr.audio.ring import Ring
from edge_asr.clock import Clock, SystemClock
from edge_asr.config import Config
from edge_asr.control_file import ControlFile
from edge_asr.controls import Controls
from edge_asr.endpoint_rules import endpoint_rules
from edge_asr.guests.house import Guests
from edge_asr.hearing import hearing_of
from edge_asr.house_names import HouseNames
from edge_asr.http.access import Access
from edge_asr.http.board import Board
from edge_asr.http.hub import LEVEL_WINDOW_S, Hub
from edge_asr.http.reach import Device, Reach
from edge_asr.http.sink import HttpSink
from edge_asr.http.token_file import http_token
from edge_asr.listening_for import (
    SentencesWatch,
    names_changed,
    read_again,
)
from edge_asr.liveness import Liveness
from edge_asr.load import LoadMeter
from edge_asr.loading import begin_hearing, build_pipeline, configured_values, load_brains
from edge_asr.log_limit import LimitedHandler, looks_at_log
from edge_asr.loudness import WINDOW_S, Loudness
from edge_asr.memory_need import warn_of_memory
from edge_asr.metrics import Metrics
from edge_asr.model_choice import bundle_manifest, model_choices, model_report
from edge_asr.model_switch import ModelSwitch
from edge_asr.relief import Reliever
from edge_asr.report import Reporter
from edge_asr.settings import device_id, device_name, state_folder
from edge_asr.sinks.hermes import Hermes
from edge_asr.sinks.homeassistant import Announcement, announcement
from edge_asr.sinks.jsonl import JsonlSink
from edge_asr.sinks.mqtt import MqttSink
from edge_asr.sinks.sink import Sink
from edge_asr.stamp import CaptureClock, Stamp
from edge_asr.stand_in import StandIn
from edge_asr.start_extension import StartExtension
from edge_asr.status_line import StatusLine
from edge_asr.steering import Steering
from edge_asr.supervisor import StopRequest, Supervisor
from edge_asr.systemd import Notifier
from edge_asr.terminal import has_terminal
from edge_asr.thermal import Thermometer
from edge_asr.tidier import Tidier
from edge_asr.worker import Worker
from edge_asr.wyoming.reach import WyomingReach
from edge_asr.wyoming.sink import WyomingSink


def build_sinks(config: Config, reach: Reach, status: StatusLine, names: HouseNames | None = None) -> list[Sink]:
    """Sinks that the configuration asks for; raises ConfigError before anything starts."""
    sinks: list[Sink] = []
    metrics, controls = reach.metrics, reach.controls

    def broker_changed(connected: bool, reason: str) -> None:
        status.broker(connected, reason)
        reach.board.broker(connected, reason)

    if config.mqtt.enabled:
        told = build_announcement(config)
        us, hermes = device_id(config), config.mqtt.hermes
        rhasspy = Hermes(hermes.site_id or us, controls) if hermes.enabled else None
        sinks.append(MqttSink(config.mqtt, us, metrics, broker_changed, None, controls, told, rhasspy, names))
    if config.jsonl.path is not None:
        sinks.append(JsonlSink(config.jsonl, metrics))
    if config.http.listen != "off":
        sinks.append(HttpSink(reach))
    if config.wyoming.listen != "off":
        us, name = reach.device.id, reach.device.name
        manifest = partial(bundle_manifest, config)
        sinks.append(WyomingSink(WyomingReach(config.wyoming, us, name, __version__, reach.guests, metrics, manifest)))
    return sinks


def build_reach(config: Config, metrics: Metrics, controls: Controls, guests: Guests, clock: Clock) -> Reach:
    """What the HTTP port can reach, also while it is off; raises ConfigError for a token that is none."""
    http = config.http
    token = None if http.listen == "off" else http_token(http)
    hub = Hub(http.keep_finals, metrics)
    return Reach(
        http,
        Access(token, loopback=http.listen == "loopback"),
        Board(hub, has_broker=config.mqtt.enabled),
        Liveness(clock),
        metrics,
        controls,
        hub,
        Device(device_id(config), device_name(config), __version__),
        guests,
    )


def build_announcement(config: Config) -> Announcement | None:
    """What Home Assistant is to learn of this device, None when it is to learn nothing."""
    mqtt, us = config.mqtt, device_id(config)
    if not mqtt.discovery.enabled:
        return None
    return announcement(
        us,
        device_name(config),
        f"{mqtt.topic_prefix}/{us}",
        __version__,
        endpoint_rules(config.endpoint).max_utterance_s,
        mqtt.discovery.prefix,
        mqtt.discovery.status_topic,
        model_choices(config),
        commands=config.commands.sentences is not None,
    )


def control_file(config: Config) -> ControlFile:
    """File of what was last said of the controls of this device."""
    commands = config.commands
    sentences = commands.sentences if commands.sentences is not None and commands.from_mqtt else ""
    return ControlFile(state_folder() / f"controls-{device_id(config)}.json", configured_values(config), sentences)


def house_names(config: Config, clock: Clock, metrics: Metrics) -> HouseNames | None:
    """Names of the house as they were told last; None where nobody is to tell any."""
    topic = config.commands.names_topic
    if topic is None:
        return None
    return HouseNames(topic, state_folder() / f"names-{device_id(config)}.json", clock, metrics)


def run_daemon(config: Config, clock: Clock | None = None, lines: LimitedHandler | None = None) -> int:
    """Run until told to stop; returns the exit code. Raises ConfigError and ModelError before anything starts.

    lines: what writes the log, to be looked at and counted.
    """
    warn_of_memory(config)
    clock, notifier = clock or SystemClock(), Notifier()
    with StartExtension(notifier, clock, f"loading the model {config.models.bundle}"):
        supervisor = build_daemon(config, clock, notifier, lines)
    code = supervisor.run()
    if supervisor.left_behind:
        logging.shutdown()
        os._exit(code)  # the interpreter's own end would meet a thread inside of onnxruntime, and abort
    return code


def hear_signals(stop: StopRequest, controls: Controls) -> None:
    """Stop, mute, listen again and read the sentences again by signals, from now on."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop.signalled)
    signal.signal(signal.SIGHUP, stop.signalled if has_terminal() else controls.hung_up)
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, controls.signalled)
    held_back = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP)  # by the command line
    signal.pthread_sigmask(signal.SIG_UNBLOCK, held_back)


def build_daemon(config: Config, clock: Clock, notifier: Notifier, lines: LimitedHandler | None = None) -> Supervisor:
    """Everything, wired and not started. It keeps no hold of the first model, which may be exchanged and let go."""
    metrics, stop = Metrics(), StopRequest()
    file, choices = control_file(config), model_choices(config)
    kept = file.load()
    controls = Controls(file.configured, kept, metrics, choices, takes_sentences=config.commands.from_mqtt)
    hear_signals(stop, controls)
    status = StatusLine(notifier)
    guests = Guests(
        device_id(config),
        lambda: worker.brains,
        partial(build_pipeline, config),
        config.second_pass.context_s,
        config.http.max_streams,
        lambda: max(worker.overload.lag_s, worker.beat_age_s()),
        clock,
        metrics,
    )
    reach = build_reach(config, metrics, controls, guests, clock)
    names = house_names(config, clock, metrics)
    sinks = build_sinks(config, reach, status, names)
    wanted, (recognizer, rewriter, sentences) = begin_hearing(config, kept, choices, clock, metrics, names)
    controls.give_up(kept, wanted)
    ring = Ring(config.audio.ring_s, metrics)
    reporter = Reporter(sinks, status, clock, recognizer.language, recognizer.model)
    loudness = Loudness(config.audio.level_every_s, sinks, clock, metrics)
    limits = GainLimits(config.audio.auto_gain_min_percent, config.audio.auto_gain_max_percent)
    auto_gain = AutoGain(limits) if config.audio.auto_gain else None
    meters = [LevelMeter(WINDOW_S, loudness.take, *([auto_gain.take] if auto_gain is not None else []))]
    if config.http.listen != "off":
        meters.append(LevelMeter(LEVEL_WINDOW_S, reach.hub.level))
    heard = reporter.capture_changed
    capture = Capture(config.audio, ring, clock, metrics, heard, meters=meters, auto_gain=auto_gain)
    capture_clock = CaptureClock()
    stamp = Stamp(clock, device_id(config), recognizer.language, recognizer.model, capture_clock.captured_ns)
    pipeline = build_pipeline(config, recognizer)
    worker = Worker(ring, pipeline, stamp, capture_clock, sinks, clock, config.overload, metrics, stop.fatal, rewriter)
    answers = Answers(sinks, file, partial(stamp.error, "command"), clock, device_id(config))
    load = partial(
        load_brains,
        config,
        choices,
        recognizer.sample_rate_hz,
        clock,
        metrics,
        names=names,
        present=lambda: (models.in_force, worker.brains),
    )

    def model_changed(language: str, model: str) -> None:
        reporter.model_changed(language, model)
        metrics.heard_with(model, language, worker.brains.second_model)
        reporter.bundle(model_report(config, model))

    reporter.bundle(model_report(config, wanted.model))
    metrics.add_process(__version__)
    if not config.mqtt.enabled:
        metrics.broker_connected.set(math.nan)  # there is none to be away
    metrics.heard_with(recognizer.model, recognizer.language, worker.brains.second_model)
    models: ModelSwitch = ModelSwitch(load, worker, hearing_of(wanted), recognizer.language, model_changed, sentences)
    stand_in = StandIn(models, choices, config.ladder.small_bundle, clock)
    steering = Steering(capture, worker, stand_in, controls, answers)
    meter = LoadMeter(worker.effort, sinks, clock)
    rules = config.ladder
    heat = Thermometer(rules.temperature_path, rules.throttled_path)
    reliever = Reliever(rules, heat, worker.overload, stand_in, sinks, device_id(config), metrics, clock)
    changed = SentencesWatch(config.commands, partial(read_again, models), clock)
    log_looks = looks_at_log(lines, metrics.log_suppressed.inc)
    if names is not None:
        log_looks = (*log_looks, partial(names.look, partial(names_changed, models), answers.refused))
    looks = (meter.look, loudness.look, reliever.look, Tidier(clock).look, changed.look, *log_looks)
    return Supervisor(
        capture, ring, worker, sinks, stop, steering, looks, clock, notifier, reach.liveness, (guests.reception.quiet,)
    )
