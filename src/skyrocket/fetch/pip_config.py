"""What this machine's pip is told: which index, which folders, which certificate, which proxy.

pip itself need not be there. Files are read in pip's order, then the environment.
"""

from __future__ import annotations

import configparser
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from skyrocket.fetch.places import home

if TYPE_CHECKING:
    from collections.abc import Mapping

SECTIONS = ("global", "install", "download")
KEYS = ("index-url", "extra-index-url", "find-links", "cert", "proxy", "no-index")
TRUE = {"1", "true", "yes", "on"}


class PipConfig(NamedTuple):
    indexes: tuple[str, ...]
    find_links: tuple[str, ...]
    cert: str = ""
    proxy: str = ""


def files(env: Mapping[str, str], root: Path = Path("/")) -> list[Path]:
    """Where pip looks, least important first."""
    own = home(env)
    config = env.get("XDG_CONFIG_HOME") or str(own / ".config")
    folders = reversed((env.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":"))
    found = [root / folder.lstrip("/") / "pip/pip.conf" for folder in folders]
    found += [root / "etc/pip.conf", own / ".pip/pip.conf", Path(config) / "pip/pip.conf"]
    found.append(Path(sys.prefix) / "pip.conf")
    return found


def read(
    default_index: str, env: Mapping[str, str] = os.environ, root: Path = Path("/")
) -> PipConfig:
    """Settings as pip would see them; DEFAULT_INDEX is used where none is set."""
    named = env.get("PIP_CONFIG_FILE")
    options: dict[str, str] = {}
    paths = [] if named == os.devnull else [*files(env, root), *([Path(named)] if named else [])]
    for path in paths:
        options |= _options(path)
    for key in KEYS:
        value = env.get("PIP_" + key.upper().replace("-", "_"))
        if value:
            options[key] = value
    alone = options.get("no-index", "").strip().lower() in TRUE
    indexes = options.get("index-url", default_index).split()[:1]
    indexes += options.get("extra-index-url", "").split()
    return PipConfig(
        indexes=() if alone else tuple(index.rstrip("/") for index in indexes),
        find_links=tuple(options.get("find-links", "").split()),
        cert=options.get("cert", ""),
        proxy=options.get("proxy", ""),
    )


def _options(path: Path) -> dict[str, str]:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(path.read_text())
    except (OSError, UnicodeDecodeError, configparser.Error):
        return {}  # pip refuses a broken file; for us it is as good as none
    found: dict[str, str] = {}
    for section in SECTIONS:
        if parser.has_section(section):
            found |= {key.replace("_", "-"): value for key, value in parser.items(section)}
    return {key: found[key] for key in KEYS if key in found}
