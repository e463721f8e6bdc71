"""Small files made by hand that carry what the audit looks for, and images around them."""

from __future__ import annotations

import struct

from skyrocket.build.audit import Image, exemptions, run
from skyrocket.build.audit.content import classify
from skyrocket.build.image.entries import Entry, with_parents

LOADER = "/lib64/ld-linux-x86-64.so.2"


def elf(
    *,
    interpreter: str = "",
    needed: tuple[str, ...] = (),
    soname: str = "",
    exports: tuple[str, ...] = (),
    texts: tuple[bytes, ...] = (),
    kind: int = 3,
    machine: int = 62,
    pie: bool = False,
) -> bytes:
    """A 64-bit ELF file with one loaded segment, and whatever of the rest is asked for."""
    strings = bytearray(b"\0")

    def text(value: str) -> int:
        at = len(strings)
        strings.extend(value.encode() + b"\0")
        return at

    tags = [(1, text(name)) for name in needed]
    tags += [(14, text(soname))] if soname else []
    tags += [(0x6FFFFFFB, 0x08000000)] if pie else []
    symbols = b"".join(struct.pack("<IBBHQQ", text(name), 0x12, 0, 1, 0, 0) for name in exports)
    programs = 3 if interpreter else 2
    body_at = 64 + 56 * programs
    name = interpreter.encode() + b"\0" if interpreter else b""
    dynamic_at = body_at + len(name)
    dynamic_size = 16 * (len(tags) + 2)
    strings_at = dynamic_at + dynamic_size
    symbols_at = strings_at + len(strings)
    extra_at = symbols_at + len(symbols)
    extra = b"\0" + b"\0".join(texts) + b"\0"
    sections_at = extra_at + len(extra)
    dynamic = b"".join(struct.pack("<QQ", *tag) for tag in [*tags, (5, strings_at), (0, 0)])
    total = sections_at + 64 * 3
    heads = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, total, total, 4096)
    heads += struct.pack("<IIQQQQQQ", 2, 4, dynamic_at, 0, 0, dynamic_size, dynamic_size, 8)
    if interpreter:
        heads += struct.pack("<IIQQQQQQ", 3, 4, body_at, 0, 0, len(name), len(name), 1)
    head = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", kind, machine, 1, 0, 64, sections_at, 0, 64, 56, programs, 64, 3, 0
    )
    sections = bytes(64)
    sections += struct.pack("<IIQQQQIIQQ", 0, 3, 0, 0, strings_at, len(strings), 0, 0, 1, 0)
    sections += struct.pack("<IIQQQQIIQQ", 0, 11, 0, 0, symbols_at, len(symbols), 1, 0, 8, 24)
    return head + heads + name + dynamic + bytes(strings) + symbols + extra + sections


def file(path: str, content: bytes = b"text\n", mode: int = 0o644, **fields: int) -> Entry:
    return Entry(path, "file", mode, "test", content=content, **fields)


def link(path: str, target: str) -> Entry:
    return Entry(path, "symlink", 0o777, "test", link=target)


ETC = "usr/share/factory/etc"
UNITS = "usr/lib/systemd/system"
LIBRARIES = "usr/lib/x86_64-linux-gnu"


def clean() -> list[Entry]:
    """A root that passes: a program with its loader and library, accounts, a unit, a rule."""
    return [
        Entry("etc", "folder", 0o755, "test"),
        link("bin", "usr/bin"),
        link("lib64", "usr/lib64"),
        link("usr/lib64/ld-linux-x86-64.so.2", "../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"),
        file(f"{LIBRARIES}/ld-linux-x86-64.so.2", elf(soname="ld-linux-x86-64.so.2"), 0o755),
        file(f"{LIBRARIES}/libc.so.6", elf(soname="libc.so.6")),
        file("usr/bin/served", elf(interpreter=LOADER, needed=("libc.so.6",), pie=True), 0o755),
        file(f"{ETC}/passwd", b"root:x:0:0::/root:/nonexistent\nserved:x:90:90::/:/nonexistent\n"),
        file(f"{ETC}/group", b"root:x:0:\nserved:x:90:\n"),
        file(f"{ETC}/shadow", b"root:!*:::::::\nserved:!*:::::::\n", 0o600),
        file(f"{UNITS}/served.service", b"[Service]\nExecStart=/usr/bin/served\nUser=served\n"),
        file(f"{UNITS}/multi-user.target", b"[Unit]\nDescription=All\n"),
        link(f"{UNITS}/multi-user.target.wants/served.service", "../served.service"),
        file("usr/lib/udev/rules.d/50.rules", b'SUBSYSTEM=="block", GROUP="served"\n'),
    ]


def findings(
    *planted: Entry,
    part: str = "root",
    allowed: exemptions.Exemptions | None = None,
    listed: tuple[str, ...] = ("usr/bin/served",),
) -> list[tuple[str, str]]:
    """(rule, path) of what the audit finds in the clean root with PLANTED added."""
    base = clean() if part == "root" else []
    image = Image(part, with_parents([*base, *planted]), lambda entry: classify(entry.read()))
    found = run.audit(image, "x86_64", listed, allowed or exemptions.Exemptions())
    return [(one.rule, one.path) for one in found]
