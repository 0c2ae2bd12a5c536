"""The configuration: where it comes from, and whether the files that it names can be used."""

import stat
from pathlib import Path

from edge_asr.config import Config
from edge_asr.doctor.finding import Finding, failed, ok, warn
from edge_asr.errors import ConfigError
from edge_asr.metrics import Metrics
from edge_asr.secret_file import secret_path
from edge_asr.settings import Reading, device_id, model_folder
from edge_asr.sinks.mqtt import MqttSink

CHECK = "configuration"


def configuration(reading: Reading) -> list[Finding]:
    """Origins, the device's name, and every file that is named."""
    config = reading.config
    try:
        model_folder(config)
        if config.mqtt.enabled:
            MqttSink(config.mqtt, device_id(config), Metrics())  # its constructor reads secrets and connects to nothing
    except ConfigError as error:
        return [failed(CHECK, error)]
    origins = ", ".join(reading.origins) or "nothing is set, the defaults are in effect"
    return [ok(CHECK, f"{origins}; this device is {device_id(config)!r}"), *_open_secret(config)]


def _open_secret(config: Config) -> list[Finding]:
    if not config.mqtt.enabled or config.mqtt.password_file is None:
        return []
    file: Path = secret_path(config.mqtt.password_file, "mqtt.password_file")
    if file.stat().st_mode & stat.S_IROTH:
        return [warn(CHECK, f"mqtt.password_file: everyone on this machine may read {file}", f"chmod 600 '{file}'")]
    return []
