import pytest
from fakes.golden import expected

from skyrocket.models.settings import table
from skyrocket.models.settings.mistakes import SettingsError

SCHEMA = table.load()


def mistakes(tree):
    with pytest.raises(SettingsError) as caught:
        SCHEMA.check(tree)
    return list(caught.value.mistakes)


def test_good_settings_come_back_without_nulls():
    tree = {"motd": None, "network": {"hostname": "a", "hosts": [["::1", ["b"]]]}}
    assert SCHEMA.check(tree) == {"network": {"hostname": "a", "hosts": [["::1", ["b"]]]}}


def test_mirrors_given_as_a_table_are_kept_as_a_list():
    tree = {"container-registry": {"mirrors": {"b": ["http://x"], "a": []}}}
    wanted = [{"registry": "a", "endpoint": []}, {"registry": "b", "endpoint": ["http://x"]}]
    assert {"container-registry": {"mirrors": wanted}} == SCHEMA.check(tree)


def test_checked_settings_check_to_themselves():
    tree = {"container-registry": {"mirrors": {"a": ["x"]}}, "updates": {"seed": 7}}
    once = SCHEMA.check(tree)
    assert once == SCHEMA.check(once)


@pytest.mark.parametrize("group", ["containers", "host-containers"])
def test_limits_given_as_numbers_are_kept_as_text(group):
    tree = {group: {"demo": {"cpu-limit": 0.5, "memory-limit": 268435456}}}
    wanted = {group: {"demo": {"cpu-limit": "0.5", "memory-limit": "268435456"}}}
    assert wanted == SCHEMA.check(tree)


def test_every_mistake_is_told_with_its_path():
    tree = {
        "motdd": 1,
        "motd": 3,
        "network": {"hostname": "A", "x": 1, "hosts": [["10.0.0.1", ["_"]], ["x", []]]},
        "updates": {"seed": -1, "ignore-waves": "x", "version-lock": "1"},
        "host-containers": {"a!": {"restart": "maybe"}, "q": None, "r": {"memory-limit": "x"}},
        "kernel": {"sysctl": {"a": 1, "..": "x"}},
        "ntp": [],
        "containers": "x",
        "container-registry": {"mirrors": [{"x": 1}]},
    }
    text = "".join(f"{mistake}\n" for mistake in mistakes(tree))
    assert expected("settings-mistakes.txt", text) == text


@pytest.mark.parametrize("seed", [4294967296, -1, 1.5, "1", True])
def test_a_seed_is_an_unsigned_32_bit_number(seed):
    assert mistakes({"updates": {"seed": seed}})[0].endswith("at settings.updates.seed")


def test_settings_that_are_no_object_are_refused():
    assert mistakes([]) == ["invalid type: sequence, expected struct Settings at settings"]


def test_a_variant_has_only_its_groups():
    small = table.load(["motd", "no-such-group"])
    assert list(small.groups) == ["motd"]
    with pytest.raises(SettingsError, match="unknown field `ntp`, expected `motd` at settings"):
        small.check({"ntp": {}})


def test_a_new_group_is_one_file_and_one_line():
    schema = table.load(table={**table.GROUPS, "example": "fakes.example_group"})
    settings = schema.read({"example": {"greeting": "hi"}})
    group = schema.groups["example"]
    assert group.render(schema.value(settings, "example")).files[0].content == b"hi\n"
    with pytest.raises(SettingsError, match=r"expected `greeting` at settings\.example"):
        schema.check({"example": {"x": 1}})


@pytest.mark.parametrize("group", SCHEMA.groups.values(), ids=list(SCHEMA.groups))
def test_a_group_is_called_as_in_the_table_and_its_defaults_are_good(group):
    assert table.GROUPS[group.name].rsplit(".", 1)[1] == group.name.replace("-", "_")
    if group.defaults is not None:
        SCHEMA.check({group.name: group.defaults})


@pytest.mark.parametrize("group", SCHEMA.groups.values(), ids=list(SCHEMA.groups))
def test_the_services_of_a_group_name_files_it_has(group):
    for names in group.services.values():
        assert set(names) <= set(group.files)


@pytest.mark.parametrize("group", SCHEMA.groups.values(), ids=list(SCHEMA.groups))
def test_a_group_that_is_not_set_renders_all_the_same(group):
    for file in group.render(None).files if group.render else ():
        assert any(place.path == file.path for place in group.files.values())
