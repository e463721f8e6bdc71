"""docs/selinux-rights.md: the policy's rights as a page, made from its sources. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.build.policy import rights

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from skyrocket.build.policy.rights import Policy, Right

_HEAD = """# Who may do what to whom

Made from `packages/selinux/policy/` by `SKYROCKET_GOLDEN=write ./skyrocket test
tests/build/policy/test_page.py`; not written by hand. What the policy is for, and what to do with a
refusal: [SELinux](selinux.md).

What is not here is refused. A right that is here also needs what Linux asks for anyway: owner and
mode, capabilities, namespaces, seccomp. Categories keep workloads apart beyond this page
(`60-categories.cil`).

## Words
"""
_ORDER = ("files", "disks", "volumes", "processes", "self_care", "systems", "networks")


def document(policy: Policy) -> str:
    """The whole page."""
    parts = [_HEAD, _words(policy)]
    parts += ["## Labels of files\n", _types(policy, "object")]
    parts += ["## Domains\n", _types(policy, "subject")]
    parts += ["## How a process gets its domain\n", _becomes(policy)]
    parts += [_domain(policy, who) for who in policy.types("subject")]
    parts += ["## Refused without a line in the journal\n", _unlogged(policy)]
    return "\n".join(parts)


def _words(policy: Policy) -> str:
    rows = [
        (f"`{word.group} {word.name}`", said.replace("_", " "))
        for word, said in policy.spoken.items()
    ]
    return _table(("word", "what it is"), rows)


def _types(policy: Policy, kind: str) -> str:
    rows = [(f"`{name}`", policy.meanings[name]) for name in policy.types(kind)]
    return _table(("label", "of what"), rows)


def _becomes(policy: Policy) -> str:
    rows = [tuple(f"`{name}`" for name in one) for one in policy.becomes]
    return (
        _table(("who starts", "a program labelled", "becomes"), rows)
        + "\nBesides, a unit or a container's specification names a domain; which ones a domain may"
        "\nstart is below (`processes: transform`).\n"
    )


def _domain(policy: Policy, who: str) -> str:
    """A section: what WHO may do, to each set of types that it treats alike."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for whom in (*policy.types("object"), *policy.types("subject")):
        alike.setdefault(tuple(_given(policy, who, whom)), []).append(whom)
    rows = [(_set(policy, whom), "; ".join(words) or "nothing") for words, whom in alike.items()]
    return f"## {who}\n\n{policy.meanings[who]}\n\n" + _table(("of what", "may"), rows)


def _set(policy: Policy, names: Collection[str]) -> str:
    """NAMES in the order of the sources, short where they are all of a kind."""
    found = []
    for kind in ("object", "subject"):
        every = policy.types(kind)
        chosen = [name for name in every if name in names]
        found += [f"every {kind}"] if chosen == every else [f"`{name}`" for name in chosen]
    return ", ".join(found)


def _given(policy: Policy, who: str, whom: str) -> Iterable[str]:
    """Whole words by group, then what is left of others by class."""
    words = rights.words_of(policy, who, whom)
    for group in _ORDER:
        if names := [word.name for word in words if word.group == group]:
            yield f"{group}: {' '.join(names)}"
    whole = (policy.words[word] for word in words)
    yield from _by_class(rights.given(policy, who, whom).difference(*whole))


def _by_class(given: Iterable[Right]) -> Iterable[str]:
    kinds: dict[str, list[str]] = {}
    for right in sorted(given):
        kinds.setdefault(right.kind, []).append(right.permission)
    for kind, permissions in kinds.items():
        yield f"({kind}: {' '.join(permissions)})"


def _unlogged(policy: Policy) -> str:
    rows = [
        (
            _set(policy, rule.who),
            "itself" if rule.to_itself else _set(policy, rule.whom),
            " ".join(_by_class(rule.rights)),
            why,
        )
        for rule, why in zip(policy.unlogged, policy.silences, strict=True)
    ]
    return _table(("who", "of what", "what", "why"), rows) if rows else "Nothing.\n"


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
