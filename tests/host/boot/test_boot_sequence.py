import msgspec
import pytest
from fakes.settings_host import FakeHost

from skyrocket.host.boot.sequence import Boot
from skyrocket.host.settings import defaults
from skyrocket.host.settings.errors import DefaultsError, UserDataError
from skyrocket.host.store.memory import MemoryStore
from skyrocket.models.api import Variant
from skyrocket.models.settings import network, table
from skyrocket.models.settings.group import Facts, Generator, SourceAwayError

FACTS = Facts("machine", 4100)
OLD, NEW = Variant(version_id="1.0.0"), Variant(version_id="2.0.0")


class Node:
    """One node over its boots: a store that stays, a host whose /etc is empty at each boot."""

    def __init__(self):
        self.store = MemoryStore()
        self.asked, self.slept = [], []
        self.generate_name = None

    def boot(self, variant=OLD, defaults=None, user_data=None):
        self.host = FakeHost()
        boot = Boot(variant, self.store, self.host, self.slept.append)
        if self.generate_name:
            own = Generator(("network", "hostname"), "of a test", self.generate_name)
            group = msgspec.structs.replace(network.GROUP, generators=(own,))
            boot.schema = table.Schema((boot.schema.groups | {"network": group}).values())
        self.asked = []

        def give(name, value):
            self.asked.append(name)
            if isinstance(value, Exception):
                raise value
            return value or {}

        self.outcome = boot.run(
            lambda: give("defaults", defaults), lambda: give("user data", user_data), FACTS
        )
        return self.store.load().settings


@pytest.fixture
def node():
    return Node()


def test_user_data_wins_over_defaults_and_generators_fill_the_rest(node):
    settings = node.boot(defaults={"motd": "d", "ntp": {"options": ["a"]}}, user_data={"motd": "u"})
    assert settings == {
        "motd": "u",
        "ntp": {"options": ["a"]},
        "network": {"hostname": "node-1505df84"},
        "updates": {"seed": 4},
    }
    assert node.host.files["/etc/motd"] == b"u\n"
    assert node.outcome.first_boot


def test_user_data_wins_over_generators(node):
    assert node.boot(user_data={"network": {"hostname": "a"}})["network"] == {"hostname": "a"}


def test_a_later_boot_takes_what_is_stored_and_reads_nothing(node):
    first = node.boot(user_data={"motd": "u"})
    assert node.boot(user_data={"motd": "other"}) == first
    assert node.asked == []
    assert node.store.load().generation == 1
    assert node.host.files["/etc/motd"] == b"u\n"


def test_a_new_version_fills_in_new_defaults_and_keeps_the_rest(node):
    node.boot(defaults={"motd": "old"})
    settings = node.boot(NEW, defaults={"motd": "new", "ntp": {"options": ["b"]}})
    assert (settings["motd"], settings["ntp"]) == ("old", {"options": ["b"]})
    assert node.asked == ["defaults"]


CONTAINER = {"enabled": False, "superpowered": True}


def admin(source, **more):
    return {"host-containers": {"admin": {"source": source, **CONTAINER, **more}}}


def source(settings):
    return settings["host-containers"]["admin"]["source"]


def test_a_new_version_replaces_what_the_old_one_chose_and_keeps_what_a_person_did(node):
    node.boot(defaults=admin("r/admin:1"))
    settings = node.boot(NEW, defaults=admin("r/admin:2", enabled=True))
    assert source(settings) == "r/admin:2"
    assert settings["host-containers"]["admin"]["enabled"] is False
    assert source(node.boot(OLD, defaults=admin("r/admin:1"))) == "r/admin:1"


@pytest.mark.parametrize("said", ["r/mine:7", "r/admin:1"])
def test_user_data_is_a_persons_word_be_it_the_default(node, said):
    node.boot(defaults=admin("r/admin:1"), user_data=admin(said))
    assert source(node.boot(NEW, defaults=admin("r/admin:2"))) == said


def test_a_weak_value_stays_where_the_new_version_has_none(node):
    node.boot(defaults=admin("r/admin:1"))
    assert source(node.boot(NEW, defaults={})) == "r/admin:1"
    assert source(node.boot(OLD, defaults=DefaultsError("cannot"))) == "r/admin:1"
    assert source(node.boot(NEW, defaults=admin("r/admin:3"))) == "r/admin:3"


class Away:
    """A generator whose source answers at its Nth question."""

    def __init__(self, answers_at):
        self.asked, self.answers_at = 0, answers_at

    def __call__(self, _facts):
        self.asked += 1
        if self.asked < self.answers_at:
            raise SourceAwayError("the metadata service does not answer")
        return "named"


