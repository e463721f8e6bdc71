"""Settings that mean words for the kernel: taken where the kernel will be given them."""

import json

import pytest
from fakes import api_node
from fakes.settings_host import FakeHost

from skyrocket.host.api import routes
from skyrocket.host.api.message import Request
from skyrocket.host.api.state import State
from skyrocket.host.boot.sequence import Boot
from skyrocket.host.store.document import Document
from skyrocket.host.store.memory import MemoryStore
from skyrocket.models.api import Variant
from skyrocket.models.boot_parameters import AT_BOOT, INITRD, OUTCOME
from skyrocket.models.settings.group import Facts

EFI, CHECKED = {"efi": True, "secure_boot": False}, {"efi": True, "secure_boot": True}
WORDS = {"boot": {"kernel": {"nosmt": []}}}
PAGES = {"kernel": {"hugepages": {"static": {"2Mi": {"count": "4"}}}}}


class Node:
    """The real routes over a node whose initrd said INITRD."""

    def __init__(self, tmp_path, initrd, live=None):
        self.store = MemoryStore()
        for number, settings in enumerate([live or {}, {}], 1):
            self.store.save(Document(settings, generation=number))
        files = {INITRD: json.dumps(initrd).encode()}
        self.host = FakeHost(files)
        pending = str(tmp_path / "pending.json")
        doors, gate = api_node.Doors(), api_node.open_gate()
        self.state = State(self.store, Variant(), doors, gate, pending, self.host)

    def ask(self, method, target, body=None):
        raw = b"" if body is None else json.dumps(body).encode()
        answer = routes.answer(self.state, Request(method, target, raw))
        return answer.status, answer.body.decode()


WAYS = {
    "patch": ("PATCH", "/settings", lambda tree: tree),
    "change": ("PATCH", "/settings/change", lambda tree: {"settings": tree}),
    "plan": ("POST", "/plan", lambda tree: {"settings": tree}),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("tree", [WORDS, PAGES], ids=["boot", "hugepages"])
@pytest.mark.parametrize(
    ("initrd", "reason"),
    [({}, "started without firmware"), (CHECKED, "Secure Boot is on")],
    ids=["direct", "secure boot"],
)
def test_words_that_would_not_arrive_are_an_error_at_once(tmp_path, way, tree, initrd, reason):
    node = Node(tmp_path, initrd)
    method, target, body = WAYS[way]
    status, text = node.ask(method, target, body(tree))
    assert (status, reason in text) == (400, True), text
    assert json.loads(node.ask("GET", "/tx")[1]) == {}


@pytest.mark.parametrize("way", ["patch", "change"])
def test_words_that_will_arrive_are_taken(tmp_path, way):
    node = Node(tmp_path, EFI)
    method, target, body = WAYS[way]
    assert node.ask(method, target, body(WORDS)) == (204, "")
    assert json.loads(node.ask("GET", "/tx")[1]) == WORDS


def test_what_a_signed_addon_gave_the_kernel_may_be_said_by_settings_too(tmp_path):
    node = Node(tmp_path, CHECKED | {"additions": ["nosmt"]})
    assert node.ask("PATCH", "/settings", WORDS) == (204, "")
    assert node.ask("PATCH", "/settings", {"boot": {"kernel": {"a": []}}})[0] == 400


def test_other_settings_of_these_groups_are_taken_on_every_machine(tmp_path):
    node = Node(tmp_path, {})
    tree = {"kernel": {"sysctl": {"a.b": "1"}}, "boot": {"reboot-to-reconcile": True}}
    assert node.ask("PATCH", "/settings", tree) == (204, "")


def test_a_generation_with_such_words_does_not_come_back(tmp_path):
    assert Node(tmp_path, {}, WORDS).ask("POST", "/history/rollback?to=1")[0] == 400
    assert Node(tmp_path, EFI, WORDS).ask("POST", "/history/rollback?to=1")[0] == 200


def test_the_status_tells_the_words_of_this_boot_and_what_hindered_the_next(tmp_path):
    node = Node(tmp_path, EFI | {"additions": ["nosmt", "--", "splash"]})
    node.host.files[OUTCOME] = b'{"next": [], "degraded": ["a reason"]}'
    said = json.loads(node.ask("GET", "/status")[1])
    assert said["kernel_words"] == ["nosmt", "--", "splash"]
    assert (said["degraded"], said["reasons"]) == (True, ["a reason"])


@pytest.mark.parametrize(
    ("settings", "had", "asked"),
    [
        (WORDS, [], True),
        (WORDS, ["nosmt"], False),
        ({}, ["nosmt"], True),
        ({}, [], False),
        (PAGES, ["hugepagesz=2M", "hugepages=4"], False),
    ],
)
def test_a_boot_has_its_words_looked_after_only_when_they_are_others(settings, had, asked):
    store = MemoryStore()
    store.save(Document(settings, generation=1, user_data=True, filled_by="unknown 0.0.0 unknown"))
    host = FakeHost({INITRD: json.dumps(EFI | {"additions": had}).encode()})
    boot = Boot(Variant(), store, host)
    boot.run(dict, dict, Facts("machine", 1))
    assert (f"start {AT_BOOT}" in host.done) == asked
    assert not [each for each in host.done if "@change" in each]
