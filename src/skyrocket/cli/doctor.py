"""`doctor`: tries what a run will do; each line is ok, or a problem with what mends it.

Needs no dependencies of ours, because getting them is one of the things to try. Only the
accelerator's trial boot needs the lab, and says so when that is not there yet.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from skyrocket.cli import about, blockers, environment, explain, machine, settings
from skyrocket.cli.terminal import amount, shown
from skyrocket.fetch import places

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GROUP = "build"


class Check(NamedTuple):
    """One line: what was tried, what came out, and the way out if it is a problem."""

    name: str
    result: str
    way_out: str = ""
    is_blocker: bool = True
    was_tried: bool = True

    @property
    def passed(self) -> bool:
        return not self.way_out


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser("skyrocket doctor", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    as_json = parser.parse_args(argv).json
    cache = places.cache()
    facts = machine.look(str(cache), about.cost_here(cache).disk)
    tries: tuple[tuple[str, Callable[[], Check]], ...] = (
        ("platform", lambda: _platform(facts)),
        ("Python", lambda: _python(facts)),
        ("disk", lambda: _disk(facts, cache)),
        ("namespaces", lambda: _namespaces(facts)),
        ("network", _network),
        ("dependencies", _dependencies),
        ("accelerator", lambda: _accelerator(cache)),
    )
    checks = []
    with shown() as terminal:
        for name, attempt in tries:
            terminal.step(f"try: {name}")
            checks.append(tried(name, attempt))
    if as_json:
        print(json.dumps({check.name: check._asdict() for check in checks}))
    else:
        print("\n".join(render(check) for check in checks))
    return 0 if all(check.passed or not check.is_blocker for check in checks) else 1


def tried(name: str, attempt: Callable[[], Check]) -> Check:
    """What came of ATTEMPT; the operating system's refusal is a problem, not the end."""
    try:
        return attempt()
    except OSError as error:
        said = [*explain.lines(error), str(error), "  way out: mend the problems above first"]
        hint = next(line for line in said if line.startswith("  way out: "))
        return Check(name, str(error), hint.removeprefix("  way out: "))


def render(check: Check) -> str:
    """'ok       disk          80 GB free', a problem with its way out below it."""
    word = "ok" if check.passed else ("problem" if check.is_blocker else "slow")
    word = word if check.was_tried else "later"
    first = f"{word:8} {check.name:13} {check.result}"
    return first if check.passed else f"{first}\n         {'':13} way out: {check.way_out}"


def _from(name: str, good: str, found: list[blockers.Blocker]) -> Check:
    if not found:
        return Check(name, good)
    return Check(name, found[0].problem, found[0].way_out)


def _platform(facts: machine.Facts) -> Check:
    good = f"{facts.system} {facts.machine}, {facts.libc}"
    return _from("platform", good, blockers.platform_blockers(facts))


def _python(facts: machine.Facts) -> Check:
    good = f"{sys.version.split()[0]} ({sys.executable})"
    return _from("Python", good, blockers.python_blockers(facts))


def _disk(facts: machine.Facts, cache: Path) -> Check:
    """Write a block where everything goes, and look at what is free."""
    found = blockers.disk_blockers(facts)
    if not found:
        probe = places.folder("logs") / "probe"
        probe.write_bytes(os.urandom(4096))
        probe.unlink()
    good = f"{amount(facts.free_bytes)} free, {amount(facts.needed_bytes)} needed, in {cache}"
    return _from("disk", good, found)


def _namespaces(facts: machine.Facts) -> Check:
    good = "mounted a file system in a user namespace"
    return _from("namespaces", good, blockers.namespace_blockers(facts))


def _network() -> Check:
    problem = environment.network_problem()
    if problem:
        found = ", ".join(settings.here())
        way = f"check what is set here: {found}" if found else "check the network, set https_proxy"
        return Check("network", problem, way)
    return Check("network", "a package source answered")


def _dependencies() -> Check:
    from skyrocket.fetch.errors import FetchError

    try:
        folder = environment.ready(GROUP)
    except FetchError as error:
        return Check("dependencies", str(error).replace("\n", " "), error.hint or "run it again")
    return Check("dependencies", f"in {folder}")


def _accelerator(cache: Path) -> Check:
    if not environment.is_ready(GROUP):
        return Check("accelerator", "not tried: the dependencies come first", was_tried=False)
    sys.path.insert(0, str(environment.ready(GROUP)))
    from skyrocket.cli import lab_folders
    from skyrocket.lab import accelerator
    from skyrocket.models.progress import Silent

    verdict = accelerator.without_trial()
    if verdict is None:
        place = lab_folders.any_kernel(cache)
        if place is None:
            said = "/dev/kvm opens; the trial boot comes with the first run"
            return Check("accelerator", said, was_tried=False)
        tools, image = place
        memory = cache / "accelerator.json"
        memory.unlink(missing_ok=True)
        verdict = accelerator.find(lab_folders.sandbox(tools), image, memory, Silent())
    if verdict.accelerator == "kvm":
        return Check("accelerator", "a kernel started with hardware virtualisation")
    result = f"emulation: {verdict.reason}"
    return Check("accelerator", result, verdict.remedy, is_blocker=False)
