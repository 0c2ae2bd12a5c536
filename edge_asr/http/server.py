"""The server itself: routes, sockets, limits. Imported by the port's thread, when the port is on."""

import contextlib
import logging
import warnings
from collections.abc import AsyncIterator

from aiohttp import BadContentDispositionHeader, BadContentDispositionParam, web

from edge_asr.http import health
from edge_asr.http.answer import as_json
from edge_asr.http.events_socket import events
from edge_asr.http.guard import Doorkeeper, admitted, guard
from edge_asr.http.listeners import Listeners
from edge_asr.http.page import Page
from edge_asr.http.reach import Reach
from edge_asr.http.session import Session
from edge_asr.http.stream_socket import stream
from edge_asr.http.transcriptions import Transcriptions
from edge_asr.ports.listening import listening

_IDLE_S = 15.0  # for a request to come whole, its body aside, and between two of them
_LINGER_S = 2.0  # in which a body that was refused is still read and thrown away, so that its sender sees why
_BODY_BYTES = 64 * 1024
_HEADER_BYTES = 8190
_HEADERS = 64
for _odd in (BadContentDispositionHeader, BadContentDispositionParam):  # nor is it kept which ones there were
    warnings.filterwarnings("ignore", category=_odd)
_quiet = logging.getLogger(f"{__name__}.protocol")  # what strangers send is not worth a traceback
_quiet.setLevel(logging.CRITICAL + 1)


@contextlib.asynccontextmanager
async def serving(reach: Reach) -> AsyncIterator[None]:
    """Listen, until the block ends. Raises OSError when a port cannot be had."""
    runner = web.AppRunner(
        _application(reach),
        access_log=None,
        logger=_quiet,
        handle_signals=False,
        handler_cancellation=True,  # a recording that nobody waits for any more is not heard
        keepalive_timeout=_IDLE_S,
        lingering_time=_LINGER_S,
        shutdown_timeout=0.1,
        max_line_size=_HEADER_BYTES,
        max_field_size=_HEADER_BYTES,
        max_headers=_HEADERS,
        auto_decompress=False,
    )
    await runner.setup()
    try:
        assert runner.server is not None  # noqa: S101 - `setup` has made it
        doorkeeper = Doorkeeper(runner.server, reach.config.max_connections, reach)
        async with listening(doorkeeper, reach.config.listen, reach.config.port):
            yield
    finally:
        await runner.cleanup()


def _application(reach: Reach) -> web.Application:
    application = web.Application(middlewares=[guard(reach)], client_max_size=_BODY_BYTES)
    listeners, session = Listeners(reach.hub, reach.metrics), Session(reach)
    transcriptions = Transcriptions(reach)

    async def healthz(request: web.Request) -> web.Response:
        return _told(request, reach, health.alive(reach.liveness.faults()))

    async def readyz(request: web.Request) -> web.Response:
        return _told(request, reach, health.ready(reach.liveness.faults(), reach.board.known))

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(text=reach.metrics.text(), headers={"Content-Type": reach.metrics.content_type})

    async def ws(request: web.Request) -> web.StreamResponse:
        return await events(request, reach, listeners)

    async def goodbye(_: web.Application) -> None:
        await listeners.close()

    async def v1_stream(request: web.Request) -> web.StreamResponse:
        return await stream(request, reach.guests)

    application.on_shutdown.append(goodbye)
    application.router.add_get("/", Page().show)
    application.router.add_get("/healthz", healthz)
    application.router.add_get("/readyz", readyz)
    application.router.add_get("/metrics", metrics)
    application.router.add_get("/ws", ws)
    application.router.add_get("/v1/stream", v1_stream)
    application.router.add_post("/v1/audio/transcriptions", transcriptions.transcribe)
    application.router.add_get("/v1/models", transcriptions.models)
    application.router.add_get("/session", session.ask)
    application.router.add_post("/session", session.begin)
    application.router.add_delete("/session", session.end)
    return application


def _told(request: web.Request, reach: Reach, verdict: health.Verdict) -> web.Response:
    """Yes or no; the reasons, which name what is in the house, for those alone who are let in."""
    body: dict[str, object] = {"ok": verdict.good}
    if admitted(request, reach):
        body["reasons"] = verdict.reasons
    return as_json(body, 200 if verdict.good else 503)
