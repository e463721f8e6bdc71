"""From the names that package files ask for to exact packages: apt's solver decides.

The pure half reads what apt prints and follows dependencies; `Apt` runs it over a folder of its
own, with an empty list of installed packages, so that nothing of this machine takes part.
"""

from __future__ import annotations

import re
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple

from skyrocket.build.lock.errors import ResolveError
from skyrocket.models.lock import Package

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path


class Record(NamedTuple):
    """What the archive's index says about one package."""

    package: Package
    needs: tuple[tuple[str, ...], ...]  # each inner tuple: names of which one is enough
    provides: frozenset[str]


class Repository(NamedTuple):
    """One line of apt's list of sources."""

    uri: str
    suites: tuple[str, ...]


class Apt:
    """apt over the folder DIRECTORY, for one architecture; RUN runs an argv and gives stdout.

    INSIDE is the path under which apt itself sees DIRECTORY. RUN raises ResolveError.
    """

    def __init__(
        self, directory: Path, arch: str, run: Callable[[Sequence[str]], bytes], inside: str = ""
    ) -> None:
        self.directory = directory
        self.arch = arch
        self.inside = inside or str(directory)
        self._run = run

    def prepare(
        self, repositories: Iterable[Repository], keyring: str, proxy: str, kind: str = "deb"
    ) -> None:
        for name in ("etc", "state/lists/partial", "cache/archives/partial"):
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        (self.directory / "status").write_bytes(b"")
        (self.directory / "sources.list").write_text(
            "".join(
                # Stable suites name no end; the end of a later one would only say that a mirror
                # is slow, and the lock names what was taken.
                f"{kind} [arch={self.arch} signed-by={keyring} check-valid-until=no] "
                f"{repository.uri} {suite} main\n"
                for repository in repositories
                for suite in repository.suites
            )
        )
        (self.directory / "apt.conf").write_text(configuration(self.inside, self.arch, proxy))
        self.prefer({})

    def prefer(self, newer: Mapping[str, Iterable[str]]) -> None:
        """Take from each suite of NEWER the packages named there, and no other."""
        (self.directory / "preferences").write_text(preferences(newer))

    def update(self) -> None:
        self._apt("apt-get", "update")

    def solve(self, roots: Sequence[str]) -> list[tuple[str, str]]:
        """Names and versions that installing ROOTS brings."""
        try:
            text = self._apt("apt-get", "install", "--simulate", *roots)
        except ResolveError as error:
            raise ResolveError(
                f"cannot resolve {self.arch} packages: {error}",
                "a name in packages/*/package.toml or images/*/image.toml may be misspelt, "
                "or gone from this suite",
            ) from error
        return simulation(text)

    def records(self, chosen: Iterable[tuple[str, str]]) -> list[Record]:
        text = self._apt("apt-cache", "show", *(f"{name}={version}" for name, version in chosen))
        return [record(stanza) for stanza in stanzas(text)]

    def listed(self, names: Iterable[str]) -> set[tuple[str, str, str]]:
        """(arch, name, version) of every version of NAMES in the lists."""
        text = self._apt("apt-cache", "madison", *names)
        rows = [line.split("|") for line in text.splitlines() if line.count("|") == 2]
        return {(self.arch, row[0].strip(), row[1].strip()) for row in rows}

    def source_uris(self, source: str, version: str) -> str:
        return self._apt(
            "apt-get", "source", "--print-uris", "--quiet=2", "--only-source", f"{source}={version}"
        )

    def release_dates(self) -> list[str]:
        files = sorted((self.directory / "state/lists").glob("*Release"))
        found = [re.search(rb"^Date: (.+)$", file.read_bytes(), re.MULTILINE) for file in files]
        return [match[1].decode() for match in found if match]

    def _apt(self, program: str, *argv: str) -> str:
        full = [program, "-c", f"{self.inside}/apt.conf", *argv]
        return self._run(full).decode("utf-8", "replace")


