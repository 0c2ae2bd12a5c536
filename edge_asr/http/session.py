"""`/session`: a browser gives the token once, and keeps a cookie in its place, which no script can read."""

from aiohttp import web

from edge_asr.http.access import COOKIE
from edge_asr.http.answer import as_error, as_json
from edge_asr.http.guard import admitted
from edge_asr.http.reach import Reach

_MAX_AGE_S = 365 * 86400


class Session:
    """Holds nothing: the cookie is made of the token, and no longer good when that is changed."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach

    async def ask(self, request: web.Request) -> web.Response:
        """Whether the browser is let in."""
        return as_json({"admitted": admitted(request, self._reach)})

    async def begin(self, request: web.Request) -> web.Response:
        """Give the cookie to whoever sends the token."""
        access = self._reach.access
        if not access.admitted(request.headers.get("Authorization"), None):
            self._reach.metrics.http_refused.labels(reason="token").inc()
            return as_error(401, "token", "that is not the token of this device")
        answer = as_json({"admitted": True})
        if access.cookie is not None:
            answer.set_cookie(COOKIE, access.cookie, max_age=_MAX_AGE_S, httponly=True, samesite="Strict")
        return answer

    async def end(self, _: web.Request) -> web.Response:
        """Take the cookie back."""
        answer = as_json({"admitted": False})
        answer.del_cookie(COOKIE, httponly=True, samesite="Strict")
        return answer
