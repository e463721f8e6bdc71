"""The verb `console`: one line on the consoles when the node answers, and what is wrong with it.

    skyrocket console           show it
    skyrocket console changed   show it if it is not what was shown last

The line `skyrocket: ready version=… address=… uptime=…` is what a test, or a person at the
screen, waits for. Consoles have no prompt: this is all they show.
"""

from __future__ import annotations

import _socket
import os
import time

from skyrocket.client import jsontext
from skyrocket.client.connection import SOCKET, ask
from skyrocket.client.errors import ClientError
from skyrocket.host.system import clock, files, journal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ACTIVE = "/sys/class/tty/console/active"
ALWAYS = ("ttyS0",)
INITRD = "/run/skyrocket/initrd.json"
REPORTS = (INITRD, *(f"/run/skyrocket/{name}.json" for name in ("boot", "network", "apply")))
SHOWN = "/run/skyrocket/console"
PATIENCE_SECONDS = 120.0
PAUSE_SECONDS = 0.1


def main(argv: list[str]) -> int:
    version = wait(SOCKET, clock.uptime() + PATIENCE_SECONDS, time.sleep)
    where, wrong = address(), troubles(REPORTS)
    more = [*ended(INITRD), *degraded(wrong)]
    news = remember("\n".join((version or "?", where, *more)), SHOWN)
    if news or argv != ["changed"]:
        show([ready(version, where, clock.uptime()), *more], consoles())
    return 0 if version else 1


def wait(path: str, deadline: float, pause: Callable[[float], None]) -> str | None:
    """The version the API names, as soon as it answers; None when DEADLINE (uptime) is over."""
    while clock.uptime() < deadline:
        try:
            return str(jsontext.parse(ask(path, "GET", "/os").text)["version_id"])
        except (ClientError, jsontext.NotJsonError, KeyError, TypeError):
            pause(PAUSE_SECONDS)
    return None


def ready(version: str | None, where: str, uptime: float) -> str:
    """The line that is waited for."""
    state = "ready" if version else "failed: the API does not answer"
    return f"skyrocket: {state} version={version or '?'} address={where} uptime={uptime:.1f}"


def degraded(wrong: list[str]) -> list[str]:
    """What is WRONG, for the screen; nothing when the node is well."""
    return ["skyrocket: degraded", *(f"skyrocket: {reason}" for reason in wrong)] if wrong else []


def ended(initrd: str) -> list[str]:
    """Why the boot before this one ended, unless in order; the INITRD reports it."""
    try:
        report = jsontext.parse((files.read(initrd) or b"{}").decode())
    except (OSError, ValueError):
        return []  # `troubles` says so
    reason = (report.get("previous_boot") or {}).get("ended")
    return [f"skyrocket: the boot before ended: {reason}"] if reason else []


def remember(state: str, path: str) -> bool:
    """Keep STATE in the file PATH -> whether it is another one than before."""
    content = f"{state}\n".encode()
    try:
        if files.read(path) == content:
            return False
        files.replace(path, content)
    except OSError as error:
        journal.warning(f"cannot keep what the console shows in {path}: {error.strerror}")
    return True


def troubles(reports: Iterable[str]) -> list[str]:
    """What the programs before us found wrong: their reasons for being degraded, last errors."""
    found: list[str] = []
    for path in reports:
        try:
            report = jsontext.parse((files.read(path) or b"{}").decode())
        except (OSError, ValueError) as error:
            found.append(f"cannot read {path}: {error}")
            continue
        found += [str(reason) for reason in report.get("degraded") or []]
        if report.get("error"):
            found.append(str(report["error"]))
    return found


def address() -> str:
    """The address this node has towards others; nothing is sent to find out."""
    for family, far in ((_socket.AF_INET, "192.0.2.1"), (_socket.AF_INET6, "2001:db8::1")):
        probe = _socket.socket(family, _socket.SOCK_DGRAM)
        try:
            probe.connect((far, 9))
            return str(probe.getsockname()[0])
        except OSError:
            continue
        finally:
            probe.close()
    return "none"


def consoles(active: str = ACTIVE) -> list[str]:
    """The kernel's consoles and the serial line, by their own names.

    `/dev/console` is another name of the last of them: with it every line would come twice.
    """
    named = (files.read(active) or b"").decode("ascii", "replace").split()
    return [f"/dev/{name}" for name in dict.fromkeys((*named, *ALWAYS))]


def show(text: list[str], consoles: Iterable[str]) -> None:
    """Write TEXT once to each distinct console; one that is not there is left out."""
    content = "".join(f"{line}\r\n" for line in text).encode()
    done = set()
    for path in consoles:
        try:
            terminal = os.open(path, os.O_WRONLY | os.O_NOCTTY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError:
            continue
        try:
            device = os.fstat(terminal).st_rdev
            if device not in done:
                os.write(terminal, content)
            done.add(device)
        except OSError as error:
            journal.warning(f"cannot write to {path}: {error.strerror}")
        finally:
            os.close(terminal)
