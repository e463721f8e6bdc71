"""Documents of the kinds that people write for nodes, each with what comes of it in its head.

`# like:` a variant of Bottlerocket, or one of ours; `# differs:` the keys that differ there;
`# refused:` a part of the one mistake. Without the last, the document is taken.
"""

import re
import tomllib
from pathlib import Path

import pytest

from skyrocket.build import definitions
from skyrocket.models.settings import differences, leaves, report, table
from skyrocket.models.settings.families import FAMILIES, family

ROOT = Path(__file__).parents[3]
DOCUMENTS = sorted((ROOT / "tests/data/settings/documents").glob("*.toml"))


def look(path):
    text = path.read_text(encoding="utf-8")
    head = dict(re.findall(r"^# (\w+): (.*)$", text, re.MULTILINE))
    variant = head["like"]
    if family(variant):
        groups, packages = FAMILIES[family(variant)], None
    else:
        found = definitions.load(ROOT, variant).variant
        groups, packages = found.settings_groups, found.packages
    settings = tomllib.loads(text)["settings"]
    return head, report.make(variant, table.load(groups), packages, settings)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_a_document_is_taken_or_its_mistake_is_named(path):
    head, found = look(path)
    if "refused" in head:
        (mistake,) = found.refused
        assert head["refused"] in mistake.reason
    else:
        assert found.refused == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_what_differs_from_bottlerocket_is_named(path):
    head, found = look(path)
    assert ", ".join(sorted(s.key for s in found.taken if s.differs)) == head.get("differs", "")


def test_there_are_documents_of_every_family_of_orchestrator():
    likes = {look(path)[0]["like"].rpartition("-")[0] for path in DOCUMENTS}
    assert len([path for path in DOCUMENTS if "refused" not in look(path)[0]]) >= 30
    assert {"aws-k8s", "vmware-k8s", "metal-k8s", "aws-ecs", "vm"} <= likes


def test_every_difference_is_in_the_page_on_compatibility():
    page = (ROOT / "docs/compatibility.md").read_text(encoding="utf-8")
    section = page.partition("## Settings that differ\n")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", section, re.MULTILINE))
    assert rows == differences.DIFFERENCES


def test_every_difference_is_of_a_key_that_is_there():
    every = [leaf.name for group in table.load().groups.values() for leaf in leaves.of_group(group)]
    for pattern in differences.DIFFERENCES:
        assert any(f"{name}.".startswith(f"{pattern}.") for name in every), pattern


def test_the_families_name_groups_that_are_there():
    assert {group for groups in FAMILIES.values() for group in groups} <= set(table.GROUPS)
    in_families = {group for groups in FAMILIES.values() for group in groups}
    assert set(table.GROUPS) - in_families == {"containers", "measurement"}


def test_a_setting_whose_reader_is_not_in_the_variant_has_no_effect_there():
    found = report.make("x", table.load(["ntp", "updates"]), [], {"ntp": {"options": []}})
    assert [said.idle for said in found.taken] == ["this variant has no chrony"]
    found = report.make("x", table.load(["ntp"]), ["chrony"], {"ntp": {"options": []}})
    assert [said.idle for said in found.taken] == [""]


def test_secrets_are_replaced_at_every_depth():
    groups = table.load().groups
    tree = {"a": {"user-data": "e30=", "enabled": True}}
    hidden = {"a": {"user-data": leaves.REDACTED, "enabled": True}}
    assert leaves.redacted(groups["host-containers"], tree) == hidden
    tree = {"server-key": "x", "static-pods": {"p": {"manifest": "x"}}, "cluster-name": "c"}
    hidden = {
        "server-key": leaves.REDACTED,
        "static-pods": {"p": {"manifest": leaves.REDACTED}},
        "cluster-name": "c",
    }
    assert leaves.redacted(groups["kubernetes"], tree) == hidden
    registry = {"credentials": [{"password": "x"}], "mirrors": []}
    hidden = {"credentials": leaves.REDACTED, "mirrors": []}
    assert leaves.redacted(groups["container-registry"], registry) == hidden
