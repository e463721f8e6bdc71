"""From an image folder to a running node: plan what is kept, prepare, start, wait until ready.

Does not build images and knows no terminal; whoever calls it passes folders and a reporter.
"""

from __future__ import annotations

import contextlib
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from skyrocket.lab import disks, nodes, ports, process, qemu, qmp, registry_process, serial
from skyrocket.lab import user_data as user_data_room
from skyrocket.lab.errors import BootError, LabError, NodeError
from skyrocket.models.node import (
    CPUS,
    DEMO_PORT,
    MEMORY,
    REGISTRY_PORT,
    SSH_PORT,
    Accelerator,
    Node,
)
from skyrocket.models.signing import ENROLMENT_FILES, Enrolment
from skyrocket.sandbox import Mount, Sandbox

if TYPE_CHECKING:
    from pathlib import Path

    from skyrocket.models.progress import Reporter

SLOW_ARGUMENTS = "watchdog_thresh=60"
"""Under emulation on a busy machine the kernel would take a slow processor for a stuck one."""
LOUD_ARGUMENTS = "ignore_loglevel systemd.log_level=debug systemd.log_target=kmsg"

READY_SECONDS: dict[Accelerator, float] = {"kvm": 90.0, "tcg": 300.0}
DEMO_SECONDS = 180.0


class Order(NamedTuple):
    """What the user asked for."""

    name: str
    variant: str
    architecture: str
    version: str  # of the container images
    image: Path
    root_hash: str
    user_data: str = ""
    memory: int = MEMORY
    cpus: int = CPUS
    ssh_port: int = SSH_PORT
    demo_port: int = DEMO_PORT
    firmware: bool = False
    loud: bool = False
    host_containers: bool = True
    demo: bool = True
    seed: Literal["vfat", "iso9660"] = "vfat"  # the disc with the user data
    seed_compressed: bool = False
    smbios_strings: tuple[str, ...] = ()  # what the machine's owner tells firmware and loader
    registry_tokens: bool = False  # the registry wants a bearer token, and gives one to anybody
    recorded: bool = False  # every write to its disk from this start on is logged: `writes.log`
    disk: Path | None = None  # a raw disk that the node begins with a copy of, not the image's own


class Lab(NamedTuple):
    """The folders and tools that nodes are made with."""

    sandbox: Sandbox
    nodes: Path
    images: Path  # OCI layouts that the registry serves
    accelerator: Accelerator


def start(lab: Lab, order: Order, report: Reporter) -> Node:
    """Start the node, on its old disk if that grew from the same image and user data."""
    place = nodes.home(lab.nodes, order.name)
    before = nodes.read(place)
    if before is not None and nodes.runs(before):
        raise NodeError(f"cannot start node {order.name}: it runs", _stop(order.name))
    place.folder.mkdir(parents=True, exist_ok=True)
    report.step(f"prepare node {order.name}")
    process.end(before.registry if before else None)  # or its port would count as taken
    node = _choose_ports(lab, order, before, report)
    node = _prepare(lab, order, place, node, before, report)
    report.step(f"start node {order.name}")
    with process.uninterrupted():
        registry = registry_process.start(
            place, lab.images, node.registry_port, tokens=order.registry_tokens
        )
        node = msgspec.structs.replace(node, registry=registry)
        nodes.write(place, node)
        node = _spawn(lab, order, place, node)
        nodes.write(place, node)
    return node


