"""What it listens with and for: what is loaded as one, and fails as one."""

from typing import NamedTuple

from msgspec.structs import replace

from edge_asr.control_values import ControlValues


class Hearing(NamedTuple):
    """The bundle, and the phrases that it was told, mode and sentences.

    The last two are empty for: as configured.
    """

    model: str
    hotwords: tuple[str, ...]
    mode: str = ""
    sentences: str = ""


def hearing_of(values: ControlValues) -> Hearing:
    """What the controls want of it."""
    return Hearing(values.model, values.hotwords, values.mode, values.sentences)


def heard_with(values: ControlValues, hearing: Hearing) -> ControlValues:
    """The controls with that in them."""
    return replace(values, **hearing._asdict())
