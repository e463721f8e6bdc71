"""The node's user data: ours below, the user's on top."""

import base64
import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyrocket.lab import user_data
from skyrocket.lab.errors import NodeError
from skyrocket.lab.user_data import Wishes

WISHES = Wishes(
    name="node",
    version="0.1.0",
    registry_port=5050,
    public_key="ssh-ed25519 AAAA skyrocket node\n",
    host_containers=True,
    demo=True,
)


def composed(user="", wishes=WISHES):
    return tomllib.loads(user_data.compose(wishes, user))["settings"]


def test_ours_enables_admin_with_the_nodes_key_and_the_demonstration():
    """Images come from this machine, as the guest sees it."""
    settings = composed()
    admin = settings["host-containers"]["admin"]
    keys = json.loads(base64.b64decode(admin["user-data"]))
    assert keys == {"ssh": {"authorized-keys": ["ssh-ed25519 AAAA skyrocket node"]}}
    assert admin["enabled"] is True
    assert settings["containers"]["demo"]["source"] == "skyrocket.local/demo:0.1.0"
    assert settings["container-registry"]["mirrors"] == [
        {"registry": "skyrocket.local", "endpoint": ["http://10.0.2.2:5050"]}
    ]


def test_the_users_word_counts_key_by_key():
    """One key of theirs changes one key of ours."""
    settings = composed(
        '[settings]\nmotd = "theirs"\n[settings.host-containers.admin]\nenabled=false\n'
    )
    assert settings["motd"] == "theirs"
    assert settings["host-containers"]["admin"]["enabled"] is False
    assert settings["host-containers"]["admin"]["superpowered"] is True


def test_a_variant_without_host_containers_gets_none():
    """Settings of a group that the variant does not have would be refused."""
    assert "host-containers" not in composed(wishes=WISHES._replace(host_containers=False))
    assert "containers" not in composed(wishes=WISHES._replace(demo=False))


def test_text_that_is_not_toml_is_refused():
    """With the reason."""
    with pytest.raises(NodeError, match="cannot read user data"):
        user_data.compose(WISHES, "a = ")


def test_nothing_is_changed_by_merging():
    """Both inputs stay as they were."""
    below = {"a": {"b": 1}}
    over = {"a": {"c": 2}}
    assert user_data.merge(below, over) == {"a": {"b": 1, "c": 2}}
    assert (below, over) == ({"a": {"b": 1}}, {"a": {"c": 2}})


PLAIN = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.datetimes(),
    st.floats(allow_nan=False),
)
KEYS = st.text(st.characters(exclude_categories=["Cs"]))
TREES = st.dictionaries(
    KEYS,
    st.recursive(
        PLAIN,
        lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner),
        max_leaves=6,
    ),
)


@given(TREES)
def test_what_is_dumped_is_read_back_equal(tree):
    """Every table that TOML can hold survives."""
    assert tomllib.loads(user_data.dump(tree)) == tree
