"""Rules between settings, which a type alone cannot hold."""

import re
from collections.abc import Iterator

from edge_asr.config import (
    AudioConfig,
    CommandsConfig,
    Config,
    EndpointConfig,
    GateConfig,
    HttpConfig,
    LadderConfig,
    MqttConfig,
    OverloadConfig,
    WyomingConfig,
)
from edge_asr.endpoint_rules import endpoint_rules
from edge_asr.errors import ConfigError

_HOST = re.compile(r"\A[^\s/@\x00-\x1f]+\Z")


def hold(config: Config) -> None:
    """Raise ConfigError for the first rule that `config` breaks."""
    for fault in _faults(config):
        raise ConfigError(fault)


def _faults(config: Config) -> Iterator[str]:
    yield from _audio(config.audio)
    yield from _gate(config.gate)
    yield from _endpoint(config.endpoint, config.gate)
    yield from _overload(config.overload, config.audio)
    yield from _ladder(config.ladder)
    yield from _mqtt(config.mqtt)
    yield from _commands(config.commands, config.mqtt)
    yield from _http(config.http)
    yield from _wyoming(config.wyoming, config.http)


def _audio(audio: AudioConfig) -> Iterator[str]:
    if not audio.source.strip():
        yield 'audio.source is empty: use "auto", or a name that `edge-asr devices` lists'
    if audio.auto_gain_min_percent > audio.auto_gain_max_percent:
        yield (
            f"audio.auto_gain_min_percent = {audio.auto_gain_min_percent} is above audio.auto_gain_max_percent = "
            f"{audio.auto_gain_max_percent}: swap them"
        )
    wrong = _backend_fault(audio.source, audio.backend)
    if wrong:
        yield f'audio.backend = "{audio.backend}" with audio.source = "{audio.source}": {wrong}'
    if audio.source.startswith("file:") and not audio.source.removeprefix("file:"):
        yield 'audio.source = "file:" names no file: write its path behind it'
    if audio.reopen_min_s > audio.reopen_max_s:
        yield (
            f"audio.reopen_min_s = {audio.reopen_min_s:g} is above audio.reopen_max_s = {audio.reopen_max_s:g}: "
            "lower the first or raise the second"
        )


def _backend_fault(source: str, backend: str) -> str:
    if backend != "auto" and (source == "stdin" or source.startswith("file:")):
        return 'no backend reads that; set it to "auto"'
    if source.startswith("alsa:") and backend in {"parec", "pw-record"}:
        return 'it hears a sound server, not ALSA; set it to "arecord" or "auto"'
    if source.startswith("pulse:") and backend == "arecord":
        return 'it hears ALSA, not a sound server; set it to "parec", "pw-record" or "auto"'
    return ""


def _gate(gate: GateConfig) -> Iterator[str]:
    if gate.onset_ms > gate.onset_window_ms:
        yield (
            f"gate.onset_ms = {gate.onset_ms} is above gate.onset_window_ms = {gate.onset_window_ms}: "
            "that much voice never fits into the window, lower the first or raise the second"
        )


def _endpoint(endpoint: EndpointConfig, gate: GateConfig) -> Iterator[str]:
    rules = endpoint_rules(endpoint)
    if rules.silence_s >= rules.max_utterance_s:
        yield (
            f"endpoint.silence_s = {rules.silence_s:g} is not below endpoint.max_utterance_s = "
            f"{rules.max_utterance_s:g}: no utterance would end by silence"
        )
    if gate.pre_roll_ms >= rules.max_utterance_s * 1000:
        yield (
            f"gate.pre_roll_ms = {gate.pre_roll_ms} fills endpoint.max_utterance_s = {rules.max_utterance_s:g}: "
            "lower the first or raise the second"
        )


def _overload(overload: OverloadConfig, audio: AudioConfig) -> Iterator[str]:
    if overload.flush_lag_s <= overload.partials_lag_s:
        yield (
            f"overload.flush_lag_s = {overload.flush_lag_s:g} is not above overload.partials_lag_s = "
            f"{overload.partials_lag_s:g}: partials are to be given up before audio is"
        )
    if overload.keep_s >= overload.flush_lag_s:
        yield (
            f"overload.keep_s = {overload.keep_s:g} is not below overload.flush_lag_s = {overload.flush_lag_s:g}: "
            "a flush would drop nothing"
        )
    if audio.ring_s <= overload.flush_lag_s:
        yield (
            f"audio.ring_s = {audio.ring_s:g} is not above overload.flush_lag_s = {overload.flush_lag_s:g}: "
            "the ring would overflow before it is flushed"
        )


def _ladder(ladder: LadderConfig) -> Iterator[str]:
    if ladder.temperature_low_celsius >= ladder.temperature_high_celsius:
        yield (
            f"ladder.temperature_low_celsius = {ladder.temperature_low_celsius:g} is not below "
            f"ladder.temperature_high_celsius = {ladder.temperature_high_celsius:g}: it would go up and down all the "
            "time, lower the first or raise the second"
        )
    if ladder.lag_persists_s > ladder.lag_window_s:
        yield (
            f"ladder.lag_persists_s = {ladder.lag_persists_s:g} is above ladder.lag_window_s = "
            f"{ladder.lag_window_s:g}: that much never fits into the window, lower the first or raise the second"
        )


def _mqtt(mqtt: MqttConfig) -> Iterator[str]:
    if not _HOST.match(mqtt.host) or mqtt.host.count(":") == 1:
        yield f"mqtt.host = {mqtt.host!r}: expected a host name or an address alone; the port goes into mqtt.port"
    if mqtt.password_file is not None and mqtt.username is None:
        yield "mqtt.password_file is set without mqtt.username: MQTT has no password without a user, add mqtt.username"
    tls = mqtt.tls
    if (tls.cert_file is None) != (tls.key_file is None):
        there, missing = ("cert_file", "key_file") if tls.key_file is None else ("key_file", "cert_file")
        yield f"mqtt.tls.{there} is set without mqtt.tls.{missing}: a client certificate needs both"
    given = [name for name in ("ca_file", "cert_file", "key_file") if getattr(tls, name) is not None]
    if given and not tls.enabled:
        yield f"mqtt.tls.{given[0]} is set while mqtt.tls.enabled is false: set mqtt.tls.enabled = true"


def _commands(commands: CommandsConfig, mqtt: MqttConfig) -> Iterator[str]:
    if commands.wake_phrase is not None and not commands.wake_phrase.strip():
        yield 'commands.wake_phrase is empty: write what wakes, as in "hey house", or leave it out'
    if commands.wake_phrase is not None and commands.sentences is None:
        yield "commands.wake_phrase stands before sentences, and there are none: set commands.sentences too"
    topic = commands.names_topic
    if topic is None:
        return
    if topic.endswith("/set") or topic == mqtt.discovery.status_topic or topic.startswith("hermes/"):
        yield f'commands.names_topic = "{topic}": something else is told there; name one of its own, as "house/names"'
    if commands.sentences is None:
        yield f'commands.names_topic = "{topic}" without commands.sentences: no sentence has a name in it, set both'


def _http(http: HttpConfig) -> Iterator[str]:
    if http.listen == "lan" and http.token_file is None:
        yield (
            'http.listen = "lan" without http.token_file: whoever reaches the port would hear what is said; write a '
            'secret into a file and name it there, or set http.listen = "loopback"'
        )


def _wyoming(wyoming: WyomingConfig, http: HttpConfig) -> Iterator[str]:
    if "off" not in {wyoming.listen, http.listen} and wyoming.port == http.port:
        yield f"wyoming.port = {wyoming.port} is http.port too: only one of them can have it, set another"
