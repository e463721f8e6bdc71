"""Licences of Debian packages, from their machine-readable copyright files to SPDX's words.

Source: Debian's "Machine-readable debian/copyright file" (DEP 5); SPDX 2.3, annexes D and E.
A licence that SPDX does not list becomes a `LicenseRef-` with the text that the file gives.
"""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

_GNU = re.compile(
    r"(?P<kind>A?L?GPL)-?v?(?P<version>[123](?:\.[0-9])?)(?:-only)?(?P<later>\+|-or-later)?",
    re.IGNORECASE,
)
_SAME = {
    "expat": "MIT", "mit": "MIT", "mit/x11": "MIT", "x11": "X11", "isc": "ISC", "zlib": "Zlib",
    "0bsd": "0BSD", "bsd-2-clause": "BSD-2-Clause", "bsd-3-clause": "BSD-3-Clause",
    "bsd-4-clause": "BSD-4-Clause", "bsd-4-clause-uc": "BSD-4-Clause-UC", "apache-2": "Apache-2.0",
    "apache-2.0": "Apache-2.0", "artistic": "Artistic-1.0-Perl", "artistic-2": "Artistic-2.0",
    "cc0": "CC0-1.0", "cc0-1.0": "CC0-1.0", "cc-by-3.0": "CC-BY-3.0", "cc-by-4.0": "CC-BY-4.0",
    "cc-by-sa-3.0": "CC-BY-SA-3.0", "cc-by-sa-4.0": "CC-BY-SA-4.0", "mpl-2.0": "MPL-2.0",
    "mpl-1.1": "MPL-1.1", "fsfap": "FSFAP", "fsful": "FSFUL", "fsfullr": "FSFULLR",
    "bsl-1.0": "BSL-1.0", "ntp": "NTP", "openssl": "OpenSSL", "curl": "curl", "libpng": "Libpng",
    "beerware": "Beerware", "openldap": "OLDAP-2.8", "latex2e": "Latex2e", "unlicense": "Unlicense",
    "unicode-dfs-2016": "Unicode-DFS-2016", "afl-2.1": "AFL-2.1", "wtfpl": "WTFPL",
    "python-2.0": "Python-2.0", "psf-2": "PSF-2.0",
}  # fmt: skip
_EXCEPTIONS = {
    "linux-syscall-note exception": "Linux-syscall-note",
    "linux-syscall-note": "Linux-syscall-note",
    "bison exception": "Bison-exception-2.2",
    "texinfo exception": "Texinfo-exception",
    "libtool exception": "Libtool-exception",
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_/ ~-]{0,70}\Z")


class Licence(NamedTuple):
    """EXPRESSION in SPDX's syntax, or NOASSERTION because of REASON; EXTRACTED: ref -> text."""

    expression: str
    extracted: dict[str, str]
    reason: str = ""


def unknown(reason: str) -> Licence:
    return Licence("NOASSERTION", {}, reason)


def declared(text: str) -> Licence:
    """All licences that a copyright file names for any of its files."""
    if not text.lstrip().lower().startswith("format"):
        return unknown("the copyright file is not machine-readable")
    names: set[str] = set()
    texts: dict[str, str] = {}
    for stanza in _stanzas(text):
        licence = stanza.get("license")
        if licence is None:
            continue
        name, _, body = licence.partition("\n")
        name = " ".join(name.split())
        if body.strip():
            texts.setdefault(name.lower(), body)
        if "files" in stanza or "format" in stanza:
            names.add(name)
    extracted: dict[str, str] = {}
    found = {
        part for name in names if name for part in _factors(_expression(name, texts, extracted))
    }
    if not found:
        return unknown("the copyright file names no licence")
    wrapped = [f"({one})" if " OR " in one and len(found) > 1 else one for one in sorted(found)]
    return Licence(" AND ".join(wrapped), extracted)


def _stanzas(text: str) -> list[dict[str, str]]:
    """Fields by lower-case name; continuation lines without their first blank, `.` as empty."""
    found: list[dict[str, str]] = []
    for block in re.split(r"\n[ \t]*\n", text):
        fields: dict[str, str] = {}
        key = ""
        for line in block.splitlines():
            if line[:1] in (" ", "\t"):
                fields[key] = fields.get(key, "") + "\n" + ("" if line.strip() == "." else line[1:])
            elif ":" in line and not line.startswith("#"):
                name, _, value = line.partition(":")
                key = name.strip().lower()
                fields[key] = value.strip()
        found.append(fields)
    return found


def _expression(name: str, texts: dict[str, str], extracted: dict[str, str]) -> str:
    """A name as DEP 5 joins them: `and` binds closer than `or`, a comma binds loosest."""
    groups = []
    for group in re.split(r",\s*and\s+", name):
        either = []
        for part in re.split(r"\s*,?\s+or\s+", group):
            every = [_one(one, texts, extracted) for one in re.split(r"\s+and\s+", part)]
            either.append(" AND ".join(dict.fromkeys(every)))
        joined = " OR ".join(dict.fromkeys(either))
        groups.append(joined)
    if len(groups) == 1:
        return groups[0]
    return " AND ".join(f"({one})" if " OR " in one else one for one in groups)


def _factors(expression: str) -> list[str]:
    """What an expression demands at once; nothing is taken out of a choice."""
    return [expression] if " OR " in expression else expression.split(" AND ")


def _one(name: str, texts: dict[str, str], extracted: dict[str, str]) -> str:
    base, _, exception = name.strip(" ,").partition(" with ")
    known = _known(base)
    if known and not exception:
        return known
    if known and exception.lower() in _EXCEPTIONS:
        return f"{known} WITH {_EXCEPTIONS[exception.lower()]}"
    body = texts.get(name.lower()) or texts.get(base.lower(), "")
    body = body.strip() or "(the copyright file gives no text)"
    reference = _reference(name, body)
    extracted[reference] = body
    return reference


def _known(name: str) -> str:
    if (same := _SAME.get(name.lower())) is not None:
        return same
    if (gnu := _GNU.fullmatch(name)) is not None:
        version = gnu["version"] if "." in gnu["version"] else f"{gnu['version']}.0"
        return f"{gnu['kind'].upper()}-{version}-{'or-later' if gnu['later'] else 'only'}"
    return ""


def _reference(name: str, body: str) -> str:
    """One name for one text: packages use the same words for different ones."""
    # A sentence where a name should be: the licence has no name of its own.
    plain = name if _NAME.match(name) else "unnamed"
    words = re.sub(r"[^A-Za-z0-9.]+", "-", plain.replace("+", "-plus")).strip("-")
    return f"LicenseRef-Debian-{words}-{hashlib.sha256(body.encode()).hexdigest()[:8]}"
