"""TLS to the broker: the client's side of it, checked before anything starts."""

import ssl
from collections.abc import Callable

from edge_asr.config import TlsConfig
from edge_asr.errors import ConfigError
from edge_asr.secret_file import expand


def client_context(config: TlsConfig) -> ssl.SSLContext:
    """Context that demands TLS 1.2 or later, a trusted certificate and the right host name; raises ConfigError."""
    context = ssl.create_default_context()
    if config.ca_file is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # this authority alone, none of the system's
        file = config.ca_file
        _read("mqtt.tls.ca_file", file, "a PEM certificate of the authority", context.load_verify_locations)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if config.cert_file is not None and config.key_file is not None:
        key = str(expand(config.key_file, "mqtt.tls.key_file"))
        _read("mqtt.tls.key_file", key, "a PEM key without a passphrase", _opened)
        _read(
            "mqtt.tls.cert_file",
            config.cert_file,
            f"a PEM certificate that belongs to the key {key}, which has no passphrase",
            # an empty passphrase instead of none: OpenSSL would ask for one at the terminal
            lambda cert: context.load_cert_chain(cert, key, password=lambda: b""),
        )
    return context


def _opened(path: str) -> None:
    with open(path, "rb") as file:  # noqa: PTH123 - a path as the user wrote it
        file.read(1)


def _read(key: str, path: str, wanted: str, load: Callable[[str], object]) -> None:
    """Load one file; its faults name the key, the path and what it should hold."""
    try:
        load(str(expand(path, key)))
    except ssl.SSLError as error:
        raise ConfigError(f"{key} = {path!r}: expected {wanted} ({error.reason or error})") from None
    except OSError as error:
        raise ConfigError(f"{key}: cannot read {path!r} ({error.strerror}), make it readable for this user") from None
    except ValueError as error:
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(f"{key} = {path!r} is not a path") from None
