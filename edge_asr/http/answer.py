"""Answers of the HTTP port: JSON, and errors in the one shape that OpenAI's clients read too."""

import msgspec
from aiohttp import web

_TYPES = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


def as_json(body: object, status: int = 200) -> web.Response:
    """JSON that nobody keeps."""
    return web.Response(
        body=msgspec.json.encode(body),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def is_upgrade(socket: web.WebSocketResponse, request: web.Request) -> bool:
    """Whether the request begins a WebSocket as it should."""
    try:
        return socket.can_prepare(request).ok
    except ValueError:  # a key that is no text
        return False


def as_error(status: int, code: str, message: str, param: str | None = None) -> web.Response:
    """An error: `message` is one line for a person with the fix, `code` a word for a program."""
    message = " ".join(message.encode("utf-8", "backslashreplace").decode().split())  # it may quote what came
    kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    answer = as_json({"error": {"message": message, "type": kind, "param": param, "code": code}}, status)
    if status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="edge_asr"'
    if status in {429, 503}:
        answer.headers["Retry-After"] = "5"
    return answer
