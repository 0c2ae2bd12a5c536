"""vosk with the same grammar, in a process of its own, as one more who listens for commands."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from edge_asr.asr.grammar import Command, Grammar
from edge_asr.audio.chunk import Samples
from edge_asr.bench.commands import Heard
from edge_asr.bench.decoder_process import DecoderProcess
from edge_asr.bench.peers import VOSK, check_peers, ready_peers
from edge_asr.bench.phrases import Phrases
from edge_asr.config import Config

_HOW = "vosk, phrases"


class VoskEar:
    """Its list-of-phrases mode: each result that is a sentence is a command, or all of them together if none is."""

    name = VOSK

    def __init__(self, process: DecoderProcess, phrases: Phrases, rate_hz: int) -> None:
        self._process = process
        self._phrases = phrases
        self._rate_hz = rate_hz

    def hear(self, samples: Samples) -> Heard:
        """Without a gate: vosk has none."""
        decoded = self._process.decode(_HOW, samples, self._rate_hz)
        results = [text for text in decoded.text.split("\n") if text]
        found = [command for text in results if (command := self._phrases.meaning(text)) is not None]
        if not found and (whole := self._phrases.meaning(" ".join(results))) is not None:
            found = [whole]
        return Heard([_certain(command) for command in found], decoded.cpu_s)


@contextmanager
def vosk_ear(config: Config, language: str, grammar: Grammar, rate_hz: int) -> Iterator[VoskEar]:
    """It, with the configured bundle's own weights. Raises EdgeAsrError."""
    check_peers([VOSK], language)
    phrases = Phrases(grammar)
    with TemporaryDirectory() as folder, ready_peers([VOSK], config) as [peer]:
        listed = Path(folder) / "phrases"
        listed.write_text("\n".join(phrases.covering()), "utf-8")
        with DecoderProcess(peer.module, [*peer.words, str(listed)]) as process:
            yield VoskEar(process, phrases, rate_hz)


def _certain(command: Command) -> Command:
    """It tells no excess: what it takes for a sentence is one, at any threshold."""
    return Command(command.intent, command.slots, command.confidence, -5.0)  # the lowest `commands.most_excess`
