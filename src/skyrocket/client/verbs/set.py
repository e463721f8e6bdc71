"""`apiclient set`: change settings from the command line."""

from skyrocket.client import arguments, commits, jsontext
from skyrocket.client.errors import UsageError
from skyrocket.client.options import Options


def run(options: Options, words: "list[str]") -> int:
    valued = f"-j,--json {commits.VALUED} {commits.WITHIN}"
    given, pairs = arguments.take(words, commits.FLAGS, valued)
    return commits.carry_out(options, "set", change(given, pairs), given)


def change(given: "dict[str, str]", pairs: "list[str]") -> "dict[str, object]":
    """What the KEY=VALUE PAIRS or the JSON among the options GIVEN ask for."""
    if "-j" in given:
        if pairs:
            raise UsageError("You cannot give both --json and KEY=VALUE")
        return {"settings": settings(given["-j"])}
    if not pairs:
        raise UsageError("Missing KEY=VALUE or --json")
    for pair in pairs:
        if "=" not in pair:
            raise UsageError(f"'{pair}' is not KEY=VALUE")
    return {"pairs": pairs}


def settings(text: str) -> object:
    """The settings in JSON TEXT, which may or may not stand in an outer "settings"."""
    try:
        value = jsontext.parse(text)
    except jsontext.NotJsonError as error:
        raise UsageError(f"Given JSON is not valid: {error}") from None
    if not isinstance(value, dict):
        raise UsageError("Given JSON is not an object")
    return value.get("settings", value)
