"""`edge-asr devices`: the microphones, and the names to choose them by."""

import argparse
import json
import math
from collections.abc import Sequence

from edge_asr.audio.alsa import card_ids
from edge_asr.audio.alsa_listing import alsa_lister
from edge_asr.audio.arecord import Probes
from edge_asr.audio.backend import Backends
from edge_asr.audio.devices import Inventory, Microphone, choose, eligible
from edge_asr.audio.inventory import take_inventory
from edge_asr.audio.opening import is_played
from edge_asr.audio.portaudio import PortAudio
from edge_asr.audio.pulse import SoundServer, server_address
from edge_asr.cli.meter import meter
from edge_asr.cli.options import add_config_options, load_config
from edge_asr.clock import SystemClock
from edge_asr.errors import EXIT_FAILURE, EXIT_OK, CaptureError
from edge_asr.metrics import Metrics

_HEADINGS = ("", "AUDIO.SOURCE", "DESCRIPTION", "RATE", "CHANNELS", "BACKEND", "REMARKS")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `devices`."""
    parser.add_argument("--all", action="store_true", help="monitors of loudspeakers and ALSA plugins too")
    parser.add_argument("--json", action="store_true", help="one JSON object, with everything")
    parser.add_argument(
        "--meter",
        nargs="?",
        type=_seconds,
        const=math.inf,
        metavar="SECONDS",
        help="how loud the chosen microphone is, live, for so long or until Ctrl-C",
    )
    add_config_options(parser)


def run(args: argparse.Namespace) -> int:
    """Print the microphones, or the level of the chosen one; 1 when there is none."""
    config = load_config(args)
    if args.meter is not None:
        return meter(config.audio, args.meter)
    source, server = config.audio.source, SoundServer()
    portaudio = PortAudio(SystemClock(), Metrics())
    inventory = take_inventory(server, alsa_lister("auto", source, portaudio, Backends("auto"), Probes()))
    server.close()
    chosen: Microphone | None = None
    fault = ""
    try:
        chosen = None if is_played(source) else choose(source, inventory)
        fault = "" if chosen else "it is heard instead of a microphone"
    except CaptureError as error:
        fault = str(error)
    if args.json:
        print(json.dumps(_as_json(source, inventory, chosen, fault), ensure_ascii=False, indent=2))
    else:
        print("\n".join(_as_text(source, inventory, chosen, fault, everything=args.all)))
    return EXIT_OK if eligible(inventory) else EXIT_FAILURE


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not seconds > 0.0:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number of seconds above 0, or none")
    return seconds


def _as_text(
    source: str, inventory: Inventory, chosen: Microphone | None, fault: str, *, everything: bool
) -> list[str]:
    usable = eligible(inventory)
    shown = [mic for mic in inventory.microphones if everything or mic in usable or mic == chosen]
    lines = _table(shown, chosen) if shown else []
    if shown:
        lines.append("")
    if not usable:
        lines += [*_looked_at(inventory), *_what_to_do(inventory)]
    elif chosen is not None:
        lines.append(f'* is what audio.source = "{source}" means now. Choose another: --set audio.source=NAME')
    else:
        lines.append(f'audio.source = "{source}" chooses none of these: {fault}')
    return lines


def _table(microphones: Sequence[Microphone], chosen: Microphone | None) -> list[str]:
    rows = [_HEADINGS]
    rows += [
        (
            "*" if mic == chosen else "",
            mic.stable_id,
            mic.description,
            f"{mic.sample_rate_hz} Hz",
            str(mic.channels),
            mic.backend,
            ", ".join(_remarks(mic)),
        )
        for mic in microphones
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _remarks(mic: Microphone) -> list[str]:
    remarks = {
        "default": mic.is_default,
        "muted in the sound server": mic.is_muted,
        "monitor of a loudspeaker": mic.is_monitor,
        "plugin": mic.is_plugin,
        f"usb {mic.usb_id}": bool(mic.usb_id),
    }
    return [text for text, holds in remarks.items() if holds]


def _looked_at(inventory: Inventory) -> list[str]:
    server = inventory.pulse_problem or f"the one at {server_address()} has no source but monitors"
    cards = ", ".join(card_ids()) or "none"
    return [
        "No microphone. Looked at:",
        f"  sound server: {server}",
        f"  ALSA: sound cards: {cards}; that can capture: none"
        + (f" ({inventory.alsa_problem})" if inventory.alsa_problem else ""),
    ]


def _what_to_do(inventory: Inventory) -> list[str]:
    advice = ["Plug a USB microphone in and run this again; `arecord -l` shows what the kernel sees."]
    if inventory.pulse_problem:
        advice.append("With a desktop's sound server, run as the person who is logged in, or set PULSE_SERVER.")
    advice.append("`edge-asr demo` works without one.")
    return advice


def _as_json(source: str, inventory: Inventory, chosen: Microphone | None, fault: str) -> dict[str, object]:
    return {
        "source": source,
        "chosen": chosen.stable_id if chosen else None,
        "problem": fault,
        "sound_server": {"address": server_address(), "problem": inventory.pulse_problem},
        "alsa": {"cards": card_ids(), "problem": inventory.alsa_problem},
        "microphones": [
            {
                "source": mic.stable_id,
                "description": mic.description,
                "sample_rate_hz": mic.sample_rate_hz,
                "channels": mic.channels,
                "backend": mic.backend,
                "usb_id": mic.usb_id,
                "default": mic.is_default,
                "muted": mic.is_muted,
                "monitor": mic.is_monitor,
                "plugin": mic.is_plugin,
                "chosen": mic == chosen,
            }
            for mic in inventory.microphones
        ],
    }
