"""What counts as one token when texts are compared: normalized words, or characters where a script has no spaces."""

from collections.abc import Callable

from edge_asr.bench.extra import require

Tokenizer = Callable[[str], list[str]]
_WITHOUT_SPACES = {"zh", "ja", "th", "yue"}


def measure_of(language: str) -> str:
    """Name of the error rate of a language: WER counts words, CER characters."""
    return "CER" if _primary(language) in _WITHOUT_SPACES else "WER"


def unit_of(language: str) -> str:
    """What is counted in a language."""
    return "characters" if measure_of(language) == "CER" else "words"


def spoken_count(language: str) -> Callable[[str], int]:
    """How many of its units a text has, without any normalizer."""
    if unit_of(language) == "characters":
        return lambda text: sum(letter.isalnum() for letter in text)
    return lambda text: len(text.split())


def tokenizer(language: str) -> Tokenizer:
    """Text to tokens after Whisper's normalizer, the field's usual choice. Raises EdgeAsrError without the extra.

    English has its own: spelling, contractions and numbers count as they are meant. Others lose case and punctuation.
    """
    require("whisper_normalizer")
    from whisper_normalizer.basic import BasicTextNormalizer  # noqa: PLC0415 - only this measurement has the extra
    from whisper_normalizer.english import EnglishTextNormalizer  # noqa: PLC0415

    normalize = EnglishTextNormalizer() if _primary(language) == "en" else BasicTextNormalizer()
    if measure_of(language) == "CER":
        return lambda text: list("".join(str(normalize(text)).split()))
    return lambda text: str(normalize(text)).split()


def _primary(language: str) -> str:
    return language.replace("_", "-").split("-")[0].lower()
