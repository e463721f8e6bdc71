"""The terminal we run on: is there one, how large, raw and back.

By ioctl on the kernel's own structure (asm-generic/termbits.h), because the static program has no
`termios` module. x86-64 and arm64 share these numbers.
"""

from fcntl import ioctl
from posix import isatty

_TCGETS, _TCSETSW, _TIOCGWINSZ = 0x5401, 0x5403, 0x5413
_TERMIOS_BYTES = 36
# What raw mode switches off, as cfmakeraw(3): signals, echo, line editing, translation of CR.
_INPUT = 0o1 | 0o2 | 0o10 | 0o40 | 0o100 | 0o200 | 0o400 | 0o2000
_OUTPUT = 0o1
_LOCAL = 0o1 | 0o2 | 0o10 | 0o100 | 0o100000
_CONTROL_OFF, _CONTROL_ON = 0o60 | 0o400, 0o60
_FIRST_CHARACTER, _VTIME, _VMIN = 17, 5, 6


def present() -> bool:
    """Whether both standard input and standard output are terminals."""
    return isatty(0) and isatty(1)


def size() -> "tuple[int, int] | None":
    """Rows and columns, or None when the terminal does not know."""
    try:
        raw = ioctl(1, _TIOCGWINSZ, bytes(8))
    except OSError:
        return None
    rows, columns = int.from_bytes(raw[0:2], "little"), int.from_bytes(raw[2:4], "little")
    return (rows, columns) if rows and columns else None


class Raw:
    """Standard input in raw mode, for the length of a `with`; nothing when it is no terminal."""

    __slots__ = ("_before",)

    def __enter__(self) -> None:
        self._before: bytes | None = None
        if isatty(0):
            self._before = ioctl(0, _TCGETS, bytes(_TERMIOS_BYTES))
            ioctl(0, _TCSETSW, raw_mode(self._before))

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            ioctl(0, _TCSETSW, self._before)


def raw_mode(cooked: bytes) -> bytes:
    """The termios structure COOKED, made raw."""
    flags = [int.from_bytes(cooked[at : at + 4], "little") for at in range(0, 16, 4)]
    changed = (
        flags[0] & ~_INPUT,
        flags[1] & ~_OUTPUT,
        flags[2] & ~_CONTROL_OFF | _CONTROL_ON,
        flags[3] & ~_LOCAL,
    )
    rest = bytearray(cooked[16:])
    rest[_FIRST_CHARACTER - 16 + _VTIME] = 0
    rest[_FIRST_CHARACTER - 16 + _VMIN] = 1
    return b"".join(flag.to_bytes(4, "little") for flag in changed) + bytes(rest)
