"""Which of two versions is newer, decided exactly as the boot loader decides it.

Source: UAPI Group, "Version Format Specification". The loader sorts entries by it, so our own
choice must never differ: `1.10.0` is newer than `1.9.0`, `2.0~rc1` older than `2.0`
(and `2.0-rc1` newer than `2.0`, which is why release candidates are spelled with a tilde).

Deliberately unknown here: where versions come from. Standard library only, no `re`.
"""

from __future__ import annotations

_DIGITS = frozenset("0123456789")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_VALID = _DIGITS | _LETTERS | frozenset("-.~^")


def compare(left: str, right: str) -> int:
    """Negative when LEFT is older, positive when it is newer, 0 when they mean the same."""
    while True:
        left, right = _skip_separators(left), _skip_separators(right)
        if left[:1] == "~" or right[:1] == "~":
            # A tilde is older than anything, even than the end of the version.
            if left[:1] != right[:1]:
                return -1 if left[:1] == "~" else 1
            left, right = left[1:], right[1:]
            continue
        if not left or not right:
            return (left != "") - (right != "")
        order, left, right = _compare_segment(left, right)
        if order:
            return order


def newer(left: str, right: str) -> bool:
    """Whether LEFT is newer than RIGHT."""
    return compare(left, right) > 0


def _compare_segment(left: str, right: str) -> tuple[int, str, str]:
    """Compare what both start with -> (order, rest of left, rest of right)."""
    for mark in "-^.":
        if left[0] == mark or right[0] == mark:
            # Who has the mark where the other goes on is older.
            if left[0] != right[0]:
                return (-1 if left[0] == mark else 1), left, right
            return 0, left[1:], right[1:]
    kind = _DIGITS if left[0] in _DIGITS or right[0] in _DIGITS else _LETTERS
    a, left = _leading(left, kind)
    b, right = _leading(right, kind)
    if kind is _LETTERS:
        return (a > b) - (a < b), left, right
    if not a or not b:
        # A number is newer than letters at the same place.
        return (a != "") - (b != ""), left, right
    return (int(a) > int(b)) - (int(a) < int(b)), left, right


def _leading(text: str, kind: frozenset[str]) -> tuple[str, str]:
    end = 0
    while end < len(text) and text[end] in kind:
        end += 1
    return text[:end], text[end:]


def _skip_separators(text: str) -> str:
    start = 0
    while start < len(text) and text[start] not in _VALID:
        start += 1
    return text[start:]
