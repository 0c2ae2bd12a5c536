"""Beam search: what it finds that greedy decoding misses, against all texts there are, and how it ends."""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_asr.asr.moonshine import beam
from edge_asr.asr.moonshine.beam import beam_search
from edge_asr.asr.moonshine.greedy import greedy
from edge_asr.asr.moonshine.model import Moonshine
from edge_asr.asr.moonshine.networks import WIDTH, Arrays, Networks
from edge_asr.asr.moonshine.written import Written
from tests.asr.moonshine.tiny_moonshine import bundle

START, END = 0, 1
_KEY = "past_key_values.0.decoder.key"

Shares = Callable[[tuple[int, ...]], Sequence[float]]


class _Telling:
    """Stands in for the networks: shares of the next token by all tokens before it, which its memory holds."""

    def __init__(self, shares: Shares) -> None:
        self._shares = shares
        self.widths: list[int] = []
        self.given: list[int] = []

    def first(self, sound: Arrays, tokens: Sequence[int]) -> tuple[NDArray[np.float32], Arrays]:  # noqa: ARG002
        self.given.append(len(tokens))
        rows = [self._logits(tuple(tokens[: at + 1])) for at in range(len(tokens))]
        return np.array(rows, np.float32), {_KEY: np.array(tokens).reshape(1, 1, -1, 1), "sound": np.zeros(3)}

    def side_by_side(self, sound: Arrays, tokens: Sequence[int], past: Arrays) -> tuple[NDArray[np.float32], Arrays]:  # noqa: ARG002
        assert past["sound"].shape == (3,)  # that of all of them
        memory = np.concatenate([past[_KEY], np.array(tokens).reshape(-1, 1, 1, 1)], axis=2)
        self.widths.append(len(memory))
        return np.array([self._logits(tuple(row.ravel().tolist())) for row in memory], np.float32), {
            **past,
            _KEY: memory,
        }

    def next(self, sound: Arrays, tokens: Sequence[int], past: Arrays) -> tuple[NDArray[np.float32], Arrays]:
        return self.side_by_side(sound, tokens, past)

    def _logits(self, before: tuple[int, ...]) -> list[float]:
        return [math.log(share) + 3.0 for share in self._shares(before)]  # no shares as they are


def table(after: Mapping[tuple[int, ...], Sequence[float]]) -> Shares:
    """Shares of a few beginnings; what is not among them ends."""
    return lambda before: after.get(before, (0.01, 0.97, 0.01, 0.01))


def search(shares: Shares, *, limit: int = 9, begin: Sequence[int] = (START,)) -> Written:
    return beam_search(cast("Networks", _Telling(shares)), {}, begin, END, limit, lambda: None)


GARDEN_PATH = table(
    {
        (0,): (0.01, 0.01, 0.54, 0.44),
        (0, 2): (0.25, 0.25, 0.25, 0.25),
        (0, 3): (0.01, 0.01, 0.97, 0.01),
    }
)


def test_a_close_decision_is_taken_back_when_the_rest_turns_out_unlikely() -> None:
    found = search(GARDEN_PATH)
    assert (found.tokens, found.complete) == ((3, 2), True)
    assert found.log_shares == pytest.approx([math.log(0.44), math.log(0.97)], abs=1e-5)
    other = greedy(cast("Networks", _Telling(GARDEN_PATH)), {}, [START], END, 9, (), lambda: None)
    assert other.tokens[0] == 2


def test_what_is_given_is_no_part_of_the_text() -> None:
    assert search(GARDEN_PATH, begin=(START, 3)).tokens == (2,)


