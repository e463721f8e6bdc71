"""`apiclient diff A B`: the values in which two generations differ."""

from skyrocket.client import answers, arguments
from skyrocket.client.connection import ask
from skyrocket.client.errors import UsageError
from skyrocket.client.options import Options


def run(options: Options, words: "list[str]") -> int:
    given, rest = arguments.take(words, valued="-f,--format")
    if len(rest) != 2 or not all(each.isascii() and each.isdigit() for each in rest):
        raise UsageError("diff wants the numbers of two generations")
    if given.get("-f", "text") not in ("text", "json"):
        raise UsageError("--format wants one of text, json")
    uri = f"/history/diff?from={rest[0]}&to={rest[1]}"
    values = answers.read(ask(options.socket, "GET", uri).text, uri)
    answers.write(values, given, answers.difference)
    return 0