def _choose_ports(lab: Lab, order: Order, before: Node | None, report: Reporter) -> Node:
    """A node draft with ports that are free; every replaced one is said."""
    taken = nodes.ports_in_use(lab.nodes, order.name)
    registry = ports.choose(before.registry_port if before else REGISTRY_PORT, taken)
    ssh = ports.choose(order.ssh_port, taken | {registry.number})
    demo = ports.choose(order.demo_port, taken | {registry.number, ssh.number})
    for port, use in ((ssh, "ssh"), (demo, "the demonstration")):
        if port.replaced:
            report.note(f"port {port.wanted} is taken: {use} is on port {port.number}")
    arguments = [SLOW_ARGUMENTS] if lab.accelerator == "tcg" else []
    signed = trusted(order.image) is not None
    return Node(
        name=order.name,
        variant=order.variant,
        architecture=order.architecture,
        origin="",
        image=str(order.image),
        root_hash=order.root_hash,
        accelerator=lab.accelerator,
        ssh_port=ssh.number,
        demo_port=demo.number,
        registry_port=registry.number,
        memory=order.memory,
        cpus=order.cpus,
        firmware=order.firmware or signed,
        secure_boot=signed,
        arguments=" ".join([*arguments, *([LOUD_ARGUMENTS] if order.loud else [])]),
    )


def _prepare(
    lab: Lab, order: Order, place: nodes.Home, node: Node, before: Node | None, report: Reporter
) -> Node:
    """Key, user data and disk; what is there and still right stays."""
    wishes = user_data_room.Wishes(
        name=order.name,
        version=order.version,
        registry_port=node.registry_port,
        public_key=disks.make_key(lab.sandbox, place),
        host_containers=order.host_containers,
        demo=order.demo,
    )
    text = user_data_room.compose(wishes, order.user_data)
    seed = disks.Seed(text, order.seed, order.seed_compressed)
    origin = disks.origin(order.image, seed)
    if before is None or before.origin != origin or not place.disk.is_file():
        if before is not None and place.disk.is_file():
            report.note(f"image or user data changed: node {order.name} begins with a new disk")
        disks.make_seed(lab.sandbox, place, seed)
        disks.make_disk(lab.sandbox, place, order.image, order.disk)
        place.serial.unlink(missing_ok=True)
    if node.firmware:
        disks.make_firmware_vars(lab.sandbox, place, trusted(order.image))
    return msgspec.structs.replace(node, origin=origin)


def trusted(image: Path) -> Enrolment | None:
    """The certificates beside a signed image: its machine's firmware gets them, and checks."""
    try:
        return Enrolment(*((image / name).read_bytes() for name in ENROLMENT_FILES))
    except FileNotFoundError:
        return None


def _spawn(lab: Lab, order: Order, place: nodes.Home, node: Node) -> Node:
    place.socket.unlink(missing_ok=True)
    machine = qemu.Machine(
        name=node.name,
        accelerator=node.accelerator,
        memory=node.memory,
        cpus=node.cpus,
        ssh_port=node.ssh_port,
        demo_port=node.demo_port,
        firmware=node.firmware,
        command_line=_command_line(order.image, node),
        optical_seed=order.seed == "iso9660",
        secure_boot=node.secure_boot,
        smbios_strings=order.smbios_strings,
        recorded=order.recorded,
    )
    if order.recorded:
        (place.folder / qemu.WRITES).write_bytes(b"")
    shown = [Mount(place.folder, qemu.NODE, writable=True), Mount(order.image, qemu.IMAGE)]
    with place.serial.open("a", encoding="utf-8") as log:
        log.write(serial.start_mark(time.strftime("%Y-%m-%d %H:%M:%S")))
    begin = place.serial.stat().st_size
    child = process.start(lab.sandbox.argv(qemu.plan_qemu(machine), mounts=shown), place.qemu_log)
    return msgspec.structs.replace(node, qemu=child, serial_from=begin)


def _command_line(image: Path, node: Node) -> str:
    if node.firmware:
        return ""
    theirs = (image / "cmdline").read_text(encoding="utf-8").strip()
    return f"{theirs} {node.arguments}".strip()


