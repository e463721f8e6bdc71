"""`apiclient apply`: change settings from files of TOML or JSON, all of them in one commit."""

import sys

from skyrocket.client import arguments, commits, jsontext
from skyrocket.client.errors import ClientError
from skyrocket.client.options import Options
from skyrocket.client.tree import merged


def run(options: Options, words: "list[str]") -> int:
    given, uris = arguments.take(words, commits.FLAGS, f"{commits.VALUED} {commits.WITHIN}")
    commits.check(given)
    return commits.carry_out(options, "apply", {"settings": settings(uris)}, given)


def settings(uris: "list[str]") -> object:
    """What the sources at URIS say together, later ones on top; without any: standard input."""
    found: object = {}
    for uri in uris or ["-"]:
        found = merged(found, parse(fetch(uri), uri))
    return found


def fetch(uri: str) -> str:
    """The text that URI names."""
    try:
        return _bytes(uri).decode("utf-8")
    except (OSError, ValueError) as error:
        raise ClientError(f"Failed to read '{uri}': {error}") from None


def _bytes(uri: str) -> bytes:
    if uri == "-":
        return sys.stdin.buffer.read()
    scheme, _, rest = uri.partition(":")
    if scheme == "file":
        with open(rest.removeprefix("//"), "rb") as file:  # noqa: PTH123  (no pathlib here)
            return file.read()
    if scheme == "base64":
        from binascii import a2b_base64

        return a2b_base64(rest.encode(), strict_mode=True)
    if scheme == "http":
        from skyrocket.client import web

        return web.fetch(uri)
    if scheme == "https":
        raise ClientError(
            f"Failed to read '{uri}': this program has no TLS; fetch it with another program and "
            "give it on standard input"
        )
    raise ClientError(f"Failed to read '{uri}': unknown kind of source")


def parse(text: str, uri: str) -> object:
    """The settings in TEXT: TOML first, else JSON, with a top-level `settings`."""
    import tomllib

    try:
        document: object = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as toml:
        try:
            document = jsontext.parse(text)
        except jsontext.NotJsonError as json:
            raise ClientError(
                f"Failed to read '{uri}': neither TOML ({toml}) nor JSON ({json})"
            ) from None
    if not isinstance(document, dict) or "settings" not in document:
        raise ClientError(f"Input '{uri}' has no top-level table 'settings'")
    return document["settings"]
