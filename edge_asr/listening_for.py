"""A recognizer that listens for the sentences of the configuration, and a look at whether their files have changed."""

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

from edge_asr.asr.bundle import Bundle
from edge_asr.asr.families import load_lexicon
from edge_asr.asr.grammar import Grammar
from edge_asr.asr.kaldi.recognizer import KaldiRecognizer
from edge_asr.asr.manifest import Manifest
from edge_asr.asr.recognizer import Recognizer
from edge_asr.clock import NS_PER_S, Clock
from edge_asr.config import CommandsConfig
from edge_asr.errors import SentencesError
from edge_asr.events import SentencesReport
from edge_asr.house_names import HouseNames
from edge_asr.model_switch import ModelSwitch
from edge_asr.names import Names

log = logging.getLogger(__name__)

_LOOK_S = 2.0
_FAULT_CHARACTERS = 1500
MOST_TOLD_STEPS = 300_000  # from word to word, of sentences that somebody sent: some 50 MB while they are put together

Stamps = tuple[tuple[str, int, int], ...]


def wants_commands(commands: CommandsConfig) -> bool:
    """Whether there are sentences to listen for."""
    return commands.sentences is not None and commands.mode != "open"


def wants_open_speech(commands: CommandsConfig) -> bool:
    """Whether anything else is heard."""
    return not (wants_commands(commands) and commands.mode == "commands")


class Understood(NamedTuple):
    """What sentences say to a model; no grammar: they are not listened for, or there are none."""

    grammar: Grammar | None = None
    report: SentencesReport | None = None


def listening_for(commands: CommandsConfig, recognizer: Recognizer[Any], grammar: Grammar) -> Recognizer[Any]:
    """The recognizer, which listens for the sentences of `grammar` too, or alone.

    Takes as long as their graph: a fraction of a second. Raises ModelError.
    """
    assert isinstance(recognizer, KaldiRecognizer)  # noqa: S101 - no other has a lexicon, and `understand` asks for it
    return recognizer.with_commands(grammar, commands.most_excess, commands.most_wake_excess)


def with_other_sentences(
    commands: CommandsConfig, recognizer: Recognizer[Any], grammar: Grammar | None
) -> Recognizer[Any] | None:
    """The recognizer that is there, for other sentences or another mode; it shares its network with that one.

    None where it lacks the graph of the language, or is of a family without sentences: then it has to be loaded anew.
    Any thread, while it listens. Raises ModelError.
    """
    if not isinstance(recognizer, KaldiRecognizer):
        return None
    open_speech = wants_open_speech(commands) or grammar is None
    if open_speech and not recognizer.hears_open_speech:
        return None
    same = recognizer if open_speech else recognizer.without_open_speech()
    return same.without_commands() if grammar is None else listening_for(commands, same, grammar)


def understand(
    commands: CommandsConfig, bundle: Bundle[Manifest], told: str = "", house: HouseNames | None = None
) -> Understood:
    """What the sentences say to a model: those that were `told`, else those of the configuration.

    What was told is looked at in every mode, so that none that is wrong is kept. Names of the house are those of
    `house`, which hears of those that cannot be said; as long as there are none, sentences that want one are not said.
    Raises ModelError and SentencesError.
    """
    if commands.sentences is None or not (told or wants_commands(commands)):
        return Understood()
    from edge_asr.sentences.compiled import (  # noqa: PLC0415 - hassil is for those who have sentences
        MOST_STEPS,
        NothingSaidError,
        compile_definitions,
    )
    from edge_asr.sentences.files import digest, read_files, read_told  # noqa: PLC0415 - as above

    language, lexicon = bundle.manifest.language, load_lexicon(bundle)
    names = Names() if house is None else house.current
    lists = names.lists() if commands.names_topic is not None else {}
    sha256 = hashlib.sha256(told.encode()).hexdigest() if told else digest([commands.sentences])
    source: Literal["file", "told"] = "told" if told else "file"
    try:
        definitions = read_told(told, language) if told else read_files([commands.sentences], language)
        most_steps = MOST_TOLD_STEPS if told else MOST_STEPS
        found = compile_definitions(definitions, lexicon, language, most_steps, lists, commands.wake_phrase)
    except NothingSaidError as error:
        if not lists:
            raise
        log.warning("all speech is text until names come on %s: %s", commands.names_topic, _short(str(error)))
        nothing = dict.fromkeys(("sentences", "intents", "words", "names"), 0)
        count = _tell_left_out(house, (*names.unfit, *error.left_out))
        return Understood(None, SentencesReport(source=source, sha256=sha256, left_out=count, **nothing))
    except SentencesError as error:
        raise (SentencesError(_short(str(error))) if told else error) from None
    count = _tell_left_out(house, (*names.unfit, *found.left_out))
    log.info("listening for %d sentences of %d intents", found.templates, found.intents)
    report = SentencesReport(
        source=source,
        sentences=found.templates,
        intents=found.intents,
        words=found.words,
        names=found.names,
        left_out=count,
        sha256=sha256,
    )
    return Understood(found.grammar if wants_commands(commands) else None, report)


def _tell_left_out(house: HouseNames | None, names: tuple[str, ...]) -> int:
    """How many names nobody can say, after whoever told them has heard of it."""
    if house is not None:
        house.left_out(names)
    return len(names)


def _short(text: str) -> str:
    """One line that is not made long by what somebody sent."""
    line = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return line if len(line) <= _FAULT_CHARACTERS else line[: _FAULT_CHARACTERS - 4] + " ..."


def names_changed(models: ModelSwitch) -> None:
    """Listen for the names as they are now, whoever has written the sentences that they stand in."""
    if models.in_force.mode != "open":
        models.again()


def read_again(models: ModelSwitch) -> None:
    """Listen for what the files say now; where nothing of it is listened for they are read when it is."""
    if models.in_force.mode != "open" and not models.in_force.sentences:
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
