"""Group `container-registry`: from where images are really fetched, and as whom."""

import binascii
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from skyrocket.models.settings.forms import Forms
from skyrocket.models.settings.group import (
    ConfigFile,
    Effect,
    File,
    Group,
    Model,
    Rendered,
    says,
)
from skyrocket.models.settings.scalars import SingleLineString, Url, ValidBase64

FOLDER = "/etc/containerd/certs.d/"
CREDENTIALS = "/etc/containerd/credentials.json"
_HEAD = "# Written from the settings; change settings.container-registry instead.\n"
_HOMES = {"docker.io": "https://registry-1.docker.io"}
_HOSTS = dict.fromkeys(("docker.io", "index.docker.io"), "registry-1.docker.io")


class Mirror(Model, frozen=True):
    registry: SingleLineString | None = None
    endpoint: list[Url] | None = None


class MirrorList(Forms):
    """A list of {registry, endpoint = [Url]} or a table registry = [Url]; kept as a list.

    `*` stands for all other registries.
    """

    __slots__ = ()
    forms: ClassVar[dict[type, Any]] = {list: list[Mirror], dict: dict[SingleLineString, list[Url]]}

    @classmethod
    def settle(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return [Mirror(registry=key, endpoint=urls) for key, urls in sorted(value.items())]
        return value


class Credential(Model, frozen=True):
    registry: SingleLineString | None = None
    username: SingleLineString | None = None
    password: SingleLineString | None = None
    auth: ValidBase64 | None = None
    identitytoken: SingleLineString | None = None


class ContainerRegistry(Model, frozen=True):
    mirrors: Annotated[
        MirrorList | None,
        Meta(
            description="For each registry (`*`: all others) the addresses to try first; what "
            "none of them has is asked of the registry itself, and its answer is the error shown"
        ),
    ] = None
    credentials: Annotated[
        list[Credential] | None,
        says("As whom a registry is asked: username and password, auth, or a token", secret=True),
    ] = None


def render(group: ContainerRegistry | None) -> Rendered:
    """One hosts.toml a registry and one file of credentials; every pull reads them anew."""
    files = []
    mirrors: list[Mirror] = group.mirrors.value if group and group.mirrors else []
    for mirror in mirrors:
        if not mirror.registry or "/" in mirror.registry or mirror.registry.startswith("."):
            continue
        folder = "_default" if mirror.registry == "*" else mirror.registry
        content = _hosts_toml(mirror.registry, mirror.endpoint or []).encode()
        files.append(File(f"{FOLDER}{folder}/hosts.toml", content))
    known = _known((group and group.credentials) or [])
    if known:
        text = msgspec.json.format(msgspec.json.encode(known, enc_hook=str), indent=2)
        files.append(File(CREDENTIALS, text + b"\n", 0o600))
    return Rendered(tuple(files))


def _known(credentials: list[Credential]) -> dict[str, dict[str, str]]:
    """Host -> how to show oneself there; of several entries for one host the last counts.

    Of an entry that says more than one way the first of these counts: name and password, token,
    `auth`.
    """
    known: dict[str, dict[str, str]] = {}
    for each in credentials:
        host = _host(each.registry or "")
        name, _, word = _plain(each.auth or "").partition(":")
        if host and each.username:
            known[host] = {"username": each.username, "password": each.password or ""}
        elif host and each.identitytoken:
            known[host] = {"token": each.identitytoken}
        elif host and name:
            known[host] = {"username": name, "password": word}
    return known


def _host(registry: str) -> str:
    """The host that answers for REGISTRY, which people also write as an address.

    >>> _host("https://index.docker.io/v1/")
    'registry-1.docker.io'
    """
    host = registry.partition("://")[2] or registry
    host = host.partition("/")[0]
    return _HOSTS.get(host, host)


def _plain(auth: str) -> str:
    return binascii.a2b_base64(auth).decode("utf-8", "replace")


def _hosts_toml(registry: str, endpoints: list[Url]) -> str:
    """The endpoints in their order, then the registry's own address.

    A registry that is itself reached by plain http says so with an endpoint of its own name:
    then `server` must carry the scheme, or containerd would fall back to https.
    """
    addresses = [url if "://" in url else f"https://{url}" for url in endpoints]
    text = _HEAD
    own = next((url for url in addresses if url.split("://", 1)[1].rstrip("/") == registry), None)
    if own or registry != "*":
        text += f"server = {_quoted(own or _HOMES.get(registry, f'https://{registry}'))}\n"
    for address in addresses:
        text += f'\n[host.{_quoted(address)}]\n  capabilities = ["pull", "resolve"]\n'
    return text


def _quoted(text: Any) -> str:
    """A TOML basic string; single-line strings hold no control characters."""
    return '"' + str(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


GROUP = Group(
    name="container-registry",
    about="From where images are really fetched, and as whom.",
    model=ContainerRegistry,
    effects={
        "mirrors": Effect(
            does="where every pull looks first", reach="works", packages=("containerd",)
        ),
        "credentials": Effect(
            does="as whom every pull asks that host, be it a registry or a mirror",
            reach="works",
            packages=("containerd",),
        ),
    },
    render=render,
    aliases={"creds": "credentials"},
    services={
        "containerd": ("containerd-certs", "containerd-credentials"),
        "host-containerd": ("containerd-certs", "containerd-credentials"),
    },
    files={
        "containerd-certs": ConfigFile(path=FOLDER),
        "containerd-credentials": ConfigFile(path=CREDENTIALS),
    },
)
