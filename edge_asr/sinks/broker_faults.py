"""Why the broker cannot be reached, in one line for a person: the value, what was seen, the fix."""

import socket
import ssl

from edge_asr.config import MqttConfig

PLAIN_PORT = 1883
TLS_PORT = 8883
_WRONG_NAME = (62, 64)  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
_WRONG_TIME = (9, 10)  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED


def broker_port(config: MqttConfig) -> int:
    """The port that was set, else the usual one."""
    return config.port or (TLS_PORT if config.tls.enabled else PLAIN_PORT)


def unreachable(error: BaseException | None, config: MqttConfig) -> str:
    """Why no connection could be opened."""
    where = f"{config.host}:{broker_port(config)}"
    match error:
        case socket.gaierror():
            said = (
                f"mqtt.host = {config.host!r} cannot be found ({error.strerror}): check the name, or give the address"
            )
        case ssl.SSLCertVerificationError():
            said = _untrusted(error, config, where)
        case ssl.SSLError():
            said = _not_tls(where, error.reason or str(error))
        case ConnectionResetError() if config.tls.enabled:
            said = _not_tls(where, "connection reset")
        case ConnectionRefusedError():
            said = f"nothing listens at {where}: start the broker, or set mqtt.host and mqtt.port"
        case TimeoutError():
            said = f"no answer from {where}: check that the machine is on and that no firewall is between"
        case OSError():
            said = f"cannot reach {where} ({error.strerror or error}): check the network, mqtt.host and mqtt.port"
        case _:
            said = f"cannot reach {where}"
    return said


def _not_tls(where: str, seen: str) -> str:
    return (
        f"{where} does not answer with TLS ({seen}): set mqtt.port to the broker's TLS port ({TLS_PORT} is usual), "
        "or mqtt.tls.enabled = false if it has none"
    )


def _untrusted(error: ssl.SSLCertVerificationError, config: MqttConfig, where: str) -> str:
    seen = error.verify_message
    if error.verify_code in _WRONG_NAME:
        fix = f"mqtt.host = {config.host!r} is not a name in it, set mqtt.host to one that is"
    elif error.verify_code in _WRONG_TIME:
        fix = "renew it, or set the clock of this machine if that is wrong"
    else:
        ca_file = config.tls.ca_file
        now = "the system's authorities" if ca_file is None else repr(ca_file)
        fix = f"set mqtt.tls.ca_file (now {now}) to the authority that signed it"
    return f"the certificate of {where} is refused ({seen.rstrip('.')}): {fix}"


def refused(answer: str, config: MqttConfig, client_id: str) -> str:
    """Why the broker did not let this client in; `answer` is the text of its return code."""
    where = f"{config.host}:{broker_port(config)}"
    said = answer.lower()
    if "user name" in said or "password" in said or "authori" in said:
        if config.username is None:
            return f"{where} wants a user ({answer}): set mqtt.username and mqtt.password_file"
        return (
            f"{where} refuses mqtt.username = {config.username!r} ({answer}): check it, the password in "
            "mqtt.password_file, and the broker's list of users"
        )
    if "identifier" in said:
        return f"{where} refuses the client id {client_id!r} ({answer}): set [device].id to a shorter one"
    return f"{where} refuses the connection ({answer}): see the broker's log"


def closed_early(answer: str, config: MqttConfig, *, five: bool = False) -> str:
    """Why a connection ended before the broker said anything; `five`: we spoke MQTT 5."""
    where = f"{config.host}:{broker_port(config)}"
    if config.tls.enabled:
        fix = "does it want a client certificate (mqtt.tls.cert_file, mqtt.tls.key_file)?"
    else:
        fix = "is it an MQTT port, and does it want TLS (mqtt.tls.enabled = true)?"
    if five:
        fix += ' Does it know no MQTT 5 (mqtt.protocol = "3.1.1")?'
    return f"{where} closed the connection without an answer ({answer}): {fix}"


def untaken(answer: str, config: MqttConfig, topic: str) -> str:
    """Why what is published does not arrive although we are let in; MQTT 5 alone tells."""
    where, us = f"{config.host}:{broker_port(config)}", config.username or "us"
    return (
        f"{where} drops what we publish ({answer}): allow {us} to write there in the broker's access list, in "
        f"mosquitto's by: topic readwrite {topic}/#"
    )


def lost(answer: str, config: MqttConfig, short: bool, client_id: str) -> str:
    """Why a connection that stood has ended; `short` when this one and the one before stood for a moment only."""
    where = f"{config.host}:{broker_port(config)}"
    if short:
        return f"{where} let us in and closed at once ({answer}): is another device called {client_id!r}, [device].id?"
    return f"the connection to {where} is lost ({answer}); it is tried again"
