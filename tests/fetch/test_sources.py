"""Sources: apt's configuration in both forms, its proxies, and the order of asking."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from skyrocket.fetch import bundle, sources
from skyrocket.fetch.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def etc(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_one_line_sources(tmp_path: Path) -> None:
    """The old form, with options and comments, as Debian's own mirrors and as others."""
    root = etc(
        tmp_path,
        sources_list="""
# deb http://commented.example/debian trixie main
deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian/ bookworm main contrib # near
deb-src http://mirror.example/debian bookworm main
deb http://mirror.example/debian-security bookworm-security main
deb https://other.example/debian bookworm stable
deb http://ubuntu.example/ubuntu noble main
deb cdrom:[Debian]/ bookworm main
""",
    )
    assert sources.machine(root) == [
        sources.Source(
            "this machine's mirror",
            {
                "debian": "http://mirror.example/debian",
                "debian-security": "http://mirror.example/debian-security",
            },
        )
    ]


def test_deb822_sources(tmp_path: Path) -> None:
    """The new form: comments between fields, several values, several lines, disabled blocks."""
    root = etc(
        tmp_path,
        sources_list_d__debian_sources="""Types: deb deb-src
# a comment
URIs: https://a.example/mirror/debian
Suites: trixie
 trixie-updates
Components: main

Enabled: no
Types: deb
URIs: https://off.example/debian
Suites: trixie
Components: main

Types: deb
URIs: https://a.example/mirror/debian-security
Suites: trixie-security
Components: main contrib
""",
        sources_list_d__other_list="deb http://pkg.example/apt trixie main\n",
        sources_list_d__backup_save="deb http://old.example/debian trixie main\n",
    )
    assert [source.bases for source in sources.machine(root)] == [
        {
            "debian": "https://a.example/mirror/debian",
            "debian-security": "https://a.example/mirror/debian-security",
        }
    ]


def test_security_is_looked_for_beside_the_only_mirror(tmp_path: Path) -> None:
    """A mirror that is configured alone is asked for security updates under its usual name."""
    root = etc(tmp_path, sources_list="deb http://m.example/debian trixie main\n")
    assert sources.machine(root)[0].bases["debian-security"] == "http://m.example/debian-security"


def test_a_machine_without_debian_has_no_mirror(tmp_path: Path) -> None:
    """Fedora has no /etc/apt, Ubuntu's mirrors have no Debian packages."""
    assert sources.machine(tmp_path / "absent") == []
    root = etc(tmp_path, sources_list="deb http://u.example/ubuntu noble main\n")
    assert sources.machine(root) == []


def test_proxies_of_apt(tmp_path: Path) -> None:
    """Flat and nested spellings, one host apart, the later file wins."""
    root = etc(
        tmp_path,
        apt_conf_d__10first='Acquire::http::Proxy "http://old:1";\n// Acquire::http::Proxy "x";\n',
        apt_conf_d__20next="""
Acquire { /* nested */ http { Proxy "http://new:3128"; Proxy::near.example "DIRECT"; }; };
""",
    )
    assert sources.apt_proxy(root) == "http://new:3128"
    assert sources.apt_proxy(root, "near.example") == "DIRECT"
    assert sources.apt_proxy(tmp_path / "absent") == ""


def test_the_order_is_machine_default_snapshot() -> None:
    """Without a word from the user the snapshot archive, slowest, comes last."""
    order = sources.ordered("20260101T000000Z", env={})
    assert order[-1].name == "snapshot archive"
    assert all("20260101T000000Z" in base for base in order[-1].bases.values())
    assert sources.defaults().default in [source.bases for source in order[:-1]]


def test_the_order_can_be_said(tmp_path: Path) -> None:
    """SKYROCKET_SOURCES names addresses, bundles and our own words, in order."""
    tar = tmp_path / "all.tar"
    bundle.write(tar, b"{}", [])
    env = {"SKYROCKET_SOURCES": f"{tar}, http://127.0.0.1:1/debian snapshot"}
    order = sources.ordered("T", env=env)
    assert [source.name for source in order] == [
        f"bundle {tar}", "http://127.0.0.1:1/debian", "snapshot archive",
    ]  # fmt: skip
    place = order[1].place("debian-security", "pool/updates/main/x_1%3a2~b+c.deb", "0" * 64)
    assert place is not None
    assert place.url == "http://127.0.0.1:1/debian-security/pool/updates/main/x_1%253a2~b+c.deb"


def test_an_unusable_source_is_named() -> None:
    """A word that is neither address nor file is an error that says what may be there."""
    with pytest.raises(ConfigError, match="'nonsense' is neither") as caught:
        sources.ordered("T", env={"SKYROCKET_SOURCES": "nonsense"})
    assert "snapshot" in caught.value.hint


def test_a_bundle_is_asked_alone(tmp_path: Path) -> None:
    """With --bundle no network source is in the list."""
    assert [s.name for s in sources.ordered("T", tmp_path / "b.tar", env={})] == [
        f"bundle {tmp_path}/b.tar"
    ]


@pytest.mark.parametrize("text", ["", "suites = 3", "suites = ["])
def test_a_broken_sources_file_is_one_error(tmp_path: Path, text: str) -> None:
    """packages/sources.toml that cannot be used gives its path, not a traceback."""
    path = tmp_path / "sources.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=str(path)):
        sources.defaults(path)
