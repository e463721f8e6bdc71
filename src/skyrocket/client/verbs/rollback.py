"""`apiclient rollback N`: the settings of generation N once more, as a new generation."""

from skyrocket.client import arguments, commits, plans
from skyrocket.client.errors import UsageError
from skyrocket.client.options import Options


def run(options: Options, words: "list[str]") -> int:
    given, rest = arguments.take(words, commits.FLAGS, f"{commits.VALUED} {commits.WITHIN}")
    commits.check(given)
    if len(rest) != 1 or not (rest[0].isascii() and rest[0].isdigit()):
        raise UsageError("rollback wants the number of a generation")
    if "--dry-run" in given:
        return plans.show(options.socket, {}, given, f"/plan?generation={rest[0]}")
    return commits.asked(options.socket, f"/history/rollback?to={rest[0]}", given)
