"""Group `boot`: what the kernel and PID 1 are told at the next boot."""

from typing import Annotated

from skyrocket.models.settings.group import Effect, Group, Model, says
from skyrocket.models.settings.scalars import Patterned, Scalar


class BootConfigKey(Patterned):
    """Words of letters, digits, '_' and '-', joined by dots."""

    __slots__ = ()
    pattern = r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*"
    rule = "must be words of [A-Za-z0-9_-] joined by dots"


class BootConfigValue(Scalar):
    """Printable ASCII that does not hold both kinds of quotes."""

    __slots__ = ()

    @classmethod
    def refuse(cls, text: str) -> str | None:
        if not (text.isascii() and text.isprintable()):
            return f"{text!r} holds something that is not printable ASCII"
        return f"{text!r} holds both kinds of quotes" if '"' in text and "'" in text else None


class Boot(Model, frozen=True):
    """On input `kernel-parameters` and `init-parameters` are taken too; kept are the short ones."""

    kernel: Annotated[
        dict[BootConfigKey, list[BootConfigValue]] | None,
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


GROUP = Group(
    name="boot",
    about="What the kernel and PID 1 are told at boot.",
    model=Boot,
    effects={"": Effect(does="the kernel's command line", reboot=True)},
    aliases={"kernel-parameters": "kernel", "init-parameters": "init"},
)
