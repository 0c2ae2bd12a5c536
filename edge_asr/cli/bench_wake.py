"""`edge-asr bench commands --wake`: phrases that wake, missed and heard where nobody says them."""

import math
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from edge_asr.asr.bundle import Bundle
from edge_asr.asr.families import load_lexicon
from edge_asr.asr.kaldi.recognizer import KaldiRecognizer
from edge_asr.asr.manifest import Manifest
from edge_asr.audio.chunk import Samples
from edge_asr.bench.benchmark_commands import as_templates, read_list
from edge_asr.bench.commands import Order
from edge_asr.bench.commands_wake import WakeEar, WakeElsewhere, opened, openings, wake_json, wake_text
from edge_asr.config import Config
from edge_asr.errors import EdgeAsrError
from edge_asr.sentences.compiled import compile_definitions
from edge_asr.sentences.plain_list import read_plain_list
from edge_asr.sentences.wake import with_wake
from edge_asr.sentences.yaml_file import read_definitions

_OFTEN = 10  # said so often an opening may be the phrase that wakes


def measure_wake(
    config: Config,
    bundle: Bundle[Manifest],
    recognizer: KaldiRecognizer,
    file: Path,
    orders: Sequence[tuple[Order, Samples]],
    others: Iterable[Samples],
) -> Any:
    """Measure, print, and return the figures. Raises EdgeAsrError and its kinds."""
    text, language, lexicon = read_list(file), bundle.manifest.language, load_lexicon(bundle)
    phrases, rest_text = openings(text)
    with_openings, without = (
        compile_definitions(read_definitions(file.name, as_templates(file.name, one), language), lexicon, language)
        for one in (text, rest_text)
    )

    def ear(wakes: Sequence[str]) -> WakeEar:
        phrase = compile_definitions(read_plain_list("phrases", "\n".join(wakes)), lexicon, language)
        return WakeEar(config, recognizer, with_wake(without.grammar, phrase.grammar))

    hearing = recognizer.without_open_speech().with_commands(with_openings.grammar, math.inf)
    found = [opened(hearing, order, samples, phrases) for order, samples in orders]
    often = [one for one in phrases if sum(order.opening == one for order in found) >= _OFTEN]
    if not often:
        raise EdgeAsrError(f"no opening is said {_OFTEN} times in {len(orders)} commands; give more of them")
    results = []
    for one in often:
        _say(f"{one!r} wakes")
        results.append(ear([one]).result(one, found))
    elsewhere, all_of_them = WakeElsewhere(), ear(often)
    _say("nobody says any of them")
    for samples in others:
        all_of_them.elsewhere(samples, elsewhere)
    print(wake_text(results, elsewhere, config))
    return wake_json(results, elsewhere)


def _say(text: str) -> None:
    print(f"edge-asr bench: {text}", file=sys.stderr, flush=True)
