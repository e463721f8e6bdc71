import re
from pathlib import Path

from fakes.golden import FOLDER, expected

from skyrocket.host import __main__ as host
from skyrocket.host.api import routes
from skyrocket.models.settings import json_schema, leaves, reference, table

DOCS = FOLDER.parent.parent / "docs"


def test_the_reference_of_settings_is_the_one_the_types_give():
    text = reference.document(table.load())
    assert expected("../../docs/settings.md", text) == text


def test_the_list_of_keys_is_the_one_the_types_give():
    """What users may rely on: a key that vanishes or changes its type shows as a line here."""
    text = reference.listing(table.load())
    assert expected("settings-keys.txt", text) == text


def test_the_reference_has_exactly_the_keys_of_the_list():
    page = (DOCS / "settings.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([^`]+)`[^|]*\|", page, re.MULTILINE)
    lines = (FOLDER / "settings-keys.txt").read_text(encoding="utf-8").splitlines()
    assert rows == [line.partition(": ")[0] for line in lines]


def test_the_json_schema_is_the_one_the_types_give():
    text = json_schema.text(table.load())
    assert expected("settings-schema.json", text) == text


def test_every_setting_says_what_it_is_and_does():
    for group in table.load().groups.values():
        for leaf in leaves.of_group(group):
            assert reference.words(leaf.kind), leaf.name
            assert leaf.about, leaf.name
            effect = group.effect(leaf.key)
            assert effect.does, leaf.name
            assert reference.disturbs(effect), leaf.name


def test_what_a_group_says_it_does_is_what_it_renders():
    """A group without files claims no effect; whatever restarts for a file is said of a key."""
    for group in table.load().groups.values():
        effects = group.effects.values()
        if group.render is None:
            assert {effect.reach for effect in effects} == {"stored"}, group.name
            assert not group.files, group.name
        else:
            said = {unit for effect in effects for unit in effect.restarts}
            assert {u for file in group.files.values() for u in file.restarts} <= said, group.name


def test_no_effect_is_said_of_a_key_that_is_not_there():
    for group in table.load().groups.values():
        keys = [leaf.name.partition(".")[2] for leaf in leaves.of_group(group)]
        for pattern in group.effects:
            assert any(f"{key}.".startswith(f"{pattern}.") or not pattern for key in keys), pattern


def test_every_route_is_in_the_reference():
    text = (DOCS / "api.md").read_text()
    for method, path in [*routes.ROUTES, ("GET", routes.EXEC)]:
        assert f"`{method} {path}`" in text


def test_every_verb_of_the_host_program_is_in_its_help():
    for verb in host.VERBS:
        assert f"  {verb} " in host.usage()


def test_the_modules_of_the_verbs_are_there():
    source = Path(host.__file__).parent.parent.parent
    missing = [
        module
        for module, _ in host.VERBS.values()
        if not (source / f"{module.replace('.', '/')}.py").is_file()
        and not (source / module.replace(".", "/") / "__init__.py").is_file()
    ]
    assert missing == []
