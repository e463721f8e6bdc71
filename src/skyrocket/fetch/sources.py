"""Which places a Debian package may come from, in which order.

This machine's own mirror first (fast, and often the only one that a firewall lets through), then
the default, the archive of every day, bundles. What comes from where does not matter for safety:
the lock has the hashes. Reads apt's configuration files itself, because a machine without apt
must work as well.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlsplit

from skyrocket.fetch.errors import ConfigError
from skyrocket.fetch.wanted import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DATA = Path(__file__).parents[3] / "packages" / "sources.toml"
VARIABLE = "SKYROCKET_SOURCES"
MAIN, SECURITY = "debian", "debian-security"
_DEBIAN = "bullseye|bookworm|trixie|forky|duke|sid|stable|testing|unstable|oldstable|oldoldstable"
_SUITE = re.compile(rf"(?:{_DEBIAN})(?P<security>-security|/updates)?(?:-updates)?")


class Source(NamedTuple):
    """One place for whole archives. BASES maps an archive to its address; a bundle has none."""

    name: str
    bases: dict[str, str]
    proxy: str = ""
    bundle: str = ""

    def place(self, archive: str, path: str, sha256: str) -> Place | None:
        if self.bundle:
            return Place(f"bundle://{quote(self.bundle)}#{sha256}", self.name)
        base = self.bases.get(archive)
        if base is None:
            return None
        return Place(f"{base.rstrip('/')}/{quote(path, safe='/+~')}", self.name, self.proxy)


class Defaults(NamedTuple):
    """What packages/sources.toml says."""

    suites: tuple[str, ...]
    archives: dict[str, tuple[str, ...]]
    newer: dict[str, tuple[str, ...]]  # later suites of the main archive: packages taken from each
    default: dict[str, str]
    snapshot: dict[str, str]
    wheel_index: str
    exclude: dict[str, tuple[str, ...]]
    programs: dict[str, tuple[str, ...]]


def defaults(path: Path = DATA) -> Defaults:
    try:
        raw = tomllib.loads(path.read_text())
        return Defaults(
            suites=tuple(raw["suites"]),
            archives={name: tuple(suites) for name, suites in raw["archives"].items()},
            newer={suite: tuple(names) for suite, names in raw["newer"].items()},
            default=dict(raw["default"]),
            snapshot=dict(raw["snapshot"]),
            wheel_index=str(raw["wheels"]["index"]),
            exclude={name: tuple(names) for name, names in raw["exclude"].items()},
            programs={name: tuple(paths) for name, paths in raw["programs"].items()},
        )
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"cannot read {path}: {type(error).__name__} {error}", f"git checkout {path}"
        ) from error


def ordered(
    snapshot: str, bundle: Path | None = None, env: Mapping[str, str] = os.environ
) -> list[Source]:
    """The sources to ask, first to last. A BUNDLE comes alone: no network is meant then."""
    if bundle is not None:
        return [Source(f"bundle {bundle}", {}, bundle=str(bundle.absolute()))]
    data = defaults()
    named = {
        "machine": machine(),
        "default": [Source("default mirror", data.default, apt_proxy())],
        "snapshot": [Source("snapshot archive", _at(data.snapshot, snapshot), apt_proxy())],
    }
    words = env.get(VARIABLE, "").replace(",", " ").split() or list(named)
    found = [source for word in words for source in named.get(word) or _custom(word)]
    return _once(found)


def _at(bases: Mapping[str, str], time: str) -> dict[str, str]:
    return {name: base.format(time=time) for name, base in bases.items()}


def _once(sources: Iterable[Source]) -> list[Source]:
    kept: list[Source] = []
    seen: set[str] = set()
    for source in sources:
        key = source.bundle or repr(sorted(source.bases.items()))
        if key not in seen:
            kept.append(source)
        seen.add(key)
    return kept


def _custom(word: str) -> list[Source]:
    """A word of SKYROCKET_SOURCES that is an address or a bundle."""
    if word in {"machine", "default", "snapshot"}:
        return []  # known, and nothing is configured under that name here
    if urlsplit(word).scheme in {"http", "https", "file"}:
        return [Source(word, _siblings(word))]
    if Path(word).is_file():
        return [Source(f"bundle {word}", {}, bundle=str(Path(word).absolute()))]
    raise ConfigError(
        f"cannot use {VARIABLE}: {word!r} is neither an address nor a bundle file",
        f"{VARIABLE} takes machine, default, snapshot, addresses and bundle files, "
        "parted by blanks",
    )


def _siblings(base: str) -> dict[str, str]:
    """Both archives beside one another, as mirrors keep them."""
    base = base.rstrip("/")
    if base.endswith("/debian-security"):
        return {MAIN: base.removesuffix("-security"), SECURITY: base}
    return {MAIN: base, SECURITY: f"{base}-security" if base.endswith("/debian") else base}


def machine(etc: Path = Path("/etc/apt")) -> list[Source]:
    """The Debian mirrors that this machine's apt is configured for."""
    found: list[Source] = []
    for uri, suite in apt_entries(etc):
        match = _SUITE.fullmatch(suite)
        if match is None or "debian" not in urlsplit(uri).path:
            continue
        archive = SECURITY if match["security"] else MAIN
        proxy = apt_proxy(etc, urlsplit(uri).hostname or "")
        found.append(Source("this machine's mirror", {archive: uri.rstrip("/")}, proxy))
    return _paired(found)


