"""`apiclient get`: settings and OS information, merged and printed for people and programs."""

import sys

from skyrocket.client import jsontext
from skyrocket.client.connection import ask
from skyrocket.client.errors import ClientError, UsageError
from skyrocket.client.options import Options
from skyrocket.client.tree import merged

DEFAULTS = ("os.", "settings.")
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~/,:")


def run(options: Options, words: "list[str]") -> int:
    for word in words:
        if word.startswith("-"):
            raise UsageError(f"Unknown argument '{word}'")
    sys.stdout.write(jsontext.pretty(get(options.socket, words)) + "\n")
    return 0


def get(socket: str, words: "list[str]") -> object:
    """What the node says to one /URI or to each of the prefixes in WORDS, later ones on top."""
    uris = [word for word in words if word.startswith("/")]
    if uris:
        if len(words) > 1:
            raise UsageError("You can only specify one URI, and no prefixes with it")
        return _fetch(socket, uris[0])
    result: object = {}
    for prefix in words or DEFAULTS:
        result = merged(result, _fetch(socket, f"/?prefix={escaped(prefix)}"))
    return result


def escaped(text: str) -> str:
    """TEXT as part of a query."""
    return "".join(
        character if character in _PLAIN else "".join(f"%{byte:02X}" for byte in character.encode())
        for character in text
    )


def _fetch(socket: str, uri: str) -> object:
    text = ask(socket, "GET", uri).text
    try:
        return jsontext.parse(text)
    except jsontext.NotJsonError as error:
        raise ClientError(f"cannot read the answer to '{uri}' as JSON: {error}") from None
