"""The difference of two texts, line by line, in the unified form that people know.

The standard library's `difflib` needs a compiler at run time, and a node has none.
"""

CONTEXT = 3
_LARGEST = 1_000_000  # cells of the table; beyond it a block is shown as replaced whole

Op = tuple[str, str]


def unified(before: str, after: str, path: str) -> str:
    """What to take away (-) and to add (+) to come from BEFORE to AFTER; empty when equal."""
    if before == after:
        return ""
    ops = _operations(_lines(before), _lines(after))
    parts = [f"--- {path}\n+++ {path}\n"]
    for start, end in _hunks(ops):
        parts.append(_heading(ops, start, end))
        parts += [f"{sign}{line}\n" for sign, line in ops[start:end]]
    return "".join(parts)


def _lines(text: str) -> list[str]:
    """The lines of TEXT; a last one without its end says so, as in a patch."""
    lines = text.split("\n")
    if lines[-1]:
        lines[-1] += "\n\\ No newline at end of file"
        return lines
    return lines[:-1]


def _operations(old: list[str], new: list[str]) -> list[Op]:
    """OLD and NEW as one list of kept, removed and added lines."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    middle = _compared(old[head : len(old) - tail], new[head : len(new) - tail])
    same = [(" ", line) for line in old[:head]]
    return [*same, *middle, *((" ", line) for line in old[len(old) - tail :])]


def _compared(old: list[str], new: list[str]) -> list[Op]:
    if len(old) * len(new) > _LARGEST:
        return [*(("-", line) for line in old), *(("+", line) for line in new)]
    table = _common(old, new)
    ops: list[Op] = []
    i = j = 0
    while i < len(old) or j < len(new):
        if i < len(old) and j < len(new) and old[i] == new[j]:
            ops.append((" ", old[i]))
            i, j = i + 1, j + 1
        elif i < len(old) and (j == len(new) or table[i + 1][j] >= table[i][j + 1]):
            ops.append(("-", old[i]))
            i += 1
        else:
            ops.append(("+", new[j]))
            j += 1
    return ops


def _common(old: list[str], new: list[str]) -> list[list[int]]:
    """How many lines the ends of both from (i, j) on have in common at most."""
    table = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in range(len(old) - 1, -1, -1):
        for j in range(len(new) - 1, -1, -1):
            same = old[i] == new[j]
            best = max(table[i + 1][j], table[i][j + 1])
            table[i][j] = table[i + 1][j + 1] + 1 if same else best
    return table


def _hunks(ops: list[Op]) -> list[tuple[int, int]]:
    """Ranges of OPS to show: every change with its context, joined where they touch."""
    found: list[tuple[int, int]] = []
    for at, (sign, _) in enumerate(ops):
        if sign != " ":
            start, end = max(at - CONTEXT, 0), min(at + CONTEXT + 1, len(ops))
            if found and start <= found[-1][1]:
                found[-1] = (found[-1][0], end)
            else:
                found.append((start, end))
    return found


def _heading(ops: list[Op], start: int, end: int) -> str:
    ranges = []
    for gone in ("+", "-"):
        first = sum(sign != gone for sign, _ in ops[:start]) + 1
        count = sum(sign != gone for sign, _ in ops[start:end])
        ranges.append(f"{first if count else first - 1},{count}")
    return f"@@ -{ranges[0]} +{ranges[1]} @@\n"
