"""Who may ask for what: the image's policy, applied. Pure but for reading it.

It is no wall around settings: who may change them can make a container superpowered.
"""

import msgspec
from msgspec import Struct

from skyrocket.host.api.peers import Peer
from skyrocket.host.system import files, journal
from skyrocket.models.keys import Tree

PATH = "/usr/share/skyrocket/api-policy.json"
READ = "read"
SUPERPOWERED = "superpowered host-container"


class Route(Struct, frozen=True, forbid_unknown_fields=True):
    """Requests with these METHODS at paths that begin with BELOW need this RIGHT."""

    right: str
    methods: list[str]
    below: str


class Policy(Struct, frozen=True, forbid_unknown_fields=True):
    """The first of ROUTES that fits counts. RIGHTS are by kind, or by kind and name.

    CONNECTIONS, REQUESTS and COMMANDS are how many of them one client may have at a time.
    """

    routes: list[Route]
    rights: dict[str, list[str]]
    connections: int
    requests: int
    commands: int


CLOSED = Policy(
    [Route("any", ["GET", "PATCH", "POST", "DELETE"], "/")], {"node": ["any"]}, 32, 16, 16
)
"""What holds when there is no policy to read: the node's own programs may, nobody else."""


def read(path: str = PATH) -> Policy:
    """The policy of the image; without a usable one, nobody but the node itself may ask."""
    try:
        return msgspec.json.decode(files.read(path) or b"", type=Policy)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        journal.error(f"cannot read the API's policy {path}: {error}")
        return CLOSED


def right(policy: Policy, method: str, path: str) -> str:
    """The right that a request needs; nothing when the policy knows no such request."""
    fitting = (r for r in policy.routes if method in r.methods and path.startswith(r.below))
    route = next(fitting, None)
    return route.right if route else ""


def role(policy: Policy, peer: Peer, live: Tree) -> str:
    """Under which name the policy lists PEER; LIVE settings tell which containers are superpowered.

    A container that is listed by name is that, superpowered or not.
    """
    if peer.client in policy.rights:
        return peer.client
    if peer.kind == "host-container" and _superpowered(peer.name, live):
        return SUPERPOWERED
    return peer.kind


def refusal(policy: Policy, peer: Peer, live: Tree, method: str, path: str) -> str:
    """Why PEER may not ask for this; nothing when it may."""
    needed = right(policy, method, path)
    if needed and needed in policy.rights.get(role(policy, peer, live), []):
        return ""
    having = ", ".join(name for name, rights in policy.rights.items() if needed in rights)
    return (
        f"Cannot {method} {path} for {peer.client}: it lacks the right '{needed}', "
        f"which these have: {having}"
    )


def _superpowered(name: str, live: Tree) -> bool:
    containers = live.get("host-containers", {})
    return bool(containers.get(name, {}).get("superpowered", False))
