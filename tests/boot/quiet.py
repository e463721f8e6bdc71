"""No refusal in normal use: what each node's journal says of them when a file of tests ends.

A test that provokes refusals says which (`Machine.provokes`); each of those must be found, and no
other. One more is provoked at each asking, so a journal that tells of nothing is noticed. A node
that lets nobody in is shut down, and its disk is searched for the same lines.
"""

from __future__ import annotations

import os
import re
import secrets
from typing import TYPE_CHECKING, NamedTuple

from skyrocket.build.policy import denials
from skyrocket.lab import nodes, ssh

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from boot.machine import Machine, Rack

    from skyrocket.build.policy.denials import Denial

JOURNAL = "journalctl --no-pager --output=cat _TRANSPORT=audit _TRANSPORT=kernel"
"""Of every boot on the disk: what happened before a reboot counts too."""
TOKEN = "provoked-"
_ON_DISK = re.compile(rb"avc:  denied  \{[^\0\n]{1,400}tclass=\w+")
_LOADED = re.compile(rb"auid=\d+ ses=\d+ lsm=selinux res=1")
PIECE = 1 << 20


class Provoked(NamedTuple):
    """A refusal that a test asks for."""

    who: str
    whom: str
    kind: str
    permission: str

    def fits(self, denial: Denial) -> bool:
        return (self.who, self.whom, self.kind) == denial[:3] and (
            self.permission in denial.permissions
        )


def judge(found: Iterable[Denial], provoked: Iterable[Provoked]) -> list[str]:
    """What is wrong: refusals that nobody asked for, and asked for ones that did not come."""
    kept, wanted = list(found), list(provoked)
    strange = [one for one in kept if not any(each.fits(one) for each in wanted)]
    absent = [one for one in wanted if not any(one.fits(each) for each in kept)]
    return [f"refused: {one}" for one in dict.fromkeys(strange)] + [
        f"not refused: {one}" for one in dict.fromkeys(absent)
    ]


def check_all(rack: Rack) -> None:
    """Ask every node that this session started and nobody has asked to the end."""
    complaints = [
        f"{machine.node.name}: {line}"
        for machine in _latest(rack.machines)
        for line in asked(machine)
    ]
    assert complaints == [], "\n".join(complaints)


def _latest(machines: Iterable[Machine]) -> list[Machine]:
    """One for each disk: the last that was started on it; its journal has the others' boots."""
    return list({machine.home.folder: machine for machine in machines}.values())


def asked(machine: Machine) -> list[str]:
    """What is wrong in MACHINE's journal, or on its disk."""
    if machine.quiet:
        return []
    runs = nodes.runs(machine.node)
    if not runs or not ssh.wait(machine.node, 0):
        machine.quiet = True  # It is off, and no later test changes what is on its disk.
        machine.stop()
        return searched(machine, orderly=runs)
    name = TOKEN + secrets.token_hex(4)
    machine.host(f"printf system_u:object_r:os_t:s0 >/proc/self/attr/fscreate && : >/mnt/{name}")
    machine.wait("the provoked refusal in the journal", lambda: name in _said(machine), 60)
    text = _said(machine)
    assert "audit_lost=" not in text, "the kernel lost refusals"
    found = [one for one in map(denials.parse, text.splitlines()) if one is not None]
    return judge((one for one in found if not one.thing.startswith(TOKEN)), machine.provoked)


def _said(machine: Machine) -> str:
    answer = machine.host(f"{JOURNAL} | grep -e 'avc: ' -e audit_lost=")
    return answer.out


def searched(machine: Machine, *, orderly: bool) -> list[str]:
    """What is wrong on the disk of a node that is off.

    After an ORDERLY end its journal is there, so the line about the policy has to be; what a test
    cut off may not have come that far.
    """
    loads, found = lines_on(machine.home.disk)
    assert loads or not orderly, f"{machine.node.name}: no loaded policy on its disk"
    return judge(found, machine.provoked)


def lines_on(disk: Path) -> tuple[int, list[Denial]]:
    """How often a policy was loaded, by the journals on DISK, and what was refused.

    Journals keep short texts as they are, so nothing of their form has to be known.
    """
    loads = 0
    found: list[Denial] = []
    for piece in _pieces(disk):
        loads += len(_LOADED.findall(piece))
        lines = (text.decode("utf-8", "replace") for text in _ON_DISK.findall(piece))
        found += [one for one in map(denials.parse, lines) if one is not None]
    return loads, found


def _pieces(disk: Path) -> Iterator[bytes]:
    """The bytes of DISK that are there, in overlapping pieces."""
    with disk.open("rb") as file:
        at, end = 0, disk.stat().st_size
        while at < end:
            try:
                at = os.lseek(file.fileno(), at, os.SEEK_DATA)
            except OSError:
                return
            file.seek(at)
            yield file.read(PIECE + 1024)
            at += PIECE
