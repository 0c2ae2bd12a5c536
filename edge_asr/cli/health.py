"""`edge-asr health`: ask a running daemon on its HTTP port; for containers, probes and scripts."""

import argparse
import json
import sys
import urllib.error
import urllib.request

from edge_asr.cli.options import add_config_options, load_config
from edge_asr.errors import EXIT_FAILURE, EXIT_OK
from edge_asr.http.token_file import http_token

_DEADLINE_S = 5.0
_ANSWER_BYTES = 64 * 1024
_OFF = 'http.listen = "off": there is nobody to ask; set it to "loopback", or to "lan" with a token'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is asked."""
    parser.add_argument("--ready", action="store_true", help="can it hear and publish, and not only: is it alive")
    add_config_options(parser)


def run(args: argparse.Namespace) -> int:
    """Print one line. Exit code 0: yes; 1: no, or nobody answers; the reasons are in the line."""
    http = load_config(args).http
    if http.listen == "off":
        print(f"edge-asr: {_OFF}", file=sys.stderr)
        return EXIT_FAILURE
    word, path = ("ready", "readyz") if args.ready else ("alive", "healthz")
    good, said = _ask(f"http://127.0.0.1:{http.port}/{path}", http_token(http))
    print(word if good else f"not {word}: {said}")
    return EXIT_OK if good else EXIT_FAILURE


def _ask(url: str, token: str | None) -> tuple[bool, str]:
    """Whether the answer is yes, and why not."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - http, to this machine
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy knows another 127.0.0.1
    try:
        with direct.open(request, timeout=_DEADLINE_S) as answer:
            return _read(answer.read(_ANSWER_BYTES))
    except urllib.error.HTTPError as error:
        with error:
            return False, _read(error.read(_ANSWER_BYTES))[1] or f"{url} answers {error.code}"
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return False, f"nobody answers at {url} ({reason}); is the daemon running, with the same configuration?"


def _read(body: bytes) -> tuple[bool, str]:
    try:
        told = json.loads(body)
        reasons = [str(reason) for reason in told.get("reasons", [])]
        good = told.get("ok") is True
    except (ValueError, AttributeError, TypeError):
        return False, "what answers there is not edge_asr; see http.port"
    return good, "; ".join(reasons)
