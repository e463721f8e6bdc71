"""The doors to what is outside: open an address at an offset, and write bytes to disk.

Nothing here knows hashes or retries. Tests hand `download.fetch` doors of their own.
"""

from __future__ import annotations

import base64
import ssl
import urllib.error
import urllib.request
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import unquote, urlsplit, urlunsplit

from skyrocket.fetch import bundle, kept

if TYPE_CHECKING:
    from io import BufferedIOBase

    from skyrocket.fetch.wanted import Place

AGENT = "skyrocket-fetch/1"
TIMEOUT = 20.0  # seconds without one byte before a connection counts as dead


class Stream(NamedTuple):
    """Bytes of a file from OFFSET on; the offset may be less than what was asked for."""

    offset: int
    reader: BufferedIOBase


class AbsentError(Exception):
    """The place was reached and does not have the file."""


class UnreadyError(Exception):
    """The place could not be reached, or answered with a failure of its own."""


class Doors(Protocol):
    def open(self, place: Place, offset: int) -> Stream:
        """Open PLACE at OFFSET; raises AbsentError or UnreadyError."""

    def write(self, target: IO[bytes], data: bytes) -> None:
        """Append DATA to TARGET; raises OSError."""

    def leave(self) -> None:
        """The calling thread will open nothing more."""


class RealDoors:
    """The network and the disk of this machine."""

    def open(self, place: Place, offset: int) -> Stream:
        match urlsplit(place.url).scheme:
            case "http" | "https":
                return _open_http(place, offset)
            case "file":
                return _open_file(place, offset)
            case "bundle":
                return _open_bundle(place, offset)
            case other:
                raise UnreadyError(f"addresses of kind {other!r} are not known here")

    def write(self, target: IO[bytes], data: bytes) -> None:
        target.write(data)

    def leave(self) -> None:
        kept.forget()


def open_page(place: Place, accept: str) -> HTTPResponse:
    """Open a page of an index; raises AbsentError or UnreadyError."""
    return _request(place, {"Accept": accept})


def _request(place: Place, extra: dict[str, str], *, keep: bool = False) -> HTTPResponse:
    url, login = without_login(place.url)
    headers = {"User-Agent": AGENT, "Accept-Encoding": "identity", **extra}
    quick = kept.get(place.url, place.proxy, headers, TIMEOUT) if keep else None
    if quick is not None:
        return quick
    if login:
        headers["Authorization"] = "Basic " + base64.b64encode(login.encode()).decode()
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the scheme was checked
    try:
        answer: HTTPResponse = opener(place.proxy, place.cafile).open(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in {401, 403, 404, 410, 451}:
            raise AbsentError(f"HTTP {error.code}") from error
        raise UnreadyError(f"HTTP {error.code}") from error
    except urllib.error.URLError as error:
        raise UnreadyError(reason(error)) from error
    except (OSError, ValueError, HTTPException) as error:
        raise UnreadyError(str(error) or type(error).__name__) from error
    return answer


def without_login(url: str) -> tuple[str, str]:
    """URL without `user:password@`, and that login apart; urllib would take it for a host."""
    parts = urlsplit(url)
    login, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=host)), unquote(login)


def _open_http(place: Place, offset: int) -> Stream:
    try:
        answer = _request(place, {"Range": f"bytes={offset}-"} if offset else {}, keep=True)
    except UnreadyError as error:
        if offset and str(error) == "HTTP 416":  # we have more than there is: begin again
            return _open_http(place, 0)
        raise
    start = 0
    if answer.status == 206:
        # A proxy may answer another range than was asked for; "bytes 5-9/10" begins at 5.
        said = answer.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
        start = int(said) if said.isdigit() else -1
        if not 0 <= start <= offset:
            answer.close()
            return _open_http(place, 0)
    return Stream(start, answer)


def opener(proxy: str, cafile: str) -> urllib.request.OpenerDirector:
    """An HTTP client with PROXY ("" means the environment's, "DIRECT" none) and CAFILE."""
    handlers: list[urllib.request.BaseHandler] = []
    if proxy == "DIRECT":
        handlers.append(urllib.request.ProxyHandler({}))
    elif proxy:
        handlers.append(urllib.request.ProxyHandler({"http": proxy, "https": proxy}))
    if cafile:
        context = ssl.create_default_context(cafile=cafile)
        handlers.append(urllib.request.HTTPSHandler(context=context))
    return urllib.request.build_opener(*handlers)


def reason(error: urllib.error.URLError) -> str:
    """Why no connection came about, in words a reader can act on."""
    inner = error.reason
    if isinstance(inner, ssl.SSLCertVerificationError):
        said = f"the certificate is not trusted ({inner.verify_message})"
        # A bare machine may have no certificates of authorities at all.
        return f"{said}: install ca-certificates, or name a bundle in SSL_CERT_FILE"
    if isinstance(inner, OSError) and inner.strerror:
        return inner.strerror
    return str(inner)


def _open_file(place: Place, offset: int) -> Stream:
    path = Path(unquote(urlsplit(place.url).path))
    try:
        reader = path.open("rb")
        reader.seek(offset)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise AbsentError("no such file") from error
    except OSError as error:
        raise UnreadyError(f"{path}: {error.strerror}") from error
    return Stream(offset, reader)


def _open_bundle(place: Place, offset: int) -> Stream:
    parts = urlsplit(place.url)
    try:
        reader = bundle.open_member(Path(unquote(parts.path)), parts.fragment)
    except KeyError as error:
        raise AbsentError("not in the bundle") from error
    except OSError as error:
        raise UnreadyError(f"{parts.path}: {error.strerror or error}") from error
    reader.seek(offset)
    return Stream(offset, reader)
