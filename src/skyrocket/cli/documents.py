"""`settings check|schema|openapi`: what a settings document would do, said on this machine.

Reads the document, finds the groups and packages of a variant, prints; what a setting is and does
is the model's business. No node, no image and no build is needed.
"""

from __future__ import annotations

import argparse
import gzip
import sys
import tomllib
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from skyrocket.build import definitions
from skyrocket.cli.checkout import ROOT
from skyrocket.models.settings import table
from skyrocket.models.settings.families import FAMILIES, family

if TYPE_CHECKING:
    from skyrocket.models.settings.report import Report, Said


class DocumentError(Exception):
    """Base: a document cannot be checked; `hint` is the way out."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Target(NamedTuple):
    """For what a document is checked; PACKAGES None: not known."""

    name: str
    groups: tuple[str, ...]
    packages: tuple[str, ...] | None


def main(argv: list[str]) -> int:
    wish = parser().parse_args(argv)
    if wish.verb == "openapi":
        from skyrocket.cli import openapi, wire

        rows = wire.read((ROOT / "docs/wire.toml").read_text(encoding="utf-8"))
        sys.stdout.write(openapi.text(rows, table.load()))
        return 0
    if wish.verb == "schema":
        from skyrocket.models.settings import json_schema

        groups = target(wish).groups if wish.variant or wish.like or wish.groups else None
        sys.stdout.write(json_schema.text(table.load(groups)))
        return 0
    return _check(wish)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser("skyrocket settings", description=__doc__.partition("\n")[0])
    verbs = made.add_subparsers(dest="verb", required=True)
    check = verbs.add_parser("check", help="what works, what has no effect, what is refused")
    schema = verbs.add_parser("schema", help="the settings as JSON Schema")
    verbs.add_parser("openapi", help="the node's API as an OpenAPI document")
    check.add_argument("file", help="TOML or JSON, gzip accepted; - is standard input")
    check.add_argument("--explain", action="store_true", help="what each key is and disturbs")
    check.add_argument("--json", action="store_true", help="one JSON object on standard output")
    for verb in (check, schema):
        which = verb.add_mutually_exclusive_group()
        which.add_argument("--variant", help="one of ours (check: vm-dev unless said)")
        which.add_argument("--like", help="a variant of Bottlerocket, such as aws-k8s-1.33")
        which.add_argument("--groups", help="names of groups, with commas")
    return made


def target(wish: argparse.Namespace) -> Target:
    """What the options name."""
    if wish.groups:
        names = tuple(wish.groups.split(","))
        unknown = [name for name in names if name not in table.GROUPS]
        if unknown:
            known = ", ".join(table.GROUPS)
            raise DocumentError(f"cannot check for {unknown[0]}: no such group", f"one of {known}")
        return Target(f"groups {wish.groups}", names, None)
    if wish.like:
        if not family(wish.like):
            known = ", ".join(FAMILIES)
            raise DocumentError(f"cannot check like {wish.like}: not known", f"one of {known}")
        return Target(wish.like, FAMILIES[family(wish.like)], None)
    found = definitions.load(ROOT, wish.variant or "vm-dev")
    return Target(found.name, found.variant.settings_groups, found.variant.packages)


def read(file: str) -> Any:
    """The table `settings` of FILE, TOML or JSON."""
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        if raw.startswith(b"\x1f\x8b"):
            raw = gzip.decompress(raw)
        text = raw.decode("utf-8-sig")
        is_json = text.lstrip().startswith("{")
        document = msgspec.json.decode(text) if is_json else tomllib.loads(text)
    except OSError as error:
        raise DocumentError(f"cannot read {file}: {error.strerror or error}") from error
    except (EOFError, zlib.error) as error:
        raise DocumentError(f"cannot unpack {file}: {error}") from error
    except (ValueError, RecursionError, msgspec.MsgspecError) as error:
        raise DocumentError(f"cannot read {file}: {error}") from error
    if not isinstance(document, dict) or "settings" not in document:
        raise DocumentError(
            f"cannot read {file}: it has no table 'settings'", "each key begins with settings."
        )
    return document["settings"]


def _check(wish: argparse.Namespace) -> int:
    from skyrocket.models.settings import report

    settings, goal = read(wish.file), target(wish)
    found = report.make(goal.name, table.load(goal.groups), goal.packages, settings)
    found = msgspec.structs.replace(found, refused=[_with_owners(each) for each in found.refused])
    if wish.json:
        print(msgspec.json.encode(found).decode())
    else:
        print("\n".join(lines(found, explain=wish.explain)))
    return 1 if found.refused else 0


def _with_owners(refused: Any) -> Any:
    """REFUSED, with the variants that have a group which this one lacks."""
    _, lacks, group = refused.reason.partition(": this variant has no group ")
    if not lacks:
        return refused
    ours = [
        name
        for name in definitions.variants(ROOT)
        if group in definitions.load(ROOT, name).variant.settings_groups
    ]
    reason = f"{refused.reason}; variants that have it: {', '.join(ours) or 'none yet'}"
    return msgspec.structs.replace(refused, path=f"settings.{group}", reason=reason)


def lines(found: Report, *, explain: bool) -> list[str]:
    """FOUND for people."""
    sections: list[tuple[str, list[str]]] = [
        ("works", [_line(s, "", explain) for s in found.taken if not s.idle]),
        ("taken, without effect", [_line(s, s.idle, explain) for s in found.taken if s.idle]),
        (
            "differs from Bottlerocket",
            [_line(s, s.differs, explain=False) for s in found.taken if s.differs],
        ),
        ("refused", [each.reason for each in found.refused]),
    ]
    count = len(found.refused)
    mistakes = f"{count} mistake" + ("s" if count != 1 else "")
    verdict = f"refuses this document: {mistakes}" if count else "takes this document"
    shown = [f"{found.variant} {verdict}"]
    for title, entries in sections:
        if entries:
            shown += ["", f"{title}:", *(f"  {entry}" for entry in entries)]
    return shown


def _line(said: Said, reason: str, explain: bool) -> str:
    text = f"settings.{said.key}" + (f": {reason}" if reason else "")
    if explain:
        text += f"\n      {said.about}\n      does: {said.does}; disturbs: {said.disturbs}"
    return text
