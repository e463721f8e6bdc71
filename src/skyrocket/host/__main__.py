"""The host program: `skyrocket VERB …`. A verb's module is imported when it is called."""

from __future__ import annotations

import sys

VERBS = {
    "api": ("skyrocket.host.api.main", "answer HTTP on /run/api.sock"),
    "apply": ("skyrocket.host.settings.applier", "bring files and units in line with the settings"),
    "boot": ("skyrocket.host.boot.sequence", "settings of this boot: defaults to files"),
    "console": ("skyrocket.host.boot.console", "say on the consoles that the node is ready"),
    "container": ("skyrocket.host.containers.run", "run one container in the foreground"),
    "exec": ("skyrocket.host.containers.exec", "run a command in a container for a client"),
    "health": ("skyrocket.host.slots.health", "judge this boot and bless its slot"),
    "network": ("skyrocket.host.network.configure", "networkd's files, from net.toml"),
    "parameters": (
        "skyrocket.host.slots.parameters",
        "have the loader give the kernel words of the settings",
    ),
    "update": ("skyrocket.host.update.main", "carry out update commands asked for over its socket"),
    "reboot": ("skyrocket.host.boot.reboot", "restart the machine when asked over its socket"),
}


def main(argv: list[str]) -> int:
    """Run the verb that follows the program's name in ARGV and return its exit status."""
    name = argv[1] if argv[1:] else "help"
    if name not in VERBS:
        (sys.stdout if name == "help" else sys.stderr).write(usage())
        return 0 if name == "help" else 2
    module = VERBS[name][0]
    __import__(module)
    status: int = sys.modules[module].main(argv[2:])
    return status


def usage() -> str:
    """All verbs, one a line."""
    lines = [f"  {name:<10} {about}\n" for name, (_, about) in VERBS.items()]
    return "usage: skyrocket VERB\n\n" + "".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
