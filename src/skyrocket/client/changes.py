"""Change settings: everything into a transaction of its own, then one commit.

A transaction's name is new each time, so that two clients never commit each other's halves.
"""

from posix import urandom

from skyrocket.client import jsontext
from skyrocket.client.connection import ask

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def transaction(verb: str) -> str:
    """A new name, such as `apiclient-set-` and 16 letters or digits."""
    return f"apiclient-{verb}-" + "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in urandom(16))


def patch(socket: str, name: str, settings: object) -> None:
    """Put SETTINGS (without an outer "settings") into transaction NAME."""
    body = jsontext.compact(settings).encode()
    ask(socket, "PATCH", f"/settings?tx={name}", body)


def patch_pairs(socket: str, name: str, pairs: object) -> None:
    """Put `key=value` PAIRS into transaction NAME; the node finds their types."""
    body = jsontext.compact({"request_payload": pairs}).encode()
    ask(socket, "PATCH", f"/settings/keypair?tx={name}", body)


def send(socket: str, name: str, change: "dict[str, object]") -> None:
    """Put CHANGE into transaction NAME, by the way every node has when there is one."""
    if change.keys() == {"settings"}:
        patch(socket, name, change["settings"])
    elif change.keys() == {"pairs"}:
        patch_pairs(socket, name, change["pairs"])
    else:
        ask(socket, "PATCH", f"/settings/change?tx={name}", jsontext.compact(change).encode())


def commit(socket: str, name: str) -> None:
    """Make transaction NAME live and have the node follow it."""
    ask(socket, "POST", f"/tx/commit_and_apply?tx={name}")
