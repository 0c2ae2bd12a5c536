"""A grammar by its words: where each of them leads from a state, whatever may be passed without one."""

from edge_asr.asr.grammar import Grammar


class WordSteps:
    """Of one grammar; what was looked at is kept. One thread."""

    def __init__(self, grammar: Grammar) -> None:
        self.tokens, self._finals = grammar.tokens, grammar.finals
        self._arcs: dict[int, list[tuple[int, int]]] = {}
        for source, token, target in grammar.arcs:
            self._arcs.setdefault(source, []).append((token, target))
        self._closures: dict[int, frozenset[int]] = {}
        self._out: dict[int, dict[str, list[tuple[int, int]]]] = {}

    def ends(self, state: int) -> bool:
        """Whether something said ends here."""
        return not self._finals.isdisjoint(self._closure(state))

    def words(self, state: int) -> dict[str, list[tuple[int, int]]]:
        """For each word that may follow, its tokens and where they lead."""
        out = self._out.get(state)
        if out is None:
            out = self._out[state] = {}
            arcs = {arc for inside in self._closure(state) for arc in self._arcs.get(inside, ()) if arc[0]}
            for token, target in sorted(arcs):
                out.setdefault(self.tokens[token].word, []).append((token, target))
        return out

    def _closure(self, state: int) -> frozenset[int]:
        """What can be reached without a word."""
        closure = self._closures.get(state)
        if closure is None:
            reached, waiting = {state}, [state]
            while waiting:
                for token, target in self._arcs.get(waiting.pop(), ()):
                    if not token and target not in reached:
                        reached.add(target)
                        waiting.append(target)
            closure = self._closures[state] = frozenset(reached)
        return closure
