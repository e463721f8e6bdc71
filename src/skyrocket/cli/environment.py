"""Our own Python dependencies as a folder in the cache, and whether it can be made here.

No pip, no venv: `fetch.wheels` unzips locked wheels. Standard library only.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from skyrocket.cli.checkout import ROOT
from skyrocket.cli.terminal import shown
from skyrocket.fetch import doors, pip_config, places, sources, tags, wheels
from skyrocket.fetch.wanted import Place

if TYPE_CHECKING:
    from pathlib import Path

REQUIREMENTS = ROOT / "requirements"
PATIENCE = 10.0


def files(group: str) -> list[Path]:
    """The requirement files of a dependency group."""
    return [REQUIREMENTS / f"{group}.txt"]


def is_ready(group: str) -> bool:
    """Is the folder there, so that nothing need be fetched."""
    folder = places.cache() / "env" / wheels.identity(files(group), tags.here())
    try:
        return folder.is_dir()
    except OSError:  # another user's cache; the blockers say so
        return False


def ready(group: str, bundle: Path | None = None) -> Path:
    """The folder with the group's dependencies, made if need be."""
    if is_ready(group):
        return wheels.environment(files(group))
    with shown() as terminal:
        terminal.step("fetch our own Python dependencies")
        return wheels.environment(files(group), terminal, bundle=bundle)


def network_problem() -> str:
    """'' when a source answers at all; a source that answers 'not found' does answer."""
    silent: dict[str, list[str]] = {}
    for place in _addresses():
        reason = _knock(place)
        if not reason:
            return ""
        hosts = silent.setdefault(reason, [])
        host = urlsplit(place.url).hostname or place.url
        hosts += [host] if host not in hosts else []
    said = [f"{', '.join(hosts)}: {reason}" for reason, hosts in silent.items()]
    return "; ".join(said) or "none is configured"


def _addresses() -> list[Place]:
    config = pip_config.read(sources.defaults().wheel_index)
    found = [Place(base, "index", config.proxy, config.cert) for base in config.indexes]
    for source in sources.ordered(""):
        found += [Place(base, source.name, source.proxy) for base in source.bases.values()]
    return [place for place in found if place.url.startswith("http")]


def _knock(place: Place) -> str:
    request = urllib.request.Request(place.url, method="HEAD")  # noqa: S310  http was checked
    try:
        doors.opener(place.proxy, place.cafile).open(request, timeout=PATIENCE).close()
    except urllib.error.HTTPError:
        return ""
    except urllib.error.URLError as error:
        return doors.reason(error)
    except (OSError, ValueError) as error:
        return str(error)
    return ""
