"""Routes that read settings and put changes into a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from skyrocket.host.api.errors import BadRequestError
from skyrocket.host.api.message import NOTHING, Answer, Request, data
from skyrocket.host.store.transactions import DEFAULT
from skyrocket.models import keys
from skyrocket.models.api import KeypairRequest
from skyrocket.models.keys import KeyMistakeError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from skyrocket.host.api.state import State
    from skyrocket.models.keys import Key, Tree

MISMATCH = (
    "Unable to match your input to the data model.  We may not have enough type information.  "
    "Please try the --json input form.  Cause: "
)
_BLANKS, _BRACKETS = " \t\r\n", frozenset("[{")


def get_settings(state: State, request: Request) -> Answer:
    tree = {"settings": state.live}
    names, prefix = request.names("keys"), request.query.get("prefix")
    if names is not None:
        found = keys.with_keys(tree, [data_key(text) for text in names])
    elif prefix is not None:
        found = keys.with_prefix(tree, expand(prefix, "settings"))
    else:
        found = tree
    return data(found.get("settings", {}))


def patch_settings(state: State, request: Request) -> Answer:
    patch = request.json(dict)
    return _pend(state, request, patch, "Json deserialize error: ")


def patch_keypairs(state: State, request: Request) -> Answer:
    asked = request.json(KeypairRequest)
    return _pend(state, request, paired(asked.request_payload), MISMATCH)


def paired(pairs: Iterable[str]) -> Tree:
    """The settings that KEY=VALUE PAIRS mean, without the outer `settings`, or 400."""
    patch: Tree = {}
    for pair in pairs:
        text, found, value = pair.partition("=")
        if not found:
            raise BadRequestError(f"Failed to split the string: {pair}")
        key = data_key(text)
        key = key if key[0] == "settings" else ("settings", *key)
        patch = keys.merge(patch, keys.nest({key: guess(value)}))
    inner: Tree = patch.get("settings", {})
    return inner


def _pend(state: State, request: Request, patch: Any, complaint: str) -> Answer:
    from skyrocket.models.settings.mistakes import SettingsError

    name = request.query.get("tx", DEFAULT)
    try:
        checked = state.schema.check(patch)
    except SettingsError as error:
        raise BadRequestError(complaint + str(error)) from error
    request.keys = [keys.name(("settings", *key)) for key in keys.flatten(checked)]
    with state.lock:
        pending = state.transactions.patched(name, checked)
        if {"boot", "kernel"} & checked.keys():
            state.refuse_words(keys.merge(state.live, pending.get(name)))
        state.transactions = pending
    return NOTHING


def expand(prefix: str, part: str) -> str:
    """PREFIX as one of full key names: `motd` is `settings.motd`, `settings` is `settings.`."""
    if not prefix:
        raise BadRequestError("Input 'prefix' cannot be empty")
    whole = f"{part}."
    if not prefix.startswith(part):
        return whole + prefix
    return whole if whole.startswith(prefix) else prefix


def data_key(text: str) -> Key:
    """The key in TEXT, or 400."""
    try:
        return keys.parse(text)
    except KeyMistakeError as error:
        raise BadRequestError(f"Unable to make data key '{text}': {error}") from error


def guess(text: str) -> object:
    """The value a `key=value` means: a JSON boolean or number, else the text itself."""
    if text.lstrip(_BLANKS)[:1] in _BRACKETS:
        return text
    try:
        value = msgspec.json.decode(text)
    except msgspec.MsgspecError:
        return text
    return value if isinstance(value, (bool, int, float)) else text
