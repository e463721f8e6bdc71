"""`apiclient unset`: take values back; each key gets its default again, if it has one."""

from skyrocket.client import arguments, commits
from skyrocket.client.errors import UsageError
from skyrocket.client.options import Options


def run(options: Options, words: "list[str]") -> int:
    given, keys = arguments.take(words, commits.FLAGS, f"{commits.VALUED} {commits.WITHIN}")
    if not keys:
        raise UsageError("Missing KEY")
    return commits.carry_out(options, "unset", {"unset": keys}, given)
