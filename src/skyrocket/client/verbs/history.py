"""`apiclient history`: the generations of the settings, the live one last."""

from skyrocket.client import answers, arguments
from skyrocket.client.connection import ask
from skyrocket.client.errors import UsageError
from skyrocket.client.options import Options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

URI = "/history"


def run(options: Options, words: "list[str]") -> int:
    given, rest = arguments.take(words, valued="-f,--format")
    if rest:
        raise UsageError(f"Unknown argument '{rest[0]}'")
    if given.get("-f", "text") not in ("text", "json"):
        raise UsageError("--format wants one of text, json")
    answers.write(answers.read(ask(options.socket, "GET", URI).text, URI), given, lines)
    return 0


def lines(entries: "Any") -> "list[str]":
    """A line for each of ENTRIES: number, `*` at the live one, time, origin."""
    found = []
    for each in entries:
        mark = "*" if each["current"] else " "
        words = [each["time"] or "-", each["by"], each["who"], each["note"]]
        found.append(f"{each['generation']:>6} {mark} " + "  ".join(filter(None, words)))
    return found
