"""Numbers and letters said in a row: a telephone number, a code, a word that is spelled.

Language models of running text know them badly. The first pass has a grammar of its own for them (`models/export`
builds it from these words); an offline model that writes sentences has none, and makes words of them.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_FEWEST = 2  # words that make a run


@dataclass(frozen=True, slots=True)
class RunWords:
    """What a run is made of in one language, as its lexicon writes it: words with spaces between them."""

    digits: str
    tens: str  # and whatever else stands for two digits
    scales: str  # what is said between numbers
    letters: str
    mistaken: str  # digits that sound like a word which is said far more often ("for", "a")
    everyday: str  # those of them that begin or fill any sentence: of them alone there is no row ("oh i see")

    @property
    def all(self) -> frozenset[str]:
        """Every word of it."""
        return frozenset(f"{self.digits} {self.tens} {self.scales} {self.letters}".split())


_ENGLISH = RunWords(
    digits="zero oh o one two three four five six seven eight nine",
    tens="ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen "
    "twenty thirty forty fifty sixty seventy eighty ninety",
    scales="hundred thousand point double",
    letters="a b c d e f g h i j k l m n o p q r s t u v w x y z",
    mistaken="four eight",
    everyday="a i o oh",
)
_BY_LANGUAGE: Mapping[str, RunWords] = {"en": _ENGLISH}


def run_words(language: str) -> RunWords | None:
    """The words of a language (BCP 47), None where they are not known."""
    return _BY_LANGUAGE.get(language.partition("-")[0])


def run_share(words: Sequence[str], language: str) -> float:
    """Share, 0..1, of `words` that stand in a row of numbers and letters; a single one is no row."""
    known = run_words(language)
    if known is None or not words:
        return 0.0
    members, everyday = known.all, frozenset(known.everyday.split())
    found = 0
    for member, group in itertools.groupby(words, members.__contains__):
        row = tuple(group)
        if member and len(row) >= _FEWEST and not everyday.issuperset(row):
            found += len(row)
    return found / len(words)
