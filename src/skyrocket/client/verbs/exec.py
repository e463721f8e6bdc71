"""`apiclient exec`: run a command in a host container."""

from skyrocket.client import terminal
from skyrocket.client.errors import UsageError
from skyrocket.client.options import Options
from skyrocket.client.session import Session


def run(options: Options, words: "list[str]") -> int:
    tty, target, command = parse(words)
    arguments = [word.encode("utf-8", "surrogateescape") for word in command]
    wanted = terminal.present() if tty is None else tty
    return Session(options.socket).run(target, arguments, tty=wanted)


def parse(words: "list[str]") -> "tuple[bool | None, str, list[str]]":
    """Whether a terminal is asked for (None: when there is one), the target, the command."""
    tty = None
    rest = list(words)
    while rest and rest[0] in ("-t", "--tty", "-T", "--no-tty"):
        tty = rest.pop(0) in ("-t", "--tty")
    if rest[:1] == ["--"]:
        rest.pop(0)
    elif rest and rest[0].startswith("-"):
        raise UsageError(f"Unknown argument '{rest[0]}'")
    if rest[1:2] == ["--"]:
        rest.pop(1)
    if not rest:
        raise UsageError("Missing required argument 'target'")
    if not rest[1:]:
        raise UsageError("Missing required argument 'command'")
    return tty, rest[0], rest[1:]
