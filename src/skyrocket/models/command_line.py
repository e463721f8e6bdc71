"""What the kernel's command line may say: the words of the image, and additions somebody signed.

The build writes the words into the initrd, whose signature is the kernel image's; an addon for the
kernel image carries its own words into the same folder. The initrd's program compares. Standard
library only, and pure.
"""

FOLDER = "skyrocket"
"""In the initrd's root."""
WORDS = f"{FOLDER}/command-line"
POLICY = f"{FOLDER}/outside-words"
ADDITIONS = f"{FOLDER}/additions"
"""Folder: a file an addon, with the words it adds."""

REFUSE, REPORT = "refuse", "report"
"""What to do with words from outside: signed images refuse them."""


class Comparison:
    """How a command line differs from what was expected: words nobody signed, words left out.

    ADDED are the words of additions, which are no difference.
    """

    __slots__ = ("added", "missing", "strange")

    def __init__(self, strange: list[str], missing: list[str], added: list[str]) -> None:
        self.strange = strange
        self.missing = missing
        self.added = added

    def same(self) -> bool:
        return not self.strange and not self.missing


def compare(actual: list[str], words: list[str], additions: list[list[str]]) -> Comparison:
    """ACTUAL must be WORDS, then any of ADDITIONS, each at most once and whole."""
    if actual[: len(words)] != words:
        return Comparison(_without(actual, words), _without(words, actual), [])
    rest = actual[len(words) :]
    # The longest first: one addition may begin like another.
    waiting = sorted((one for one in additions if one), key=len, reverse=True)
    added: list[str] = []
    while rest:
        fits = next((one for one in waiting if rest[: len(one)] == one), None)
        if fits is None:
            return Comparison(rest, [], added)
        waiting.remove(fits)
        added += fits
        rest = rest[len(fits) :]
    return Comparison([], [], added)


def _without(these: list[str], those: list[str]) -> list[str]:
    """Words of THESE that are not in THOSE; all of them, if only the order differs."""
    return [word for word in these if word not in those] or these
