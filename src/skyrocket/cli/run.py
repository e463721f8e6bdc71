"""`run`: build, start a node, and end with a container served by it."""

from __future__ import annotations

import argparse
import json
import sys
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from skyrocket.cli import lab_folders, screens
from skyrocket.cli.checkout import ROOT
from skyrocket.cli.terminal import Terminal, shown
from skyrocket.fetch import places
from skyrocket.lab import accelerator, launch, nodes, process
from skyrocket.lab.errors import NodeError
from skyrocket.models.node import CPUS, DEMO_PORT, MEMORY, SSH_PORT, Node

if TYPE_CHECKING:
    from skyrocket.lab.accelerator import Verdict

NAME = "node"
MEMORY_LEAST = 512


def main(argv: list[str]) -> int:
    wish = parse(argv)
    user_data = _read(wish.user_data)
    nodes_folder = lab_folders.nodes()
    nodes.home(nodes_folder, wish.name)  # a bad name is said before anything is built
    with shown() as report:
        lab, order, verdict, facts = _prepare(wish, user_data, nodes_folder, report)
        try:
            node = _started(lab, order, verdict, report)
            answer = ""
            if order.demo and not wish.detach:
                report.step("wait for the demonstration container")
                answer = launch.wait_demo(node)
        except KeyboardInterrupt:
            report.step(f"stop node {wish.name}")
            launch.abandon(nodes_folder, wish.name)
            raise
    if wish.json:
        print(json.dumps(screens.answer(node, nodes.home(nodes_folder, node.name))))
    else:
        enter = order.host_containers
        print(screens.end(node, facts, demo=order.demo, answered=bool(answer), enter=enter))
    if order.demo and not wish.detach and not answer:
        return _no_demo(node)
    if wish.detach or wish.json or not sys.stdin.isatty():
        if not wish.json:
            print(f"\nThe node keeps running; stop it: ./skyrocket node stop {node.name}")
        return 0
    return _stay(lab, node)


def parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("skyrocket run", description=__doc__)
    parser.add_argument("--variant", default="vm-dev")
    parser.add_argument("--name", default=NAME, help="of the node (default: %(default)s)")
    parser.add_argument("--user-data", type=Path, metavar="FILE", help="TOML, on top of our own")
    parser.add_argument("--memory", type=int, default=MEMORY, metavar="MIB")
    parser.add_argument("--cpus", type=int, default=CPUS, metavar="N")
    parser.add_argument("--ssh-port", type=int, default=SSH_PORT, metavar="PORT")
    parser.add_argument("--demo-port", type=int, default=DEMO_PORT, metavar="PORT")
    parser.add_argument("--detach", action="store_true", help="return when the API is ready")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--firmware", action="store_true", help="boot through UEFI and the loader")
    parser.add_argument(
        "--keys", type=Path, metavar="D", help="sign the image; the firmware checks (Secure Boot)"
    )
    parser.add_argument("--loud", action="store_true", help="log everything on the serial console")
    parser.add_argument("--image", type=Path, metavar="FOLDER", help="boot this image, build none")
    parser.add_argument("--tools", type=Path, metavar="FOLDER", help=argparse.SUPPRESS)
    wish = parser.parse_args(argv)
    for name, least, most in (
        ("memory", MEMORY_LEAST, 1 << 20),
        ("cpus", 1, 64),
        ("ssh_port", 1, 65535),
        ("demo_port", 1, 65535),
    ):
        if not least <= getattr(wish, name) <= most:
            parser.error(f"--{name.replace('_', '-')} must be from {least} to {most}")
    return wish


def _read(file: Path | None) -> str:
    if file is None:
        return ""
    try:
        data = file.read_bytes()
        if data[:2] == b"\x1f\x8b":
            import gzip

            data = gzip.decompress(data)
        return data.decode()
    except (OSError, ValueError, EOFError) as error:
        reason = getattr(error, "strerror", None) or error
        raise NodeError(f"cannot read user data {file}: {reason}") from error


