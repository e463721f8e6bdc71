"""`apiclient add`: put elements at the end of a list; what is there already stays there."""

from skyrocket.client import elements
from skyrocket.client.options import Options


def run(options: Options, words: "list[str]") -> int:
    return elements.edit(options, "add", words)
