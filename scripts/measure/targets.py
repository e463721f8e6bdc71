"""What the project promised in figures, and whether a measurement keeps it. Pure.

A figure is looked up by its path in the results; one that was not measured is said to be missing,
never to have passed.
"""

from __future__ import annotations

from typing import NamedTuple

MB = 1_000_000


class Target(NamedTuple):
    """VALUE must be at most LIMIT. PATH leads to the value in the results; keys by dots."""

    text: str
    path: str
    limit: float
    unit: str


TARGETS = (
    Target(
        "clone to a container answering, everything fetched", "cold.answering_seconds", 300, "s"
    ),
    Target("the same the second time", "cold.second_seconds", 45, "s"),
    Target("downloaded", "cold.downloaded_bytes", 260 * MB, "B"),
    Target("disk used", "cold.disk_bytes", 3000 * MB, "B"),
    Target("root, tree and UKI", "image.whole_bytes", 108 * MB, "B"),
    Target("root", "image.root_bytes", 90 * MB, "B"),
    Target("executables", "image.executables", 45, ""),
    Target("build, nothing changed", "build.unchanged_seconds.median", 3, "s"),
    Target(
        "build and boot, one line of host code changed", "build.one_line_total_seconds", 20, "s"
    ),
    Target("boot until the API answers", "boot.ours.ready_seconds.median", 18, "s"),
    Target("the same, of the stock image's", "boot.ratio", 0.5, ""),
    Target("our resident processes, PSS", "memory.ours_pss_bytes", 25 * MB, "B"),
    Target("apiclient get os, of the bare interpreter's", "client.ratio", 2, ""),
    Target("start of a container, of the stock's", "layers.container_ratio whole", 1.1, ""),
    Target("500 keys checked and planned", "settings.plan_ms.median", 50, "ms"),
    Target("one key, from set to applied", "settings.set_ms.median", 300, "ms"),
    Target("500 settings over 200 upgrades, on disk", "settings.chain_bytes", 40 * MB, "B"),
    Target("update, our code changed, of all bytes", "update.own.ratio", 0.06, ""),
    Target("the same, one leaf package", "update.leaf.ratio", 0.08, ""),
    Target("the same, a package linked into the initrd", "update.linked.ratio", 0.12, ""),
    Target("everything applied, of dd and sha256sum", "update.full.ratio", 1.3, ""),
    Target("updater, above idle", "update.full.memory_above_idle_bytes", 64 * MB, "B"),
    Target("a look with nothing new", "update.look.received_bytes", 4096, "bytes"),
)


class Verdict(NamedTuple):
    """A target beside what was measured; VALUE None: not measured."""

    target: Target
    value: float | None

    @property
    def word(self) -> str:
        if self.value is None:
            return "not measured"
        return "pass" if self.value <= self.target.limit else "FAIL"


def judge(results: dict[str, object]) -> list[Verdict]:
    """Every target, in order."""
    return [Verdict(target, look_up(results, target.path)) for target in TARGETS]


def kept(verdicts: list[Verdict]) -> list[str]:
    """The sections of which every target passes."""
    words: dict[str, set[str]] = {}
    for verdict in verdicts:
        words.setdefault(verdict.target.path.partition(".")[0], set()).add(verdict.word)
    return [section for section, found in words.items() if found == {"pass"}]


def look_up(results: object, path: str) -> float | None:
    """The number at PATH, None when there is none."""
    for key in path.split("."):
        if not isinstance(results, dict):
            return None
        results = results.get(key)
    if isinstance(results, bool) or not isinstance(results, int | float):
        return None
    return results


def shown(value: float | None, unit: str) -> str:
    """For people: '76.3 MB', '8.4 s', '0.31', '21'."""
    if value is None:
        return "-"
    if unit == "B":
        return f"{value / MB:.0f} MB" if value % MB == 0 else f"{value / MB:.1f} MB"
    if isinstance(value, int) or value == int(value):
        return f"{value:.0f} {unit}".rstrip()
    return f"{value:.2f} {unit}".rstrip() if unit == "" else f"{value:.1f} {unit}"