def _prepare(
    wish: argparse.Namespace, user_data: str, nodes_folder: Path, report: Terminal
) -> tuple[launch.Lab, launch.Order, Verdict, screens.Facts]:
    """Build what is missing, and find out what this machine can do."""
    tools, image, containers, facts = _parts(wish, report)
    sandbox = lab_folders.sandbox(tools)
    memory = places.folder("logs").parent / "accelerator.json"
    verdict = accelerator.find(sandbox, image, memory, report)
    lab = launch.Lab(sandbox, nodes_folder, containers, verdict.accelerator)
    order = launch.Order(
        name=wish.name,
        variant=wish.variant,
        architecture=facts.architecture,
        version=project_version(),
        image=image,
        root_hash=facts.root_hash,
        user_data=user_data,
        memory=wish.memory,
        cpus=wish.cpus,
        ssh_port=wish.ssh_port,
        demo_port=wish.demo_port,
        firmware=wish.firmware,
        loud=wish.loud,
        host_containers="bare" not in wish.variant.split("-"),
    )
    return lab, order, verdict, facts


def project_version() -> str:
    """The version of our container images: that of the checkout, whatever image is booted."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(text)["project"]["version"])


def _parts(wish: argparse.Namespace, report: Terminal) -> tuple[Path, Path, Path, screens.Facts]:
    """Folders of tools, image and container images, and what the end screen tells of them."""
    if wish.image is not None:
        tools = wish.tools or lab_folders.tools()
        return tools, wish.image.resolve(), places.folder("oci"), screens.read_facts(wish.image)
    from skyrocket.cli import made

    all_of_it = made.everything(wish.variant, report, wish.keys)
    facts = screens.read_facts(all_of_it.image)
    return all_of_it.tools, all_of_it.image, all_of_it.containers, facts


def _started(lab: launch.Lab, order: launch.Order, verdict: Verdict, report: Terminal) -> Node:
    """A ready node: the one that runs under this name already, or a new start."""
    place = nodes.home(lab.nodes, order.name)
    before = nodes.read(place)
    if before is not None and nodes.runs(before) and before.root_hash == order.root_hash:
        again = f"./skyrocket node stop {order.name}"
        report.note(f"node {order.name} runs already, with this image; for a new start: {again}")
        if before.boot_seconds:
            return before
        return launch.wait_ready(lab, before, time.monotonic(), report)
    if before is not None and nodes.runs(before):
        report.note(f"node {order.name} runs with another image: it is stopped first")
        report.step(f"stop node {order.name}")
        launch.stop(lab.nodes, order.name)
    if verdict.accelerator == "tcg":
        report.note(f"emulation, several times slower: {verdict.reason}")
        report.note(f"  what would help: {verdict.remedy}")
    began = time.monotonic()
    node = launch.start(lab, order, report)
    return launch.wait_ready(lab, node, began, report)


def _no_demo(node: Node) -> int:
    raise NodeError(
        f"cannot reach the demonstration container: {launch.demo_url(node)} does not answer",
        f"what the node says: ./skyrocket node logs {node.name}",
    )


def _stay(lab: launch.Lab, node: Node) -> int:
    """Attached: say when something changes; Ctrl-C stops the node, its disk stays."""
    print("\nAttached. Ctrl-C stops the node; its disk stays, the next run continues with it.")
    print("(--detach leaves it running.)", flush=True)
    served = True
    try:
        while nodes.runs(node):
            process.wait_for(lambda: not nodes.runs(node), 5.0)
            serves = bool(launch.ask_demo(node))
            if serves != served:
                said = "answers again" if serves else "does not answer"
                print(f"{time.strftime('%H:%M:%S')} the demonstration {said}", flush=True)
                served = serves
    except KeyboardInterrupt:
        with shown() as report:
            report.step(f"stop node {node.name}")
            launch.stop(lab.nodes, node.name)
        print(f"node {node.name} stopped; its disk stays; start again: ./skyrocket run")
        return 0
    print(f"node {node.name} ended by itself; why: ./skyrocket node logs {node.name} --serial")
    return 1
