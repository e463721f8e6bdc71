"""`apiclient confirm`: keep the change that is on trial."""

from skyrocket.client.connection import ask
from skyrocket.client.errors import UsageError
from skyrocket.client.options import Options


def run(options: Options, words: "list[str]") -> int:
    if words:
        raise UsageError(f"Unknown argument '{words[0]}'")
    ask(options.socket, "POST", "/trial/confirm")
    return 0
