import base64
from pathlib import Path

import pytest
from fakes import authority
from fakes.golden import expected

from skyrocket.host.settings import render
from skyrocket.models.settings import table
from skyrocket.models.settings.group import Facts

SCHEMA = table.load()
RENDERED = [name for name, group in SCHEMA.groups.items() if group.render is not None]
CERTIFICATE = base64.b64encode(b"a key that came along\n" + authority.PEM).decode()
FULL = {
    "motd": "Welcome!\nBe nice.",
    "network": {
        "hostname": "node-1.example",
        "hosts": [["10.0.0.1", ["a.b", "c"]], ["10.0.0.2", ["d"]], ["10.0.0.1", ["e"]]],
        "https-proxy": "http://proxy:3128",
        "no-proxy": ["10.0.0.0/8", ".local"],
    },
    "dns": {"name-servers": ["10.0.0.53", "fd00::53"], "search-list": ["a.example", "example"]},
    "pki": {
        "ours": {"data": CERTIFICATE, "trusted": True},
        "former": {"data": CERTIFICATE, "trusted": False},
        "unsaid": {"data": CERTIFICATE},
        "blank": {"data": "", "trusted": True},
    },
    "ntp": {
        "time-servers": ["169.254.169.123", "pool.example"],
        "options": ["iburst", "minpoll 4"],
        "logging": ["tracking", "rtc"],
    },
    "kernel": {
        "sysctl": {"net.ipv4.ip_forward": "1", "kernel.printk": "4 4 1 7"},
        "lockdown": "confidentiality",
        "modules": {
            "nbd": {"allowed": True, "autoload": True},
            "dummy": {"allowed": False, "autoload": True},
            "vxlan": {"allowed": True},
            "sit": {},
        },
        "hugepages": {
            "static": {"essential": True, "2Mi": {"count": "64"}, "1Gi": {"count": "0:1,1:2"}},
            "transparent": {"enabled": "madvise", "defrag": "defer+madvise"},
        },
    },
    "boot": {
        "kernel-parameters": {"console": ["tty0", "ttyS1,115200n8"], "nosmt": []},
        "init-parameters": {"log_level": ["debug"]},
        "reboot-to-reconcile": True,
    },
    "oci-defaults": {
        "capabilities": {"sys-nice": True, "net-raw": False, "chown": True},
        "resource-limits": {
            "max-open-files": {"soft-limit": 1024, "hard-limit": 4096},
            "max-locked-memory": {"soft-limit": "unlimited", "hard-limit": -1},
        },
    },
    "container-runtime": {
        "log-level": "debug",
        "max-concurrent-downloads": 5,
        "max-container-log-line-size": -1,
        "enable-unprivileged-ports": True,
        "snapshotter": "overlayfs",
    },
    "updates": {"seed": 12, "metadata-base-url": "https://example.com/metadata/"},
    "container-registry": {
        "mirrors": [
            {"registry": "docker.io", "endpoint": ["mirror.example", "http://10.0.2.2:5000"]},
            {"registry": "10.0.2.2:5000", "endpoint": ["http://10.0.2.2:5000"]},
            {"registry": "*", "endpoint": ["https://all.example"]},
            {"registry": "../../escape", "endpoint": ["https://all.example"]},
        ],
        "credentials": [
            {"registry": "docker.io", "username": "a", "password": "b:c"},
            {"registry": "https://index.docker.io/v1/", "auth": "dTpwOnE="},
            {"registry": "mirror.example", "identitytoken": "t", "auth": "dTpw"},
            {"registry": "10.0.2.2:5000", "username": "u", "identitytoken": "not this"},
            {"registry": "nothing.example"},
            {"username": "for nobody"},
        ],
    },
    "host-containers": {
        "admin": {
            "source": "skyrocket.local/admin:1",
            "enabled": True,
            "superpowered": True,
            "user-data": "e30=",
            "memory-limit": "256Mi",
            "cpu-limit": "0.5",
            "restart": "on-failure",
        },
        "control": {"source": "skyrocket.local/control:1", "enabled": False, "superpowered": False},
        "half": {"enabled": True},
    },
    "containers": {
        "demo": {
            "source": "skyrocket.local/demo:1",
            "enabled": True,
            "command": ["/bin/demo", "--port", "8080"],
            "environment": {"A": "1"},
        },
    },
}


def as_text(rendered):
    parts = []
    for file in rendered.files:
        after = f" after {file.base}" if file.base else ""
        parts.append(f"=== {file.path} {file.mode:o}{after}\n{file.content.decode()}")
    units = [f"unit {unit.name} running={unit.running}\n" for unit in rendered.units]
    return "".join(parts + units)


@pytest.mark.parametrize("name", RENDERED)
@pytest.mark.parametrize("settings", [{}, FULL], ids=["unset", "full"])
def test_a_group_becomes_exactly_these_files_and_units(name, settings, request):
    which = "full" if settings else "unset"
    (rendered,) = render.plan(SCHEMA, settings, [name]).rendered
    text = as_text(rendered)
    assert expected(f"render/{name}-{which}.txt", text) == text


def test_the_image_has_what_the_resolver_reads_when_nobody_says_anything():
    """Else each boot would write it and have the resolver read it again."""
    (file,) = render.plan(SCHEMA, {}, ["dns"]).rendered[0].files
    factory = Path(__file__).parents[3] / "packages/network/root/usr/share/factory"
    assert (factory / file.path.lstrip("/")).read_bytes() == file.content


def test_only_the_groups_of_changed_keys_are_rendered():
    found = render.groups_of(["settings.ntp.options", "settings.motd", "os.arch", "settings"])
    assert {"ntp", "motd"} == found


def test_generated_values_are_of_their_kind_and_stable():
    tree = {}
    for group in SCHEMA.groups.values():
        for generator in group.generators:
            tree.setdefault(group.name, {})[generator.key[1]] = generator.make(Facts("id", 5000))
    assert SCHEMA.check(tree) == {
        "network": {"hostname": "node-bf396750"},
        "updates": {"seed": 904},
    }
