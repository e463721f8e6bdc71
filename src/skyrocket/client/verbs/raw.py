"""`apiclient raw`: one request, its body printed as it came."""

import sys

from skyrocket.client import arguments
from skyrocket.client.connection import ask
from skyrocket.client.errors import UsageError
from skyrocket.client.options import Options


def run(options: Options, words: "list[str]") -> int:
    given, rest = arguments.take(words, valued="-u,--uri -m,-X,--method -d,--data")
    if rest:
        raise UsageError(f"Unknown argument '{rest[0]}'")
    if "-u" not in given:
        raise UsageError("Missing required argument '--uri'")
    data = given["-d"].encode("utf-8", "surrogateescape") if "-d" in given else None
    response = ask(options.socket, given.get("-m", "GET").upper(), given["-u"], data)
    if options.verbose:
        sys.stderr.write(f"{response.status}\n")
    if response.body:
        sys.stdout.write(response.text + "\n")
    return 0
