"""The page and the cookie that stands for the token."""

import base64
import hashlib
import re

from tests.http.port_house import BEARER, TOKEN, opened


def test_the_page_is_whole_in_itself_and_runs_nothing_else() -> None:
    with opened(TOKEN) as house:
        answer = house.ask("/")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    text, policy = answer.body.decode(), answer.headers["content-security-policy"]
    for tag in ("script", "style"):
        [inside] = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert f"{tag}-src 'sha256-{base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert not re.search(r"(src|href)=\"(?!data:)", text)
    assert not re.search(r"\son\w+=|\sstyle=|https?://(?!www\.w3\.org/2000/svg)", text)
    assert TOKEN not in text


def test_a_browser_gives_the_token_once() -> None:
    with opened(TOKEN) as house:
        assert house.ask("/session").json == {"admitted": False}
        assert house.ask("/session", {"Authorization": "Bearer no"}, method="POST").status == 401
        answer = house.ask("/session", BEARER, method="POST")
        assert answer.json == {"admitted": True}
        kept = answer.headers["set-cookie"]
        assert "HttpOnly" in kept
        assert "SameSite=Strict" in kept
        assert TOKEN not in kept
        cookie = {"Cookie": kept.partition(";")[0]}
        assert house.ask("/session", cookie).json == {"admitted": True}
        assert house.ask("/metrics", cookie).status == 200
        assert house.ask("/session", cookie, method="POST").status == 401  # a cookie makes no cookie
        gone = house.ask("/session", cookie, method="DELETE").headers["set-cookie"]
        assert gone.startswith('edge_asr="";')


def test_where_no_token_is_wanted_everybody_is_in() -> None:
    with opened() as house:
        assert house.ask("/session").json == {"admitted": True}
        assert "set-cookie" not in house.ask("/session", method="POST").headers
