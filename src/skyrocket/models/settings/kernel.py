"""Group `kernel`: parameters, modules, lockdown and huge pages of the running kernel."""

import re
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from skyrocket.models import boot_parameters
from skyrocket.models.settings.boot import boot_unit
from skyrocket.models.settings.forms import Forms
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
from skyrocket.models.settings.scalars import (
    Patterned,
    Scalar,
    ScalarError,
    SingleLineString,
    SysctlKey,
)

_PATH = "/etc/sysctl.d/90-settings.conf"
_REFUSED = "/etc/modprobe.d/90-settings.conf"
_LOADED = "/etc/modules-load.d/90-settings.conf"
_ATTRIBUTES = "/etc/sysfs.d/90-settings.conf"
_PAGES = f"{boot_parameters.FOLDER}/10-hugepages"
_HEAD = "# Written from the settings; change settings.kernel instead.\n"
_HUGE = "/sys/kernel/mm/transparent_hugepage"


class KmodKey(Patterned):
    """The name of a kernel module: letters, digits, '_' and '-', at most 56."""

    __slots__ = ()
    pattern = "[A-Za-z0-9_-]{1,56}"
    rule = "may hold only letters, digits, '_' and '-', 1 to 56 of them"


class HugepageSize(Scalar):
    """The size of a huge page, a power of two: `2Mi`, `1Gi`."""

    __slots__ = ()

    @classmethod
    def refuse(cls, text: str) -> str | None:
        match = re.fullmatch("([1-9][0-9]{0,18})(Ki|Mi|Gi|Ti)", text)
        if match is None:
            return f"{text!r} is no size such as 2Mi or 1Gi"
        amount = int(match[1])
        return f"{text!r} is no power of two" if amount & (amount - 1) else None


class StaticKey(HugepageSize):
    """`essential`, or the size of a huge page."""

    __slots__ = ()

    @classmethod
    def refuse(cls, text: str) -> str | None:
        return None if text == "essential" else super().refuse(text)


class HugepageAllocation(Patterned):
    """How many huge pages: `512`, or by NUMA node `0:128,1:256`."""

    __slots__ = ()
    pattern = "[0-9]+|[0-9]+:[0-9]+(?:,[0-9]+:[0-9]+)*"
    rule = "is neither a number of pages nor a list such as 0:128,1:256"


class Pool(Model, frozen=True):
    count: Annotated[HugepageAllocation, says("How many pages of this size")]


class StaticHugepages(Forms):
    """A table: `essential`, true or false, and for each size `SIZE = {count}`."""

    __slots__ = ()
    forms: ClassVar[dict[type, Any]] = {dict: dict[StaticKey, Pool | bool]}

    @classmethod
    def settle(cls, value: Any) -> Any:
        for key, below in value.items():
            if isinstance(below, bool) != (key == "essential"):
                wanted = "bool" if key == "essential" else "object"
                raise ScalarError(f"Expected `{wanted}` for {key}")
        return value


class TransparentHugepages(Model, frozen=True):
    enabled: Annotated[
        Literal["never", "madvise", "always"] | None, says("Who gets transparent huge pages")
    ] = None
    defrag: Annotated[
        Literal["never", "madvise", "defer", "defer+madvise", "always"] | None,
        says("When the kernel makes room for them"),
    ] = None


class Hugepages(Model, frozen=True):
    static: Annotated[StaticHugepages | None, says("Pages that are set aside at boot")] = None
    transparent: TransparentHugepages | None = None


class KernelModule(Model, frozen=True):
    allowed: Annotated[bool | None, says("Whether the module may be loaded", unset="false")] = None
    autoload: Annotated[
        bool | None, says("Whether it is loaded at boot; must be allowed", unset="false")
    ] = None


class NvidiaDriver(Model, frozen=True):
    branch: Annotated[Literal["lts", "pb"], says("Which branch of the driver is used")]


class Drivers(Model, frozen=True):
    nvidia: NvidiaDriver | None = None


