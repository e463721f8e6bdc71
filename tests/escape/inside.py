"""What runs inside a container: each attempt in a process of its own, one JSON line an answer."""

from __future__ import annotations

import base64
import json
import os
import signal
import sys

from escape.attempt import Attempt, Case
from escape.table import ATTEMPTS

PATIENCE = 30  # seconds for one attempt


def main(argv: list[str]) -> int:
    """KIND NONCE MODULE [ID…]: make the attempts named, or all of them."""
    kind, nonce, module = argv[1], argv[2], argv[3]
    with open(module, "rb") as file:
        data = base64.b64decode(file.read())
    wanted = argv[4:]
    for number, one in enumerate(ATTEMPTS):
        if not wanted or one.id in wanted:
            case = Case(kind, f"{nonce}{number:02d}", 9000 + 4 * number, data)  # type: ignore[arg-type]
            print(json.dumps([one.id, *made(one, case)]), flush=True)
    return 0


def made(one: Attempt, case: Case) -> tuple[bool, str]:
    """Whether the attempt came to its end, and what it says."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(PATIENCE)
        os.close(reader)
        try:
            answer = [True, one.go(case)]
        except BaseException as error:  # noqa: BLE001  whatever it is, it is the answer
            answer = [False, f"{type(error).__name__}: {error}"]
        os.write(writer, json.dumps(answer).encode()[:60000])
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        text = stream.read()
    status = os.waitpid(child, 0)[1]
    if not text:
        return False, f"ended with status {status}"
    went, said = json.loads(text)
    return bool(went), str(said)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
