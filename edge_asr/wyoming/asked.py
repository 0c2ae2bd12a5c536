"""What a client may ask for, and whether it can be had here."""

from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

from edge_asr.guests.house import Spoken
from edge_asr.wyoming.refused import RefusedError
from edge_asr.wyoming.wire import Incoming

T = TypeVar("T")


class Wish(Struct, frozen=True):
    """Data of `transcribe`. Other keys are let be."""

    name: str | None = None
    language: str | None = None

    def check(self, spoken: Spoken, device_name: str) -> None:
        """Raise RefusedError unless it is what is spoken here; either may be none or empty."""
        if self.language and not spoken.speaks(self.language):
            raise RefusedError(
                "language",
                f"language = {self.language[:60]!r}: the model that listens here speaks {spoken.language!r}; ask for "
                "that, or let this device listen with another model",
            )
        if self.name and self.name not in {spoken.model, device_name}:
            raise RefusedError("model", f"name = {self.name[:60]!r}: {spoken.model!r} listens here; ask for that")


class Question(Struct, frozen=True):
    """Data of `ping`."""

    text: Annotated[str, Meta(max_length=1000)] | None = None


def asked(kind: type[T], event: Incoming, expected: str, code: str = "protocol") -> T:
    """Data of an event; raises RefusedError."""
    try:
        return msgspec.convert(event.data, kind)
    except msgspec.ValidationError as error:
        raise RefusedError(code, f"{event.type}: {error}; {expected}") from None
