"""Sets are written out, words are whole or not there, and silences are few and have reasons."""

from __future__ import annotations

from pathlib import Path

import pytest

from skyrocket.build.policy import cil, rights
from skyrocket.build.policy.rights import Right, Word

SOURCES = Path(__file__).parents[3] / "packages/selinux/policy"
SMALL = """
(class file (read write open))
(class process (signal))
(classmap files (see change))
(classmapping files see (file (read open)))
(classmapping files change (file (write)))
(classmap processes (transform))
(classmapping processes transform (process (signal)))
(type one_t) ; the first
(type two_t) ; the second
(type paper_t) ; paper
(typeattribute subject)
(typeattributeset subject (one_t two_t))
(typeattribute others)
(typeattributeset others (and subject (not two_t)))
(allow subject paper_t (files (see)))
(allow others paper_t (file (write)))
(allow subject self (process (signal)))
(neverallow two_t paper_t (files (change)))
"""


@pytest.fixture(scope="module")
def shipped() -> rights.Policy:
    return rights.read({path.name: path.read_text() for path in SOURCES.glob("*.cil")})


def test_sets_and_words_are_written_out() -> None:
    """Complements, intersections, `self`, and words that a rule gives by their permissions."""
    policy = rights.read({"a.cil": SMALL})
    assert policy.types("subject") == ["one_t", "two_t"]
    assert policy.sets["others"] == {"one_t"}
    expected = [Word("files", "see"), Word("files", "change")]
    assert rights.words_of(policy, "one_t", "paper_t") == expected
    assert rights.words_of(policy, "two_t", "paper_t") == [Word("files", "see")]
    signal = Right("process", "signal")
    assert policy.may("one_t", "one_t", signal)
    assert not policy.may("one_t", "two_t", signal)
    assert policy.promised("two_t", "paper_t", Right("file", "write"))
    assert rights.able(policy, "paper_t", Right("file", "write")) == ["one_t"]


def test_an_unknown_name_is_said() -> None:
    """Rather than being an empty set that refuses quietly."""
    with pytest.raises(cil.CilError, match="nothing is called 'none_t'"):
        rights.read({"a.cil": SMALL + "(allow none_t paper_t (file (read)))"})


def test_nobody_may_what_the_promises_forbid(shipped: rights.Policy) -> None:
    """Written out by this reader, no rule breaks a promise: as the policy's compiler has it."""
    broken = [
        (who, whom, right)
        for who in shipped.types("subject")
        for whom in (*shipped.types("object"), *shipped.types("subject"))
        for right in rights.given(shipped, who, whom)
        if shipped.promised(who, whom, right)
    ]
    assert broken == []


def test_nobody_changes_the_policy(shipped: rights.Policy) -> None:
    """Not one domain has a right of `systems rewrite`, over anything."""
    wanted = shipped.words[Word("systems", "rewrite")]
    assert Right("security", "load_policy") in wanted
    every = (*shipped.types("object"), *shipped.types("subject"))
    assert [w for right in wanted for w in every if rights.able(shipped, w, right)] == []


def test_silences_are_few_and_each_has_its_reason(shipped: rights.Policy) -> None:
    """At most ten rules keep a refusal out of the journal."""
    assert len(shipped.silences) == len(shipped.unlogged) <= 10
    assert all(len(why) > 20 for why in shipped.silences)


def test_every_type_and_word_has_its_meaning(shipped: rights.Policy) -> None:
    """What documents and explanations say of them stands beside them."""
    assert [name for name, said in shipped.meanings.items() if not said] == []
    assert [word for word in shipped.words if not shipped.spoken.get(word)] == []


def test_no_domain_is_permissive_and_the_unknown_is_denied() -> None:
    """Neither can be seen in the rules: both are statements of their own."""
    forms = [form for path in SOURCES.glob("*.cil") for form in cil.parse(path.read_text())]
    assert [form for form in forms if form[0] == "typepermissive"] == []
    assert [form for form in forms if form[0] == "handleunknown"] == [("handleunknown", "deny")]
