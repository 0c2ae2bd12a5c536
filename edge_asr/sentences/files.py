"""Which files are read, and each by its kind: YAML as Home Assistant has it, anything else as a plain list."""

import contextlib
import hashlib
import re
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path

from edge_asr.errors import SentencesError
from edge_asr.sentences.definitions import AnyList, Definitions
from edge_asr.sentences.plain_list import read_plain_list
from edge_asr.sentences.yaml_file import merge, read_definitions

YAML_SUFFIXES = (".yaml", ".yml")
SUFFIXES = (*YAML_SUFFIXES, ".txt")
_MOST_BYTES = 50_000_000
_MOST_FILES = 1000
TOLD = "commands/set"  # the name of what is in no file
_YAML = re.compile(
    r'^(---|"?(intents|lists|expansion_rules|skip_words|pronunciations)"?\s*:)|\A\s*\{\s*"', re.MULTILINE
)


def read_files(paths: Iterable[str | Path], language: str) -> Definitions:
    """All that files and folders define, for a model that hears `language`; raises SentencesError."""
    found = Definitions()
    read: set[Path] = set()
    for path in sentence_files(paths):
        if path.resolve() not in read:
            read.add(path.resolve())
            merge(found, _read(path, language))
    if not found.blocks:
        names = ", ".join(str(path) for path in paths) or "nothing"
        raise SentencesError(f"{names}: there are no sentences; write one on each line, or `intents:` in YAML")
    return found


def sentence_files(paths: Iterable[str | Path]) -> list[Path]:
    """The files themselves, and those of folders: *.yaml, *.yml and *.txt. Raises SentencesError."""
    files: list[Path] = []
    for path in map(Path, paths):
        try:
            inside = (
                sorted(one for one in path.rglob("*") if one.suffix.lower() in SUFFIXES) if path.is_dir() else [path]
            )
        except OSError as error:
            raise SentencesError(f"{path} cannot be read: {error.strerror}; make it readable") from error
        if not inside:
            raise SentencesError(f"{path}: the folder holds no sentences; expected files like {' '.join(SUFFIXES)}")
        files += inside
    if len(files) > _MOST_FILES:
        raise SentencesError(
            f"there are {len(files)} files of sentences; expected at most {_MOST_FILES}: name a folder of them"
        )
    return files


def read_told(text: str, language: str) -> Definitions:
    """The same of a text that is in no file, a plain list or YAML; raises SentencesError."""
    definitions = read_definitions(TOLD, text, language) if _YAML.search(text) else read_plain_list(TOLD, text)
    if not definitions.blocks:
        raise SentencesError(f"{TOLD}: there are no sentences; write one on each line, or `intents:` in YAML")
    return definitions


def digest(paths: Iterable[str | Path]) -> str:
    """SHA-256 of all files in a row; of what cannot be read any more nothing. Raises SentencesError."""
    found = hashlib.sha256()
    for path in sentence_files(paths):
        with contextlib.suppress(OSError):
            found.update(path.read_bytes())
    return found.hexdigest()


def ready_made(language: str) -> Mapping[str, AnyList]:
    """Lists that need no definition, in that language; none for a language that nobody has written them in."""
    name = f"{language.replace('_', '-').split('-')[0].lower()}.yaml"
    file = resources.files("edge_asr.sentences").joinpath("ready_made", name)
    return read_definitions(name, file.read_text("utf-8"), language).lists if file.is_file() else {}


def _read(path: Path, language: str) -> Definitions:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise SentencesError(f"{path} has more than {_MOST_BYTES} bytes; expected a list of sentences, divide it")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SentencesError(f"{path} cannot be read: {error.strerror}; name a file or folder of sentences") from error
    except UnicodeDecodeError as error:
        raise SentencesError(f"{path} is not UTF-8 text at byte {error.start}; save it as UTF-8") from error
    except ValueError as error:  # a path with a null byte in it
        raise SentencesError(f"{str(path)!r} is no name of a file: {error}") from error
    if path.suffix.lower() in YAML_SUFFIXES:
        return read_definitions(str(path), text, language)
    return read_plain_list(str(path), text)
