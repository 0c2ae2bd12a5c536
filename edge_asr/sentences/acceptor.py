"""The acceptor under construction: from the start by one token after another to its only end."""

from edge_asr.asr.grammar import Grammar, Token

START, END = 0, 1
NO_WORD = 0


class Acceptor:
    """States are numbers, and so are tokens; token 0 is no word. One thread."""

    def __init__(self) -> None:
        self.tokens: dict[Token, int] = {}
        self.arcs: list[tuple[int, int, int]] = []
        self.states = 2

    def state(self) -> int:
        """A new one."""
        self.states += 1
        return self.states - 1

    def new_states(self, count: int) -> range:
        """So many new ones."""
        self.states += count
        return range(self.states - count, self.states)

    def token(self, token: Token) -> int:
        """Its number."""
        return self.tokens.setdefault(token, len(self.tokens) + 1)

    def arc(self, source: int, token: Token | None, target: int) -> None:
        """From one state to the other by a word, or by none."""
        number = NO_WORD if token is None else self.token(token)
        self.arcs.append((source, number, target))

    def grammar(self, sounds: dict[str, tuple[tuple[str, ...], ...]]) -> Grammar:
        """As recognizers take it."""
        return Grammar((Token(""), *self.tokens), tuple(self.arcs), frozenset({END}), sounds)
