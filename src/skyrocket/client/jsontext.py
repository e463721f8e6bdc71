"""JSON with the C parts of the standard library alone: `json` itself brings `re` and 20 more.

Knows parsing and the pretty form (two spaces, sorted keys) that `apiclient get` prints.
"""

from _json import encode_basestring, make_scanner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_BLANKS = " \t\r\n"


class NotJsonError(ValueError):
    """A text that is not JSON."""


class _Rules:
    """What the C scanner asks for; the fields are those of `json.JSONDecoder`."""

    strict = True
    object_hook = None
    object_pairs_hook = None
    parse_float = float
    parse_int = int
    memo: "dict[str, str]" = {}  # noqa: RUF012  (shared on purpose: the scanner empties it)

    @staticmethod
    def parse_constant(word: str) -> float:
        raise NotJsonError(f"{word} is not JSON")


_scan = make_scanner(_Rules)  # type: ignore[arg-type]


def parse(text: str) -> "Any":
    """The value TEXT stands for; raise NotJsonError."""
    start = len(text) - len(text.lstrip(_BLANKS))
    try:
        value, end = _scan(text, start)
    except StopIteration as error:
        raise NotJsonError(f"no value at character {error.value}") from None
    except RecursionError:
        raise NotJsonError("it is nested too deeply") from None
    except (ValueError, ImportError) as error:  # the words are in a module that may be absent
        raise NotJsonError(str(error)) from None
    if text[end:].strip(_BLANKS):
        raise NotJsonError(f"something follows the value at character {end}")
    return value


def quote(text: str) -> str:
    """TEXT as a JSON string."""
    return encode_basestring(text)


def compact(value: "Any") -> str:
    """VALUE without blanks, in the order it has."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{quote(k)}:{compact(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join([compact(item) for item in value]) + "]"
    return _scalar(value)


def pretty(value: "Any", indent: str = "\n") -> str:
    """VALUE on many lines, two spaces a level, keys sorted."""
    deeper = indent + "  "
    if isinstance(value, dict) and value:
        items = [f"{quote(key)}: {pretty(value[key], deeper)}" for key in sorted(value)]
        return "{" + deeper + ("," + deeper).join(items) + indent + "}"
    if isinstance(value, list) and value:
        items = [pretty(item, deeper) for item in value]
        return "[" + deeper + ("," + deeper).join(items) + indent + "]"
    return compact(value)


def _scalar(value: "Any") -> str:
    if isinstance(value, str):
        return quote(value)
    if value is True:
        return "true"
    if value is False:
        return "false"
    if value is None:
        return "null"
    if isinstance(value, (int, float)):
        return repr(value)
    return quote(str(value))  # dates and times, which TOML has and JSON has not
