"""What the kernel (or PID 1) says when the policy refuses something, and what that means. Pure.

Reads lines of a journal. Which refusals somebody provoked on purpose is not known here.
"""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING, NamedTuple

from skyrocket.build.policy import rights
from skyrocket.build.policy.rights import Right

if TYPE_CHECKING:
    from collections.abc import Iterable

    from skyrocket.build.policy.rights import Policy

_DENIED = re.compile(
    r"avc:\s+denied\s+\{ (?P<permissions>[^}]+) \} for (?P<facts>.*?)"
    r"scontext=(?P<source>\S+) tcontext=(?P<target>\S+) tclass=(?P<kind>\w+)"
)
_FACT = re.compile(r'(\w+)=(?:"([^"]*)"|(\S+))')
_ABOUT_FILES = frozenset({"files", "disks", "volumes"})
_ABOUT_PROCESSES = frozenset({"processes", "self_care"})
_TEXTS = frozenset({"comm", "name", "path", "exe"})


class Denial(NamedTuple):
    """WHO asked for PERMISSIONS on something of class KIND and label WHOM."""

    who: str
    whom: str
    kind: str
    permissions: tuple[str, ...]
    levels: tuple[str, str] = ("s0", "s0")
    program: str = ""
    thing: str = ""


def parse(line: str) -> Denial | None:
    """The refusal that LINE tells of; None of any other line."""
    said = _DENIED.search(line)
    if said is None:
        return None
    facts = {name: text or _text(name, word) for name, text, word in _FACT.findall(said["facts"])}
    source, target = (said[side].split(":", 3) for side in ("source", "target"))
    return Denial(
        source[2],
        target[2],
        said["kind"],
        tuple(said["permissions"].split()),
        (source[3], target[3]),
        facts.get("comm", ""),
        facts.get("path") or facts.get("name") or facts.get("capability", ""),
    )


def _text(name: str, word: str) -> str:
    """WORD as it was: the kernel writes names with odd characters as hexadecimal digits."""
    if name in _TEXTS and len(word) % 2 == 0 and re.fullmatch("[0-9A-F]+", word):
        return binascii.unhexlify(word).decode("utf-8", "replace")
    return word


def explain(policy: Policy, denial: Denial) -> str:
    """The refusal in the words of the policy, and who may do such a thing."""
    who, whom = denial.who, denial.whom
    asked = f"{' '.join(denial.permissions)} ({denial.kind})"
    lines = [f"{_named(policy, who)} asked for {asked} of {_named(policy, whom)}."]
    if denial.program or denial.thing:
        lines.append(f"  program  {denial.program or '?'}, about {denial.thing or '?'}")
    for permission in denial.permissions:
        right = Right(denial.kind, permission)
        lines += [f"  {permission}"]
        lines += [f"    that is  {each}" for each in _spoken(policy, whom, right)]
        lines += [f"    refused  {_reason(policy, denial, right)}"]
        lines += [f"    may      {', '.join(rights.able(policy, whom, right)) or 'nobody'}"]
    allowed = ", ".join(f"{word.group} {word.name}" for word in rights.words_of(policy, who, whom))
    lines.append(f"  what {who} may there: {allowed or 'nothing'}")
    return "\n".join(lines)


def _named(policy: Policy, name: str) -> str:
    said = policy.meanings.get(name, "not in this policy")
    return f"{name} ({said})"


def _spoken(policy: Policy, whom: str, right: Right) -> Iterable[str]:
    """The words that RIGHT belongs to; a process is no file, though /proc shows it as some."""
    about = _ABOUT_FILES if whom in policy.sets["subject"] else _ABOUT_PROCESSES
    for word in rights.naming(policy, right):
        if word.group not in about:
            yield f"{word.group} {word.name}: {policy.spoken.get(word, '')}"


def _reason(policy: Policy, denial: Denial, right: Right) -> str:
    who, whom = denial.who, denial.whom
    if policy.may(who, whom, right):
        source, target = denial.levels
        return f"by categories: {source} does not reach {target}, though a rule allows it"
    if policy.promised(who, whom, right):
        return "no rule allows it, and the compiler refuses one that would (70-promises.cil)"
    return "no rule allows it"
