"""The user data of a lab node: our own settings, and the user's on top. Pure."""

from __future__ import annotations

import base64
import json
import tomllib
from datetime import date, time
from typing import NamedTuple, cast

from skyrocket.lab.errors import NodeError

Table = dict[str, object]

GATEWAY = "10.0.2.2"  # this machine, as a guest of QEMU's user network sees it
REGISTRY = "skyrocket.local"


class Wishes(NamedTuple):
    """What the lab wants of a node."""

    name: str
    version: str  # of the container images
    registry_port: int
    public_key: str
    host_containers: bool  # the variant has them
    demo: bool  # the variant can run the demonstration


def compose(wishes: Wishes, user: str = "") -> str:
    """TOML for the node; where both say something, USER's word counts."""
    try:
        theirs = tomllib.loads(user)
    except tomllib.TOMLDecodeError as error:
        raise NodeError(f"cannot read user data: {error}", "it must be TOML") from error
    return dump(merge({"settings": ours(wishes)}, theirs))


def ours(wishes: Wishes) -> Table:
    settings: Table = {
        "motd": f"Node {wishes.name}, started by ./skyrocket run",
        "network": {"hostname": wishes.name},
        "container-registry": {
            "mirrors": [
                {
                    "registry": REGISTRY,
                    "endpoint": [f"http://{GATEWAY}:{wishes.registry_port}"],
                }
            ]
        },
    }
    if wishes.host_containers:
        keys = {"ssh": {"authorized-keys": [wishes.public_key.strip()]}}
        settings["host-containers"] = {
            "admin": {
                "enabled": True,
                "superpowered": True,
                "source": f"{REGISTRY}/admin:{wishes.version}",
                "user-data": base64.b64encode(json.dumps(keys).encode()).decode(),
            },
            "control": {"source": f"{REGISTRY}/control:{wishes.version}"},
        }
    if wishes.demo:
        settings["containers"] = {
            "demo": {"enabled": True, "source": f"{REGISTRY}/demo:{wishes.version}"}
        }
    return settings


def merge(base: Table, over: Table) -> Table:
    """OVER on BASE, table by table; neither is changed."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[key] = merge(cast("Table", below), cast("Table", value))
        else:
            merged[key] = value
    return merged


def dump(table: Table, path: tuple[str, ...] = ()) -> str:
    """TOML text: plain values first, then one section for each table."""
    plain = {key: value for key, value in table.items() if not isinstance(value, dict)}
    text = ""
    if path and (plain or not table):
        text = f"[{'.'.join(_key(part) for part in path)}]\n"
    text += "".join(f"{_key(key)} = {_value(value)}\n" for key, value in plain.items())
    text += "\n" if plain else ""
    for key, value in table.items():
        if isinstance(value, dict):
            text += dump(value, (*path, key))
    return text


def _key(key: str) -> str:
    plain = key.isascii() and key.replace("-", "").replace("_", "").isalnum()
    return key if plain else _text(key)


def _text(text: str) -> str:
    """JSON's strings are TOML's, but for one control character that TOML wants escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _text(value)
        case dict():
            return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }"
        case list():
            return "[" + ", ".join(_value(item) for item in value) + "]"
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)
