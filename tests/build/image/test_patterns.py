"""Patterns over whole paths."""

from __future__ import annotations

import pytest

from skyrocket.build.image.patterns import matches


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("usr/bin/x", "usr/bin/x", True),
        ("usr/bin/x", "usr/bin/xy", False),
        ("usr/bin/*", "usr/bin/x", True),
        ("usr/bin/*", "usr/bin/a/x", False),
        ("usr/**", "usr/bin/a/x", True),
        ("usr/**/x", "usr/a/b/x", True),
        ("usr/bin/?", "usr/bin/x", True),
        ("usr/bin/?", "usr/bin//", False),
        ("usr/l[ab]", "usr/la", True),
        ("usr/l[ab]", "usr/lc", False),
        ("usr/a.b", "usr/aXb", False),
        ("usr/libx.so.1*", "usr/libx.so.1.2.3", True),
        ("usr/x", "usr/x\n", False),
        ("usr/[", "usr/[", True),
    ],
)
def test_matches(pattern: str, path: str, expected: bool) -> None:
    """`*` and `?` stay within a folder, `**` crosses folders, everything else is itself."""
    assert matches(pattern, path) is expected
