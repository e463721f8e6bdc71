"""`apiclient update`: look for an update, take it, cancel it, go back; see what was tried.

An action only starts a program on the node; that it has ended is seen in the update status, by a
new timestamp of the awaited command.
"""

import sys
from time import sleep

from skyrocket.client import answers, arguments, jsontext
from skyrocket.client.connection import ask, request
from skyrocket.client.errors import ClientError, StatusError, UsageError
from skyrocket.client.options import Options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

STATUS = "/updates/status"
HISTORY = "/updates/history"
CHECKS = "/updates/checks"
FAILURES = 5
# Seconds between looks, and how many looks, for each command.
_LIMITS = {
    "refresh": (0.1, 100),
    "prepare": (0.5, 1200),
    "activate": (0.1, 50),
    "deactivate": (0.1, 50),
}
_ROLLBACK = (0.5, 600)
"""The whole other slot is read before it may boot."""


def run(options: Options, words: "list[str]") -> int:
    verbs = {
        "check": _check,
        "apply": _apply,
        "cancel": _cancel,
        "rollback": _rollback,
        "history": _history,
        "checks": _checks,
    }
    if not words or words[0] not in verbs:
        raise UsageError(f"update wants one of {', '.join(verbs)}")
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


def _rollback(options: Options, words: "list[str]") -> int:
    given, rest = arguments.take(words, flags="-r,--reboot")
    _none(rest)
    options.log("Going back to the other slot...")
    perform(options.socket, "activate", "/actions/rollback-update", _ROLLBACK)
    if "-r" in given:
        options.log("Rebooting...")
        ask(options.socket, "POST", "/actions/reboot")
    return 0


def _history(options: Options, words: "list[str]") -> int:
    return _show(options, words, HISTORY, lines)


def _checks(options: Options, words: "list[str]") -> int:
    return _show(options, words, CHECKS, checks)


def _show(
    options: Options, words: "list[str]", uri: str, made: "Callable[[Any], list[str]]"
) -> int:
    given, rest = arguments.take(words, valued="-f,--format")
    _none(rest)
    if given.get("-f", "text") not in ("text", "json"):
        raise UsageError("--format wants one of text, json")
    answers.write(answers.read(ask(options.socket, "GET", uri).text, uri), given, made)
    return 0


def checks(conditions: "Any") -> "list[str]":
    """A line for each of CONDITIONS: its state, its name, what is said about it."""
    return [f"{e['state']:<8}  {e['name']}: {e['said'] or e['about']}" for e in conditions]


def lines(attempts: "Any") -> "list[str]":
    """A line for each of ATTEMPTS: when, what, from and to which version, what came of it."""
    found = []
    for each in attempts:
        way = f"{each['from_version']} -> {each['to_version']}"
        reason = f": {each['reason']}" if each["reason"] else ""
        found.append(f"{each['began'][:19]}Z  {each['kind']:<8}  {way}  {each['outcome']}{reason}")
    return found


def _refresh(options: Options) -> str:
    options.log("Refreshing updates...")
    return perform(options.socket, "refresh", "/actions/refresh-updates")


def perform(socket: str, command: str, uri: str, limits: "tuple[float, int] | None" = None) -> str:
    """Start COMMAND by a POST to URI, wait for its end -> the status document."""
    before = request(socket, "GET", STATUS)
    if before.status != 404 and not 200 <= before.status < 300:
        raise StatusError("GET", STATUS, before.status, before.text)
    stamp = None if before.status == 404 else _last(before.text).get("timestamp")
    ask(socket, "POST", uri)
    pause, looks = limits or _LIMITS[command]
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