def configuration(directory: str, arch: str, proxy: str) -> str:
    """An apt.conf that reads and writes DIRECTORY alone."""
    lines = {
        "Dir": directory,
        "Dir::Etc::SourceList": f"{directory}/sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Etc::Parts": "/dev/null",
        "Dir::Etc::Main": "/dev/null",
        "Dir::Etc::Preferences": f"{directory}/preferences",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "Dir::Etc::Trusted": "/dev/null",
        "Dir::Etc::TrustedParts": "/dev/null",
        "Dir::State": f"{directory}/state",
        "Dir::State::status": f"{directory}/status",
        "Dir::Cache": f"{directory}/cache",
        "APT::Architecture": arch,
        "APT::Architectures": arch,
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "root",
        "APT::Update::Error-Mode": "any",
        "Acquire::Languages": "none",
        "Acquire::AllowInsecureRepositories": "false",
        "Acquire::Retries": "3",
        "Binary::apt-get::APT::Get::Assume-Yes": "true",
    }
    if proxy:
        lines["Acquire::http::Proxy"] = proxy
    return "".join(f'{key} "{value}";\n' for key, value in lines.items())


def preferences(newer: Mapping[str, Iterable[str]]) -> str:
    """Pins for apt: suites of NEWER have nothing, but for the packages named there."""
    rules = []
    for suite, names in newer.items():
        rules += [(name, suite, 990) for name in names] + [("*", suite, -1)]
    return "".join(
        f"Package: {name}\nPin: release n={suite}\nPin-Priority: {rank}\n\n"
        for name, suite, rank in rules
    )


def simulation(text: str) -> list[tuple[str, str]]:
    """Names and versions from the `Inst` lines of apt-get's simulation."""
    found = re.findall(r"^Inst (\S+?)(?::\S+)? (?:\[\S+\] )?\((\S+) ", text, re.MULTILINE)
    return sorted(set(found))


def stanzas(text: str) -> list[dict[str, str]]:
    """The paragraphs of an index; continuation lines are dropped, no field used here has any."""
    return [
        dict(re.findall(r"^([A-Za-z0-9-]+): ?(.*)$", block, re.MULTILINE))
        for block in re.split(r"\n\s*\n", text)
        if block.strip()
    ]


def record(stanza: dict[str, str]) -> Record:
    """One paragraph of a Packages index."""
    name, version = stanza["Package"], stanza["Version"]
    source, _, other = stanza.get("Source", name).partition(" ")
    package = Package(
        name=name,
        version=version,
        architecture=stanza["Architecture"],
        path=stanza["Filename"],
        sha256=stanza["SHA256"],
        size=int(stanza["Size"]),
        source=source,
        source_version=other.strip("()") or version,
    )
    fields = [stanza.get("Pre-Depends", ""), stanza.get("Depends", "")]
    needs = tuple(alternatives(one) for field in fields for one in field.split(",") if one.strip())
    provides = frozenset(alternatives(stanza.get("Provides", "").replace(",", "|")))
    return Record(package, needs, provides)


def alternatives(text: str) -> tuple[str, ...]:
    """Bare names of `a (>= 1) | b:any`."""
    return tuple(
        re.split(r"[\s(:\[]", one.strip(), maxsplit=1)[0] for one in text.split("|") if one.strip()
    )


def reachable(
    records: Iterable[Record], roots: Iterable[str], exclude: Iterable[str]
) -> list[Package]:
    """What ROOTS need, directly or not, when the packages of EXCLUDE are taken out.

    A root stays even when it is in EXCLUDE: someone asked for it by name.
    """
    roots = set(roots)
    left_out = set(exclude) - roots
    by_name: dict[str, list[Record]] = {}
    for one in records:
        for name in {one.package.name, *one.provides}:
            by_name.setdefault(name, []).append(one)
    found: dict[str, Package] = {}
    todo = sorted(roots)
    while todo:
        for one in by_name.get(todo.pop(), []):
            name = one.package.name
            if name in found or name in left_out:
                continue
            found[name] = one.package
            todo += [need for group in one.needs for need in group]
    return [found[name] for name in sorted(found)]


def moment(dates: Iterable[str]) -> str:
    """A time at which an archive of every day has what indexes of DATES name: a day after."""
    newest = max(parsedate_to_datetime(date) for date in dates)
    return (newest + timedelta(days=1)).strftime("%Y%m%dT%H%M%SZ")
