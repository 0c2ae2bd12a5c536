"""`edge-asr commands reload`: ask the running daemon, by way of the broker, to read its sentences again."""

import argparse
import os

import msgspec

from edge_asr.cli.options import add_config_options, load_config
from edge_asr.commands import PRESS
from edge_asr.config import Config
from edge_asr.errors import EXIT_FAILURE, EXIT_OK, ConfigError, SinkError
from edge_asr.events import CommandResponse, SentencesReport
from edge_asr.journal import complain
from edge_asr.settings import device_id
from edge_asr.sinks.broker_session import BrokerSession, where

_KEPT_COMES_S = 0.5  # what is retained follows the answer to a subscription at once
_DEADLINE_S = 60.0  # a small machine loads the model beside the one that listens
_OTHERWISE = "sudo systemctl reload edge-asr asks it too, and so does SIGHUP"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the configuration: they say which broker and which device."""
    add_config_options(parser)


def run(args: argparse.Namespace) -> int:
    """Print what is listened for now; exit code 1 where the old sentences go on. Raises SinkError and ConfigError."""
    config = load_config(args)
    if not config.mqtt.enabled:
        raise ConfigError(f"mqtt.enabled = false: the daemon cannot be asked by way of a broker; {_OTHERWISE}")
    if config.mqtt.protocol != "5":
        raise ConfigError(
            f'mqtt.protocol = "{config.mqtt.protocol}": MQTT 5 alone has answers to commands; {_OTHERWISE}'
        )
    answer = _ask(config)
    if not answer.accepted:
        complain(f"edge-asr: {answer.message}")
        return EXIT_FAILURE
    try:
        report = msgspec.json.decode(answer.value, type=SentencesReport)
    except msgspec.DecodeError:  # of a daemon of another version, or one that has another mode by now
        print(f"{answer.device_id!r} has read them again")
        return EXIT_OK
    more = f", with {report.names} names of the house" if report.names else ""
    source = "of the configuration" if report.source == "file" else "that were sent to it"
    print(
        f"{answer.device_id!r} has read them again: {report.sentences} sentences of {report.intents} intents, "
        f"{source}{more}"
    )
    return EXIT_OK


def _ask(config: Config) -> CommandResponse:
    us = device_id(config)
    topic, at = f"{config.mqtt.topic_prefix}/{us}", where(config.mqtt)
    answers = f"{topic}/response/reload-{os.getpid()}"
    with BrokerSession(config.mqtt, f"edge_asr-{us}-reload-{os.getpid()}", says_why=True) as session:
        session.subscribe(f"{topic}/availability")
        session.listen(_KEPT_COMES_S, lambda: bool(session.heard))
        if not any(heard.payload == b"online" for heard in session.heard):
            raise SinkError(
                f"no daemon {us!r} is online at {at}: start it, sudo systemctl start edge-asr, or look at device.id"
            )
        session.subscribe(answers)
        if refused := session.ask(f"{topic}/commands/set", PRESS.encode(), answers):
            raise SinkError(
                f"{at} does not take what we say on {topic}/commands/set ({refused}): allow it in the broker's access "
                "list"
            )
        session.listen(_DEADLINE_S, lambda: any(heard.topic == answers for heard in session.heard))
        said = next((heard for heard in session.heard if heard.topic == answers), None)
    if said is None:
        raise SinkError(f"{us!r} does not answer within {_DEADLINE_S:.0f} s at {at}: does it live? {_OTHERWISE}")
    try:
        return msgspec.json.decode(said.payload, type=CommandResponse)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SinkError(f"somebody else answers on {answers} at {at}: {error}") from None
