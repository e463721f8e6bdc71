"""The verb `reboot`: restart the machine when asked over its socket."""

from __future__ import annotations

import msgspec

from skyrocket.command import CommandError
from skyrocket.host.slots.record import ASKED
from skyrocket.host.system import files, journal, requests, systemd
from skyrocket.models.api import ActionResult


def main(_argv: list[str]) -> int:
    return requests.serve(answer)


def answer(_line: bytes) -> bytes:
    """Ask systemd for a restart; refused, say so in the words clients know."""
    try:
        files.replace(ASKED, b"")
    except OSError as error:
        journal.warning(f"cannot note that somebody asked for this restart: {error.strerror}")
    try:
        systemd.reboot()
    except CommandError as error:
        files.remove(ASKED)
        text = f"exit code: {error.status}, stderr: {error.stderr.strip()}"
        journal.error(f"cannot reboot: {text}")
        return msgspec.json.encode(ActionResult(ok=False, error=text))
    return msgspec.json.encode(ActionResult(ok=True))
