"""The API as an OpenAPI document: the wire table's endpoints with the models' types.

For generators of clients and for programs that try an API out; no node reads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from skyrocket.models import api, changes, generations, plans, update_history
from skyrocket.models.settings import json_schema

if TYPE_CHECKING:
    from skyrocket.cli.wire import Endpoint, Row, Table
    from skyrocket.models.settings.table import Schema

MODELS = (api.Status, api.KeypairRequest, api.Result, api.Judged, changes.Asked, plans.Preview,
          plans.Value, generations.Entry, update_history.Attempt)  # fmt: skip
REFERENCE = "#/components/schemas/"
ABOUT = (
    "HTTP/1.1 on the Unix socket /run/api.sock. The kernel says who asks; there is no key and no "
    "password. Errors are plain text."
)


def document(table: Table, settings: Schema) -> dict[str, Any]:
    """The document of TABLE; bodies are SETTINGS."""
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in table.endpoints:
        if endpoint.path != "/exec":  # a WebSocket is not OpenAPI's to describe
            made = _operation(endpoint, table)
            paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = made
    _, components = msgspec.json.schema_components(MODELS, ref_template=REFERENCE + "{name}")
    whole = json_schema.document(settings)["properties"]["settings"]
    return {
        "openapi": "3.1.0",
        "info": {"title": "Skyrocket's node API", "version": "1", "description": ABOUT},
        "servers": [{"url": "http://localhost"}],
        "paths": paths,
        "components": {"schemas": {**components, "settings": whole}},
    }


def text(table: Table, settings: Schema) -> str:
    """The same bytes for the same table and types."""
    raw = msgspec.json.encode(document(table, settings))
    return msgspec.json.format(raw, indent=1).decode() + "\n"


def _operation(endpoint: Endpoint, table: Table) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if endpoint.query:
        made["parameters"] = [
            {"name": name, "in": "query", "schema": {"type": table.parameters[name]}}
            for name in endpoint.query
        ]
    if endpoint.body:
        content = {"application/json": {"schema": _type(endpoint.body)}}
        made["requestBody"] = {"required": True, "content": content}
    responses: dict[str, dict[str, Any]] = {}
    for row in (*endpoint.answers, *table.common):
        found = responses.setdefault(row.what, {"description": "", **_content(row, endpoint)})
        found["description"] += f"; {row.meaning}" if found["description"] else row.meaning
    made["responses"] = dict(sorted(responses.items()))
    return made


def _content(row: Row, endpoint: Endpoint) -> dict[str, Any]:
    if row.what == "204":
        return {}
    if row.what == "200":
        return {"content": {"application/json": {"schema": _type(endpoint.data)}}}
    if row.what == "404":  # of an unknown path the body is empty, and so has no type
        return {}
    return {"content": {"text/plain": {"schema": {"type": "string"}}}}


def _type(name: str) -> dict[str, Any]:
    """The schema of NAME: `Value`, `list of Value`, `keys or Result`, `object`."""
    if " or " in name:
        return {"anyOf": [_type(each) for each in name.split(" or ")]}
    if name.startswith("list of "):
        return {"type": "array", "items": _type(name.removeprefix("list of "))}
    if name == "keys":
        return {"type": "array", "items": {"type": "string"}}
    if name == "object":
        return {"type": "object"}
    return {"$ref": REFERENCE + name}
