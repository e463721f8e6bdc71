"""Fetch a small file over plain http, for `apiclient apply http://…`."""

import socket

from skyrocket.client.errors import ClientError

TIMEOUT = 30.0
LARGEST = 4 * 1024 * 1024


def fetch(uri: str) -> bytes:
    """The body at URI; raise ClientError, or OSError when the host does not answer."""
    host, port, path = split(uri)
    request = f"GET {path} HTTP/1.0\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    with socket.create_connection((host, port), TIMEOUT) as connection:
        connection.sendall(request.encode())
        raw = bytearray()
        while part := connection.recv(65536):
            raw += part
            if len(raw) > LARGEST:
                raise ClientError(f"Failed to read '{uri}': it is over {LARGEST} bytes")
    head, found, body = bytes(raw).partition(b"\r\n\r\n")
    status = head.split(b" ", 2)[1:2]
    if not found or status != [b"200"]:
        said = status[0].decode("ascii", "replace") if status else "no HTTP"
        raise ClientError(f"Failed to read '{uri}': status {said}")
    return body


def split(uri: str) -> "tuple[str, int, str]":
    """Host, port and path of an http URI."""
    authority, slash, path = uri.partition("://")[2].partition("/")
    if authority.startswith("["):
        host, _, port = authority[1:].partition("]")
        port = port.removeprefix(":")
    else:
        host, _, port = authority.partition(":")
    if not host or not (port or "80").isdigit():
        raise ClientError(f"Failed to read '{uri}': not a URL")
    return host, int(port or "80"), slash + path if slash else "/"
