"""The settings as a document for people, made from the types themselves. Not used on a node."""

from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from skyrocket.models.settings import scalars
from skyrocket.models.settings.group import Group
from skyrocket.models.settings.table import Schema

_HEAD = """\
# Settings

Made from `src/skyrocket/models/settings`; a test compares the two. Do not edit.

Every key stands under `settings` in user data and in `apiclient get`; `apiclient set` takes it
without. All are optional, `null` means absent, a key that is not here is refused. Lists are
replaced whole, tables merge. Nothing is removed from a table over the API: containers are
switched off with `enabled = false`.

User data is TOML (gzip accepted). It is read at the first boot, from these sources; a later one
wins key by key:

1. `user-data-defaults.toml` on the private partition (`/var/lib/bottlerocket`)
2. `user-data.toml` on the private partition
3. a disc or partition labelled `cidata` or `CIDATA` (iso9660 or vfat), file `user-data`
4. `user-data-overrides.toml` on the private partition

When one of them is wrong, nothing of any is taken: the node starts with its defaults, shows
source, key and reason on its console, and reads them again at the next boot. Below user data lie
the variant's defaults; above it what is set over the API. Values nobody gives are generated where
the table says so.
"""


def document(schema: Schema) -> str:
    """The whole reference as Markdown."""
    return "\n".join([_HEAD, *(_group(group) for group in schema.groups.values()), _scalars()])


def keys(group: Group) -> list[tuple[str, str, str]]:
    """Every setting of GROUP -> (key, type, description)."""
    return list(_keys(group.name, group.model, group.about))


def _group(group: Group) -> str:
    lines = [f"## {group.name}", "", group.about, "", "| key | type | what |", "|---|---|---|"]
    lines += [f"| `{key}` | {kind} | {about} |" for key, kind, about in keys(group)]
    lines.append("")
    if group.defaults is not None:
        lines += [f"Default: `{msgspec.json.encode(group.defaults).decode()}`", ""]
    for each in group.generators:
        lines += [f"Generated: `{'.'.join(each.key)}` ({each.name}).", ""]
    for file in group.files.values():
        then = f", then restarts {', '.join(f'`{unit}`' for unit in file.restarts)}"
        lines.append(f"Writes `{file.path}`{then if file.restarts else ''}.")
    return "\n".join([*lines, ""] if group.files else lines)


def _keys(path: str, kind: Any, about: str) -> Any:
    kind, said = _bare(kind)
    about = said or about
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        for field in msgspec.structs.fields(kind):
            yield from _keys(f"{path}.{field.encode_name}", field.type, "")
    elif get_origin(kind) is dict and _is_struct(get_args(kind)[1]):
        yield from _keys(f"{path}.NAME", get_args(kind)[1], "")
    elif get_origin(kind) is dict:
        yield f"{path}.KEY", _words(get_args(kind)[1]), about
    else:
        yield path, _words(kind), about


def _bare(kind: Any) -> tuple[Any, str]:
    """KIND without annotation and `| None`, and the description it carried."""
    about = ""
    while True:
        if get_origin(kind) is Annotated:
            kind, *meta = get_args(kind)
            about = about or next((m.description for m in meta if m.description), "")
        elif get_origin(kind) in (Union, UnionType):
            kind = next(option for option in get_args(kind) if option is not NoneType)
        else:
            return kind, about


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _words(kind: Any) -> str:
    kind, _ = _bare(kind)
    plain = {str: "text", int: "number", bool: "true or false"}
    if kind in plain:
        return plain[kind]
    if get_origin(kind) is Literal:
        return ", ".join(f"`{each}`" for each in get_args(kind))
    if get_origin(kind) is list:
        return f"list of {_words(get_args(kind)[0])}"
    if get_origin(kind) is tuple:
        return f"pair of {' and '.join(_words(each) for each in get_args(kind))}"
    return str(kind.__name__)


def _scalars() -> str:
    lines = ["## Types", "", "| type | what it accepts |", "|---|---|"]
    kinds = sorted(scalars.Scalar.__subclasses__(), key=lambda kind: kind.__name__)
    lines += [f"| {kind.__name__} | {' '.join((kind.__doc__ or '').split())} |" for kind in kinds]
    lines.append(
        "| MirrorList | A list of {registry, endpoint = [Url]} or a table registry = [Url]; "
        "`*` stands for all other registries |"
    )
    return "\n".join(lines) + "\n"
