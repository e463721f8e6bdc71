"""`apiclient report`: a compliance report, printed as the node made it."""

import sys

from skyrocket.client import arguments
from skyrocket.client.connection import ask
from skyrocket.client.errors import UsageError
from skyrocket.client.options import Options

_PATHS = {
    "cis": ("/report/cis", ""),
    "cis-k8s": ("/report/cis", "kubernetes"),
    "fips": ("/report/fips", ""),
}


def run(options: Options, words: "list[str]") -> int:
    given, rest = arguments.take(words, valued="-f,--format -l,--level")
    if len(rest) != 1 or rest[0] not in _PATHS:
        raise UsageError("report wants one of cis, cis-k8s, fips")
    path, kind = _PATHS[rest[0]]
    asked = {"type": kind, "level": given.get("-l", ""), "format": given.get("-f", "")}
    query = "&".join(f"{key}={value}" for key, value in asked.items() if value)
    sys.stdout.write(ask(options.socket, "GET", f"{path}?{query}" if query else path).text)
    return 0
