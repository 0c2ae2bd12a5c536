"""`edge-asr mqtt remove`: take this device off the broker, and so out of Home Assistant."""

import argparse

from edge_asr.cli.options import add_config_options, load_config
from edge_asr.errors import EXIT_OK
from edge_asr.settings import device_id
from edge_asr.sinks.broker_session import where
from edge_asr.sinks.farewell import remove_device


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and the options of the configuration: they say which broker and which device."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    text = "remove the device from Home Assistant, and what it left retained on the broker"
    remove = actions.add_parser("remove", help=text, description=text[0].upper() + text[1:] + ".")
    add_config_options(remove)


def run(args: argparse.Namespace) -> int:
    """Remove; raises SinkError when the broker cannot be reached, or the daemon still runs."""
    config = load_config(args)
    us = device_id(config)
    removed = remove_device(config.mqtt, us)
    if removed:
        print(f"{us!r} is removed from {where(config.mqtt)}: {', '.join(removed)}")
    else:
        print(f"there was nothing of {us!r} at {where(config.mqtt)}")
    return EXIT_OK
