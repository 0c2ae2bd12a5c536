"""The token of the HTTP port, from its file."""

from edge_asr.config import HttpConfig
from edge_asr.errors import ConfigError
from edge_asr.http.access import LEAST_TOKEN_CHARACTERS
from edge_asr.secret_file import secret

_KEY = "http.token_file"


def http_token(config: HttpConfig) -> str | None:
    """The token, None where none is set. Raises ConfigError; the text of it never holds the token."""
    if config.token_file is None:
        return None
    token = secret(config.token_file, _KEY).strip()
    if len(token) < LEAST_TOKEN_CHARACTERS or not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigError(
            f"{_KEY}: {config.token_file!r} holds {len(token)} characters; expected at least {LEAST_TOKEN_CHARACTERS} "
            "letters, digits or signs of ASCII without a space, e.g. what `openssl rand -hex 16` prints"
        )
    return token
