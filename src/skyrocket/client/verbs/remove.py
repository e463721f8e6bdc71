"""`apiclient remove`: take elements out of a list; what is not there is no mistake."""

from skyrocket.client import elements
from skyrocket.client.options import Options


def run(options: Options, words: "list[str]") -> int:
    return elements.edit(options, "remove", words)
