"""Elements of one list, as `apiclient add` and `remove` name them."""

from skyrocket.client import arguments, commits, jsontext
from skyrocket.client.errors import UsageError
from skyrocket.client.options import Options


def edit(options: Options, verb: str, words: "list[str]") -> int:
    """Have VERB done to the list and its elements in WORDS."""
    valued = f"{commits.VALUED} {commits.WITHIN}"
    given, rest = arguments.take(words, f"-j,--json {commits.FLAGS}", valued)
    if not rest[1:]:
        raise UsageError(f"{verb} wants KEY and at least one VALUE")
    values = [_parsed(text) for text in rest[1:]] if "-j" in given else rest[1:]
    return commits.carry_out(options, verb, {verb: {rest[0]: values}}, given)


def _parsed(text: str) -> object:
    try:
        value: object = jsontext.parse(text)
    except jsontext.NotJsonError as error:
        raise UsageError(f"Given JSON is not valid: {error}") from None
    return value
