"""What follows when a change is ready: its plan (`--dry-run`), or its commit.

Options that all verbs which change settings have in common.
"""

from skyrocket.client import changes
from skyrocket.client.connection import ask
from skyrocket.client.errors import UsageError
from skyrocket.client.options import Options

FLAGS = "--dry-run --result"
VALUED = "-f,--format"


def carry_out(
    options: Options, verb: str, change: "dict[str, object]", given: "dict[str, str]"
) -> int:
    """Have the node make CHANGE, or say what it would do when that is GIVEN as option."""
    check(given)
    if "--dry-run" in given:
        from skyrocket.client import plans

        return plans.show(options.socket, change, given)
    name = changes.transaction(verb)
    changes.send(options.socket, name, change)
    return asked(options.socket, f"/tx/commit_and_apply?tx={name}", given)


def asked(socket: str, uri: str, given: "dict[str, str]") -> int:
    """POST to URI, which commits something -> the exit status; the result when it is wanted."""
    if "--result" not in given:
        ask(socket, "POST", uri)
        return 0
    from skyrocket.client import results

    return results.show(ask(socket, "POST", f"{uri}&result=true").text, uri, given)


def check(given: "dict[str, str]") -> None:
    """Refuse options that mean nothing together."""
    if given.get("-f", "text") not in ("text", "json"):
        raise UsageError("--format wants one of text, json")
    if "--dry-run" in given and "--result" in given:
        raise UsageError("You cannot give both --dry-run and --result")
    if "-f" in given and "--dry-run" not in given and "--result" not in given:
        raise UsageError("--format goes with --dry-run or --result")