class Kernel(Model, frozen=True):
    lockdown: Annotated[
        Literal["none", "integrity", "confidentiality"] | None,
        says("How far the kernel is closed even to root; cannot be lowered without a reboot"),
    ] = None
    modules: dict[KmodKey, KernelModule] | None = None
    sysctl: Annotated[
        dict[SysctlKey, SingleLineString] | None,
        Meta(description="Kernel parameters and their values; values are texts, also numbers"),
    ] = None
    hugepages: Hugepages | None = None
    drivers: Drivers | None = None


def render(kernel: Kernel | None) -> Rendered:
    """sysctl.d's own format; `-` because one parameter this kernel lacks must not stop the rest."""
    kernel = kernel or Kernel()
    parameters = kernel.sysctl or {}
    lines = [f"-{key} = {value}\n" for key, value in sorted(parameters.items())]
    refused, loaded = _modules(kernel.modules or {})
    found = {_REFUSED: refused, _LOADED: loaded, _ATTRIBUTES: _attributes(kernel)}
    files = [File(_PATH, "".join(lines).encode())]
    files += [File(path, (_HEAD + text).encode()) for path, text in found.items() if text]
    pages = _static(kernel)
    files += [File(_PAGES, f"{pages}\n".encode())] if pages else []
    units = [boot_unit(_PAGES)]
    if loaded:
        units.append(Unit("systemd-modules-load.service", running=True, reads=_LOADED))
    return Rendered(tuple(files), tuple(units))


def _static(kernel: Kernel) -> str:
    pages = kernel.hugepages and kernel.hugepages.static
    table = pages.value if pages else {}
    counts = {size: {"count": pool.count} for size, pool in table.items() if isinstance(pool, Pool)}
    return boot_parameters.of_pages(counts)


def _modules(modules: dict[KmodKey, KernelModule]) -> tuple[str, str]:
    """Which modules are refused, and which are loaded; one that is listed is allowed or refused.

    The program that would be run instead of loading one is on no node, and needs not be: what
    cannot be run has failed.
    """
    refused, loaded = "", ""
    for name, module in sorted(modules.items()):
        if not module.allowed:
            refused += f"blacklist {name}\ninstall {name} /bin/false\n"
        elif module.autoload:
            loaded += f"{name}\n"
    return refused, loaded


def _attributes(kernel: Kernel) -> str:
    pages = kernel.hugepages and kernel.hugepages.transparent
    said = {
        "/sys/kernel/security/lockdown": kernel.lockdown,
        f"{_HUGE}/enabled": pages and pages.enabled,
        f"{_HUGE}/defrag": pages and pages.defrag,
    }
    return "".join(f"{path} = {value}\n" for path, value in said.items() if value)


GROUP = Group(
    name="kernel",
    about="Parameters of the running kernel.",
    model=Kernel,
    effects={
        "lockdown": Effect(
            does="the kernel's lockdown level, at once; none that is lower than the image's",
            reach="works",
        ),
        "modules": Effect(
            does="whether the module is loaded from now on; one that is in use stays until the end "
            "of the boot",
            reach="works",
            restarts=("systemd-modules-load.service",),
        ),
        "sysctl": Effect(does="the parameter below /proc/sys, at once", reach="works"),
        "hugepages.static": Effect(
            does="pages set aside at boot, by the kernel's command line as in `boot`; `essential` "
            "is kept only",
            reach="works",
            reboot=True,
        ),
        "hugepages.transparent": Effect(
            does="the kernel's policy for huge pages, at once", reach="works"
        ),
        "drivers": Effect(does="which driver is loaded", reboot=True),
    },
    render=render,
    services={
        "sysctl": ("sysctl-conf",),
        "kernel-modules": ("modprobe-conf", "modules-load-conf"),
        "lockdown": ("sysfs-conf",),
        "hugepages": ("hugepages-words",),
    },
    files={
        "sysctl-conf": ConfigFile(path=_PATH, effect="sysctl"),
        "modprobe-conf": ConfigFile(path=_REFUSED),
        "modules-load-conf": ConfigFile(path=_LOADED),
        "sysfs-conf": ConfigFile(path=_ATTRIBUTES, effect="sysfs"),
        "hugepages-words": ConfigFile(path=_PAGES, disruption="reboot"),
    },
)
