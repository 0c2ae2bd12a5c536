"""A form with one recording in it, read into memory: bounded, and nothing of it touches a disk."""

import asyncio
from dataclasses import dataclass, field

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from edge_asr.http.answer import as_error

_FIELD_BYTES = 16 * 1024
_FIELDS = 32
_DEADLINE_S = 120.0
_MIB = 1 << 20


class RefusedError(Exception):
    """What was sent is not what was expected: `answer` says so."""

    def __init__(self, status: int, code: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.answer = as_error(status, code, message, param)


@dataclass
class Upload:
    """What came; a field may come more than once."""

    file: bytes = b""
    fields: dict[str, list[str]] = field(default_factory=dict)

    def last(self, name: str) -> str:
        """Value of a field, empty where it did not come."""
        return self.fields.get(name, [""])[-1].strip()

    def all_of(self, name: str) -> set[str]:
        """Values of a field that is a list, which some programs write with brackets."""
        return {value.strip() for value in [*self.fields.get(name, []), *self.fields.get(f"{name}[]", [])]}


async def read_upload(request: web.Request, max_mib: int) -> Upload:
    """All of it; raises RefusedError."""
    if not request.content_type.startswith("multipart/"):
        raise RefusedError(400, "multipart", f"a body of {request.content_type[:60]!r}; send multipart/form-data")
    if request.content_length is not None and request.content_length > max_mib * _MIB + _FIELDS * _FIELD_BYTES:
        raise _too_large(max_mib)
    try:
        async with asyncio.timeout(_DEADLINE_S):
            return await _read(request, max_mib)
    except TimeoutError:
        raise RefusedError(408, "too_slow", f"it did not come within {_DEADLINE_S:g} s; send less at a time") from None
    except (
        ValueError,
        HttpProcessingError,
        web.RequestPayloadError,
    ) as error:  # the library's, for a body that is none
        raise RefusedError(400, "multipart", f"the body is not multipart/form-data ({_line(error)})") from None


async def _read(request: web.Request, max_mib: int) -> Upload:
    upload = Upload()
    reader = await request.multipart()
    for _ in range(_FIELDS):
        part = await reader.next()
        if part is None:
            return upload
        if not isinstance(part, BodyPartReader):
            raise RefusedError(400, "multipart", "a part is multipart itself; send plain fields and one file")
        if part.name == "file":
            upload.file = await _bytes(part, max_mib * _MIB, _too_large(max_mib))
        else:
            too_long = RefusedError(400, "multipart", f"a field is longer than {_FIELD_BYTES} bytes; send less")
            body = await _bytes(part, _FIELD_BYTES, too_long)
            upload.fields.setdefault(part.name or "", []).append(body.decode("utf-8", "replace"))
    raise RefusedError(400, "multipart", f"more than {_FIELDS} fields; send file, model and what else is known")


async def _bytes(part: BodyPartReader, most: int, too_much: RefusedError) -> bytes:
    body = bytearray()
    while block := await part.read_chunk(_MIB // 4):
        if len(body) + len(block) > most:
            raise too_much
        body += block
    return bytes(body)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:100]


def _too_large(max_mib: int) -> RefusedError:
    fix = "compress it (FLAC, Ogg), send it in parts, or raise http.max_upload_mib"
    return RefusedError(413, "too_large", f"the recording is larger than {max_mib} MiB; {fix}", "file")
