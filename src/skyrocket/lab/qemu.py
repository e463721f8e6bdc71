"""The virtual machine as a command line. Pure: facts in, argv out.

All paths are those inside the sandbox (`IMAGE`, `NODE`, and the tools tree's own), so that the
overlay disk finds the image under it wherever the cache is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from skyrocket.models.node import Accelerator

IMAGE = "/image"
NODE = "/node"
WRITES = "writes.log"
PROGRAM = "qemu-system-x86_64"
FIRMWARE_CODE = "/usr/share/OVMF/OVMF_CODE_4M.fd"
SECURE_CODE = "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd"
FIRMWARE_VARS = "/usr/share/OVMF/OVMF_VARS_4M.fd"

_PROCESSOR: dict[Accelerator, tuple[str, ...]] = {
    # All emulated processors in one thread would leave the second core of this machine idle.
    "tcg": ("-accel", "tcg,thread=multi", "-cpu", "max"),
    "kvm": ("-accel", "kvm", "-cpu", "host"),
}


class Machine(NamedTuple):
    """The facts that make one virtual machine differ from another."""

    name: str
    accelerator: Accelerator
    memory: int  # MiB
    cpus: int
    ssh_port: int
    demo_port: int
    firmware: bool
    command_line: str  # kernel arguments; unused with firmware
    optical_seed: bool = False  # the user data is in a CD drive, not on a disk
    secure_boot: bool = False  # the firmware checks signatures; its variables are its own
    smbios_strings: tuple[str, ...] = ()  # of type 11: words of the machine's owner
    recorded: bool = False  # every write to its disk goes into a log, too


def plan_qemu(machine: Machine) -> list[str]:
    """The whole command line, QEMU's own defaults switched off."""
    return [
        PROGRAM, "-name", machine.name,
        "-nodefaults", "-no-user-config", "-display", "none",
        *_board(machine),
        *_PROCESSOR[machine.accelerator],
        "-smp", str(machine.cpus), "-m", f"{machine.memory}M",
        *_boot(machine), *_smbios(machine), *_disk(machine), *_seed(machine),
        *_network(machine), *_console(),
        "-device", "virtio-rng-pci",
        "-device", "i6300esb", "-action", "watchdog=reset",
    ]  # fmt: skip


def plan_probe(accelerator: Accelerator) -> list[str]:
    """The smallest machine that shows a kernel's first line on standard output."""
    return [
        PROGRAM, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
        "-machine", "q35",
        *_PROCESSOR[accelerator],
        "-smp", "1", "-m", "256M",
        "-kernel", f"{IMAGE}/kernel",
        "-append", "console=ttyS0 earlyprintk=serial,ttyS0 panic=-1",
        "-serial", "stdio",
    ]  # fmt: skip


def _board(machine: Machine) -> list[str]:
    if not machine.secure_boot:
        return ["-machine", "q35"]
    # Only code in system management mode may write the variables; a sleeping machine would wake
    # outside of it.
    return [
        "-machine", "q35,smm=on",
        "-global", "driver=cfi.pflash01,property=secure,value=on",
        "-global", "ICH9-LPC.disable_s3=1",
    ]  # fmt: skip


def _boot(machine: Machine) -> list[str]:
    if machine.firmware:
        code = SECURE_CODE if machine.secure_boot else FIRMWARE_CODE
        return [
            "-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={code}",
            "-drive", f"if=pflash,unit=1,format=raw,file={NODE}/vars.fd",
        ]  # fmt: skip
    return [
        "-kernel", f"{IMAGE}/kernel",
        "-initrd", f"{IMAGE}/initrd",
        "-append", machine.command_line,
    ]  # fmt: skip


def _smbios(machine: Machine) -> list[str]:
    # A comma in a value is doubled in QEMU's words.
    strings = (text.replace(",", ",,") for text in machine.smbios_strings)
    return [word for text in strings for word in ("-smbios", f"type=11,value={text}")]


def _disk(machine: Machine) -> list[str]:
    device = ["-device", "virtio-blk-pci,drive=disk,serial=skyrocket"]
    if not machine.recorded:
        drive = f"if=none,id=disk,format=qcow2,discard=unmap,file={NODE}/disk.qcow2"
        return ["-drive", drive, *device]
    # A filter above the disk: it logs a write or a flush when the disk below has done it.
    words = (
        "driver=blklogwrites,node-name=disk,discard=unmap,log-sector-size=512",
        "file.driver=qcow2,file.discard=unmap",
        f"file.file.driver=file,file.file.filename={NODE}/disk.qcow2",
        f"log.driver=raw,log.file.driver=file,log.file.filename={NODE}/{WRITES}",
    )
    return ["-blockdev", ",".join(words), *device]


def _seed(machine: Machine) -> list[str]:
    device = "ide-cd,drive=seed" if machine.optical_seed else "virtio-blk-pci,drive=seed"
    return [
        "-drive", f"if=none,id=seed,format=raw,readonly=on,file={NODE}/seed.img",
        "-device", f"{device},serial=seed",
    ]  # fmt: skip


def _network(machine: Machine) -> list[str]:
    forwards = ((machine.ssh_port, 22), (machine.demo_port, 8080))
    ports = ",".join(f"hostfwd=tcp:127.0.0.1:{here}-:{there}" for here, there in forwards)
    # An empty ROM file: nobody boots from the network here, and the firmware would try.
    return [
        "-netdev", f"user,id=net,{ports}",
        "-device", "virtio-net-pci,netdev=net,romfile=",
    ]  # fmt: skip


def _console() -> list[str]:
    return [
        "-chardev", f"file,id=serial,path={NODE}/serial.log,append=on",
        "-serial", "chardev:serial",
        "-qmp", f"unix:{NODE}/qmp.sock,server=on,wait=off",
    ]  # fmt: skip
