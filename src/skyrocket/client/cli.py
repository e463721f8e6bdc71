"""`apiclient`: the node's command line, one static file that host containers and pods mount.

This module takes the global options off the line and finds the verb; a verb's module is imported
when it is called, because most calls need very little. Global options are recognised anywhere
before a `--`.
"""

import sys

from skyrocket.client.errors import ClientError, UsageError
from skyrocket.client.options import LEVELS, Options

VERBS = {
    "raw": "skyrocket.client.verbs.raw",
    "get": "skyrocket.client.verbs.get",
    "set": "skyrocket.client.verbs.set",
    "apply": "skyrocket.client.verbs.apply",
    "plan": "skyrocket.client.verbs.plan",
    "unset": "skyrocket.client.verbs.unset",
    "add": "skyrocket.client.verbs.add",
    "remove": "skyrocket.client.verbs.remove",
    "history": "skyrocket.client.verbs.history",
    "diff": "skyrocket.client.verbs.diff",
    "rollback": "skyrocket.client.verbs.rollback",
    "confirm": "skyrocket.client.verbs.confirm",
    "cancel": "skyrocket.client.verbs.cancel",
    "update": "skyrocket.client.verbs.update",
    "reboot": "skyrocket.client.verbs.reboot",
    "network": "skyrocket.client.verbs.network",
    "exec": "skyrocket.client.verbs.exec",
    "report": "skyrocket.client.verbs.report",
}

ALONE = ("get", "reboot", "apply", "plan", "history", "confirm", "cancel")
"""Verbs that mean something without another word."""


def main(argv: "list[str]") -> int:
    """Run the call that follows the program's name in ARGV and return its exit status."""
    try:
        options, rest = parse(argv[1:])
        name = rest.pop(0) if rest and rest[0] in VERBS else "raw"
        if options.help or not (rest or name in ALONE):
            raise UsageError("")  # noqa: TRY301  (one way out for all of them)
        module = VERBS[name]
        __import__(module)
        status: int = sys.modules[module].run(options, rest)
        sys.stdout.flush()
    except UsageError as error:
        from skyrocket.client import usage

        sys.stderr.write((f"{error}\n\n" if str(error) else "") + usage.TEXT)
        return 2
    except ClientError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        return 130
    return status


def parse(argv: "list[str]") -> "tuple[Options, list[str]]":
    """The global options, and the rest of the line without them."""
    options = Options()
    rest: list[str] = []
    words = iter(argv)
    for word in words:
        if word == "--":
            return options, [*rest, word, *words]
        option, found, value = word.partition("=")
        if word in ("-h", "--help"):
            options.help = True
        elif word in ("-v", "--verbose"):
            options.verbose = True
        elif option in ("-s", "--socket-path", "--log-level") and (found or option == word):
            _set(options, option, value if found else next(words, ""))
        else:
            rest.append(word)
    return options, rest


def _set(options: Options, option: str, value: str) -> None:
    if not value:
        raise UsageError(f"Did not give argument to {option}")
    if option != "--log-level":
        options.socket = value
    elif value.lower() in LEVELS:
        options.level = value.lower()
    else:
        raise UsageError(f"Invalid log level '{value}'")


if __name__ == "__main__":
    sys.exit(main(sys.argv))
