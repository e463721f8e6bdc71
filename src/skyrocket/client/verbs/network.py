"""`apiclient network configure`: give the node another net.toml."""

from skyrocket.client import arguments, commits
from skyrocket.client.connection import ask
from skyrocket.client.errors import UsageError
from skyrocket.client.options import Options
from skyrocket.client.verbs.apply import fetch

URI = "/actions/network/configure"


def run(options: Options, words: "list[str]") -> int:
    given, rest = arguments.take(words, valued=commits.WITHIN)
    if rest[:1] != ["configure"] or len(rest) != 2:
        raise UsageError("'network' takes the word 'configure' and one source")
    uri = URI
    if commits.WITHIN in given:
        uri += f"?confirm_within={commits.seconds(given[commits.WITHIN])}"
    ask(options.socket, "POST", uri, fetch(rest[1]).encode())
    return 0
