"""Every key there is, found by walking the types: for the reference, for mistakes, for secrets.

A key that users choose stands as `NAME` (of a table of things) or `KEY` (of a table of values).
"""

from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec

from skyrocket.models.keys import Key, Tree
from skyrocket.models.settings.group import PLACEHOLDERS, Group

REDACTED = "[redacted]"


class Leaf(msgspec.Struct, frozen=True, kw_only=True):
    """One setting: its KEY from its group on, the type of its value, what its field says.

    NAMES are the types of the names that users choose, one for each placeholder.
    """

    key: Key
    kind: Any
    names: tuple[Any, ...] = ()
    about: str = ""
    unset: str = ""
    secret: bool = False
    required: bool = False

    @property
    def name(self) -> str:
        return ".".join(self.key)


def of_group(group: Group) -> Iterator[Leaf]:
    """Every setting of GROUP, in the order of its type."""
    return walk(group.model, Leaf(key=(group.name,), kind=group.model, about=group.about))


def walk(kind: Any, said: Leaf) -> Iterator[Leaf]:
    """The leaves of a value of KIND that lies where SAID is."""
    plain, meta = bare(kind)
    said = _heard(said, meta)
    if is_struct(plain):
        for field in msgspec.structs.fields(plain):
            below = Leaf(
                key=(*said.key, field.encode_name),
                kind=field.type,
                names=said.names,
                secret=said.secret,
                required=field.required,
            )
            yield from walk(field.type, below)
    elif get_origin(plain) is dict:
        chosen, value = get_args(plain)
        placeholder = "NAME" if is_struct(bare(value)[0]) else "KEY"
        names = (*said.names, chosen)
        below = msgspec.structs.replace(said, key=(*said.key, placeholder), names=names)
        yield from walk(value, below)
    else:
        yield msgspec.structs.replace(said, kind=_without_words(kind))


def bare(kind: Any) -> tuple[Any, list[msgspec.Meta]]:
    """KIND without annotations and without `| None`, and the annotations, outermost first."""
    metas: list[msgspec.Meta] = []
    while True:
        if get_origin(kind) is Annotated:
            kind, *found = get_args(kind)
            metas += [meta for meta in found if isinstance(meta, msgspec.Meta)]
        elif get_origin(kind) in (Union, UnionType):
            rest = [option for option in get_args(kind) if option is not NoneType]
            if len(rest) != 1:
                return kind, metas
            kind = rest[0]
        else:
            return kind, metas


def is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def redacted(group: Group, value: Any) -> Any:
    """VALUE, which belongs to GROUP, with every secret in it replaced; for logs and reports."""
    secrets = [leaf.key[1:] for leaf in of_group(group) if leaf.secret]
    return _redacted(value, secrets) if secrets else value


def _redacted(value: Any, secrets: list[Key]) -> Any:
    if () in secrets:
        return REDACTED
    if not isinstance(value, dict):
        return value
    hidden: Tree = {}
    for key, below in value.items():
        under = [s[1:] for s in secrets if s[0] == key or s[0] in PLACEHOLDERS]
        hidden[key] = _redacted(below, under) if under else below
    return hidden


def _heard(said: Leaf, metas: list[msgspec.Meta]) -> Leaf:
    """SAID with what the annotations add."""
    extra: dict[str, Any] = {}
    for meta in reversed(metas):
        extra |= meta.extra or {}
    about = next((meta.description for meta in metas if meta.description), said.about)
    return msgspec.structs.replace(
        said,
        about=about,
        unset=extra.get("unset", said.unset),
        secret=extra.get("secret", said.secret),
    )


def _without_words(kind: Any) -> Any:
    """KIND without its description and without `| None`; limits of numbers stay."""
    while True:
        if get_origin(kind) is Annotated and not any(map(limits, get_args(kind)[1:])):
            kind = get_args(kind)[0]
            continue
        if get_origin(kind) in (Union, UnionType):
            rest = [option for option in get_args(kind) if option is not NoneType]
            if len(rest) == 1:
                kind = rest[0]
                continue
        return kind


def limits(meta: msgspec.Meta) -> bool:
    """Whether META narrows what is accepted."""
    return any(each is not None for each in (meta.ge, meta.gt, meta.le, meta.lt, meta.min_length))
