"""What a node sends, seen from outside: QEMU writes down every frame of its network card."""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

from skyrocket.lab import qemu, qmp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Self

    from boot.machine import Machine

FILE_HEADER, FRAME_HEADER, ETHERNET, UDP = 24, 16, 14, 17
IPV4, IPV6 = 0x0800, 0x86DD
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

    def asked(self, name: str) -> set[str]:
        """The addresses that were asked for NAME by DNS over UDP."""
        question = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
        return {
            address
            for address, port, content in _datagrams(self._file)
            if port == DNS and question in content
        }


def _datagrams(file: Path) -> Iterator[tuple[str, int, bytes]]:
    """To whom, to which port, what."""
    for frame in _frames(file.read_bytes()):
        kind = struct.unpack("!H", frame[12:14])[0]
        packet = frame[ETHERNET:]
        if kind == IPV4 and packet[9] == UDP:
            address, rest = socket.inet_ntop(socket.AF_INET, packet[16:20]), packet[20:]
        elif kind == IPV6 and packet[6] == UDP:
            address, rest = socket.inet_ntop(socket.AF_INET6, packet[24:40]), packet[40:]
        else:
            continue
        yield address, struct.unpack("!H", rest[2:4])[0], rest[8:]


def _frames(raw: bytes) -> Iterator[bytes]:
    """The frames of a capture file (pcap, this machine's byte order)."""
    at = FILE_HEADER
    while at + FRAME_HEADER <= len(raw):
        length = struct.unpack("=I", raw[at + 8 : at + 12])[0]
        frame = raw[at + FRAME_HEADER : at + FRAME_HEADER + length]
        if len(frame) < length:
            return  # QEMU is still writing it
        yield frame
        at += FRAME_HEADER + length
