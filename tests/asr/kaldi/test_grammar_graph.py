"""The graph of a grammar: in any scores the best paths of one that is put together word by word."""

from pathlib import Path

import kaldifst
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_asr.asr.grammar import Grammar, Token
from edge_asr.asr.kaldi.fst_arrays import FstArrays
from edge_asr.asr.kaldi.grammar_graph import grammar_graph, smallest
from edge_asr.asr.kaldi.labels import Position
from edge_asr.asr.kaldi.lexicon import Lexicon
from edge_asr.asr.kaldi.search import BestPath, Search
from edge_asr.errors import ModelError
from tests.asr.kaldi import made_lexicon as made
from tests.asr.kaldi.plain_weaver import plain_graph
from tests.asr.kaldi.sentence_list import of_sentences

_EVERYTHING = 1e6  # a beam that no path leaves
WORDS = [*sorted(made.WORDS), "runa", "runarena"]
SOUNDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "runa": (("run", "a"), ("tea", "red")),
    "runarena": (("run", "arena"),),
}


@pytest.fixture(scope="module")
def lexicon(tmp_path_factory: pytest.TempPathFactory) -> Lexicon:
    return made.lexicon(tmp_path_factory.mktemp("lexicon"))


@st.composite
def grammars(draw: st.DrawFn, *, loops: bool) -> Grammar:
    """Any acceptor, with ways of no word, several meanings of a word, dead ends, and maybe loops."""
    states = draw(st.integers(2, 6))
    token = st.builds(Token, st.sampled_from(WORDS), st.sampled_from([None, "one", "other"]))
    tokens = draw(st.lists(token, min_size=1, max_size=6, unique=True))
    one = st.integers(0, states - 1)
    arc = st.tuples(one, st.integers(0, len(tokens)), one)
    arcs = draw(st.lists(arc if loops else arc.filter(lambda found: found[0] < found[2]), min_size=1, max_size=14))
    finals = draw(st.frozensets(one, min_size=1))
    return Grammar((Token(""), *tokens), tuple(arcs), finals, SOUNDS)


def best(fst: object, scores: NDArray[np.float32]) -> BestPath:
    search = Search(fst, _EVERYTHING, 1_000_000)
    search.advance(scores)
    return search.best_path(final=True)


@settings(max_examples=300, deadline=None)
@given(data=st.data(), seed=st.integers(0, 2**32), loops=st.booleans())
def test_the_best_path_is_that_of_a_graph_made_word_by_word(
    data: st.DataObject, seed: int, loops: bool, lexicon: Lexicon
) -> None:
    grammar = data.draw(grammars(loops=loops))
    rng = np.random.default_rng(seed)
    scores = rng.normal(0.0, 3.0, (12, made.LABELS)).astype(np.float32)  # no two paths are equally good
    plain = best(plain_graph(grammar, lexicon), scores)
    if not len(smallest(grammar).source):
        assert not (plain.ends and plain.words)
        with pytest.raises(ModelError, match="nothing could ever be heard"):
            grammar_graph(grammar, lexicon)
        return
    path = best(grammar_graph(grammar, lexicon).fst, scores)
    assert path.ends == plain.ends
    if plain.ends:
        assert path.cost == pytest.approx(plain.cost, abs=1e-3)
        assert path.labels.tolist() == plain.labels.tolist()
        assert said(path, grammar) == said(plain, grammar)


def said(path: BestPath, grammar: Grammar) -> list[str]:
    """Of two meanings that sound alike either may be first."""
    return [grammar.tokens[number].word for number in path.words]


@settings(max_examples=200, deadline=None)
@given(data=st.data(), loops=st.booleans())
def test_an_acceptor_becomes_as_small_as_openfst_makes_it(data: st.DataObject, loops: bool) -> None:
    grammar = data.draw(grammars(loops=loops))
    fst = kaldifst.StdVectorFst()
    for _ in range(6):
        fst.add_state()
    fst.start = 0
    for source, token, target in grammar.arcs:
        fst.add_arc(source, kaldifst.StdArc(token, token, 0.0, target))
    for state in grammar.finals:
        fst.set_final(state, 0.0)
    kaldifst.rmepsilon(fst)
    theirs = kaldifst.determinize(fst)
    kaldifst.minimize(theirs)
    ours = smallest(grammar)
    assert len(ours.ends) == theirs.num_states
    assert len(ours.source) == sum(theirs.num_arcs(state) for state in range(theirs.num_states))
    for length in range(4):
        assert sentences(ours, length) == sentences(FstArrays.of(theirs), length)


def sentences(acceptor: FstArrays, length: int) -> set[tuple[int, ...]]:
    """All of so many words."""
    paths: set[tuple[int, tuple[int, ...]]] = {(acceptor.start, ())} if len(acceptor.ends) else set()
    for _ in range(length):
        paths = {
            (int(target), (*path, int(label)))
            for state, path in paths
            for source, label, target in zip(acceptor.source, acceptor.label, acceptor.target, strict=True)
            if source == state
        }
    return {path for state, path in paths if acceptor.ends[state]}


def test_words_that_begin_alike_are_one_until_they_differ(lexicon: Lexicon) -> None:
    alone, both = (grammar_graph(of_sentences(list(words), intent="x"), lexicon) for words in (["bed"], ["bed", "bad"]))
    assert both.states < 2 * alone.states - 1


def test_all_transitions_are_those_that_are_asked_for_one_by_one(lexicon: Lexicon) -> None:
    way, enter, stay = lexicon.transitions
    for before in range(made.KINDS):
        for phone in range(1, made.KINDS):
            if way[before, phone] < 0:
                with pytest.raises(ModelError):
                    lexicon.transition(before, phone)
            else:
                number = way[before, phone]
                assert lexicon.transition(before, phone) == (enter[number], stay[number])


def test_a_sound_that_no_word_has_there_is_an_error(tmp_path: Path) -> None:
    arrays = made.arrays()
    kept = arrays["contexts"][:, 1] != made.phone("d", Position.END)
    arrays["contexts"] = arrays["contexts"][kept]
    np.savez(tmp_path / "lexicon.npz", **arrays)  # type: ignore[arg-type]
    lexicon = Lexicon.load(tmp_path / "lexicon.npz", made.LABELS, made.SILENCE)
    with pytest.raises(ModelError, match=f"phone {made.phone('d', Position.END)} "):
        grammar_graph(of_sentences(["bed"]), lexicon)


def test_a_graph_goes_to_kaldifst_and_back() -> None:
    fst = kaldifst.StdVectorFst()
    for _ in range(4):
        fst.add_state()
    fst.start = 2
    for source, label, word, target in ((2, 3, 7, 0), (2, 0, 0, 1), (0, 4, 0, 0), (1, 9, 0, 3)):
        fst.add_arc(source, kaldifst.StdArc(label, word, 0.0, target))
    fst.set_final(3, 0.0)
    arrays = FstArrays.of(fst)
    assert (arrays.start, arrays.ends.tolist()) == (2, [False, False, False, True])
    again = FstArrays.of(kaldifst.StdVectorFst(arrays.fst()))
    for name in ("source", "label", "word", "target", "ends"):
        assert getattr(again, name).tolist() == getattr(arrays, name).tolist()
    assert str(kaldifst.StdVectorFst(arrays.fst())) == str(fst)
    assert arrays.fst().num_input_epsilons(2) == 1
