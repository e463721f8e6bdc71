"""`apiclient plan`: what a change would do; it takes what `set` and `apply` take."""

from skyrocket.client import arguments, commits, plans
from skyrocket.client.options import Options
from skyrocket.client.verbs import apply
from skyrocket.client.verbs import set as pairs

SOURCES = ("-", "file:", "http:", "https:", "base64:")


def run(options: Options, words: "list[str]") -> int:
    given, rest = arguments.take(words, valued=f"-j,--json {commits.VALUED}")
    commits.check({**given, "--dry-run": ""})
    if "-j" in given or (rest and not rest[0].startswith(SOURCES)):
        return plans.show(options.socket, pairs.change(given, rest), given)
    return plans.show(options.socket, {"settings": apply.settings(rest)}, given)
