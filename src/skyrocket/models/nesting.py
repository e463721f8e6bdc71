"""How deeply a JSON text nests, told before it is parsed.

A parser follows nesting on the stack of its thread. CPython's own limit is a count of levels made
for a stack of eight mebibytes; the threads that answer clients have less, so a body of a few
kilobytes could end the process. This module knows brackets and strings, nothing else of JSON.
"""

DEEPEST = 64
_ELSE = bytes(set(range(256)) - set(b"[]{}"))


def too_deep(raw: bytes, deepest: int = DEEPEST) -> bool:
    """Whether RAW opens more than DEEPEST brackets within one another."""
    if raw.count(b"[") + raw.count(b"{") <= deepest:
        return False
    outside = raw.replace(rb"\\", b"").replace(rb"\"", b"").split(b'"')[::2]
    depth = 0
    for bracket in b"".join(outside).translate(None, _ELSE):
        depth += 1 if bracket in b"[{" else -1
        if depth > deepest:
            return True
    return False
