import base64

import pytest
from fakes import authority
from fakes.settings_host import FakeHost

from skyrocket.host.settings import applier, apply, render
from skyrocket.host.store.document import Document
from skyrocket.host.store.memory import MemoryStore
from skyrocket.models.settings import table

SCHEMA = table.load()
ADMIN = {"source": "a", "enabled": True, "superpowered": True}


def follow(host, settings, decide=apply.decide):
    """Apply SETTINGS to HOST -> what was done to it."""
    host.done = []
    changes = decide(render.plan(SCHEMA, settings), host)
    apply.do(changes, host)
    return host.done


def as_in_the_image():
    """A host with the file of the image that is what no settings become."""
    (file,) = render.plan(SCHEMA, {}, ["dns"]).rendered[0].files
    return FakeHost({file.path: file.content})


@pytest.fixture
def host():
    host = FakeHost()
    follow(host, {})
    return host


def test_settings_that_are_the_same_do_nothing_at_all(host):
    settings = {"motd": "x", "host-containers": {"admin": ADMIN}, "ntp": {"time-servers": ["a"]}}
    follow(host, settings)
    assert follow(host, settings) == []


def test_deciding_changes_nothing(host):
    before = dict(host.files)
    host.done = []
    apply.decide(render.plan(SCHEMA, {"motd": "x"}), host)
    assert (host.files, host.done) == (before, [])


def test_only_the_units_that_read_a_changed_file_restart(host):
    settings = {"motd": "x", "ntp": {"time-servers": ["a"]}}
    wanted = [
        "write /etc/motd 644",
        "write /etc/chrony/chrony.conf 644",
        "try-restart chronyd.service",
    ]
    assert follow(host, settings) == wanted


def test_a_container_starts_restarts_and_stops_with_its_settings(host):
    path, unit = "/etc/host-containers/admin.json", "host-containers@admin.service"
    said = []
    for change in ({}, {"source": "b"}, {"enabled": False}):
        said += follow(host, {"host-containers": {"admin": {**ADMIN, **change}}})
    write = f"write {path} 600"
    assert said == [write, f"restart {unit}", write, f"restart {unit}", write, f"stop {unit}"]


def test_at_boot_containers_that_should_run_start_and_nothing_restarts():
    settings = {
        "network": {"hostname": "a"},
        "host-containers": {"admin": ADMIN, "off": {**ADMIN, "enabled": False}},
        "containers": {"demo": {"source": "d", "enabled": True}},
    }
    done = follow(as_in_the_image(), settings, apply.decide_boot)
    effects = [each for each in done if not each.startswith("write")]
    started = "start host-containers@admin.service containers@demo.service"
    assert effects == ["hostname a", started]


def test_at_boot_name_and_parameters_are_set_though_their_files_are_there():
    host = FakeHost()
    settings = {"network": {"hostname": "a"}, "kernel": {"sysctl": {"x.y": "1"}}}
    follow(host, settings)
    assert follow(host, settings, apply.decide_boot) == ["hostname a", "sysctl x.y=1"]


def test_a_registry_that_is_no_longer_mirrored_loses_its_file(host):
    def mirrors(*names):
        return {"container-registry": {"mirrors": [{"registry": n, "endpoint": []} for n in names]}}

    follow(host, mirrors("a", "b"))
    assert follow(host, mirrors("b")) == ["remove /etc/containerd/certs.d/a/hosts.toml"]


def test_a_proxy_that_is_no_longer_set_loses_its_file_and_its_readers_restart(host):
    follow(host, {"network": {"https-proxy": "http://p"}})
    restart = "try-restart containerd.service host-containerd.service"
    assert follow(host, {}) == ["remove /etc/network/proxy.env", restart]


def test_a_kernel_parameter_that_is_refused_does_not_stop_the_others():
    host = FakeHost(refuse={"a.b"})
    done = follow(host, {"kernel": {"sysctl": {"a.b": "1", "c.d": "2"}}}, apply.decide_boot)
    assert "sysctl c.d=2" in done
    assert host.warnings == ["cannot set kernel parameter a.b to 1: No such file or directory"]


def store(settings):
    kept = MemoryStore()
    kept.save(Document(settings))
    return kept


def test_words_for_the_kernel_are_looked_after_when_they_come_change_and_go(host):
    unit, path = "restart skyrocket-parameters@change.service", "/etc/skyrocket/boot.d/50-boot"
    words = {"boot": {"kernel": {"nosmt": []}}}
    assert follow(host, words) == [f"write {path} 644", unit]
    assert follow(host, words) == []
    assert follow(host, {"boot": {"init": {"a": ["b"]}}}) == [f"write {path} 644", unit]
    assert follow(host, {}) == [f"remove {path}", unit]
    pages = {"kernel": {"hugepages": {"static": {"2Mi": {"count": "3"}}}}}
    assert follow(host, pages)[-1] == unit
    assert follow(host, {})[-1] == unit


