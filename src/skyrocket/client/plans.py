"""What a change would do, asked of the node and shown."""

from skyrocket.client import answers, jsontext
from skyrocket.client.connection import ask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

URI = "/plan"


def show(socket: str, change: "dict[str, object]", given: "dict[str, str]", uri: str = URI) -> int:
    """Print what CHANGE would do; the node changes nothing."""
    body = jsontext.compact(change).encode()
    answers.write(answers.read(ask(socket, "POST", uri, body).text, uri), given, lines)
    return 0


def lines(plan: "Any") -> "list[str]":
    """A PLAN for people: values, files, units, restart."""
    found = answers.difference(plan["values"])
    for file in plan["files"]:
        found.append(f"{file['action']} {file['path']}{_because(file)}")
        found += [f"  {line}" for line in file["diff"].splitlines()]
    found += [f"set {effect} at once" for effect in plan["effects"]]
    found += [f"{unit['action']} {unit['name']}{_because(unit)}" for unit in plan["units"]]
    found += [f"restart the node: {reason}" for reason in plan["reboot"]["because"]]
    return found or ["nothing would change"]


def _because(step: "Any") -> str:
    return f" because of {', '.join(step['because'])}" if step["because"] else ""
