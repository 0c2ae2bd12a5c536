"""The file of phrases to listen for: one a line, its own bonus behind a colon where it has one."""

from pathlib import Path

from edge_asr.asr.zipformer.phrases import Phrases
from edge_asr.asr.zipformer.spelling import spell
from edge_asr.asr.zipformer.tokens import Tokens
from edge_asr.errors import ConfigError

_MOST_PHRASES = 10_000


def load_phrases(path: Path, bonus: float, tokens: Tokens) -> Phrases:
    """Phrases of a file, such as `LIVING ROOM` or `LIVING ROOM :2.5`; lines that begin with # are comments.

    `bonus` goes to every token of a phrase without its own. Raises ConfigError with the line at fault.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ConfigError(f"recognizer.hotwords_file: {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"recognizer.hotwords_file: {path} is not UTF-8 text at byte {error.start}") from None
    phrases = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        where = f"recognizer.hotwords_file: {path} line {number}"
        phrase, own = _parse(line, bonus, where)
        spelt = spell(phrase, tokens)
        if spelt is None:
            raise ConfigError(f"{where}: the model has no tokens for {phrase[:60]!r}; write it in the model's alphabet")
        phrases.append((spelt, own))
    if not 0 < len(phrases) <= _MOST_PHRASES:
        raise ConfigError(f"recognizer.hotwords_file: {path} has {len(phrases)} phrases, expected 1 to {_MOST_PHRASES}")
    return Phrases(phrases)


def _parse(line: str, bonus: float, where: str) -> tuple[str, float]:
    *head, last = line.split()
    if not last.startswith(":") or not head:
        return " ".join([*head, last]), bonus
    try:
        own = float(last[1:])
    except ValueError:
        own = 0.0
    if not 0.0 < own <= 100.0:
        raise ConfigError(f"{where}: the bonus is {last[1:]!r}, expected a number above 0 and at most 100")
    return " ".join(head), own
