"""What follows when a change is ready: its plan (`--dry-run`), or its commit.

Options that all verbs which change settings have in common.
"""

from skyrocket.client import changes
from skyrocket.client.connection import ask
from skyrocket.client.errors import UsageError
from skyrocket.client.options import Options

FLAGS = "--dry-run --result"
VALUED = "-f,--format"
WITHIN = "--confirm-within"
_UNITS = {"s": 1, "m": 60, "h": 3600}


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
    if WITHIN in given:
        uri += f"&confirm_within={seconds(given[WITHIN])}"
    if "--result" not in given:
        ask(socket, "POST", uri)
        return 0
    from skyrocket.client import results

    return results.show(ask(socket, "POST", f"{uri}&result=true").text, uri, given)


def seconds(text: str) -> int:
    """How long TEXT is: `90`, `90s`, `2m`, `1h`."""
    unit = text[-1:] if text[-1:] in _UNITS else ""
    number = text.removesuffix(unit)
    if not (number.isascii() and number.isdigit()):
        raise UsageError(f"'{text}' is no time such as 90s, 2m or 1h")
    return int(number) * _UNITS[unit or "s"]


def check(given: "dict[str, str]") -> None:
    """Refuse options that mean nothing together."""
    if given.get("-f", "text") not in ("text", "json"):
        raise UsageError("--format wants one of text, json")
    if "--dry-run" in given and "--result" in given:
        raise UsageError("You cannot give both --dry-run and --result")
    if WITHIN in given:
        seconds(given[WITHIN])
        if "--dry-run" in given:
            raise UsageError("You cannot give both --dry-run and --confirm-within")
    if "-f" in given and "--dry-run" not in given and "--result" not in given:
        raise UsageError("--format goes with --dry-run or --result")
