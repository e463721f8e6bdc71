import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyrocket.models import keys

segments = st.text(st.characters(exclude_characters='"', exclude_categories=("Cs",)), min_size=1)
names = st.lists(segments, min_size=1, max_size=4).map(tuple)
short = st.sampled_from(["a", "b", "a.b", "x y", "é", "settings"])
leaves = st.sampled_from([True, 0, "", "text", [], [1, 2]])
nodes = st.one_of(leaves, st.dictionaries(short, leaves, min_size=1, max_size=2))
trees = st.dictionaries(
    short, st.one_of(nodes, st.dictionaries(short, nodes, min_size=1, max_size=2)), max_size=3
)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("a", ("a",)),
        ("settings.motd", ("settings", "motd")),
        (
            'settings.kubernetes.node-labels."a.b/c"',
            ("settings", "kubernetes", "node-labels", "a.b/c"),
        ),
        ('"x y".z', ("x y", "z")),
        ("a/b.c_d-e", ("a/b", "c_d-e")),
    ],
)
def test_a_key_is_segments_between_dots(text, key):
    assert key == keys.parse(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty"),
        (".", "a segment is empty"),
        ("a.", "a segment is empty"),
        ("a..b", "a segment is empty"),
        ('a.""', "a segment is empty"),
        ("a b", "character ' ' needs the segment to be quoted"),
        ('a."b', "a quote is not closed"),
        ('"a"b', "character 'b' stands where a dot should"),
        ("a" * 256, "it is longer than 255 characters"),
    ],
)
def test_a_text_that_is_no_key_is_refused_with_its_reason(text, reason):
    with pytest.raises(keys.KeyMistakeError, match=f"^{reason}$"):
        keys.parse(text)


@given(names)
def test_the_name_of_a_key_parses_to_that_key(key):
    name = keys.name(key)
    if len(name) <= keys.LONGEST:
        assert key == keys.parse(name)


@given(trees)
def test_a_tree_is_the_sum_of_its_leaves(tree):
    flat = keys.flatten(tree)
    assert flat == keys.flatten(keys.nest(flat))


@given(trees, trees)
def test_a_merged_tree_has_every_leaf_of_the_patch(base, patch):
    merged = keys.flatten(keys.merge(base, patch))
    assert keys.flatten(patch).items() <= merged.items()


@given(trees)
def test_merging_a_tree_into_itself_changes_nothing(tree):
    assert tree == keys.merge(tree, tree)


def test_a_list_is_replaced_whole():
    assert keys.merge({"a": [1, 2]}, {"a": [3]}) == {"a": [3]}


def test_a_prefix_finds_names_that_start_with_it():
    tree = {"settings": {"motd": "x", "models": {"a": 1}, "ntp": {"options": []}}}
    assert keys.with_prefix(tree, "settings.mo") == {"settings": {"motd": "x", "models": {"a": 1}}}
    assert keys.with_prefix(tree, "settings.zzz") == {}


def test_keys_that_are_missing_or_no_leaves_are_left_out():
    tree = {"a": {"b": 1, "c": 2}}
    assert keys.with_keys(tree, [("a", "b"), ("a",), ("x",)]) == {"a": {"b": 1}}


@pytest.mark.parametrize(
    ("key", "answer"),
    [(("a",), True), (("a", "b"), True), (("a", "x"), False), (("e",), False), (("f",), True)],
)
def test_populated_means_a_value_at_or_below_the_key(key, answer):
    assert answer is keys.populated({"a": {"b": 1}, "e": {"g": {}}, "f": []}, key)
