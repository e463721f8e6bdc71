"""A time server on loopback: answers each question with this machine's clock (RFC 5905)."""

from __future__ import annotations

import socket
import struct
import threading
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

_EPOCH = 2208988800  # seconds from 1900 to 1970
_SERVER = 4 << 3 | 4  # version 4, a server's answer
_FORM = "!BBbbII4s4Q"


class TimeServer:
    """A context; `port` is where it listens."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._socket.settimeout(0.5)
        self._stop = False
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop = True
        self._thread.join(5)
        self._socket.close()

    def _serve(self) -> None:
        while not self._stop:
            try:
                question, who = self._socket.recvfrom(1024)
            except TimeoutError:
                continue
            if len(question) >= 48:
                self._socket.sendto(answer(question, time.time()), who)


def answer(question: bytes, now: float) -> bytes:
    """The answer to QUESTION, at NOW: stratum 1, and the asker's time given back."""
    stamp = int((now + _EPOCH) * 2**32)
    asked = struct.unpack_from("!Q", question, 40)[0]
    return struct.pack(_FORM, _SERVER, 1, 4, -20, 0, 0, b"TEST", stamp, asked, stamp, stamp)
