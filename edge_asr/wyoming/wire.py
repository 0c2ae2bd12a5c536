"""Events on the wire: a line of JSON, then data and payload of the lengths that it tells, none longer than allowed."""

import asyncio
import io
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec
from msgspec import Meta, Struct
from wyoming.event import Eventable, write_event

from edge_asr.wyoming.refused import RefusedError

LINE_BYTES = 16 * 1024
_DATA_BYTES = 64 * 1024
_PAYLOAD_BYTES = 1 << 20  # half a minute of what is usual


class _Head(Struct):
    """First line. Older clients have all data in it."""

    type: Annotated[str, Meta(max_length=64)]
    data: dict[str, Any] | None = None
    data_length: Annotated[int, Meta(ge=0, le=_DATA_BYTES)] | None = None
    payload_length: Annotated[int, Meta(ge=0, le=_PAYLOAD_BYTES)] | None = None


class Incoming(NamedTuple):
    """One event that came."""

    type: str
    data: dict[str, Any]
    payload: bytes


T = TypeVar("T")
_head = msgspec.json.Decoder(_Head)
_data = msgspec.json.Decoder(dict[str, Any])


async def read_event(reader: asyncio.StreamReader) -> Incoming | None:
    """The next event, None where the other side has gone, in the middle of one maybe. Raises RefusedError.

    reader: its limit is LINE_BYTES.
    """
    try:
        line = await reader.readuntil(b"\n")
        head = _decoded(_head, line)
        data = dict(head.data or {})
        if head.data_length:
            more: dict[str, Any] = _decoded(_data, await reader.readexactly(head.data_length))
            data.update(more)
        payload = await reader.readexactly(head.payload_length) if head.payload_length else b""
    except asyncio.LimitOverrunError:
        raise RefusedError("protocol", f"a header longer than {LINE_BYTES} bytes; send data by data_length") from None
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return Incoming(head.type, data, payload)


def written(event: Eventable) -> bytes:
    """An event as it goes on the wire."""
    buffer = io.BytesIO()
    write_event(event.event(), buffer)
    return buffer.getvalue()


def _decoded(decoder: "msgspec.json.Decoder[T]", body: bytes) -> T:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError("protocol", f"not an event of Wyoming ({error}); send a line of JSON with a type") from None
