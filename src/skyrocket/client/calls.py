"""The node's API for programs: one function an endpoint, over the socket at a path."""

from skyrocket.client import changes, jsontext
from skyrocket.client.connection import SOCKET, ask
from skyrocket.client.errors import ClientError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def os_info(socket: str = SOCKET) -> "dict[str, str]":
    """What the node is: variant_id, version_id and so on."""
    found: dict[str, str] = _json(socket, "/os")
    return found


def settings(socket: str = SOCKET) -> "dict[str, Any]":
    """The live settings."""
    found: dict[str, Any] = _json(socket, "/settings")
    return found


def set_settings(patch: "dict[str, Any]", socket: str = SOCKET) -> None:
    """Merge PATCH into the settings, commit, have the node follow."""
    name = changes.transaction("set")
    changes.patch(socket, name, patch)
    changes.commit(socket, name)


def reboot(socket: str = SOCKET) -> None:
    """Restart the node."""
    ask(socket, "POST", "/actions/reboot")


def _json(socket: str, uri: str) -> "Any":
    try:
        return jsontext.parse(ask(socket, "GET", uri).text)
    except jsontext.NotJsonError as error:
        raise ClientError(f"cannot read the answer to '{uri}' as JSON: {error}") from None
