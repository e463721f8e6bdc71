"""docs/selinux-rights.md says what the sources of the policy say."""

from __future__ import annotations

from pathlib import Path

from fakes.golden import expected

from skyrocket.build.policy import page, rights

SOURCES = Path(__file__).parents[3] / "packages/selinux/policy"


def test_the_page_is_that_of_the_sources() -> None:
    """Every domain, label and word, and who may do what to whom."""
    text = page.document(rights.read({one.name: one.read_text() for one in SOURCES.glob("*.cil")}))
    assert expected("../../docs/selinux-rights.md", text) == text


def test_one_more_rule_is_one_more_right_on_the_page() -> None:
    """What the page shows comes from the rules."""
    sources = {one.name: one.read_text() for one in SOURCES.glob("*.cil")}
    before = page.document(rights.read(sources)).splitlines()
    sources["99.cil"] = "(allow bus_t bus_exec_t (files (block)))"
    after = page.document(rights.read(sources)).splitlines()
    assert [line for line in after if line not in before] == [
        "| `bus_exec_t` | files: describe load execute start enter block; volumes: describe |"
    ]