def test_a_generator_whose_source_is_away_is_asked_again(node):
    node.generate_name = Away(3)
    assert node.boot()["network"] == {"hostname": "named"}
    assert (node.slept, node.outcome.degraded) == ([0.5, 1.0], [])


def test_a_generator_whose_source_stays_away_degrades_the_node_and_the_next_boot_asks(node):
    node.generate_name = Away(6)
    settings = node.boot(user_data={"motd": "u"})
    assert "network" not in settings
    assert (settings["motd"], settings["updates"]) == ("u", {"seed": 4})
    reason = "cannot generate settings.network.hostname (of a test): the metadata service"
    assert node.outcome.degraded == [f"{reason} does not answer"]
    assert node.host.files["/etc/hostname"] == b"localhost\n"
    assert len(node.slept) == 4
    assert node.boot()["network"] == {"hostname": "named"}
    assert node.outcome.degraded == []


@pytest.mark.parametrize("wrong", ["Not A Name", 7, RuntimeError("a bug")])
def test_a_generator_that_makes_nonsense_degrades_the_node_and_stops_nothing(node, wrong):
    def make(_facts):
        if isinstance(wrong, Exception):
            raise wrong
        return wrong

    node.generate_name = make
    assert node.boot()["updates"] == {"seed": 4}
    assert node.outcome.degraded[0].startswith("cannot generate settings.network.hostname")
    assert node.slept == []


def test_bad_user_data_leaves_a_node_with_defaults_that_says_why_and_reads_again(node):
    settings = node.boot(defaults={"motd": "d"}, user_data=UserDataError("cannot read x"))
    assert settings["motd"] == "d"
    assert node.outcome.degraded == ["cannot read x"]
    assert node.boot(user_data={"motd": "u"})["motd"] == "u"
    assert node.outcome.degraded == []
    assert node.boot(user_data={"motd": "again"})["motd"] == "u"


def test_a_first_boot_without_user_data_is_a_first_boot(node):
    node.boot()
    assert "motd" not in node.boot(user_data={"motd": "late"})


def test_a_damaged_document_is_kept_aside_and_the_node_starts_anew(node):
    node.store.raw = b"damaged"
    assert node.boot(user_data={"motd": "u"})["motd"] == "u"
    assert node.store.aside == b"damaged"
    (reason,) = node.outcome.degraded
    assert reason.startswith("cannot read settings in memory: ")
    assert reason.endswith("; kept as in memory")


def test_a_document_with_settings_this_variant_has_not_is_kept_aside_too(node):
    node.boot(user_data={"ntp": {"options": ["a"]}})
    node.boot(Variant(groups=["motd"]), user_data={"motd": "u"})
    assert node.store.load().settings == {"motd": "u"}
    assert node.store.aside is not None


def test_bad_defaults_do_not_stop_a_boot(node):
    node.boot(defaults=DefaultsError("cannot use defaults x"), user_data={"motd": "u"})
    assert node.outcome.degraded == ["cannot use defaults x"]
    assert node.host.files["/etc/motd"] == b"u\n"


class FullStore(MemoryStore):
    def save(self, document):
        raise OSError(28, "No space left on device")


def test_a_store_that_cannot_be_written_does_not_stop_a_boot(capsys):
    host = FakeHost()
    outcome = Boot(OLD, FullStore(), host).run(dict, lambda: {"motd": "u"}, FACTS)
    assert outcome.degraded == ["cannot finish stage commit: [Errno 28] No space left on device"]
    assert host.files["/etc/motd"] == b"u\n"


def test_every_stage_has_its_seconds(node):
    node.boot()
    wanted = ["store", "defaults", "user-data", "commit", "render", "compare", "apply"]
    assert list(node.outcome.seconds) == ["network", *wanted, "kernel words"]


def test_the_variants_defaults_lie_on_those_of_the_groups(tmp_path):
    schema = Boot(OLD, MemoryStore(), FakeHost()).schema
    path = tmp_path / "defaults.toml"
    path.write_text("[settings.ntp]\ntime-servers = ['x']\n")
    wanted = {"time-servers": ["x"], "options": ["iburst"]}
    assert defaults.of_variant(schema, str(path))["ntp"] == wanted
    assert defaults.of_variant(schema, str(tmp_path / "none")) == defaults.of_groups(schema)


@pytest.mark.parametrize("text", ["x", "[settings]\nmotdd = 1"])
def test_defaults_that_are_wrong_name_their_file(tmp_path, text):
    schema = Boot(OLD, MemoryStore(), FakeHost()).schema
    path = tmp_path / "defaults.toml"
    path.write_text(text)
    with pytest.raises(DefaultsError, match=r"cannot use defaults .*defaults\.toml: "):
        defaults.of_variant(schema, str(path))
