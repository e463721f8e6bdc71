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


def end(node: Node, facts: Facts, *, demo: bool, answered: bool, enter: bool) -> str:
    """The end screen: what runs, where, and what to try. ENTER: it has an admin container."""
    whole = facts.root_bytes + facts.hash_bytes + facts.uki_bytes
    speed = "emulated" if node.accelerator == "tcg" else "hardware virtualisation"
    parts = (
        f"root {amount(facts.root_bytes)}, its proof {amount(facts.hash_bytes)}, "
        f"kernel {amount(facts.uki_bytes)}"
    )
    where = f"{launch.demo_url(node)}   ({_serving(answered=answered)})"
    return "\n".join(
        [
            "",
            f"Node {node.name} runs: {node.variant} {facts.version}, {_size(node)}, {speed}",
            *([f"  demonstration  {where}"] if demo else []),
            f"  boot           {node.boot_seconds:.1f} s to a ready API",
            f"  image          {amount(whole)}: {parts}",
            f"  executables    {facts.executables} in the whole root; no shell, no interpreter",
            "",
            "Try:",
            *(f"  {line}" for line in _to_try(node, demo=demo, enter=enter)),
        ]
    )


def _size(node: Node) -> str:
    return f"{node.cpus} processors, {node.memory} MiB"


def _serving(*, answered: bool) -> str:
    return "a container that it serves" if answered else "starting"


def _to_try(node: Node, *, demo: bool, enter: bool) -> list[str]:
    """Three things, one of which fails on purpose."""
    into = f"./skyrocket node exec {node.name} --"
    return [
        *([f"curl {launch.demo_url(node)}"] if demo else []),
        *([f"{into} apiclient get os"] if enter else []),
        *(
            [f"{into} touch /.bottlerocket/rootfs/usr/hello   (fails: that is the product)"]
            if enter
            else [
                f"./skyrocket node logs {node.name} --serial",
                "log in: there is no way, on purpose",
            ]
        ),
    ]
