"""The settings as a document for people, made from the types themselves. Not used on a node."""

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import msgspec

from skyrocket.models import keys
from skyrocket.models.settings import leaves
from skyrocket.models.settings.forms import Forms
from skyrocket.models.settings.group import PLACEHOLDERS, Effect, Group
from skyrocket.models.settings.leaves import Leaf
from skyrocket.models.settings.scalars import Scalar
from skyrocket.models.settings.table import Schema

_HEAD = """\
# Settings

Made from `src/skyrocket/models/settings`; a test compares the two. Do not edit.

Every key stands under `settings` in user data and in `apiclient get`; `apiclient set` takes it
without. All are optional, `null` means absent, a key that is not here is refused. Lists are
replaced whole, tables merge; `apiclient add`, `remove` and `unset` change a list by element and
take values away ([changes.md](changes.md)). `NAME` and `KEY` stand for names that you choose.

A variant has some of these groups; a key of another group is refused with that reason.
`./skyrocket settings check FILE --variant V` says on your machine what a document does there,
`./skyrocket settings schema` gives the JSON Schema. In the column "effect", *stored* means that
the value is checked and kept and nothing acts on it yet, *rendered* that a file is written whose
reader is not in any variant yet. "Disturbs" is what a change of the value interrupts. 🔒 marks
secrets, which the field's metadata says too.

User data is TOML (gzip accepted). It is read at the first boot, from these sources; a later one
wins key by key:

1. `user-data-defaults.toml` on the private partition (`/var/lib/bottlerocket`)
2. `user-data.toml` on the private partition
3. a disc or partition labelled `cidata` or `CIDATA` (iso9660 or vfat), file `user-data`
4. `user-data-overrides.toml` on the private partition

When one of them is wrong, nothing of any is taken: the node starts with its defaults, shows
source, key and reason on its console, and reads them again at the next boot. Below user data lie
the variant's defaults; above it what is set over the API. Values nobody gives are generated where
the table says so. A default that is *weak* gives way to that of the next version, unless somebody
has set the value by name, be it to the same.
"""


def document(schema: Schema) -> str:
    """The whole reference as Markdown."""
    return "\n".join([_HEAD, *(_group(group) for group in schema.groups.values()), _scalars()])


def listing(schema: Schema) -> str:
    """Every key and its type, a line each: what users may rely on."""
    found = [leaf for group in schema.groups.values() for leaf in leaves.of_group(group)]
    return "".join(f"{leaf.name}: {typed(leaf)}\n" for leaf in found)


def default(group: Group, leaf: Leaf) -> str:
    """What holds when nobody says LEAF."""
    if group.is_weak(leaf.key):
        return "the variant's, *weak*"
    for generator in group.generators:
        if generator.key == leaf.key:
            return f"generated ({generator.name})"
    given = keys.flatten({group.name: group.defaults}) if group.defaults is not None else {}
    values = {key: value for key, value in given.items() if _covers(leaf.key, key)}
    if leaf.key in values:
        return f"`{msgspec.json.encode(values[leaf.key]).decode()}`"
    if values:
        return ", ".join(f"`{key[-1]}` {str(value).lower()}" for key, value in values.items())
    return leaf.unset


def disturbs(effect: Effect) -> str:
    """What a change interrupts, in words."""
    parts = [f"`{unit}`" for unit in effect.restarts]
    return ", ".join([*parts, *(["at the next boot"] if effect.reboot else [])]) or "nothing"


def typed(leaf: Leaf) -> str:
    """The type of LEAF, and of the names that are chosen in its key."""
    names = [p for p in leaf.key if p in PLACEHOLDERS]
    chosen = [f"{p}: {words(kind)}" for p, kind in zip(names, leaf.names, strict=True)]
    return "; ".join([words(leaf.kind), *chosen])


def words(kind: Any) -> str:
    """The type KIND as people say it."""
    kind, metas = leaves.bare(kind)
    plain = {str: "text", int: "number", bool: "true or false", float: "number"}
    if kind in plain:
        return plain[kind] + next((_bounds(meta) for meta in metas if leaves.limits(meta)), "")
    if get_origin(kind) is Literal:
        return ", ".join(f"`{each}`" if each else "empty" for each in get_args(kind))
    if get_origin(kind) is list:
        return f"list of {words(get_args(kind)[0])}"
    if get_origin(kind) is tuple:
        return f"pair of {' and '.join(words(each) for each in get_args(kind))}"
    if leaves.is_struct(kind):
        fields = msgspec.structs.fields(kind)
        return f"{{{', '.join(f'{f.encode_name}: {words(f.type)}' for f in fields)}}}"
    return str(kind.__name__)


def _bounds(meta: msgspec.Meta) -> str:
    low = f"above {meta.gt}" if meta.gt is not None else meta.ge
    powers = {2**bits - 1: f"2^{bits} - 1" for bits in (31, 32, 63)}
    powers |= {-(2**bits): f"-2^{bits}" for bits in (31, 63)}
    return f", {powers.get(low, low)} to {powers.get(meta.le, meta.le)}"


def _covers(pattern: keys.Key, key: keys.Key) -> bool:
    return len(pattern) == len(key) and all(
        p in PLACEHOLDERS or p == s for p, s in zip(pattern, key, strict=True)
    )


def _group(group: Group) -> str:
    lines = [f"## {group.name}", "", group.about, ""]
    lines += ["| key | type | what | default | effect | disturbs |", "|---|---|---|---|---|---|"]
    lines += [_row(group, leaf) for leaf in leaves.of_group(group)]
    lines.append("")
    for other, kept in group.aliases.items():
        lines += [f"`{group.name}.{other}` is taken as `{group.name}.{kept}`.", ""]
    for file in group.files.values():
        told = {"restarts": file.restarts, "reloads": file.reloads}
        then = [
            f", then {what} {', '.join(f'`{unit}`' for unit in units)}"
            for what, units in told.items()
            if units
        ]
        lines.append(f"Writes `{file.path}`{''.join(then)}.")
    return "\n".join([*lines, ""] if group.files else lines)


def _row(group: Group, leaf: Leaf) -> str:
    effect = group.effect(leaf.key)
    reach = "" if effect.reach == "works" else f"*{effect.reach}*; "
    lock = " 🔒" if leaf.secret else ""
    cells = [
        f"`{leaf.name}`{lock}",
        typed(leaf),
        leaf.about + (" (needed)" if leaf.required else ""),
        default(group, leaf) or "-",
        reach + effect.does,
        disturbs(effect),
    ]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _scalars() -> str:
    lines = ["## Types", "", "| type | what it accepts |", "|---|---|"]
    hidden = {"Patterned"}
    kinds = {kind.__name__: kind for base in (Scalar, Forms) for kind in _below(base)}
    for name, kind in sorted(kinds.items()):
        if name not in hidden:
            lines.append(f"| {name} | {' '.join((kind.__doc__ or '').split())} |".replace("||", ""))
    return "\n".join(lines) + "\n"


def _below(kind: type[Any]) -> Iterator[type[Any]]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)
