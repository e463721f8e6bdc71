"""What an update goes by on this node: settings, image, boot. Read at the start of a command."""

from __future__ import annotations

import os
import re
import tomllib
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec
from msgspec import Struct

from skyrocket.host.settings import variant
from skyrocket.host.slots.record import Records
from skyrocket.host.system import clock, files, proc
from skyrocket.host.system.web import Client, Proxy
from skyrocket.host.update import memory
from skyrocket.host.update.errors import UpdateError
from skyrocket.host.update.plan import LATEST, Node
from skyrocket.models.update import Ramp  # noqa: TC001  (msgspec reads it)
from skyrocket.models.update_status import Image

PRIVATE = "/var/lib/bottlerocket"
SETTINGS = "/etc/updog.toml"
ROOT = "/usr/share/skyrocket/update/root.json"
_UNITS = {
    "h": timedelta(hours=1), "m": timedelta(minutes=1), "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}  # fmt: skip


class Settings(Struct, frozen=True):
    """The settings group `updates`, as rendered."""

    metadata_base_url: str = ""
    targets_base_url: str = ""
    seed: int = 0
    version_lock: str = LATEST
    ignore_waves: bool = False
    bandwidth_limit: int = 0
    least_age: str = ""
    wave_ramp: Ramp = "absolute"


class Facts(NamedTuple):
    """RUNNING is the root hash that runs, GOOD are those that ever proved themselves.

    FOLDER is where the updater remembers.
    """

    settings: Settings
    image: Image
    running: str
    boot: str
    good: tuple[str, ...]
    folder: str = memory.FOLDER

    @property
    def blessed(self) -> bool:
        return self.running in self.good

    def node(self, failed: tuple[str, ...]) -> Node:
        return Node(
            variant=self.image.variant,
            arch=self.image.arch,
            version=self.image.version,
            seed=self.settings.seed,
            version_lock=self.settings.version_lock,
            ignore_waves=self.settings.ignore_waves,
            ramp=self.settings.wave_ramp,
            least_age=duration(self.settings.least_age),
            failed=failed,
        )


def read() -> Facts:
    return Facts(settings(), image(), proc.root_hash(), clock.boot(), Records(PRIVATE).blessed())


def image() -> Image:
    """What the image says it is."""
    said = variant.read()
    return Image(said.arch, said.version_id, said.variant_id)


def settings(path: str = SETTINGS) -> Settings:
    raw = files.read(path) or b""
    try:
        return msgspec.convert(tomllib.loads(raw.decode()), Settings)
    except (ValueError, msgspec.ValidationError) as error:
        raise UpdateError(f"cannot read {path}: {error}") from error


def duration(text: str) -> timedelta:
    """`1h30m` and the like, as the settings' model lets it through."""
    amounts = re.findall(r"([0-9.]+)(h|ms|m|s)", text)
    return sum((float(number) * _UNITS[unit] for number, unit in amounts), timedelta(0))


def client(settings: Settings) -> Client:
    """A client by way of the proxy, as fast as the settings allow."""
    return Client(proxy(), settings.bandwidth_limit)


def built() -> datetime | None:
    """When this image was built: its files all carry that time."""
    try:
        return datetime.fromtimestamp(os.stat(ROOT).st_mtime, UTC)
    except OSError:
        return None


def trusted_root(path: str = ROOT) -> bytes:
    """The root of trust in the image."""
    raw = files.read(path)
    if raw is None:
        raise UpdateError(
            "cannot look for updates: this image trusts no repository; "
            "it was built without --update-root"
        )
    return raw


def proxy() -> Proxy:
    """The proxy of the settings group `network`, which the unit gives as environment."""
    not_for = tuple(filter(None, os.environ.get("NO_PROXY", "").split(",")))
    return Proxy(os.environ.get("HTTPS_PROXY", ""), not_for)
