"""Group `container-registry`: from where images are really fetched."""

from typing import Annotated, Any, Self

from msgspec import Meta

from skyrocket.models.settings.group import ConfigFile, File, Group, Model, Rendered
from skyrocket.models.settings.scalars import ScalarError, SingleLineString, Url, kind_of

FOLDER = "/etc/containerd/certs.d/"
_HEAD = "# Written from the settings; change settings.container-registry instead.\n"
_HOMES = {"docker.io": "https://registry-1.docker.io"}


class Mirror(Model, frozen=True):
    registry: SingleLineString | None = None
    endpoint: list[Url] | None = None


class MirrorList(list[Mirror]):
    """Mirrors, given as a list of {registry, endpoint} or as a table; always kept as a list."""

    __slots__ = ()

    @classmethod
    def parse(cls, value: object) -> Self:
        """VALUE in either form as a list of mirrors, or ScalarError."""
        if isinstance(value, dict):
            pairs = [{"registry": key, "endpoint": urls} for key, urls in sorted(value.items())]
            return cls([_mirror(pair, f"[{pair['registry']!r}]") for pair in pairs])
        if isinstance(value, list):
            return cls([_mirror(item, f"[{index}]") for index, item in enumerate(value)])
        raise ScalarError(f"Expected a list or a table of mirrors, got `{kind_of(value)}`")


def _mirror(value: object, where: str) -> Mirror:
    if not isinstance(value, dict):
        raise ScalarError(f"Expected `object`, got `{kind_of(value)}` in {where}")
    unknown = set(value) - {"registry", "endpoint"}
    if unknown:
        raise ScalarError(
            f"unknown field `{min(unknown)}`, expected `registry` or `endpoint` in {where}"
        )
    registry, endpoint = value.get("registry"), value.get("endpoint")
    if endpoint is not None and not isinstance(endpoint, list):
        raise ScalarError(f"Expected `array`, got `{kind_of(endpoint)}` in {where}")
    return Mirror(
        registry=None if registry is None else SingleLineString.parse(registry),
        endpoint=None if endpoint is None else [Url.parse(url) for url in endpoint],
    )


class ContainerRegistry(Model, frozen=True):
    mirrors: Annotated[
        MirrorList | None,
        Meta(
            description="For each registry (`*`: all others) the addresses to try first; what "
            "none of them has is asked of the registry itself, and its answer is the error shown"
        ),
    ] = None


def render(group: ContainerRegistry | None) -> Rendered:
    """One hosts.toml a registry, read at each pull by both containerds."""
    files = []
    for mirror in (group and group.mirrors) or []:
        if not mirror.registry or "/" in mirror.registry or mirror.registry.startswith("."):
            continue
        folder = "_default" if mirror.registry == "*" else mirror.registry
        content = _hosts_toml(mirror.registry, mirror.endpoint or []).encode()
        files.append(File(f"{FOLDER}{folder}/hosts.toml", content))
    return Rendered(tuple(files))


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
    about="From where images are really fetched.",
    model=ContainerRegistry,
    render=render,
    services={"containerd": ("containerd-certs",), "host-containerd": ("containerd-certs",)},
    files={"containerd-certs": ConfigFile(path=FOLDER)},
)
