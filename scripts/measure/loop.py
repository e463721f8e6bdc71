"""Start the programs of a list one after another, and say what each took. Runs in the tools tree.

Standard library only, as little as can be: the list of command lines comes as JSON on standard
input, the seconds go as JSON to standard output.
"""

import json
import os
import sys
import time


def main() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    quiet = [(os.POSIX_SPAWN_DUP2, nowhere, 0), (os.POSIX_SPAWN_DUP2, nowhere, 1)]
    rows = []
    for argv in json.load(sys.stdin):
        began = time.perf_counter()
        pid = os.posix_spawn(argv[0], argv, {}, file_actions=quiet)
        _, status, usage = os.wait4(pid, 0)
        took = time.perf_counter() - began
        if status != 0:
            sys.exit(f"{argv[0]} ended with status {os.waitstatus_to_exitcode(status)}")
        rows.append([took, usage.ru_utime + usage.ru_stime])
    json.dump(rows, sys.stdout)


main()
