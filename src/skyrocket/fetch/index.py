"""Ask a Python package index where a project's files are: JSON form first, HTML otherwise.

Gives addresses only. Whether the bytes there are the right ones is for the hash to say.
"""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from skyrocket.fetch import doors
from skyrocket.fetch.wanted import Place

if TYPE_CHECKING:
    from skyrocket.fetch.pip_config import PipConfig

_KIND = "application/vnd.pypi.simple.v1+"
ACCEPT = f"{_KIND}json, {_KIND}html;q=0.2, text/html;q=0.1"
LIMIT = 64 << 20  # bytes of one page


class Link(NamedTuple):
    """A file that an index offers; SHA256 and SIZE are empty where it does not say."""

    filename: str
    url: str
    sha256: str = ""
    size: int = 0


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.base = ""
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        target = dict(attrs).get("href") or ""
        if tag == "base" and target:
            self.base = target
        elif tag == "a" and target:
            self.found.append(target)


def from_html(text: str, url: str) -> list[Link]:
    """The links of a page at URL."""
    parser = _Anchors()
    parser.feed(text)
    links = []
    for target in parser.found:
        address, fragment = urldefrag(urljoin(urljoin(url, parser.base), target))
        name = unquote(urlsplit(address).path.rpartition("/")[2])
        sha256 = fragment.removeprefix("sha256=") if fragment.startswith("sha256=") else ""
        links.append(Link(name, address, sha256))
    return links


def from_json(text: str, url: str) -> list[Link]:
    """The files of a project's page in its JSON form."""
    return [
        Link(
            file["filename"],
            urljoin(url, file["url"]),
            file.get("hashes", {}).get("sha256", ""),
            file.get("size") or 0,
        )
        for file in json.loads(text)["files"]
    ]


def project(index: str, name: str, config: PipConfig) -> list[Link]:
    """All files of project NAME; raises doors.AbsentError or doors.UnreadyError."""
    return page(f"{index}/{name}/", config)


def page(url: str, config: PipConfig) -> list[Link]:
    """The links of one page, a project's or one of pip's find-links."""
    place = Place(url, url, config.proxy, config.cert)
    with doors.open_page(place, ACCEPT) as answer:
        text = answer.read(LIMIT).decode("utf-8", "replace")
        kind = answer.headers.get("Content-Type", "")
        final = answer.geturl()
    try:
        return from_json(text, final) if "json" in kind else from_html(text, final)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise doors.UnreadyError(f"the page is not an index ({error})") from error


def local(folder: str) -> list[Link]:
    """The wheels in a folder of this machine, as pip's find-links may name one."""
    path = Path(unquote(urlsplit(folder).path) if folder.startswith("file:") else folder)
    path = path.expanduser()
    if not path.is_dir():
        return []
    return [Link(one.name, one.absolute().as_uri()) for one in sorted(path.glob("*.whl"))]
