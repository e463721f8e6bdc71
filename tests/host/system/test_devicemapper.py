"""The bytes of a device-mapper request."""

from __future__ import annotations

import struct

from skyrocket.host.system import devicemapper


def test_request_names_version_device_and_table() -> None:
    """Header fields stand where <linux/dm-ioctl.h> puts them, the target right behind."""
    table = devicemapper._table("verity", 80, "1 a b")
    raw = devicemapper.request("root", "CRYPT-VERITY-x-root", table)
    assert struct.unpack_from("=3I", raw) == (4, 0, 0)
    size, start, targets = struct.unpack_from("=III", raw, 12)
    assert (size, start, targets) == (len(raw), 312, 1)
    assert struct.unpack_from("=I", raw, 28) == (1,)
    assert bytes(raw[48:53]) == b"root\0"
    assert bytes(raw[176:195]) == b"CRYPT-VERITY-x-root"
    sector, length, _, following, kind = struct.unpack_from("=QQiI16s", raw, start)
    assert (sector, length, following % 8) == (0, 80, 0)
    assert kind.rstrip(b"\0") == b"verity"
    assert bytes(raw[start + 40 : start + 46]) == b"1 a b\0"


def test_numbers_of_the_calls() -> None:
    """The ioctl numbers are those of the kernel's header."""
    assert devicemapper._CREATE == 0xC138FD03
    assert devicemapper._SUSPEND == 0xC138FD06
    assert devicemapper._LOAD == 0xC138FD09
