"""`apiclient update`: look for an update, take it, or cancel it.

An action only starts a program on the node; that it has ended is seen in the update status, by a
new timestamp of the awaited command.
"""

import sys
from time import sleep

from skyrocket.client import arguments, jsontext
from skyrocket.client.connection import ask, request
from skyrocket.client.errors import ClientError, StatusError, UsageError
from skyrocket.client.options import Options

STATUS = "/updates/status"
FAILURES = 5
# Seconds between looks, and how many looks, for each command.
_LIMITS = {
    "refresh": (0.1, 100),
    "prepare": (0.5, 1200),
    "activate": (0.1, 50),
    "deactivate": (0.1, 50),
}


def run(options: Options, words: "list[str]") -> int:
    verbs = {"check": _check, "apply": _apply, "cancel": _cancel}
    if not words or words[0] not in verbs:
        raise UsageError("update wants one of check, apply, cancel")
    return verbs[words[0]](options, words[1:])


def _check(options: Options, words: "list[str]") -> int:
    _none(words)
    sys.stdout.write(_refresh(options) + "\n")
    return 0


def _apply(options: Options, words: "list[str]") -> int:
    given, rest = arguments.take(words, flags="-c,--check -r,--reboot")
    _none(rest)
    if "-c" in given:
        state = jsontext.parse(_refresh(options)).get("update_state")
        if state in ("Idle", "Ready"):
            options.log(f"No update to apply: the state is {state}")
            return 0
    options.log("Preparing update...")
    perform(options.socket, "prepare", "/actions/prepare-update")
    options.log("Activating update...")
    perform(options.socket, "activate", "/actions/activate-update")
    if "-r" in given:
        options.log("Rebooting...")
        ask(options.socket, "POST", "/actions/reboot")
    return 0


def _cancel(options: Options, words: "list[str]") -> int:
    _none(words)
    options.log("Cancelling update...")
    perform(options.socket, "deactivate", "/actions/deactivate-update")
    return 0


def _refresh(options: Options) -> str:
    options.log("Refreshing updates...")
    return perform(options.socket, "refresh", "/actions/refresh-updates")


def perform(socket: str, command: str, uri: str) -> str:
    """Start COMMAND by a POST to URI, wait for its end -> the status document."""
    before = request(socket, "GET", STATUS)
    if before.status != 404 and not 200 <= before.status < 300:
        raise StatusError("GET", STATUS, before.status, before.text)
    stamp = None if before.status == 404 else _last(before.text).get("timestamp")
    ask(socket, "POST", uri)
    pause, looks = _LIMITS[command]
    failures = 0
    for _ in range(looks):
        sleep(pause)
        response = request(socket, "GET", STATUS)
        if response.status == 423:
            continue
        if not 200 <= response.status < 300:
            failures += 1
            if failures > FAILURES:
                raise StatusError("GET", STATUS, response.status, response.text)
            continue
        last = _last(response.text)
        if last.get("cmd_type") == command and last.get("timestamp") != stamp:
            return _outcome(command, last, response.text)
    raise ClientError(f"{command} did not end within {pause * looks:.0f} seconds")


def _outcome(command: str, last: "dict[str, object]", text: str) -> str:
    if last.get("cmd_status") == "Success":
        return text
    raise ClientError(
        f"{command} failed with exit status {last.get('exit_status')}: {last.get('stderr')}"
    )


def _last(text: str) -> "dict[str, object]":
    """The most recent command in a status document."""
    try:
        found = jsontext.parse(text)["most_recent_command"]
    except (jsontext.NotJsonError, KeyError, TypeError) as error:
        raise ClientError(f"cannot read the update status: {error}") from None
    return found if isinstance(found, dict) else {}


def _none(words: "list[str]") -> None:
    if words:
        raise UsageError(f"Unknown argument '{words[0]}'")
