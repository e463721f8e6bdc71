"""The verb `checks`: carry out what the node's user declared, once, and leave what came of it.

A process of its own: the one that blesses has no network, and this one may change nothing. Started
by `health` while a version is on trial. Deliberately unknown here: what a failure leads to.
"""

from __future__ import annotations

import json
import socket
import time
from typing import Any

from skyrocket import command
from skyrocket.command import CommandError
from skyrocket.host.slots.signs import DECLARED, RESULTS
from skyrocket.host.system import files, journal
from skyrocket.host.system.text import text_in

APICLIENT = "/usr/bin/apiclient"
PAUSE_SECONDS = 5.0
RETRIES, DEADLINE = 3, 60


class FailedError(Exception):
    """Why an attempt did not pass."""


def main(_argv: list[str]) -> int:
    declared = json.loads(text_in(DECLARED) or "{}").get("checks", {})
    results: dict[str, dict[str, str]] = {}
    for name, check in declared.items():
        trouble = passes(check)
        state = "broken" if trouble else "met"
        results[name] = {"state": state, "said": trouble}
        journal.info(f"check {name}: {trouble or 'passed'}")
        files.replace(RESULTS, json.dumps(results).encode())
    return 0


def passes(check: dict[str, Any], pause: float = PAUSE_SECONDS) -> str:
    """Try CHECK until it passes, its retries are used up or its time is over -> why it failed."""
    until = time.monotonic() + check.get("deadline", DEADLINE)
    trouble = "it had no time"
    for attempt in range(check.get("retries", RETRIES) + 1):
        if attempt:
            time.sleep(max(0.0, min(pause, until - time.monotonic())))
        left = until - time.monotonic()
        if left <= 0:
            return f"{trouble}, and its time is over after {attempt} attempts"
        try:
            _attempt(check, left)
        except (FailedError, OSError, CommandError) as error:
            trouble = str(error)
        else:
            return ""
    return f"{trouble}, {check.get('retries', RETRIES) + 1} attempts"


def _attempt(check: dict[str, Any], seconds: float) -> None:
    """Once; an exception says why it did not pass."""
    match check.get("kind"):
        case "command":
            words = [APICLIENT, "exec", "-T", check["container"], "--", *check["command"]]
            command.run(words, stdin=b"", timeout=seconds)
        case "http":
            _http(check["url"])
        case "tcp":
            host, _, port = check["address"].rpartition(":")
            where = (host.strip("[]"), int(port))
            socket.create_connection(where, min(seconds, 20.0)).close()
        case kind:
            raise FailedError(f"there is no kind of check called {kind}")


def _http(url: str) -> None:
    from skyrocket.host.system.web import Client, HttpError

    client = Client()
    try:
        status = client.get(url).status
    except HttpError as error:
        raise FailedError(str(error)) from error
    finally:
        client.close()
    if not 200 <= status < 400:
        raise FailedError(f"{url} answers with status {status}")
