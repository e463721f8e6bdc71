"""What became of a change, shown; a step that failed makes the exit status 1."""

import sys

from skyrocket.client import answers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def show(text: str, uri: str, given: "dict[str, str]") -> int:
    """Print the result in TEXT, the answer to URI."""
    result = answers.read(text, uri)
    answers.write(result, given, lines)
    if result["applied"]["ok"]:
        return 0
    sys.stderr.write(f"Committed, not all of it applied: {result['applied']['error']}\n")
    return 1


def lines(result: "Any") -> "list[str]":
    """A RESULT for people."""
    applied = result["applied"]
    found = [f"generation {result['generation']}: {', '.join(result['keys']) or 'no key'}"]
    found += [f"wrote {path}" for path in applied["changed_files"]]
    found += [f"restarted {unit}" for unit in applied["restarted"]]
    found += [f"reloaded {unit}" for unit in applied.get("reloaded", [])]
    found += [f"stopped {unit}" for unit in applied["stopped"]]
    return found + [f"failed: {each['what']}: {each['reason']}" for each in applied["failed"]]
