"""Plain HTTP over connections that are kept: hundreds of small files, one connection a thread.

A connection costs a name look-up and two round trips, on some networks seconds. What is out of
the ordinary (redirects, errors, https, proxies that want a login) is left to the caller's slower
and more able way: `get` then answers None.
"""

from __future__ import annotations

import threading
import urllib.request
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Mapping


class _Kept(NamedTuple):
    connection: HTTPConnection
    answer: HTTPResponse


class _Local(threading.local):
    def __init__(self) -> None:
        self.kept: dict[str, _Kept] = {}


_local = _Local()


def get(url: str, proxy: str, headers: Mapping[str, str], timeout: float) -> HTTPResponse | None:
    """The answer 200 or 206 to a GET, or None when this way does not serve."""
    route = _route(url, proxy)
    if route is None:
        return None
    server, target, host = route
    for connection in _connections(server, timeout):
        try:
            connection.request("GET", target, headers={**headers, "Host": host})
            answer = connection.getresponse()
        except (OSError, HTTPException):
            connection.close()
            continue
        if answer.status in {200, 206}:
            _local.kept[server] = _Kept(connection, answer)
            return answer
        connection.close()
        return None
    return None


def forget() -> None:
    """Close the connections that this thread keeps."""
    while _local.kept:
        _local.kept.popitem()[1].connection.close()


def _route(url: str, proxy: str) -> tuple[str, str, str] | None:
    """(server to connect to, what to ask it for, value of Host)."""
    parts = urlsplit(url)
    if parts.scheme != "http" or "@" in parts.netloc:
        return None
    if not proxy and not urllib.request.proxy_bypass(parts.hostname or ""):
        proxy = urllib.request.getproxies().get("http", "")
    if proxy in {"", "DIRECT"}:
        return parts.netloc, urlunsplit(("", "", parts.path or "/", parts.query, "")), parts.netloc
    through = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    if through.scheme != "http" or "@" in through.netloc:
        return None
    return through.netloc, urlunsplit(parts._replace(fragment="")), parts.netloc


def _connections(server: str, timeout: float) -> list[HTTPConnection]:
    """The connection kept by this thread, if its last answer was read to the end, and a new one."""
    kept = _local.kept.pop(server, None)
    fresh = HTTPConnection(server, timeout=timeout)
    if kept is None:
        return [fresh]
    if kept.answer.length != 0 or kept.answer.will_close:
        kept.connection.close()
        return [fresh]
    return [kept.connection, fresh]
