"""Group `boot`: what the kernel and PID 1 are told at the next boot."""

from typing import Annotated

from skyrocket.models import boot_parameters
from skyrocket.models.settings.group import (
    ConfigFile,
    Effect,
    File,
    Group,
    Model,
    Rendered,
    Unit,
    says,
)
from skyrocket.models.settings.scalars import Patterned, Scalar

_WORDS = f"{boot_parameters.FOLDER}/50-boot"
_OURS = frozenset((
    "roothash", "root", "rootflags", "rootfstype", "rootwait", "rootdelay", "ro", "rw", "init",
    "rdinit", "initrd", "noinitrd", "gpt", "lsm", "security", "selinux", "enforcing", "lockdown",
    "module.sig_enforce", "proc_mem.force_override", "systemd.gpt_auto", "systemd.firstboot",
    "systemd.import_credentials", "systemd.run", "systemd.run_success_action",
    "systemd.run_failure_action",
))  # fmt: skip
"""Parameters that a verified boot stands on, or that would let text run."""


class BootConfigKey(Patterned):
    """Words of letters, digits, '_' and '-', joined by dots."""

    __slots__ = ()
    pattern = r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*"
    rule = "must be words of [A-Za-z0-9_-] joined by dots"


class KernelParameter(BootConfigKey):
    """Words of letters, digits, '_' and '-', joined by dots; none that the image decides."""

    __slots__ = ()

    @classmethod
    def refuse(cls, text: str) -> str | None:
        if text in _OURS or text.startswith("skyrocket."):
            return f"{text!r} is decided by the image alone"
        return super().refuse(text)


class BootConfigValue(Scalar):
    """Printable ASCII without a double quote, which the kernel's command line cannot say."""

    __slots__ = ()

    @classmethod
    def refuse(cls, text: str) -> str | None:
        if not (text.isascii() and text.isprintable()):
            return f"{text!r} holds something that is not printable ASCII"
        return f"{text!r} holds a double quote" if '"' in text else None


class Boot(Model, frozen=True):
    """On input `kernel-parameters` and `init-parameters` are taken too; kept are the short ones."""

    kernel: Annotated[
        dict[KernelParameter, list[BootConfigValue]] | None,
        says("Parameters of the kernel; also spelt `kernel-parameters`"),
    ] = None
    init: Annotated[
        dict[BootConfigKey, list[BootConfigValue]] | None,
        says("Parameters of PID 1; also spelt `init-parameters`"),
    ] = None
    reboot_to_reconcile: Annotated[
        bool | None,
        says("Whether a boot with other parameters than these reboots by itself", unset="false"),
    ] = None


def render(boot: Boot | None) -> Rendered:
    """A line of words, if there are any."""
    boot = boot or Boot()
    words = boot_parameters.of_boot(boot.kernel or {}, boot.init or {})
    files = [File(_WORDS, f"{words}\n".encode())] if words else []
    if boot.reboot_to_reconcile:
        files.append(File(boot_parameters.RECONCILE, b""))
    return Rendered(tuple(files), (boot_unit(_WORDS),))


def boot_unit(reads: str) -> Unit:
    """Who has the loader give the kernel the words in file READS; a boot asks it if it must."""
    return Unit(boot_parameters.AT_CHANGE, running=True, reads=reads, at_boot=False)


GROUP = Group(
    name="boot",
    about="What the kernel and PID 1 are told at boot.",
    model=Boot,
    effects={
        "": Effect(
            does="the kernel's command line, by an addon of the kernel image; refused on a machine "
            "that was started without firmware or has Secure Boot on",
            reach="works",
            reboot=True,
        )
    },
    render=render,
    services={"boot": ("boot-words", "boot-reconcile")},
    files={
        "boot-words": ConfigFile(path=_WORDS, disruption="reboot"),
        "boot-reconcile": ConfigFile(path=boot_parameters.RECONCILE),
    },
    aliases={"kernel-parameters": "kernel", "init-parameters": "init"},
)
