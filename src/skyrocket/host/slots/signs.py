"""Signs of health, as this node gives them: its API, its units, its checks.

Deliberately unknown here: what they lead to (`models.health`).
"""

from __future__ import annotations

import json
import os
import time
from typing import Any

from skyrocket.host.system import systemd, units
from skyrocket.host.system.text import text_in
from skyrocket.models.health import Check, Facts, Policy

API_SOCKET = "/run/api.sock"
POLICY = "/usr/share/skyrocket/health.json"
APPLIED = "/run/skyrocket/boot.json"
DECLARED = "/etc/update-checks.json"
RESULTS = "/run/skyrocket/checks.json"
CHECKER = "skyrocket-checks.service"
NETWORK = "/run/systemd/netif/state"
WORKED = "worked"
"""In the folder of boot records: the units that ran when an update was activated."""


def policy(path: str = POLICY, declared: str = DECLARED) -> Policy:
    """What the image asks for, and the deadline that the settings say instead."""
    said = _document(path)
    deadline = _document(declared).get("deadline") or said.get("deadline_seconds", 180)
    essential = tuple(said.get("essential", ()))
    return Policy(essential, float(said.get("steady_seconds", 10)), float(deadline))


class Signs:
    """Looks again and again; remembers since when no unit was restarted."""

    def __init__(self, asked: Policy, records: str, *, trial: bool) -> None:
        self._policy, self._trial = asked, trial
        self._worked = tuple(text_in(f"{records}/{WORKED}").split()) if trial else ()
        self._declared: dict[str, Any] = _document(DECLARED).get("checks", {}) if trial else {}
        self._restarts: dict[str, int] = {}
        self._since = time.monotonic()
        self._checking = False

    def look(self, *, thorough: bool = False) -> Facts:
        """Before the API answers, units are looked at only when asked for: a boot is busy."""
        api = api_answers()
        names = (*self._policy.essential, *self._worked)
        seen = units.states(names) if api or thorough else ()
        self._note({unit.name: unit.restarts for unit in seen})
        essential = tuple(unit for unit in seen if unit.name in self._policy.essential)
        return Facts(
            api=api,
            units=essential,
            trial=self._trial,
            settings=os.path.exists(APPLIED),
            worked=tuple(unit for unit in seen if unit not in essential),
            checks=tuple(self._check(name) for name in self._declared),
            steady=time.monotonic() - self._since,
            online="ONLINE_STATE=offline" not in text_in(NETWORK),
        )

    def start_checks(self) -> None:
        """Have the declared checks carried out: once, when the node itself is up."""
        if self._declared and not self._checking:
            self._checking = True
            systemd.change("start", [CHECKER])

    def _note(self, restarts: dict[str, int]) -> None:
        if restarts != self._restarts:
            if self._restarts:
                self._since = time.monotonic()
            self._restarts = restarts

    def _check(self, name: str) -> Check:
        said = _document(RESULTS).get(name, {})
        counts = self._declared[name].get("may-roll-back", True)
        return Check(name, said.get("state", "waiting"), said.get("said", "not asked yet"), counts)


def api_answers() -> bool:
    """One `GET /os` over the socket, by hand: an HTTP library would cost more than the question."""
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as channel:
        channel.settimeout(5.0)
        try:
            channel.connect(API_SOCKET)
            channel.sendall(b"GET /os HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return channel.recv(64).startswith(b"HTTP/1.1 200 ")
        except OSError:
            return False


def note_worked(records: str) -> None:
    """Remember which units run now: the next version must not lose them."""
    from skyrocket.host.system import files

    text = "".join(f"{name}\n" for name in units.running())
    files.replace(f"{records}/{WORKED}", text.encode(), durable=True)


def _document(path: str) -> dict[str, Any]:
    """The table at PATH; nothing when there is none that can be read."""
    try:
        found = json.loads(text_in(path) or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
