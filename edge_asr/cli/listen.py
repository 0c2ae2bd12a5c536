"""`edge-asr listen`: what subscribers receive from the broker, live."""

import argparse

from edge_asr.cli.demo import screen_here, stop_on_signals
from edge_asr.cli.options import add_config_options, load_config
from edge_asr.demo.subscriber import Subscriber
from edge_asr.sinks.broker_faults import broker_port

_POLL_S = 0.1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the configuration: they say which broker and which prefix."""
    add_config_options(parser)


def run(args: argparse.Namespace) -> int:
    """Show all devices under the prefix until Ctrl-C."""
    mqtt = load_config(args).mqtt
    screen, stop = screen_here(devices=True), stop_on_signals()
    with Subscriber(mqtt) as subscriber:
        screen.say(f"Listening to {mqtt.topic_prefix}/# at {mqtt.host}:{broker_port(mqtt)}; Ctrl-C ends.")
        while not stop.wait(0):
            message = subscriber.next(_POLL_S)
            if message is not None:
                screen.show(message)
        screen.close()
        if subscriber.lost:
            screen.say(f"messages that came too fast to be shown: {subscriber.lost}")
        if subscriber.unreadable:
            screen.say(f"messages that were none of edge_asr's: {subscriber.unreadable}")
    return 0
