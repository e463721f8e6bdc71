# ruff: noqa: UP006, UP014, UP031, UP035
"""What keeps Skyrocket from working on a machine, each with the way out. Pure.

Parses under Python 3.6: an old Python is one of the blockers, and it must not hide the others.
"""

from typing import List, NamedTuple

from skyrocket.cli.machine import Facts

OLDEST_PYTHON = (3, 11)
GB = 1000 * 1000 * 1000

Blocker = NamedTuple("Blocker", [("problem", str), ("way_out", str)])

_CONTAINER = (
    "in a container, start it with: --security-opt seccomp=unconfined "
    "--security-opt apparmor=unconfined --security-opt systempaths=unconfined; "
    "in a chroot it cannot work, the kernel forbids it there"
)


def find(facts: Facts) -> List[Blocker]:
    """Every blocker at once; none of them waits for another to be mended."""
    return (
        platform_blockers(facts)
        + python_blockers(facts)
        + disk_blockers(facts)
        + namespace_blockers(facts)
        + network_blockers(facts)
    )


def render(found: List[Blocker]) -> str:
    """The text for the terminal."""
    many = (
        "%d things stand in the way" % len(found) if len(found) > 1 else "one thing is in the way"
    )
    lines = ["skyrocket: cannot work on this machine yet: %s" % many]
    for blocker in found:
        lines += ["", "  problem: %s" % blocker.problem, "  way out: %s" % blocker.way_out]
    return "\n".join(lines) + "\n"


def platform_blockers(facts: Facts) -> List[Blocker]:
    found = []
    if facts.system != "Linux":
        name = "macOS" if facts.system == "Darwin" else facts.system
        found.append(
            Blocker(
                "this is %s; images are made with Linux namespaces" % name,
                "run it inside a Linux x86-64 machine or virtual machine",
            )
        )
    if facts.machine not in ("x86_64", "amd64", "AMD64"):
        found.append(
            Blocker(
                "the processor is %s; our build tools are x86-64 programs" % facts.machine,
                "use an x86-64 machine (images for aarch64 are planned there, not built here)",
            )
        )
    if facts.system == "Linux" and facts.libc == "musl":
        found.append(
            Blocker(
                "the C library is musl; our Python dependencies are built for glibc",
                "use a glibc distribution, or a container of one: "
                "docker run --privileged -it -v .:/skyrocket -w /skyrocket python:3.13 bash",
            )
        )
    return found


def python_blockers(facts: Facts) -> List[Blocker]:
    if facts.python < OLDEST_PYTHON:
        return [
            Blocker(
                "python3 is %d.%d and no newer one is on PATH; 3.11 is the oldest that works"
                % facts.python,
                "install a newer one beside it: sudo apt install python3.12 | "
                "sudo dnf install python3.12 | uv python install 3.13",
            )
        ]
    if facts.missing_modules:
        return [
            Blocker(
                "this Python lacks modules of the standard library: %s"
                % ", ".join(facts.missing_modules),
                "install the whole standard library, for example: sudo apt install python3",
            )
        ]
    return []


def disk_blockers(facts: Facts) -> List[Blocker]:
    if facts.cache_problem:
        return [
            Blocker(
                "the cache cannot be written: %s is not yours" % facts.cache_problem,
                'sudo chown -R "$(id -u)" %s, or set XDG_CACHE_HOME to a folder of yours'
                % _quoted(facts.cache_problem),
            )
        ]
    if facts.free_bytes < facts.needed_bytes:
        return [
            Blocker(
                "%.1f GB are free in %s and %.1f GB are needed"
                % (facts.free_bytes / GB, facts.cache, facts.needed_bytes / GB),
                "free some, or name another disk: XDG_CACHE_HOME=/elsewhere ./skyrocket run",
            )
        ]
    return []


def namespace_blockers(facts: Facts) -> List[Blocker]:
    if not facts.namespace_step:
        return []
    problem = "this machine does not let us %s" % facts.namespace_step
    if "kernel.apparmor_restrict_unprivileged_userns" in facts.namespace_switches:
        return [
            Blocker(
                problem + " (AppArmor restricts them for programs without a profile)",
                "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
            )
        ]
    if "user.max_user_namespaces" in facts.namespace_switches:
        return [Blocker(problem, "sudo sysctl -w user.max_user_namespaces=15000")]
    if "kernel.unprivileged_userns_clone" in facts.namespace_switches:
        return [Blocker(problem, "sudo sysctl -w kernel.unprivileged_userns_clone=1")]
    return [Blocker(problem, _CONTAINER)]


def network_blockers(facts: Facts) -> List[Blocker]:
    if not facts.network_problem:
        return []
    return [
        Blocker(
            "the package sources do not answer: %s" % facts.network_problem,
            "check the network, or set http_proxy and https_proxy; without any network: "
            "./skyrocket bundle FILE on a connected machine, then ./skyrocket build --bundle FILE",
        )
    ]


def _quoted(path: str) -> str:
    return "'%s'" % path if " " in path else path
