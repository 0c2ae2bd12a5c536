"""The beam: wider at first, then as wide as is wanted, whatever the pieces are in which scores come."""

from typing import Any

import kaldifst
import numpy as np
import pytest

from edge_asr.asr.kaldi.search import Search

FRAMES = 150


WORDS = 40  # more than the decoder keeps in any case


def words() -> Any:
    """Each label is a word of its own, held as long as it sounds."""
    fst = kaldifst.StdVectorFst()
    for _ in range(WORDS + 1):
        fst.add_state()
    fst.start = 0
    for label in range(1, WORDS + 1):
        fst.add_arc(0, kaldifst.StdArc(label, label, 0.0, label))
        fst.add_arc(label, kaldifst.StdArc(label, 0, 0.0, label))
        fst.set_final(label, 0.0)
    return kaldifst.StdConstFst(fst)


class Spy:
    """Counts what the decoder is told."""

    def __init__(self, decoder: Any) -> None:
        self.decoder = decoder
        self.told: list[tuple[int, float, int]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.decoder, name)

    def set_options(self, options: Any) -> None:
        self.told.append((self.decoder.num_frames_decoded(), options.beam, options.max_active))
        self.decoder.set_options(options)


@pytest.mark.parametrize("chunk", [1, 8, 10, 24])
def test_the_beam_is_narrowed_once_when_the_first_words_are_over(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    search = Search(words(), 9.0, 1000, 2.0)
    monkeypatch.setattr(search, "_decoder", spy := Spy(search._decoder))
    scores = np.zeros((FRAMES, WORDS), np.float32)
    for at in range(0, FRAMES, chunk):
        search.advance(scores[at : at + chunk])
    ((frame, beam, most),) = spy.told
    assert 100 <= frame < 100 + chunk
    assert (beam, most) == (9.0, 1000)
    assert search.frames == FRAMES


@pytest.mark.parametrize(
    ("begin", "behind", "found"), [(0, 10.0, True), (0, 12.0, False), (60, 10.0, True), (110, 10.0, False)]
)
def test_a_word_far_behind_can_come_back_only_while_little_is_known(begin: int, behind: float, found: bool) -> None:
    """The second word falls behind all others by so much, and is far ahead ten frames later."""
    search = Search(words(), 9.0, 1000, 2.0)
    scores = np.zeros((FRAMES, WORDS), np.float32)
    scores[begin : begin + 10, 1] = -behind / 10
    scores[begin + 20 : begin + 30, 1] = 5.0
    for at in range(0, FRAMES, 10):
        search.advance(scores[at : at + 10])
    assert (search.best_path(final=True).words == [2]) is found
