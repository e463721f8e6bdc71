from pathlib import Path

from fakes.golden import FOLDER, expected

from skyrocket.host import __main__ as host
from skyrocket.host.api import routes
from skyrocket.models.settings import reference, table

DOCS = FOLDER.parent.parent / "docs"


def test_the_reference_of_settings_is_the_one_the_types_give():
    text = reference.document(table.load())
    assert expected("../../docs/settings.md", text) == text


def test_every_setting_has_a_description():
    for group in table.load().groups.values():
        for key, kind, about in reference.keys(group):
            assert kind, key
            assert about, key


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
