"""Path patterns of the definitions: `*` and `?` stay within a folder, `**` crosses folders."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """The pattern as a regular expression over whole paths."""
    parts = re.split(r"(\*\*|\*|\?|\[[^]]+\])", pattern)
    special = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile(
        "".join(
            special.get(part) or (part if part.startswith("[") else re.escape(part))
            for part in parts
            if part
        )
        + r"\Z"
    )


def matches(pattern: str, path: str) -> bool:
    return compile_pattern(pattern).match(path) is not None
