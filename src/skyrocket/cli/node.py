"""`node`: the nodes on this machine: list, ssh, exec, logs, stop."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING

from skyrocket.cli import lab_folders
from skyrocket.cli.terminal import shown
from skyrocket.lab import launch, nodes, serial, ssh
from skyrocket.lab.errors import NodeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skyrocket.models.node import Node

NAME = "node"
JOURNAL = ("chroot", "/.bottlerocket/rootfs", "/usr/bin/journalctl", "--no-pager")


def main(argv: list[str]) -> int:
    command: list[str] = []
    if "--" in argv:
        cut = argv.index("--")
        argv, command = argv[:cut], argv[cut + 1 :]
    wish = _parser().parse_args(argv)
    if wish.verb == "exec" and not command:
        raise NodeError("cannot run nothing on a node", "./skyrocket node exec NAME -- COMMAND")
    match wish.verb:
        case "list":
            return _list(as_json=wish.json)
        case "stop":
            return _stop(wish.name)
        case "logs":
            return _logs(wish.name, wish.boot, from_serial=wish.serial)
        case _:
            return _enter(wish.name, command)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("skyrocket node", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("list", help="all nodes").add_argument("--json", action="store_true")
    verbs.add_parser("ssh", help="a terminal in the admin container")
    verbs.add_parser("exec", help="run a command in the admin container: exec NAME -- COMMAND")
    logs = verbs.add_parser("logs", help="the node's journal, or what its console said")
    logs.add_argument("--boot", type=int, default=0, help="-1: the boot before, and so on")
    logs.add_argument("--serial", action="store_true", help="the serial console's log")
    verbs.add_parser("stop", help="power it down; its disk stays")
    for name in ("ssh", "exec", "logs", "stop"):
        verbs.choices[name].add_argument("name", nargs="?", default=NAME)
    return parser


def _list(*, as_json: bool) -> int:
    found = nodes.everyone(lab_folders.nodes())
    if as_json:
        rows = [
            {
                "name": node.name,
                "state": state(node),
                "variant": node.variant,
                "ssh_port": node.ssh_port,
                "demo_url": launch.demo_url(node),
            }
            for node in found
        ]
        print(json.dumps(rows))
        return 0
    if not found:
        print("no nodes; ./skyrocket run makes one")
    for node in found:
        print(f"{node.name:16} {state(node):9} {node.variant:12} {launch.demo_url(node)}")
    return 0


def state(node: Node) -> str:
    if not nodes.runs(node):
        return "stopped"
    return "ready" if node.boot_seconds else "starting"


def _stop(name: str) -> int:
    with shown() as report:
        report.step(f"stop node {name}")
        ran = launch.stop(lab_folders.nodes(), name)
    print(f"node {name} {'stopped' if ran else 'did not run'}; its disk stays")
    return 0


def _enter(name: str, command: Sequence[str]) -> int:
    """Become ssh: its exit status is the command's."""
    place, node = _running(name)
    if not (ssh.wait(node, 0) or _waited(node)):
        raise NodeError(
            f"cannot enter node {name}: its admin container does not answer",
            f"./skyrocket node logs {name} --serial",
        )
    sandbox = lab_folders.sandbox(lab_folders.tools())
    terminal = not command or (sys.stdin.isatty() and sys.stdout.isatty())
    argv = ssh.argv(sandbox, place, node, command, terminal=terminal)
    sys.stdout.flush()
    os.execv(argv[0], argv)  # noqa: S606  no shell is wanted


def _waited(node: Node) -> bool:
    with shown() as report:
        report.step("wait for the admin container")
        return ssh.wait(node)


def _logs(name: str, boot: int, *, from_serial: bool) -> int:
    if not from_serial:
        return _enter(name, [*JOURNAL, "-b", str(boot)])
    place, _ = nodes.get(lab_folders.nodes(), name)
    text = (
        place.serial.read_text(encoding="utf-8", errors="replace") if place.serial.exists() else ""
    )
    cut = serial.boots(text)
    try:
        chosen = cut[boot - 1]  # 0 is the last one, -1 the one before
    except IndexError as error:
        raise NodeError(
            f"cannot show boot {boot} of node {name}: the log has {len(cut)}"
        ) from error
    print("\n".join(serial.clean(chosen)))
    return 0


def _running(name: str) -> tuple[nodes.Home, Node]:
    place, node = nodes.get(lab_folders.nodes(), name)
    if not nodes.runs(node):
        raise NodeError(
            f"cannot enter node {name}: it does not run", f"./skyrocket run --name {name}"
        )
    return place, node
