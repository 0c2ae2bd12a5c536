"""Who may ask: the token, the browser's cookie in its place, and what a foreign web page must not do."""

import hmac
import re
from urllib.parse import urlsplit

COOKIE = "edge_asr"
LEAST_TOKEN_CHARACTERS = 16
_COOKIE_OF = b"edge_asr cookie 1"
_SECRET = b"edge_asr token 1"
_LOOPBACK = re.compile(r"\A(localhost|127\.0\.0\.1|\[::1\])\Z", re.IGNORECASE)


class Access:
    """Immutable; any thread. token: None admits whoever reaches the port, which is to be loopback then."""

    def __init__(self, token: str | None, *, loopback: bool) -> None:
        self._loopback = loopback
        self._token = None if token is None else _digest(token)
        self.cookie = None if token is None else hmac.new(token.encode(), _COOKIE_OF, "sha256").hexdigest()

    def host_allowed(self, host: str | None) -> bool:
        """Whether the Host header is one that this port has.

        On loopback a name that a stranger's name server leads here (DNS rebinding) is not; elsewhere nobody is let in
        without the token, which a browser does not send to such a name.
        """
        name = "" if host is None else _without_port(host)
        return bool(_LOOPBACK.match(name)) if self._loopback else bool(name)

    @staticmethod
    def origin_allowed(origin: str | None, host: str | None) -> bool:
        """Whether a page of our own asks, or no page at all: a browser tells the page's origin, and it must be us."""
        if origin is None:
            return True
        try:
            theirs = urlsplit(origin).netloc
        except ValueError:
            return False
        return bool(theirs) and host is not None and theirs.lower() == host.lower()

    def admitted(self, authorization: str | None, cookie: str | None) -> bool:
        """Whether the token was sent, as `Authorization: Bearer`, or the cookie that stands for it."""
        if self._token is None or self.cookie is None:
            return True
        kind, _, sent = (authorization or "").partition(" ")
        by_token = kind.lower() == "bearer" and hmac.compare_digest(_digest(sent.strip()), self._token)
        by_cookie = hmac.compare_digest(_digest(cookie or ""), _digest(self.cookie))
        return by_token or by_cookie


def _digest(text: str) -> bytes:
    """Of one length whatever the text, so that how long a comparison takes says nothing of it."""
    return hmac.digest(_SECRET, text.encode("utf-8", "surrogateescape"), "sha256")


def _without_port(host: str) -> str:
    return re.sub(r":[0-9]*\Z", "", host)
