"""The door of the HTTP port: who is let in, how many, and one short answer for whatever goes wrong behind it."""

import asyncio
import logging

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from edge_asr.http.access import COOKIE
from edge_asr.http.answer import as_error
from edge_asr.http.reach import Reach

log = logging.getLogger(__name__)

# Probes have no secrets, and learn yes or no without one; the page has nothing to hide, and asks for the token.
OPEN = frozenset({"/healthz", "/readyz", "/", "/session"})
_HEADERS = {
    "Server": "edge_asr",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}
_FAULTS_SAID = 16
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 5\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s"
)
_FULL_BODY = (
    b'{"error":{"message":"too many connections at one time; close some, or raise http.max_connections",'
    b'"type":"server_error","param":null,"code":"too_many_connections"}}'
)


def admitted(request: web.Request, reach: Reach) -> bool:
    """Whether the token, or its cookie, came with it; or none is wanted."""
    return reach.access.admitted(request.headers.get("Authorization"), request.cookies.get(COOKIE))


def guard(reach: Reach, open_paths: frozenset[str] = OPEN) -> Middleware:
    """Middleware around every handler."""
    said: set[tuple[str, str]] = set()

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        refused = _refusal(request, reach, open_paths)
        answer = await _handled(request, handler, reach, said) if refused is None else refused
        if not answer.prepared:
            answer.headers.update(_HEADERS)
        reach.metrics.http_requests.labels(path=_path_of(request), code=str(answer.status)).inc()
        return answer

    return check


def _refusal(request: web.Request, reach: Reach, open_paths: frozenset[str]) -> web.Response | None:
    access, headers = reach.access, request.headers
    host = headers.get("Host")
    if not access.host_allowed(host):
        reach.metrics.http_refused.labels(reason="host").inc()
        return as_error(421, "host", f"the host {host!r} is not this port's: ask localhost or 127.0.0.1")
    if not access.origin_allowed(headers.get("Origin"), host):
        reach.metrics.http_refused.labels(reason="origin").inc()
        return as_error(403, "origin", "a page of another origin may not ask here: open this device's own page")
    if request.path not in open_paths and not admitted(request, reach):
        reach.metrics.http_refused.labels(reason="token").inc()
        return as_error(401, "token", "send the token of http.token_file, as the header Authorization: Bearer TOKEN")
    return None


async def _handled(
    request: web.Request, handler: Handler, reach: Reach, said: set[tuple[str, str]]
) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as error:
        return as_error(error.status, "http", f"{request.method} {request.path[:100]!r}: {error.reason}")
    except (asyncio.CancelledError, ConnectionError):
        raise
    except Exception as error:  # noqa: BLE001 - the port's edge: it costs this answer, and nothing else
        return _failed(request, error, reach, said)


def _failed(request: web.Request, error: Exception, reach: Reach, said: set[tuple[str, str]]) -> web.Response:
    reach.metrics.sink_errors.labels(sink="http").inc()
    what = (_path_of(request), type(error).__name__)
    if what not in said and len(said) < _FAULTS_SAID:
        said.add(what)
        log.error("http: %s failed (%s: %s); this is said once", *what, " ".join(str(error).split())[:200])
    return as_error(500, "internal", "this device failed to answer; its log says why")


def _path_of(request: web.Request) -> str:
    """Of few: a path that anybody may make up is none of them."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "other"


class Doorkeeper:
    """Makes the protocol of each new connection; beyond `most` one that says so and closes. The loop's thread."""

    def __init__(self, server: web.Server, most: int, reach: Reach) -> None:
        self._server = server
        self._most = most
        self._metrics = reach.metrics

    def __call__(self) -> asyncio.Protocol:
        """Protocol of one connection."""
        if len(self._server.connections) >= self._most:
            self._metrics.http_refused.labels(reason="connections").inc()
            return _Full()
        return self._server()


class _Full(asyncio.Protocol):
    """Answers without having read, and closes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - of a stream server it is one
        transport.write(_FULL % (len(_FULL_BODY), _FULL_BODY))
        transport.close()
