"""Which of the known names was meant by one that is not known. Pure, without `difflib`.

Standard libraries for this build named tuples at import, which a sealed program cannot.
"""

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """The name of KNOWN that WORD was probably meant to be, or "".

    >>> nearest("maxPods", ["max-pods", "pod-pids-limit"])
    'max-pods'
    """
    plain = kebab(word)
    best, fewest = "", 1 + max(1, min(3, len(plain) // 4))
    for name in known:
        if kebab(name) == plain:
            return name
        if abs(len(name) - len(plain)) < fewest:
            changes = distance(plain, name)
            if changes < fewest:
                best, fewest = name, changes
    return best


def kebab(word: str) -> str:
    """WORD as settings are written: `max_pods` and `maxPods` are `max-pods`."""
    spread = ""
    for before, letter in zip(" " + word, word, strict=False):
        spread += "-" + letter if letter.isupper() and before.islower() else letter
    return spread.replace("_", "-").replace(" ", "-").lower()


def distance(one: str, other: str) -> int:
    """How many letters to add, leave out, change or swap with their neighbour."""
    two_up: list[int] = []
    up = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(up[j] + 1, row[j - 1] + 1, up[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, two_up[j - 2] + 1)
            row.append(cost)
        two_up, up = up, row
    return up[-1]
