"""Numbers as people say them: by the rules of Unicode, and where people have another way too, that."""

from functools import lru_cache

from hassil.numbers import get_rbnf_engine

from edge_asr.errors import SentencesError

_RULES = {  # of the many that Unicode has for Chinese: not those of cheques and of days of the month
    "zh": ("spellout-cardinal", "spellout-cardinal-alternate2"),
}


@lru_cache(maxsize=20_000)
def ways(number: float, language: str) -> tuple[str, ...]:
    """All ways to say a number; raises SentencesError for a language without words for numbers."""
    try:
        found = get_rbnf_engine(language).format_number(number).text_by_ruleset
    except ValueError as error:
        raise SentencesError(f"nobody here knows the numbers of the language {language!r}; write them out") from error
    rules = _RULES.get(language)
    texts = [text for rule, text in found.items() if rules is None or rule in rules]
    said = [text.replace("-", " ") for text in texts]
    if language == "en":
        said = [way for text in said for way in _english(text)]
    return tuple(dict.fromkeys(said))


def _english(text: str) -> list[str]:
    """Also "one hundred and two", "a hundred", "twenty one and a half"."""
    ways = [text]
    before, hundred, behind = text.rpartition(" hundred ")
    if hundred and not behind.startswith(("thousand", "million", "billion", "point")):
        ways.append(f"{before} hundred and {behind}")
    if text.endswith(" point five"):
        ways.append(text.removesuffix(" point five") + " and a half")
    for one in ("one hundred", "one thousand"):
        ways += ["a" + way.removeprefix("one") for way in ways if way.startswith(one)]
    return ways
