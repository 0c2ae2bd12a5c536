"""What hears, loaded and ready to take over."""

from typing import Any, NamedTuple

from edge_asr.asr.recognizer import Recognizer
from edge_asr.events import SentencesReport
from edge_asr.second_pass_worker import SecondPassWorker


class Brains(NamedTuple):
    """What hears: the streaming recognizer, and the thread of the second pass behind it, if any, not started.

    sentences: what is known of those that it listens for; None for none.
    """

    recognizer: Recognizer[Any]
    second_pass: SecondPassWorker | None
    sentences: SentencesReport | None = None

    @property
    def rewrites(self) -> bool:
        """Whether the second pass computes, or has something to compute. Any thread."""
        return self.second_pass is not None and not self.second_pass.idle

    @property
    def second_model(self) -> str:
        """Name of its model, empty for none."""
        return "" if self.second_pass is None else self.second_pass.rescorer.model
