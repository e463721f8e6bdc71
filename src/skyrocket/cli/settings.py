"""Which settings of this machine decide how the network is reached, named for a person to check.

Logins in addresses are left out: what is said may be pasted into a report. Standard library only.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from skyrocket.fetch import pip_config, sources

if TYPE_CHECKING:
    from collections.abc import Mapping

APT = Path("/etc/apt")
VARIABLES = (
    "http_proxy", "https_proxy", "all_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir",
    "skyrocket_sources", "pip_index_url", "pip_extra_index_url", "pip_find_links", "pip_cert",
    "pip_proxy", "pip_no_index", "pip_config_file",
)  # fmt: skip
_LOGIN = re.compile(r"(?<=://)[^/\s@]*@")


def here(env: Mapping[str, str] = os.environ, root: Path = Path("/"), apt: Path = APT) -> list[str]:
    """Everything that is set, as NAME=VALUE and where it stands; empty on most machines."""
    found = [f"{name}={env[name]}" for name in env if name.lower() in VARIABLES and env[name]]
    # Without the environment's say: what stands in files.
    quiet = {name: env[name] for name in env if not name.upper().startswith("PIP_")}
    written = pip_config.read("", quiet, root)
    pairs = (
        ("index-url", " ".join(index for index in written.indexes if index)),
        ("find-links", " ".join(written.find_links)),
        ("proxy", written.proxy),
        ("cert", written.cert),
    )
    found += [f"pip.conf: {key}={value}" for key, value in pairs if value]
    proxy = sources.apt_proxy(apt)
    found += [f"apt.conf: Acquire::http::Proxy={proxy}"] if proxy else []
    return [_LOGIN.sub("", one) for one in found]


def lines() -> list[str]:
    """For the terminal, below an error of the network."""
    found = here()
    return [f"  set here: {one}" for one in found]
