"""The settings as JSON Schema, for editors and for checks without a node. Not used on a node."""

import re
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from skyrocket.models.settings import leaves
from skyrocket.models.settings.forms import Forms
from skyrocket.models.settings.group import Group
from skyrocket.models.settings.scalars import Patterned, Scalar
from skyrocket.models.settings.table import Schema

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_PLAIN = {str: "string", int: "integer", bool: "boolean", float: "number"}
_PORTABLE = re.compile(r"\(\?<!|\(\?!\[0-9")
"""Patterns that ECMA's regular expressions say otherwise are left out."""


def document(schema: Schema) -> dict[str, Any]:
    """The schema of a whole document, with its table `settings`."""
    groups = {group.name: _group(group) for group in schema.groups.values()}
    settings = {"type": "object", "properties": groups, "additionalProperties": False}
    return {
        "$schema": _DIALECT,
        "title": "Skyrocket settings",
        "type": "object",
        "properties": {"settings": settings},
    }


def text(schema: Schema) -> str:
    """The same bytes for the same types."""
    raw = msgspec.json.encode(document(schema))
    return msgspec.json.format(raw, indent=2).decode() + "\n"


def _group(group: Group) -> dict[str, Any]:
    made = of(group.model)
    for other, kept in group.aliases.items():
        made["properties"][other] = {**made["properties"][kept], "deprecated": True}
    more = {} if group.defaults is None else {"default": group.defaults}
    return {"description": group.about, **made, **more}


def of(kind: Any) -> dict[str, Any]:
    """The schema of a value of KIND, with what its annotations say."""
    plain, metas = leaves.bare(kind)
    made = _of_plain(plain)
    for meta in reversed(metas):
        if meta.description:
            made["description"] = meta.description
        if (meta.extra or {}).get("secret"):
            made["writeOnly"] = True
        bounds = {"minimum": meta.ge, "exclusiveMinimum": meta.gt, "maximum": meta.le}
        made |= {name: bound for name, bound in bounds.items() if bound is not None}
    return made


def _of_plain(kind: Any) -> dict[str, Any]:
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in _PLAIN:
        return {"type": _PLAIN[kind]}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (list, tuple):
        return {"type": "array", **_items(origin, [of(each) for each in arguments])}
    if origin is dict:
        names = {"propertyNames": of(arguments[0])}
        return {"type": "object", **names, "additionalProperties": of(arguments[1])}
    if origin in (Union, UnionType):
        return {"anyOf": [of(each) for each in arguments]}
    return _of_class(kind)


def _items(origin: type, kinds: list[dict[str, Any]]) -> dict[str, Any]:
    if origin is list:
        return {"items": kinds[0]}
    return {"prefixItems": kinds, "items": False, "minItems": len(kinds)}


def _of_class(kind: type) -> dict[str, Any]:
    if issubclass(kind, msgspec.Struct):
        return _of_struct(kind)
    about = {"description": " ".join((kind.__doc__ or "").split())}
    if issubclass(kind, Forms):
        return {"anyOf": [of(form) for form in kind.every()], **about}
    if issubclass(kind, Patterned) and not _PORTABLE.search(kind.pattern):
        about["pattern"] = f"^(?:{kind.pattern})$"
    types = ["string", "number"] if issubclass(kind, Scalar) and kind.numbers else "string"
    return {"type": types, **about}


def _of_struct(kind: type[msgspec.Struct]) -> dict[str, Any]:
    fields = msgspec.structs.fields(kind)
    required = [field.encode_name for field in fields if field.required]
    return {
        "type": "object",
        "properties": {field.encode_name: of(field.type) for field in fields},
        "additionalProperties": False,
        **({"required": required} if required else {}),
    }