def _paired(found: list[Source]) -> list[Source]:
    """One source for the two archives instead of two with one each."""
    bases: dict[str, str] = {}
    for source in reversed(found):
        bases |= source.bases
    if MAIN in bases and SECURITY not in bases:
        bases = _siblings(bases[MAIN])
    return [Source("this machine's mirror", bases, found[0].proxy)] if found else []


def apt_entries(etc: Path) -> list[tuple[str, str]]:
    """(address, suite) of every binary source in component main, in apt's order of files."""
    found: list[tuple[str, str]] = []
    parts = etc / "sources.list.d"
    for file in [etc / "sources.list", *(sorted(parts.iterdir()) if parts.is_dir() else [])]:
        try:
            text = file.read_text(errors="replace")
        except OSError:
            continue  # not there, or not ours to read: other sources follow
        if file.suffix == ".sources":
            found += _deb822(text)
        elif file.suffix == ".list":
            found += _one_line(text)
    return [
        (uri, suite) for uri, suite in found if uri.startswith(("http://", "https://", "file:"))
    ]


def _one_line(text: str) -> list[tuple[str, str]]:
    lines = re.findall(r"^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+([^#\n]*)", text, re.MULTILINE)
    return [(uri, suite) for uri, suite, components in lines if "main" in components.split()]


def _deb822(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    text = re.sub(r"^#.*\n?", "", text, flags=re.MULTILINE)
    for block in re.split(r"\n\s*\n", text):
        fields = {
            key.lower(): value.split()
            for key, value in re.findall(
                r"^([A-Za-z-]+):[ \t]*((?:.*)(?:\n[ \t]+.*)*)", block, re.MULTILINE
            )
        }
        if "deb" not in fields.get("types", []) or "main" not in fields.get("components", []):
            continue
        if [word.lower() for word in fields.get("enabled", ["yes"])] == ["no"]:
            continue
        found += [(uri, suite) for uri in fields.get("uris", []) for suite in fields["suites"]]
    return found


def apt_proxy(etc: Path = Path("/etc/apt"), host: str = "") -> str:
    """The proxy apt is told to use for HOST: an address, "DIRECT", or "" when it says nothing."""
    options = apt_options(etc)
    for key in (f"acquire::http::proxy::{host.lower()}", "acquire::http::proxy"):
        value = options.get(key, "")
        if value:
            return "DIRECT" if value.upper() in {"DIRECT", "FALSE"} else value
    return ""


def apt_options(etc: Path) -> dict[str, str]:
    """apt.conf and apt.conf.d as flat names in lower case; later files win, as in apt."""
    parts = etc / "apt.conf.d"
    files = sorted(parts.iterdir()) if parts.is_dir() else []
    options: dict[str, str] = {}
    for file in [*files, etc / "apt.conf"]:
        try:
            text = file.read_text(errors="replace")
        except OSError:
            continue
        options |= parse_options(text)
    return options


def parse_options(text: str) -> dict[str, str]:
    """`A::B "x";` and `A { B "x"; };` as {"a::b": "x"}."""
    text = re.sub(
        r"/\*.*?\*/|^\s*(?://|#).*?$|(?<=[;{}\s])//[^\n]*", "", text, flags=re.DOTALL | re.MULTILINE
    )
    options: dict[str, str] = {}
    scopes: list[str] = []
    names: list[str] = []
    for word in re.findall(r'"[^"]*"|[{};]|[^\s{};"]+', text):
        if word == "{":
            scopes.append("::".join(names))
            names = []
        elif word == "}":
            scopes = scopes[:-1]
            names = []
        elif word == ";":
            names = []
        elif word.startswith('"'):
            options["::".join([*filter(None, scopes), *names]).lower()] = word[1:-1]
        else:
            names.append(word)
    return options
