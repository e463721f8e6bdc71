"""Bad user data never strands a node: broken documents go through the real boot and API."""

import base64
import gzip
import json

import msgspec
import pytest
from fakes import api_node
from fakes.settings_host import FakeHost

from skyrocket.host.api import routes
from skyrocket.host.api.message import Request
from skyrocket.host.boot.sequence import Boot
from skyrocket.host.settings.user_data import parse, sources
from skyrocket.host.store.memory import MemoryStore
from skyrocket.models.settings.group import Facts

FACTS = Facts("machine", 4100)
GOOD = b"[settings]\nmotd = 'good'\n"
NETWORK = b"[settings.network]\n"
MIRRORS = b"[[settings.container-registry.mirrors]]\n"
ADMIN = b"[settings.host-containers.admin]\n"

# name, the document, what its one message must say
BROKEN = [
    ("no value", b"[settings]\nmotd = \n", "line 2"),
    ("no equals sign", b"[settings]\nmotd 'x'\n", "line 2"),
    ("open string", b"[settings]\nmotd = 'x\n", "Expected"),
    ("open table", b"[settings\nmotd = 'x'\n", "line 1"),
    ("open list", b"[settings.ntp]\ntime-servers = ['a', \n", "cannot read"),
    ("half a file", GOOD + b"[settings.ntp]\ntime-serv", "cannot read"),
    ("bad escape", b'[settings]\nmotd = "\\q"\n', "line 2"),
    ("duplicate table", b"[settings.ntp]\n[settings.ntp]\n", "line 2"),
    ("duplicate key", b"[settings]\nmotd='a'\nmotd='b'\n", "line 3"),
    ("key over a table", b"[settings]\nntp = 1\n[settings.ntp]\n", "line 3"),
    ("cloud-config", b"#cloud-config\npackages: [vim]\n", "line 2"),
    ("shell script", b"#!/bin/sh\necho hello\n", "line 2"),
    ("json", b'{"settings": {"motd": "x"}}', "line 1"),
    ("yaml", b"settings:\n  motd: x\n", "line 1"),
    ("mime", b"MIME-Version: 1.0\nContent-Type: multipart/mixed\n\n", "line 1"),
    ("html of a proxy", b"<!DOCTYPE html><html>502</html>", "line 1"),
    ("base64 of a document", base64.b64encode(GOOD), "cannot read"),
    ("control character", b"[settings]\nmotd = 'a\x00b'\n", "line 2"),
    ("no settings", b"motd = 'x'\n", "did not contain 'settings' section"),
    ("misspelt settings", b"[setting]\nmotd = 'x'\n", "did not contain 'settings' section"),
    ("settings is a number", b"settings = 1\n", "integer `1`"),
    ("settings is a list", b"[[settings]]\nmotd = 'x'\n", "sequence"),
    ("not UTF-8", b"[settings]\nmotd = '\xff'\n", "not UTF-8"),
    ("latin-1", "[settings]\nmotd = 'ä'\n".encode("latin-1"), "not UTF-8"),
    ("UTF-16", "[settings]\nmotd = 'a'\n".encode("utf-16"), "not UTF-8"),
    ("5 MiB", GOOD + b"# " + b"x" * (5 * 1024 * 1024), f"it is over {parse.LARGEST} bytes"),
    ("gzip bomb", gzip.compress(b"#" * (64 * 1024 * 1024)), f"it is over {parse.LARGEST} bytes"),
    ("half a gzip", gzip.compress(GOOD)[:-9], "it is cut off"),
    ("gzip in name only", b"\x1f\x8b\x08nothing", "cannot unpack"),
    ("gzip twice", gzip.compress(gzip.compress(GOOD)), "cannot"),
    ("deep list", b"[settings]\nmotd = " + b"[" * 20000, "cannot read"),
    ("deep key", b"settings" + b".a" * 5000 + b" = 1\n", "unknown field `a`"),
    ("huge number", b"[settings.updates]\nseed = " + b"9" * 5000 + b"\n", "cannot read"),
    ("infinity", b"[settings.updates]\nseed = inf\n", "at settings.updates.seed"),
    ("negative seed", b"[settings.updates]\nseed = -1\n", "at settings.updates.seed"),
    ("unknown group", b"[settings.nettwork]\n", "(did you mean `settings.network`?)"),
    ("unknown key", b"[settings]\nmotdd = 'x'\n", "(did you mean `settings.motd`?)"),
    ("key of another group", b"[settings]\nhostname = 'x'\n", "`settings.network.hostname`"),
    ("underscores", b"[settings.ntp]\ntime_servers = []\n", "`settings.ntp.time-servers`"),
    ("number for text", b"[settings]\nmotd = 1\n", "at settings.motd"),
    ("text for a switch", ADMIN + b"enabled = 'true'\n", "settings.host-containers.admin.enabled"),
    ("text for a list", b"[settings.ntp]\ntime-servers = 'a'\n", "at settings.ntp.time-servers"),
    ("date", b"[settings]\nmotd = 2026-01-01\n", "at settings.motd"),
    ("bad host name", NETWORK + b"hostname = 'A_B'\n", "at settings.network.hostname"),
    ("bad name", b"[settings.host-containers.'a b']\nenabled=true\n", "settings.host-containers"),
    ("path as parameter", b"[settings.kernel.sysctl]\n'../x' = '1'\n", "settings.kernel.sysctl"),
    ("table for a list", b"[settings.container-registry.mirrors]\nx = 1\n", "container-registry"),
    ("mirror without registry", MIRRORS + b"endpoints = ['x']\n", "container-registry.mirrors[0]"),
    ("bad certificate", b"[settings.pki.a]\ndata = 'x'\n", "at settings.pki.a.data"),
]  # fmt: skip
ALL_AT_ONCE = (
    b"[settings]\nmotdd = 'x'\n[settings.network]\nhostname = 'A_B'\n"
    b"[settings.ntp]\ntime-servers = 'a'\n[settings.updates]\nseed = -1\n"
)


