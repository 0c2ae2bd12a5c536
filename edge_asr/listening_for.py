"""A recognizer that listens for the sentences of the configuration, and a look at whether their files have changed."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edge_asr.asr.bundle import Bundle
from edge_asr.asr.families import load_lexicon
from edge_asr.asr.grammar import Grammar
from edge_asr.asr.kaldi.recognizer import KaldiRecognizer
from edge_asr.asr.manifest import Manifest
from edge_asr.asr.recognizer import Recognizer
from edge_asr.clock import NS_PER_S, Clock
from edge_asr.config import CommandsConfig
from edge_asr.errors import SentencesError
from edge_asr.model_switch import ModelSwitch

log = logging.getLogger(__name__)

_LOOK_S = 2.0

Stamps = tuple[tuple[str, int, int], ...]


def wants_commands(commands: CommandsConfig) -> bool:
    """Whether there are sentences to listen for."""
    return commands.sentences is not None and commands.mode != "open"


def wants_open_speech(commands: CommandsConfig) -> bool:
    """Whether anything else is heard."""
    return not (wants_commands(commands) and commands.mode == "commands")


def listening_for(commands: CommandsConfig, bundle: Bundle[Manifest], recognizer: Recognizer[Any]) -> Recognizer[Any]:
    """The recognizer of `bundle`, which listens for the configured sentences too where there are any.

    Takes as long as their graph: a fraction of a second. Raises ModelError and SentencesError.
    """
    if not wants_commands(commands):
        return recognizer
    grammar = compiled(commands, bundle)
    assert isinstance(recognizer, KaldiRecognizer)  # noqa: S101 - no other has a lexicon, and `compiled` asks for it
    return recognizer.with_commands(grammar, commands.most_excess)


def compiled(commands: CommandsConfig, bundle: Bundle[Manifest]) -> Grammar:
    """What the configured sentences say to a model. Raises ModelError and SentencesError."""
    from edge_asr.sentences.compiled import compile_files  # noqa: PLC0415 - hassil is for those who have sentences

    found = compile_files([str(commands.sentences)], load_lexicon(bundle), bundle.manifest.language)
    log.info("listening for %d sentences of %d intents", found.templates, found.intents)
    return found.grammar


def read_again(models: ModelSwitch) -> None:
    """Listen for what the files say now; where nothing of it is listened for they are read when it is."""
    if models.in_force.mode != "open":
        models.again()


class SentencesWatch:
    """The supervisor's thread. `changed` is called when a file of the sentences is another one than before.

    A file that is being written is waited for: what counts is that it looks the same twice.
    """

    def __init__(self, commands: CommandsConfig, changed: Callable[[], None], clock: Clock) -> None:
        self._path = Path(commands.sentences) if commands.sentences else None
        self._changed = changed
        self._clock = clock
        self._next_ns = clock.monotonic_ns()
        self._heard = self._seen = self._stamps()

    def look(self) -> None:
        """Do it every two seconds."""
        now_ns = self._clock.monotonic_ns()
        if self._path is None or now_ns < self._next_ns:
            return
        self._next_ns = now_ns + round(_LOOK_S * NS_PER_S)
        before, self._seen = self._seen, self._stamps()
        if self._seen == before and self._seen != self._heard:
            self._heard = self._seen
            self._changed()

    def _stamps(self) -> Stamps:
        """Name, time and size of each file; nothing while they cannot be read."""
        if self._path is None:
            return ()
        from edge_asr.sentences.files import sentence_files  # noqa: PLC0415 - as above

        try:
            found = [(str(path), path.stat()) for path in sentence_files([self._path])]
        except (OSError, SentencesError):
            return ()
        return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in found)
