"""A page in Markdown as its tests see it: blocks of code, words in code within the prose, links."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.small_debian import ROOT

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_ASSIGNMENT = re.compile(r"[A-Z][A-Z0-9_]*=")
_JOINS = {"&&", "||", "|", ";", "&"}
PREFIXES = {"sudo"}  # and assignments: what may stand before a command


@dataclass(frozen=True)
class Command:
    """A command of a shell: its words, and the variables before them."""

    words: tuple[str, ...]
    variables: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page:
    """One page. `path` is where its links begin."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def blocks(self) -> list[tuple[str, str]]:
        """Language and code."""
        return [(language, code) for language, code in _BLOCK.findall(self.text)]

    @property
    def prose(self) -> str:
        """All but the blocks."""
        return _BLOCK.sub("", self.text)

    @property
    def spans(self) -> list[str]:
        """What stands in code in the prose, each on one line."""
        return [" ".join(span.split()) for span in _SPAN.findall(self.prose)]

    @property
    def links(self) -> list[str]:
        return _LINK.findall(self.prose) + re.findall(r'src="([^"]+)"', self.prose)

    @property
    def anchors(self) -> set[str]:
        """Of its headings, as GitHub makes them."""
        heads = re.findall(r"^#+ (.*)$", self.prose, re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}

    def commands(self) -> Iterator[Command]:
        """Those of its shell blocks, in order."""
        for language, code in self.blocks:
            if language == "sh":
                yield from commands_of(code)


def pages() -> list[Page]:
    """All that the tests hold."""
    paths = [ROOT / "README.md", ROOT / "README.zh-CN.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [Page(path, path.read_text("utf8")) for path in paths]


def commands_of(code: str) -> Iterator[Command]:
    """Commands of a piece of shell, without comments, pipes and redirections taken apart."""
    for line in code.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;")
        lexer.whitespace_split = True
        words: list[str] = []
        for word in lexer:
            if word in _JOINS:
                yield from _command(words)
                words = []
            else:
                words.append(word)
        yield from _command(words)


def _command(words: list[str]) -> Iterator[Command]:
    variables = []
    words = list(words)
    while words and (words[0] in PREFIXES or _ASSIGNMENT.match(words[0])):
        word = words.pop(0)
        if word not in PREFIXES:
            variables.append(word)
    if words:
        yield Command(tuple(words), tuple(variables))
