"""Sentences without alternatives as one tree: those that begin alike share their words until they differ.

What a sentence means is told by the first of its words behind which no other meaning is possible. A sentence that is
its own intent tells nothing, so that those which end alike share their words too.
"""

from edge_asr.asr.grammar import Token
from edge_asr.sentences.acceptor import END, START, Acceptor
from edge_asr.sentences.word_ways import Meaning

_NONE, _MANY = -1, -2


class SentenceTree:
    """Grows by sentences, then is added to an acceptor."""

    def __init__(self) -> None:
        self._meanings: dict[Meaning | None, int] = {}
        self._nodes: list[dict[str, int]] = [{}]
        self._ends: dict[int, list[int]] = {}

    def add(self, words: list[str], meaning: Meaning | None) -> None:
        """A sentence of at least one word; without a meaning its words are its intent."""
        node = 0
        for word in words:
            behind = self._nodes[node].get(word)
            if behind is None:
                behind = self._nodes[node][word] = len(self._nodes)
                self._nodes.append({})
            node = behind
        number = self._meanings.setdefault(meaning, len(self._meanings))
        ends = self._ends.setdefault(node, [])
        if number not in ends:
            ends.append(number)

    def __len__(self) -> int:
        return len(self._nodes) - 1

    def add_to(self, acceptor: Acceptor) -> None:
        """All sentences, from its start to its end."""
        meanings = [meaning or (None, ()) for meaning in self._meanings]
        only = self._only_meanings()
        states = [START, *([-1] * len(self))]
        for node, behind in enumerate(self._nodes):
            told = bool(node) and only[node] >= 0
            for word, child in behind.items():
                state = acceptor.state() if self._nodes[child] else -1
                states[child] = state
                here = states[node]
                if only[child] >= 0:
                    token = Token(word) if told else Token(word, *meanings[only[child]])
                    if state >= 0:
                        acceptor.arc(here, token, state)
                    if child in self._ends:
                        acceptor.arc(here, token, END)
                    continue
                if state >= 0:
                    acceptor.arc(here, Token(word), state)
                for number in self._ends.get(child, ()):
                    acceptor.arc(here, Token(word, *meanings[number]), END)

    def _only_meanings(self) -> list[int]:
        """For each node the meaning of all sentences through it, or that there are many."""
        only = [_NONE] * len(self._nodes)
        for node in range(len(self._nodes) - 1, -1, -1):  # children are made after their parents
            found = {*self._ends.get(node, ()), *(only[child] for child in self._nodes[node].values())}
            only[node] = found.pop() if len(found) == 1 else _MANY
        return only
