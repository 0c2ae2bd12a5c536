"""Words' places on a path of transition ids."""

import numpy as np

from edge_asr.asr.kaldi.labels import Labels

# label: 1 silence, 2 its loop; 3 begin, 4 its loop; 5 internal; 6 end, 7 its loop; 8 singleton, 9 its loop
LABELS = Labels(
    pdf_of_label=np.array([-1, 0, 0, 1, 1, 2, 3, 3, 4, 4], np.int32),
    silence_of_label=np.array([0, 1, 1, 0, 0, 0, 0, 0, 0, 0], np.bool_),
    enters_of_label=np.array([0, 0, 0, 1, 0, 0, 0, 0, 1, 0], np.bool_),
    breaks_of_label=np.array([1, 1, 1, 1, 0, 0, 0, 0, 1, 0], np.bool_),
    silence=1,
)


def path(text: str) -> np.ndarray:
    return np.array([int(letter) for letter in text], np.int32)


def test_words_begin_where_a_first_phone_is_entered_and_end_at_silence_or_the_next_word() -> None:
    assert LABELS.word_spans(path("122345673456128")) == [(3, 8), (8, 12), (14, 15)]


def test_the_same_one_phone_word_twice_is_two_words() -> None:
    assert LABELS.word_spans(path("89989")) == [(0, 3), (3, 5)]


def test_trailing_silence_counts_from_the_last_spoken_frame() -> None:
    assert LABELS.trailing_silence_frames(path("123456122")) == 3
    assert LABELS.trailing_silence_frames(path("3456")) == 0
    assert LABELS.trailing_silence_frames(path("122")) == 3


def test_an_empty_path_has_neither() -> None:
    assert LABELS.word_spans(path("")) == []
    assert LABELS.trailing_silence_frames(path("")) == 0
