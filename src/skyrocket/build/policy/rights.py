"""Who may do what to whom: the sources of the policy, with every set written out. Pure.

A right is a class and a permission, as the kernel asks for them; words are the groups of rights in
which rules are written. What the categories refuse beyond the rules is not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from skyrocket.build.policy import cil

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from skyrocket.build.policy.cil import Form


class Right(NamedTuple):
    """What the kernel asks for: PERMISSION on something of class KIND."""

    kind: str
    permission: str


class Word(NamedTuple):
    """A group of rights: `load` of `files`."""

    group: str
    name: str


class Rule(NamedTuple):
    """WHO may (or must never) have RIGHTS over WHOM."""

    who: frozenset[str]
    whom: frozenset[str]
    rights: frozenset[Right]
    to_itself: bool = False

    def covers(self, who: str, whom: str, right: Right) -> bool:
        fits = who == whom if self.to_itself else whom in self.whom
        return fits and who in self.who and right in self.rights


class Policy(NamedTuple):
    """The sources, read."""

    meanings: Mapping[str, str]  # of types
    spoken: Mapping[Word, str]  # of words
    sets: Mapping[str, frozenset[str]]
    words: Mapping[Word, frozenset[Right]]
    allowed: tuple[Rule, ...]
    never: tuple[Rule, ...]
    unlogged: tuple[Rule, ...]
    silences: tuple[str, ...]  # why, for each of them
    becomes: tuple[tuple[str, str, str], ...]  # who, of which file, becomes what

    def types(self, name: str) -> list[str]:
        """The types of the set NAME, in the order of the sources."""
        return [one for one in self.meanings if one in self.sets[name]]

    def may(self, who: str, whom: str, right: Right) -> bool:
        return any(rule.covers(who, whom, right) for rule in self.allowed)

    def promised(self, who: str, whom: str, right: Right) -> bool:
        """Whether the compiler would refuse a rule that allows it."""
        return any(rule.covers(who, whom, right) for rule in self.never)


def read(sources: Mapping[str, str]) -> Policy:
    """The policy in SOURCES (file name -> text)."""
    texts = [sources[name] for name in sorted(sources)]
    forms = [form for text in texts for form in cil.parse(text)]
    meanings = {name: said for text in texts for name, said in cil.of_types(text).items()}
    spoken = {Word(*word): said for text in texts for word, said in cil.of_words(text).items()}
    reader = _Reader(forms)
    return Policy(
        {str(form[1]): meanings.get(str(form[1]), "") for form in forms if form[0] == "type"},
        spoken,
        reader.sets,
        reader.words,
        reader.rules("allow"),
        reader.rules("neverallow"),
        reader.rules("dontaudit"),
        tuple(why for text in texts for why in cil.of_silences(text)),
        tuple(
            (str(form[2][0]), str(form[2][1]), str(form[2][2]))
            for form in forms
            if form[:2] == ("call", "begins") and isinstance(form[2], tuple)
        ),
    )


class _Reader:
    """Writes the sets of FORMS out."""

    def __init__(self, forms: list[tuple[Form, ...]]) -> None:
        self.forms = forms
        self.types = frozenset(str(form[1]) for form in forms if form[0] == "type")
        self.meant: dict[str, list[Form]] = {}
        for form in forms:
            if form[0] == "typeattributeset":
                self.meant.setdefault(str(form[1]), []).append(form[2])
        self.sets = {name: self.written_out(name) for name in (*self.types, *self.meant)}
        commons = {str(f[1]): _names(f[2]) for f in forms if f[0] == "common"}
        self.permissions = {str(f[1]): _names(f[2]) for f in forms if f[0] == "class"}
        for form in forms:
            if form[0] == "classcommon":
                self.permissions[str(form[1])] += commons[str(form[2])]
        self.words: dict[Word, frozenset[Right]] = {}
        for form in forms:
            if form[0] == "classmapping":
                word = Word(str(form[1]), str(form[2]))
                self.words[word] = self.words.get(word, frozenset()) | self.rights(form[3])
        macros = (form for form in forms if form[0] == "call" and form[1] == "begins")
        self.forms = [*forms, *(_begins(form) for form in macros)]

    def written_out(self, name: str) -> frozenset[str]:
        """The types of a type, or of a set."""
        if name in self.types:
            return frozenset({name})
        if name not in self.meant:
            raise cil.CilError(f"cannot read the policy: nothing is called {name!r}")
        return frozenset[str]().union(*(self.value(form) for form in self.meant[name]))

    def value(self, form: Form) -> frozenset[str]:
        match form:
            case str():
                return self.written_out(form)
            case ("and", first, second):
                return self.value(first) & self.value(second)
            case ("or", first, second):
                return self.value(first) | self.value(second)
            case ("not", one):
                return self.types - self.value(one)
            case _:
                return frozenset[str]().union(*(self.value(one) for one in form))

    def rights(self, form: Form) -> frozenset[Right]:
        """Of `(CLASS (PERMISSION …))` or `(MAP (WORD …))`."""
        kind, names = str(form[0]), _names(form[1])
        if kind in self.permissions:
            chosen = self.permissions[kind] if names == ["all"] else names
            return frozenset(Right(kind, one) for one in chosen)
        return frozenset[Right]().union(*(self.words[Word(kind, name)] for name in names))

    def rules(self, verb: str) -> tuple[Rule, ...]:
        return tuple(
            Rule(
                self.written_out(str(form[1])),
                frozenset() if form[2] == "self" else self.written_out(str(form[2])),
                self.rights(form[3]),
                form[2] == "self",
            )
            for form in self.forms
            if form[0] == verb
        )


def _begins(form: tuple[Form, ...]) -> tuple[Form, ...]:
    """The rule that the macro of this name makes."""
    return ("allow", form[2][0], form[2][2], ("processes", ("transform",)))


def _names(form: Form) -> list[str]:
    return [str(one) for one in form]


def given(policy: Policy, who: str, whom: str) -> frozenset[Right]:
    """All that WHO may do to WHOM."""
    return frozenset(
        right
        for rule in policy.allowed
        if who in rule.who and (who == whom if rule.to_itself else whom in rule.whom)
        for right in rule.rights
    )


def words_of(policy: Policy, who: str, whom: str) -> list[Word]:
    """The words that WHO may do to WHOM, each as a whole."""
    held = given(policy, who, whom)
    return [word for word, group in policy.words.items() if group <= held]


def able(policy: Policy, whom: str, right: Right) -> list[str]:
    """The domains that have RIGHT over WHOM."""
    return [one for one in policy.types("subject") if policy.may(one, whom, right)]


def naming(policy: Policy, right: Right) -> Iterable[Word]:
    """The words that RIGHT belongs to."""
    return (word for word, group in policy.words.items() if right in group)
