"""Settings that are each right and contradict each other."""

from pathlib import Path

import pytest

from tests.settings_files import fault, written


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["audio.source= "], "audio.source is empty"),
        (["commands.wake_phrase=hey house"], "stands before sentences, and there are none"),
        (["audio.source=file:"], 'audio.source = "file:" names no file'),
        (["audio.source=stdin", "audio.backend=parec"], 'with audio.source = "stdin": no backend reads that'),
        (["audio.source=file:x.wav", "audio.backend=portaudio"], 'set it to "auto"'),
        (["audio.source=alsa:Device", "audio.backend=parec"], "it hears a sound server, not ALSA"),
        (["audio.source=alsa:Device", "audio.backend=pw-record"], 'set it to "arecord" or "auto"'),
        (["audio.source=pulse:mic", "audio.backend=arecord"], "it hears ALSA, not a sound server"),
        (["audio.reopen_min_s=11"], "audio.reopen_min_s = 11 is above audio.reopen_max_s = 10"),
        (["audio.auto_gain_min_percent=121"], "audio.auto_gain_min_percent = 121 is above audio.auto_gain_max_percent"),
        (["gate.onset_ms=300"], "gate.onset_ms = 300 is above gate.onset_window_ms = 240"),
        (["gate.pre_roll_ms=1000", "endpoint.max_utterance_s=1"], "gate.pre_roll_ms = 1000 fills"),
        (["endpoint.silence_s=20"], "endpoint.silence_s = 20 is not below endpoint.max_utterance_s = 20"),
        (["overload.flush_lag_s=1"], "overload.flush_lag_s = 1 is not above overload.partials_lag_s = 1"),
        (["overload.keep_s=4"], "overload.keep_s = 4 is not below overload.flush_lag_s = 4"),
        (["audio.ring_s=4"], "audio.ring_s = 4 is not above overload.flush_lag_s = 4"),
        (["ladder.temperature_low_celsius=80"], "ladder.temperature_low_celsius = 80 is not below"),
        (["ladder.lag_persists_s=31"], "ladder.lag_persists_s = 31 is above ladder.lag_window_s = 30"),
        (["commands.names_topic=house/names"], "without commands.sentences: no sentence has a name in it, set both"),
        (
            ["commands.names_topic=edge_asr/k/mute/set", "commands.sentences=a.txt"],
            'names_topic = "edge_asr/k/mute/set": something else is told there; name one of its own, as "house/names"',
        ),
        (
            ["commands.names_topic=homeassistant/status", "commands.sentences=a.txt"],
            'commands.names_topic = "homeassistant/status": something else is told there',
        ),
        (["mqtt.host="], "mqtt.host = ''"),
        (["mqtt.host=mqtt://broker"], "mqtt.host = 'mqtt://broker': expected a host name or an address alone"),
        (["mqtt.host=broker:1883"], "the port goes into mqtt.port"),
        (["mqtt.host=two words"], "mqtt.host = 'two words'"),
        (["mqtt.password_file=p"], "mqtt.password_file is set without mqtt.username"),
        (["mqtt.tls.enabled=1", "mqtt.tls.cert_file=c"], "mqtt.tls.cert_file is set without mqtt.tls.key_file"),
        (["mqtt.tls.enabled=1", "mqtt.tls.key_file=c"], "mqtt.tls.key_file is set without mqtt.tls.cert_file"),
        (["mqtt.tls.ca_file=c"], "mqtt.tls.ca_file is set while mqtt.tls.enabled is false"),
        (
            ["http.listen=loopback", "wyoming.listen=lan", "wyoming.port=8906"],
            "wyoming.port = 8906 is http.port too: only one of them can have it",
        ),
    ],
)
def test_settings_that_contradict_each_other(overrides: list[str], said: str) -> None:
    assert said in fault(overrides)


def test_a_phrase_that_wakes_is_not_empty(tmp_path: Path) -> None:
    path = written(tmp_path, '[commands]\nsentences = "a.txt"\nwake_phrase = " "\n')
    assert "commands.wake_phrase is empty" in fault(path=path)
