"""What `run` ends with, as text or as JSON. Pure but for reading an image's manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from skyrocket.cli.terminal import amount
from skyrocket.lab import launch

if TYPE_CHECKING:
    from pathlib import Path

    from skyrocket.lab.nodes import Home
    from skyrocket.models.node import Node


class Facts(msgspec.Struct, frozen=True):
    """What a manifest tells, as far as the screen needs it."""

    root_hash: str = ""
    version: str = "latest"
    architecture: str = "x86_64"
    root_bytes: int = 0
    hash_bytes: int = 0
    uki_bytes: int = 0
    executables: int = 0


def read_facts(image: Path) -> Facts:
    try:
        return msgspec.json.decode((image / "manifest.json").read_bytes(), type=Facts)
    except (OSError, msgspec.DecodeError):
        return Facts()


def answer(node: Node, place: Home) -> dict[str, object]:
    """The object that `run --json` prints."""
    return {
        "name": node.name,
        "ssh_port": node.ssh_port,
        "demo_url": launch.demo_url(node),
        "serial_log": str(place.serial),
        "boot_seconds": node.boot_seconds,
        "accelerator": node.accelerator,
    }


def end(node: Node, facts: Facts, *, demo: bool, answered: bool) -> str:
    """The end screen: what runs, where, and three things to try, one of which must fail."""
    whole = facts.root_bytes + facts.hash_bytes + facts.uki_bytes
    speed = "emulated" if node.accelerator == "tcg" else "hardware virtualisation"
    lines = [
        "",
        (
            f"Node {node.name} runs: {node.variant} {facts.version}, {node.cpus} processors, "
            f"{node.memory} MiB, {speed}"
        ),
    ]
    if demo and answered:
        lines.append(f"  demonstration  {launch.demo_url(node)}   (a container that it serves)")
    elif demo:
        lines.append(f"  demonstration  {launch.demo_url(node)}   (starting)")
    lines += [
        f"  boot           {node.boot_seconds:.1f} s to a ready API",
        (
            f"  image          {amount(whole)}: root {amount(facts.root_bytes)}, "
            f"its proof {amount(facts.hash_bytes)}, kernel {amount(facts.uki_bytes)}"
        ),
        f"  executables    {facts.executables} in the whole root; no shell, no interpreter",
        "",
        "Try:",
        f"  curl {launch.demo_url(node)}",
        f"  ./skyrocket node exec {node.name} -- apiclient get os",
        (
            f"  ./skyrocket node exec {node.name} -- touch /.bottlerocket/rootfs/usr/hello"
            "   (fails: that is the product)"
        ),
    ]
    return "\n".join(lines)
