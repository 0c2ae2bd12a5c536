"""What each label of a graph stands for: its output of the network, its phone, its place in a word.

A label is one of Kaldi's transition ids, or several that mean the same to the search and to the words.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from edge_asr.asr.kaldi.arrays import Shape, load_arrays
from edge_asr.errors import ModelError

_BY_LABEL = ("pdf_of_label", "phone_of_label", "position_of_label", "self_loop_of_label")


class Position(IntEnum):
    """Place of a phone in its word, as `labels.npz` codes it."""

    NONWORD = 0
    BEGIN = 1
    INTERNAL = 2
    END = 3
    SINGLETON = 4


@dataclass(frozen=True)
class Labels:
    """Arrays indexed by label; index 0 is epsilon."""

    pdf_of_label: NDArray[np.int32]
    silence_of_label: NDArray[np.bool_]
    enters_of_label: NDArray[np.bool_]  # a word's first phone, at its first frame
    breaks_of_label: NDArray[np.bool_]  # the word before ends here, if it has not yet
    silence: int  # the phone between words

    @cached_property
    def _columns(self) -> NDArray[np.intp]:
        return self.pdf_of_label[1:].astype(np.intp)

    @classmethod
    def load(cls, path: Path, labels: int, pdfs: int) -> Self:
        """Labels 0..`labels` of a bundle's labels.npz, for a network of `pdfs` outputs; raises ModelError."""
        row = (labels + 1,)
        shapes: dict[str, Shape] = dict.fromkeys(_BY_LABEL, row)
        arrays = load_arrays(path, shapes | {"silence_phones": ("phones",)})
        outputs, positions = arrays["pdf_of_label"], arrays["position_of_label"]
        for name, array, limit in (
            ("pdf_of_label", outputs[1:], pdfs),
            ("position_of_label", positions, len(Position)),
        ):
            low, high = int(array.min()), int(array.max())
            if low < 0 or high >= limit:
                raise ModelError(f"{path}: {name} goes from {low} to {high}, expected 0 to {limit - 1}")
        return cls.of(arrays)

    @classmethod
    def of(cls, arrays: dict[str, NDArray[Any]]) -> Self:
        """Those of a labels.npz that is whole; a label that is several ids has the phone and place of any of them."""
        positions, loops = arrays["position_of_label"], arrays["self_loop_of_label"].astype(np.bool_)
        enters = np.isin(positions, (Position.BEGIN, Position.SINGLETON)) & ~loops
        return cls(
            pdf_of_label=arrays["pdf_of_label"].astype(np.int32),
            silence_of_label=np.isin(arrays["phone_of_label"], arrays["silence_phones"]),
            enters_of_label=enters,
            breaks_of_label=enters | (positions == Position.NONWORD),
            silence=int(arrays["silence_phones"][0]),
        )

    def by_label(self, scores: NDArray[np.float32], scale: float = 1.0) -> NDArray[np.float32]:
        """Scores float32 (n, pdfs) of the network, times `scale`, as (n, labels) of labels 1, 2, ..."""
        spread = scores.take(self._columns, axis=1, mode="clip")  # checked at load; "raise" would cost twice
        if scale != 1.0:
            spread *= np.float32(scale)
        return spread

    def trailing_silence_frames(self, labels: NDArray[np.int32]) -> int:
        """How many frames at the end of a path are silence."""
        spoken = np.flatnonzero(~self.silence_of_label[labels])
        return len(labels) - (int(spoken[-1]) + 1 if len(spoken) else 0)

    def word_spans(self, labels: NDArray[np.int32]) -> list[tuple[int, int]]:
        """Frames [begin, end) of each word on a path, in order; a word ends where a nonword or the next one begins."""
        entered = np.flatnonzero(self.enters_of_label[labels])
        breaks = np.append(np.flatnonzero(self.breaks_of_label[labels]), len(labels))
        ends = breaks[np.searchsorted(breaks, entered, side="right")]
        return list(zip(entered.tolist(), ends.tolist(), strict=True))