@given(seed=st.integers(0, 2**32 - 1), limit=st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_with_room_for_all_of_them_it_finds_the_likeliest_of_all_texts_that_end(seed: int, limit: int) -> None:
    def shares(before: tuple[int, ...]) -> Sequence[float]:
        drawn: list[float] = np.random.default_rng([seed, *before]).dirichlet([0.5] * 4).clip(1e-6).tolist()
        return [share / sum(drawn) for share in drawn]

    def score(text: tuple[int, ...]) -> float:
        whole = (START, *text, END)
        return sum(math.log(shares(whole[:at])[whole[at]]) for at in range(1, len(whole)))

    def ends(text: tuple[int, ...]) -> bool:
        return int(np.argmax(shares((START, *text)))) == END

    texts = [text for n in range(limit + 1) for text in itertools.product((0, 2, 3), repeat=n) if ends(text)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"{beam.__name__}.WIDTH", 4**limit)
        patch.setattr(beam, "_MARGIN", math.inf)
        found = search(shares, limit=limit)
    assert found.complete == bool(texts)
    if texts:
        best = max(texts, key=score)
        assert found.tokens == best
        assert sum(found.log_shares) == pytest.approx(score(best) - math.log(shares((START, *best))[END]), abs=1e-4)


def test_no_more_texts_than_its_width_are_written_at_a_time_and_none_that_is_far_less_likely() -> None:
    even = _Telling(lambda before: (0.33, 0.01, 0.33, 0.33) if len(before) < 4 else (0.01, 0.97, 0.01, 0.01))
    beam_search(cast("Networks", even), {}, [START], END, 9, lambda: None)
    assert even.widths == [3, WIDTH, WIDTH]
    sure = _Telling(table({(0,): (0.01, 0.01, 0.91, 0.07), (0, 2): (0.01, 0.01, 0.07, 0.91)}))
    assert beam_search(cast("Networks", sure), {}, [START], END, 9, lambda: None).tokens == (2, 3)
    assert sure.widths == [1, 1]  # 13 times
    close = _Telling(table({(0,): (0.01, 0.01, 0.89, 0.09)}))
    beam_search(cast("Networks", close), {}, [START], END, 9, lambda: None)
    assert close.widths == [2]  # 9.9 times


def test_nothing_is_written_on_that_is_less_likely_than_a_whole_text() -> None:
    networks = _Telling(table({(0,): (0.01, 0.01, 0.6, 0.38), (0, 3): (0.01, 0.01, 0.01, 0.97)}))
    assert beam_search(cast("Networks", networks), {}, [START], END, 9, lambda: None).tokens == (2,)
    assert networks.widths == [2]


def test_a_text_that_does_not_end_is_cut_off_and_gives_way_to_one_that_does() -> None:
    endless = (0.01, 0.01, 0.49, 0.49)
    found = search(lambda before: endless if before[-1] != 3 else (0.01, 0.01, 0.01, 0.97), limit=5)
    assert (len(found.tokens), len(found.log_shares), found.complete) == (5, 5, False)
    late = search(lambda before: (0.01, 0.01, 0.08, 0.9) if len(before) < 6 else (0.01, 0.97, 0.01, 0.01), limit=5)
    assert (late.tokens, late.complete) == ((3, 3, 3, 3, 3), True)


def test_no_text_ends_where_it_is_likelier_that_it_goes_on() -> None:
    shares = table({(0,): (0.02, 0.3, 0.34, 0.34), (0, 2): (0.2, 0.2, 0.2, 0.4), (0, 3): (0.2, 0.2, 0.2, 0.4)})
    found = search(shares)  # the end has more than any of the others together with what follows it
    assert (len(found.tokens), found.complete) == (2, True)


def test_where_the_likeliest_text_goes_round_in_circles_it_is_cut_off_whatever_else_there_is() -> None:
    going = {(0, *[2] * n): (0.0001, 0.0001, 0.9, 0.0998) for n in range(1, 40)}
    found = search(table({(0,): (0.01, 0.01, 0.97, 0.01), **going}), limit=40)
    assert (found.tokens, found.complete) == ((2,), False)


def test_a_circle_beside_the_likeliest_text_is_given_up() -> None:
    circle: dict[tuple[int, ...], Sequence[float]] = {
        (0, *[2] * n): (0.0001, 0.0001, 0.9996, 0.0002) for n in range(1, 40)
    }
    steps = [3, 0, 0, 3, 3, 0, 3, 3, 3, 0, 0, 0, 3, 0]  # no circle
    other = {(0, *steps[:n]): [0.97 if at == step else 0.01 for at in range(4)] for n, step in enumerate(steps)}
    found = search(table({**circle, **other, (0,): (0.01, 0.01, 0.2, 0.78)}), limit=40)
    assert (found.tokens, found.complete) == (tuple(steps), True)


def test_nothing_within_no_tokens_is_whole_only_where_the_end_comes_at_once() -> None:
    assert search(table({}), limit=0) == Written((), (), complete=True)
    assert search(GARDEN_PATH, limit=0) == Written((), (), complete=False)


def test_it_is_asked_before_each_step_whether_to_go_on() -> None:
    networks = _Telling(table({(0,): (0.01, 0.01, 0.97, 0.01), (0, 2): (0.01, 0.01, 0.01, 0.97)}))
    asked: list[int] = []
    beam_search(cast("Networks", networks), {}, [START], END, 9, lambda: asked.append(len(networks.widths)))
    assert asked == [0, 1]


def test_where_thousands_are_as_likely_only_a_few_are_looked_at() -> None:
    flat = 2 * np.eye(1, 5000, END, np.float32)
    live = [beam._Text(0.0, (2,)), beam._Text(-9.0, (3,))]
    flat[0, 100:107] = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3]
    found = beam._followed(live, np.concatenate([flat, flat]), END)
    assert [text.tokens for text in found[:8]] == [(2, END), *((2, token) for token in range(100, 107))]
    assert len(found) == 2 * WIDTH


