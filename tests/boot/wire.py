"""What a node sends, seen from outside: QEMU writes down every frame of its network card."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

from skyrocket.lab import qemu, qmp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from boot.machine import Machine

FILE_HEADER, FRAME_HEADER, ETHERNET = 24, 16, 14
IPV4, IPV6 = 0x0800, 0x86DD
TCP, UDP = 6, 17
DNS = 53


class Tap:
    """A context in which the frames of MACHINE are kept."""

    def __init__(self, machine: Machine) -> None:
        self._socket, self._file = machine.home.socket, machine.home.folder / "tap.pcap"

    def __enter__(self) -> Self:
        wanted = {"qom-type": "filter-dump", "id": "tap", "netdev": "net"}
        where = {"file": f"{qemu.NODE}/{self._file.name}"}
        qmp.ask(self._socket, (qmp.Command("object-add", {**wanted, **where}),))
        return self

    def __exit__(self, *_: object) -> None:
        qmp.ask(self._socket, (qmp.Command("object-del", {"id": "tap"}),))
        self._file.unlink()

    def mark(self) -> int:
        """Where the capture ends now."""
        return self._file.stat().st_size

    def asked(self, since: int) -> set[str]:
        """The addresses to which anything went for the port of DNS, from SINCE on.

        The resolver changes from UDP to TCP where nobody answers, so names cannot be looked for.
        """
        raw = self._file.read_bytes()
        return {to for frame in _frames(raw, since) for to, port in _ports(frame) if port == DNS}


def _ports(frame: bytes) -> Iterator[tuple[str, int]]:
    """To whom and to which port FRAME goes, if it is UDP or TCP."""
    kind = struct.unpack("!H", frame[12:14])[0]
    packet = frame[ETHERNET:]
    if kind == IPV4 and packet[9] in (TCP, UDP):
        address, rest = socket.inet_ntop(socket.AF_INET, packet[16:20]), packet[20:]
    elif kind == IPV6 and packet[6] in (TCP, UDP):
        address, rest = socket.inet_ntop(socket.AF_INET6, packet[24:40]), packet[40:]
    else:
        return
    yield address, struct.unpack("!H", rest[2:4])[0]


def _frames(raw: bytes, since: int) -> Iterator[bytes]:
    """The frames of a capture file (pcap, this machine's byte order) from SINCE on."""
    at = max(FILE_HEADER, since)
    while at + FRAME_HEADER <= len(raw):
        length = struct.unpack("=I", raw[at + 8 : at + 12])[0]
        frame = raw[at + FRAME_HEADER : at + FRAME_HEADER + length]
        if len(frame) < length:
            return  # QEMU is still writing it
        yield frame
        at += FRAME_HEADER + length