def test_a_request_for_keys_touches_only_their_groups():
    host = FakeHost()
    settings = {"motd": "x", "ntp": {"time-servers": ["a"]}}
    line = b'{"keys":["settings.motd"]}\n'
    result = applier.carry_out(line, None, store(settings), host)
    assert (result.ok, result.changed_files, result.restarted) == (True, ["/etc/motd"], [])


def test_a_request_is_for_groups_of_the_variant_alone():
    host = FakeHost()
    line = b'{"keys":["settings.motd","settings.ntp.options"]}'
    result = applier.carry_out(line, ["ntp", "kernel"], store({"motd": "x"}), host)
    assert (result.ok, result.changed_files) == (True, ["/etc/chrony/chrony.conf"])


def test_a_request_for_all_touches_everything():
    result = applier.carry_out(b'{"all":true}', None, store({}), FakeHost())
    assert "/etc/chrony/chrony.conf" in result.changed_files
    readers = ["chronyd.service", "containerd.service", "host-containerd.service"]
    assert (result.restarted, result.reloaded) == (readers, ["systemd-resolved.service"])


DNS = {"dns": {"name-servers": ["10.0.0.53"]}}
RELOAD = "try-reload-or-restart systemd-networkd.service systemd-resolved.service"


def test_what_can_read_a_file_again_is_told_and_keeps_running(host):
    assert follow(host, DNS)[-1] == RELOAD
    assert follow(host, DNS) == []
    words = follow(host, {})[-1].split()
    assert sorted(words) == sorted(RELOAD.split())


def test_at_boot_it_is_told_as_well_since_it_may_have_started_already():
    assert follow(FakeHost(), DNS, apply.decide_boot)[-1] == RELOAD
    assert "reload" not in " ".join(follow(as_in_the_image(), {}, apply.decide_boot))


def test_a_file_that_adds_to_one_of_the_image_holds_both_and_goes_back_to_it():
    bundle, image = "/etc/ssl/certs/ca-certificates.crt", b"the image's\n"
    host = FakeHost({f"/usr/share/factory{bundle}": image, bundle: image})
    follow(host, {})
    assert host.files[bundle] == image
    data = base64.b64encode(authority.PEM).decode()
    follow(host, {"pki": {"ours": {"data": data, "trusted": True}}})
    assert host.files[bundle].startswith(image + b"# settings.pki.ours\n-----BEGIN")
    done = follow(host, {})
    assert done[0] == f"write {bundle} 644"
    assert host.files[bundle] == image


LOCKDOWN = "/sys/kernel/security/lockdown"
PAGES = "/sys/kernel/mm/transparent_hugepage/enabled"
KERNEL = {"lockdown": "none", "hugepages": {"transparent": {"enabled": "never"}}}


def test_an_attribute_of_the_kernel_that_is_refused_does_not_stop_the_others():
    host = FakeHost(refuse={LOCKDOWN})
    changes = apply.decide_boot(render.plan(SCHEMA, {"kernel": KERNEL}), host)
    outcome = apply.do(changes, host)
    assert f"attribute {PAGES}=never" in host.done
    (failed,) = outcome.failed
    assert (failed.what, failed.reason) == (f"set {LOCKDOWN} to none", "Operation not permitted")


def test_modules_that_settings_load_are_loaded_when_their_list_changes(host):
    nbd = {"kernel": {"modules": {"nbd": {"allowed": True, "autoload": True}}}}
    unit = "systemd-modules-load.service"
    assert follow(host, nbd)[-1] == f"restart {unit}"
    assert follow(host, nbd) == []
    assert follow(as_in_the_image(), nbd, apply.decide_boot)[-1] == f"start {unit}"
    assert follow(host, {}) == ["remove /etc/modules-load.d/90-settings.conf"]


class FullHost(FakeHost):
    def write(self, path, content, mode):
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("line", "kept", "host", "reason"),
    [
        (b"x", store({}), FakeHost(), "malformed"),
        (b'{"all":true}', MemoryStore(b"x"), FakeHost(), "cannot read settings"),
        (b'{"all":true}', store({"motd": 1}), FakeHost(), "Expected `str`, got `int`"),
        (b'{"all":true}', store({}), FullHost(), "No space left on device"),
    ],
)
def test_a_request_that_fails_says_why(line, kept, host, reason, capsys):
    result = applier.carry_out(line, None, kept, host)
    assert not result.ok
    assert result.error.startswith(("cannot apply settings: ", "cannot write "))
    assert reason in result.error
    assert "<3>cannot " in capsys.readouterr().err
