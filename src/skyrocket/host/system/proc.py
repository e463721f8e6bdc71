"""The running kernel's own words: host name, parameters under /proc/sys, /sys, command line."""

from __future__ import annotations

from skyrocket.host.system.text import text_in

SYSCTL = "/proc/sys"


def root_hash(path: str = "/proc/cmdline") -> str:
    """The root hash of the running system; empty when it was not booted from one."""
    words = text_in(path).split()
    return next((word[9:].lower() for word in words if word.startswith("roothash=")), "")


def set_hostname(name: str) -> None:
    """Call this machine NAME from now on."""
    import socket  # the initrd sets parameters and no name

    socket.sethostname(name)


def set_parameter(key: str, value: str, root: str = SYSCTL) -> None:
    """Set kernel parameter KEY (`net.ipv4.ip_forward`) to VALUE; OSError when it cannot be."""
    with open(f"{root}/{parameter_path(key)}", "w", encoding="utf-8") as file:
        file.write(f"{value}\n")


def set_attribute(path: str, value: str) -> None:
    """Write VALUE to the file at PATH unless it is chosen there; OSError when the kernel refuses.

    Such files list what can be chosen, with brackets around what is. Lockdown refuses to be set to
    what it is already.
    """
    with open(path, encoding="ascii") as file:
        if f"[{value}]" in file.read().split():
            return
    with open(path, "w", encoding="ascii") as file:
        file.write(value)


def parameters(text: str) -> list[tuple[str, str]]:
    """The keys and values in TEXT, which has sysctl.d's form: `KEY = VALUE`, `#` for remarks."""
    lines = [line.partition(" = ") for line in text.splitlines() if line[:1] != "#"]
    return [(key, value) for key, _, value in lines if key]


def parameter_path(key: str) -> str:
    """The file of KEY below /proc/sys, after the rule of sysctl(8).

    The first separator found decides: in `net/ipv4/conf/eth0.1/forwarding` dots are part of names,
    in `net.ipv4.conf.eth0/1.forwarding` a slash stands for a dot in a name.
    """
    dot, slash = key.find("."), key.find("/")
    if slash >= 0 and (dot < 0 or slash < dot):
        return key
    return key.translate(str.maketrans("./", "/."))
