"""`apiclient set`: change settings from the command line."""

from skyrocket.client import arguments, changes, jsontext
from skyrocket.client.errors import UsageError
from skyrocket.client.options import Options


def run(options: Options, words: "list[str]") -> int:
    given, pairs = arguments.take(words, valued="-j,--json")
    name = changes.transaction("set")
    if "-j" in given:
        if pairs:
            raise UsageError("You cannot give both --json and KEY=VALUE")
        changes.patch(options.socket, name, settings(given["-j"]))
    else:
        for pair in pairs:
            if "=" not in pair:
                raise UsageError(f"'{pair}' is not KEY=VALUE")
        changes.patch_pairs(options.socket, name, pairs)
    changes.commit(options.socket, name)
    return 0


def settings(text: str) -> object:
    """The settings in JSON TEXT, which may or may not stand in an outer "settings"."""
    try:
        value = jsontext.parse(text)
    except jsontext.NotJsonError as error:
        raise UsageError(f"Given JSON is not valid: {error}") from None
    if not isinstance(value, dict):
        raise UsageError("Given JSON is not an object")
    return value.get("settings", value)