class Node:
    """What a boot with USER_DATA leaves, and the API over it."""

    def __init__(self, folder, *user_data):
        names = ("user-data.toml", "user-data-overrides.toml")
        for name, raw in zip(names, user_data, strict=False):
            (folder / name).write_bytes(raw)
        store, self.host = MemoryStore(), FakeHost()
        boot = Boot(api_node.VARIANT, store, self.host)
        self.outcome = boot.run(
            lambda: {"motd": "default"},
            lambda: sources.read(boot.schema, str(folder), lambda: None), FACTS,
        )  # fmt: skip
        self._state = api_node.state(folder, store=store)
        self._state.host.files["/run/skyrocket/boot.json"] = msgspec.json.encode(self.outcome)

    def get(self, target):
        answer = routes.answer(self._state, Request("GET", target))
        assert answer.status == 200
        return json.loads(answer.body)


def test_there_are_enough_of_them():
    assert len(BROKEN) >= 40
    assert len({raw for _, raw, _ in BROKEN}) == len(BROKEN)


@pytest.mark.parametrize(("raw", "says"), [each[1:] for each in BROKEN], ids=[b[0] for b in BROKEN])
def test_a_broken_document_leaves_a_node_that_answers_and_says_why(tmp_path, raw, says):
    node = Node(tmp_path, raw)
    (reason,) = node.outcome.degraded
    assert f"user data {tmp_path}/user-data.toml: " in reason
    assert says in reason
    assert "\n" not in reason
    assert len(reason) < 4000
    status = node.get("/status")
    assert (status["degraded"], status["reasons"]) == (True, [reason])
    assert node.get("/settings?prefix=motd") == {"motd": "default"}
    assert node.host.files["/etc/motd"] == b"default\n"


def test_a_document_that_is_right_makes_no_reason(tmp_path):
    node = Node(tmp_path, GOOD)
    status = node.get("/status")
    assert (status["degraded"], status["reasons"], status["first_boot"]) == (False, [], True)
    assert node.get("/settings?prefix=motd") == {"motd": "good"}


def test_all_mistakes_of_all_sources_are_in_one_message(tmp_path):
    (reason,) = Node(tmp_path, ALL_AT_ONCE, b"[settings]\nmotd = 5\n").outcome.degraded
    for place in ("network.hostname", "ntp.time-servers", "updates.seed"):
        assert f"at settings.{place}" in reason
    assert "(did you mean `settings.motd`?)" in reason
    assert "user-data-overrides.toml: Expected `str`, got `int` at settings.motd" in reason
