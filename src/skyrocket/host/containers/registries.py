"""Whom to ask for an image, and as whom: from rendered files to attempts in their order. Pure.

containerd's client knows one user for a whole pull and would show it to every host that asks: a
mirror would learn the registry's password, or the registry the mirror's. So a pull of which any
host knows us is made host by host, each with what belongs to it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from skyrocket.host.containers.model import Attempt, Credential

if TYPE_CHECKING:
    from collections.abc import Mapping

_HOST = re.compile(r'^\[host\."((?:[^"\\]|\\.)*)"\]$', re.MULTILINE)
_SERVER = re.compile(r'^server = "((?:[^"\\]|\\.)*)"$', re.MULTILINE)
_HOMES = {"docker.io": "registry-1.docker.io"}


def mirrors(hosts: str) -> list[str]:
    """The addresses that HOSTS, the text of a hosts.toml, has asked before the registry itself."""
    return _HOST.findall(hosts)


def read(raw: bytes | None) -> dict[str, Credential]:
    """Host -> credential, from the file the settings are rendered to; raises MsgspecError."""
    return {} if raw is None else msgspec.json.decode(raw, type=dict[str, Credential])


def attempts(reference: str, hosts: str, known: Mapping[str, Credential]) -> list[Attempt]:
    """The hosts to ask for REFERENCE one after the other; none: one pull for all of them will do.

    HOSTS is the text of the hosts.toml that counts for its registry, or empty.
    """
    registry = reference.partition("/")[0]
    own = _SERVER.findall(hosts) or [f"https://{_HOMES.get(registry, registry)}"]
    found = [Attempt(url, known.get(_host(url))) for url in (*mirrors(hosts), *own)]
    return found if any(each.credential for each in found) else []


def hosts_toml(attempt: Attempt) -> str:
    """A hosts.toml with which nobody but this ATTEMPT's host is asked.

    The client takes `server` alone for a mistake, and asks what `server` says in the end: so both
    name the host.
    """
    return (
        f'server = "{attempt.address}"\n'
        f'[host."{attempt.address}"]\n  capabilities = ["pull", "resolve"]\n'
    )


def _host(address: str) -> str:
    """Name and port of ADDRESS.

    >>> _host("https://registry.example:5000/v2/mirror")
    'registry.example:5000'
    """
    return address.partition("://")[2].partition("/")[0]
