"""The live page: one file, and the policy under which a browser runs nothing else."""

import base64
import hashlib
import re
from importlib import resources

from aiohttp import web

_PART = re.compile(r"<(?P<tag>script|style)>(?P<text>.*?)</(?P=tag)>", re.DOTALL)


class Page:
    """Read once, when the port is opened."""

    def __init__(self) -> None:
        self._text = resources.files("edge_asr.http").joinpath("page.html").read_text(encoding="utf-8")
        hashes = {match["tag"]: _hash(match["text"]) for match in _PART.finditer(self._text)}
        self._policy = (
            f"default-src 'none'; script-src {hashes['script']}; style-src {hashes['style']}; connect-src 'self'; "
            "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )

    async def show(self, _: web.Request) -> web.Response:
        """Answer with it; it holds nothing that is secret."""
        headers = {"Content-Security-Policy": self._policy, "Cache-Control": "no-cache"}
        return web.Response(text=self._text, content_type="text/html", headers=headers)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