def wait_ready(lab: Lab, node: Node, began: float, report: Reporter) -> Node:
    """Until the console says ready; raises BootError with stage, last lines and log.

    BEGAN is `time.monotonic()` of the start.
    """
    place = nodes.home(lab.nodes, node.name)
    report.step("boot")
    deadline = began + READY_SECONDS[node.accelerator]
    reached = ""
    while True:
        text = this_boot(place, node)
        if serial.ready(text) is not None:
            break
        trouble = _trouble(node, text, deadline)
        if trouble:
            error = _boot_error(place, node, text, trouble)
            _pull_the_plug(place, node)
            raise error
        if serial.stage(text) != reached:
            reached = serial.stage(text)
            report.step(f"boot: {reached}")
        time.sleep(process.STEP)
    seconds = round(time.monotonic() - began, 1)
    node = msgspec.structs.replace(node, boot_seconds=seconds)
    nodes.write(place, node)
    return node


def this_boot(place: nodes.Home, node: Node) -> str:
    """What the serial console said since the node was started."""
    try:
        with place.serial.open("rb") as file:
            file.seek(node.serial_from)
            return file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""


def _pull_the_plug(place: nodes.Home, node: Node) -> None:
    process.end(node.qemu)
    process.end(node.registry)
    nodes.write(place, msgspec.structs.replace(node, qemu=None, registry=None))


def _trouble(node: Node, text: str, deadline: float) -> str:
    if not nodes.runs(node):
        return "QEMU ended"
    said = serial.failure(text)
    if said:
        return said
    if time.monotonic() > deadline:
        return f"it was not ready within {READY_SECONDS[node.accelerator]:.0f} s"
    return ""


def _boot_error(place: nodes.Home, node: Node, text: str, trouble: str) -> BootError:
    last = [f"  | {line[:160]}" for line in serial.telling(text)]
    if not last:
        said = place.qemu_log.read_text(encoding="utf-8", errors="replace").strip()
        last = [f"  | {line[:160]}" for line in said.splitlines()[-5:]]
    message = "\n".join([
        f"cannot boot node {node.name}: {trouble}; stage reached: {serial.stage(text)}",
        *last,
        f"  serial log: {place.serial}",
    ])  # fmt: skip
    again = f"./skyrocket run --name {node.name} --variant {node.variant} --loud"
    return BootError(message, f"the same with more logging: {again}")


def wait_demo(node: Node, seconds: float = DEMO_SECONDS) -> str:
    """The first answer of the demonstration container; '' when it does not answer in time."""
    answer = ""

    def answers() -> bool:
        nonlocal answer
        answer = ask_demo(node)
        return answer != "" or not nodes.runs(node)

    process.wait_for(answers, seconds)
    return answer


def demo_url(node: Node) -> str:
    return f"http://{ports.LOOPBACK}:{node.demo_port}/"


def ask_demo(node: Node) -> str:
    # Proxies of the environment do not lead to this machine's own loopback.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(demo_url(node), timeout=5) as page:
            return str(page.read(65536).decode(errors="replace"))
    except (OSError, urllib.error.URLError, ValueError):
        return ""


def stop(lab_nodes: Path, name: str, patience: float = 30.0) -> bool:
    """Shut the node down, or pull the plug after PATIENCE; False when it did not run."""
    place, node = nodes.get(lab_nodes, name)
    ran = nodes.runs(node)
    for request, seconds in ((qmp.SHUT_DOWN, patience), (qmp.QUIT, 5.0)):
        if nodes.runs(node):
            with contextlib.suppress(LabError):
                qmp.ask(place.socket, request)
            process.wait_for(lambda: not nodes.runs(node), seconds)
    _pull_the_plug(place, node)
    return ran


def abandon(lab_nodes: Path, name: str) -> None:
    """Pull the plug of a node whose start was interrupted; its disk is a journal's work away."""
    place = nodes.home(lab_nodes, name)
    node = nodes.read(place)
    if node is not None:
        _pull_the_plug(place, node)


def _stop(name: str) -> str:
    return f"./skyrocket node stop {name}"