def test_a_text_is_weighed_by_all_that_it_has_so_far() -> None:
    sure, even = [9.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]
    live = [beam._Text(-3.0, (2,)), beam._Text(0.0, (3,))]
    found = beam._followed(live, np.array([sure, even], np.float32), END)
    assert {text.tokens for text in found} == {(2, 0), (3, 0), (3, 2), (3, 3)}
    assert found[-1].tokens == (2, 0)
    other = beam._followed(live[::-1], np.array([sure, even], np.float32), END)
    assert [text.tokens for text in other] == [(3, 0)]


@given(seed=st.integers(0, 2**32 - 1), draft=st.lists(st.sampled_from((0, 2, 3)), max_size=9))
@settings(max_examples=60, deadline=None)
def test_no_draft_changes_what_greedy_decoding_writes(seed: int, draft: list[int]) -> None:
    def shares(before: tuple[int, ...]) -> Sequence[float]:
        drawn: list[float] = np.random.default_rng([seed, *before]).dirichlet([0.5] * 4).clip(1e-6).tolist()
        return drawn

    def written(draft: Sequence[int], limit: int) -> Written:
        networks = _Telling(shares)
        found = greedy(cast("Networks", networks), {}, [START, 3], END, limit, draft, lambda: None)
        assert networks.given[0] <= 2 + limit
        return found

    for limit in (3, 12):
        plain = written((), limit)
        assert written(draft, limit) == plain
        assert written([*plain.tokens[:2], *draft], limit) == plain


def test_figures_that_are_none_are_no_text() -> None:
    assert search(lambda _: (math.nan,) * 4) == Written((), (), complete=False)


def test_of_two_texts_the_one_with_figures_goes_on_whichever_is_first() -> None:
    live, none, sure = [beam._Text(0.0, (2,)), beam._Text(0.0, (3,))], [math.nan] * 4, [9.0, 0.0, 0.0, 0.0]
    for rows, parent in (([none, sure], 1), ([sure, none], 0)):
        assert [text.parent for text in beam._followed(live, np.array(rows, np.float32), END)] == [parent]


@pytest.mark.parametrize("spoiled", [lambda rows: rows[::-1], lambda rows: rows[:1]])
def test_a_decoder_that_mixes_its_texts_writes_greedily(
    spoiled: Callable[[NDArray[np.float32]], NDArray[np.float32]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = Networks.side_by_side

    def mixed(self: Networks, *given: Any) -> tuple[NDArray[np.float32], Arrays]:
        logits, past = beside(self, *given)
        return spoiled(logits), past

    monkeypatch.setattr(Networks, "side_by_side", mixed)
    model = Moonshine(bundle(tmp_path))
    assert not model._networks.wide
    assert model.decode(np.zeros(16000, np.int16)).text == "Hello Wörld."


def test_a_decoder_that_takes_one_text_at_a_time_writes_greedily(tmp_path: Path) -> None:
    model = Moonshine(bundle(tmp_path, rows=1))
    assert not model._networks.wide
    assert model.decode(np.zeros(16000, np.int16)).text == "Hello Wörld."
