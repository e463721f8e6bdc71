"""`apiclient network configure`: give the node another net.toml."""

from skyrocket.client.connection import ask
from skyrocket.client.errors import UsageError
from skyrocket.client.options import Options
from skyrocket.client.verbs.apply import fetch


def run(options: Options, words: "list[str]") -> int:
    if words[:1] != ["configure"] or len(words) != 2:
        raise UsageError("'network' takes the word 'configure' and one source")
    ask(options.socket, "POST", "/actions/network/configure", fetch(words[1]).encode())
    return 0
