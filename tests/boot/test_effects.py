"""Settings seen at whom they are for: the resolver that is asked, the proxy, the registry.

All on the node that most tests share; each test takes its settings back.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest
from boot.wire import Tap
from fakes import certificates
from fakes.time_server import TimeServer
from fakes.web_proxy import Proxy

from skyrocket.host.containers import rights
from skyrocket.lab.registry import Registry, Tokens
from skyrocket.lab.user_data import GATEWAY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from boot.machine import Machine

pytestmark = pytest.mark.boot

PATIENCE = 90.0
"""Seconds for a container whose pull waits for its next try on a busy machine."""
KINDS = {
    "host-containers": ("host-containers@shop", "/run/host-containerd/containerd.sock"),
    "containers": ("containers@shop", "/run/containerd/containerd.sock"),
}
SERVER = "203.0.113.53"
RESOLV = "/run/systemd/resolve/stub-resolv.conf"
USER, PASSWORD = "puller", "p:w 1$"


def change(node: Machine, **groups: object) -> None:
    answer = node.admin("apiclient", "set", "--result", "-j", json.dumps(groups))
    assert answer.status == 0, answer


def unset(node: Machine, *keys: str) -> None:
    answer = node.admin("apiclient", "unset", "--result", *keys)
    assert answer.status == 0, answer


def look_up(node: Machine, name: str) -> str:
    return node.admin("timeout", "4", "nslookup", "-type=a", name).out


def main_process(node: Machine, unit: str) -> str:
    return node.host(f"systemctl show --property=MainPID --value {unit}").out.strip()


def test_names_of_the_settings_are_found_by_everybody(node: Machine) -> None:
    """A line of the hosts file is an answer of the resolver too, without anything restarted."""
    assert "203.0.113.9" not in look_up(node, "files.example")
    change(node, network={"hosts": [["203.0.113.9", ["files.example"]]]})
    try:
        assert "203.0.113.9" in look_up(node, "files.example")
    finally:
        unset(node, "network.hosts")


def test_the_resolver_asks_the_servers_of_the_settings_and_no_others(node: Machine) -> None:
    """Those that DHCP named are asked before and after, not meanwhile; nothing restarts."""
    resolver = main_process(node, "systemd-resolved")
    with Tap(node) as tap:
        assert _asked(node, tap) - {SERVER}
        change(node, dns={"name-servers": [SERVER], "search-list": ["corp.example"]})
        try:
            # Links take a moment to follow.
            node.wait("new servers", lambda: _asked(node, tap) == {SERVER})
            assert "search corp.example" in node.host(f"cat {RESOLV}").out
        finally:
            unset(node, "dns")
        # Which of those that the network names is the resolver's choice.
        node.wait("old servers", lambda: SERVER not in (_asked(node, tap) or {SERVER}))
    assert "corp.example" not in node.host(f"cat {RESOLV}").out
    assert resolver == main_process(node, "systemd-resolved")


def _asked(node: Machine, tap: Tap) -> set[str]:
    """Whom the resolver asks for a name that it cannot know."""
    since = tap.mark()
    look_up(node, f"name{since}.example")
    return tap.asked(since)


def test_a_module_is_loaded_or_refused_as_the_settings_say(node: Machine) -> None:
    """At once, and the kernel's own wish for one is refused like anybody's."""
    assert node.admin("ip", "link", "add", "before", "type", "ifb").status == 0
    assert node.admin("ip", "link", "del", "before").status == 0
    loaded = "cut -d' ' -f1 /proc/modules"
    assert "nbd" not in node.host(loaded).out.split()
    modules = {"nbd": {"allowed": True, "autoload": True}, "dummy": {"allowed": False}}
    change(node, kernel={"modules": modules})
    try:
        node.wait("the module", lambda: "nbd" in node.host(loaded).out.split())
        refused = node.admin("ip", "link", "add", "after", "type", "dummy")
        assert refused.status != 0
        assert "dummy" not in node.host(loaded).out.split()
    finally:
        unset(node, "kernel.modules")
    assert node.admin("ip", "link", "add", "after", "type", "dummy").status == 0
    assert node.admin("ip", "link", "del", "after").status == 0


def test_the_policy_for_huge_pages_is_the_kernels_at_once(node: Machine) -> None:
    """The kernel marks with brackets what it does."""
    file = "/sys/kernel/mm/transparent_hugepage/enabled"
    before = node.host(f"cat {file}").out
    wanted = "never" if "[never]" not in before else "always"
    change(node, kernel={"hugepages": {"transparent": {"enabled": wanted}}})
    assert f"[{wanted}]" in node.host(f"cat {file}").out
    unset(node, "kernel.hugepages")


@pytest.mark.proof  # no run has ended yet
def test_words_for_a_kernel_that_was_started_directly_are_refused(node: Machine) -> None:
    """Nobody would read the addon: an error at once, not a setting without an effect."""
    words = json.dumps({"boot": {"kernel": {"nosmt": []}}})
    refused = node.admin("apiclient", "set", "-j", words)
    assert refused.status == 1
    assert "was started without firmware" in refused.err
    pages = json.dumps({"kernel": {"hugepages": {"static": {"2Mi": {"count": "4"}}}}})
    assert "was started without firmware" in node.admin("apiclient", "set", "-j", pages).err
    assert "boot" not in node.get("settings.boot").get("settings", {})


@pytest.mark.proof  # no run has ended yet
def test_chrony_logs_what_the_settings_say(node: Machine) -> None:
    """It asks the server of the settings, with that server's own options, and logs each answer."""
    log = "cat /var/log/chrony/measurements.log"
    assert node.host(log).status != 0
    with TimeServer() as server:
        options = ["iburst", f"port {server.port}"]
        one = {"address": GATEWAY, "directive": "server", "options": options}
        change(node, ntp={"time-servers": [one], "logging": ["measurements"]})
        try:
            node.wait("a measurement", lambda: GATEWAY in node.host(log).out, PATIENCE)
        finally:
            unset(node, "ntp")
            node.host("rm /var/log/chrony/measurements.log")


def test_lockdown_is_raised_at_once_and_not_lowered(spare: Machine) -> None:
    """The kernel goes one way only; what it refuses is told to who asked."""
    file = "/sys/kernel/security/lockdown"
    assert "[integrity]" in spare.host(f"cat {file}").out
    refused = spare.admin("apiclient", "set", "--result", "kernel.lockdown=none")
    assert refused.status == 1
    assert "Operation not permitted" in refused.err
    change(spare, kernel={"lockdown": "confidentiality"})
    assert "[confidentiality]" in spare.host(f"cat {file}").out
    unset(spare, "kernel.lockdown")


def test_a_workload_may_what_the_settings_let_it(node: Machine) -> None:
    """Capabilities and limits of the settings are those of its process."""
    source = node.get("settings.containers.demo")["settings"]["containers"]["demo"]["source"]
    limit = {"max-open-files": {"soft-limit": 333, "hard-limit": 444}}
    capabilities = {"net-raw": False, "sys-nice": True}
    change(
        node,
        **{"oci-defaults": {"capabilities": capabilities, "resource-limits": limit}},
        containers={
            "able": {"source": source, "command": ["sleep", "600"], "enabled": True},
        },
    )
    try:
        unit = "containers@able"
        node.wait(unit, lambda: main_process(node, unit) not in {"", "0"}, PATIENCE)
        pid = main_process(node, unit)
        status = node.host(f"grep CapBnd /proc/{pid}/status").out
        held = rights.held(int(status.split()[1], 16))
        assert "CAP_SYS_NICE" in held
        assert "CAP_NET_RAW" not in held
        limits = node.host(f"grep 'Max open files' /proc/{pid}/limits").out.split()
        assert limits[3:5] == ["333", "444"]
    finally:
        change(node, containers={"able": {"enabled": False}})
        unset(node, "containers.able", "oci-defaults")


@pytest.fixture
def shop(node: Machine) -> Iterator[Machine]:
    """The node with a host container and a workload of an image behind three locked doors."""
    source = node.get("settings.host-containers.control.source")["settings"]
    version = source["host-containers"]["control"]["source"].partition(":")[2]
    said = {"source": f"registry.example/control:{version}", "command": ["sleep", "600"]}
    order = {"host-containers": {"superpowered": False}, "containers": {}}
    change(node, **{kind: {"shop": said | {"enabled": True} | order[kind]} for kind in KINDS})
    yield node
    change(node, **{kind: {"shop": {"enabled": False}} for kind in KINDS})
    keys = [f"{kind}.shop" for kind in KINDS]
    unset(node, *keys, "network.https-proxy", "pki", "container-registry.credentials")


def test_both_runtimes_pull_through_the_proxy_trust_the_authority_and_show_who_they_are(
    shop: Machine, tmp_path: Path
) -> None:
    """Each setting is missing once, and the journal says so; containers that run stay."""
    demo = main_process(shop, "containers@demo")
    pem, context = certificates.made(tmp_path, "registry.example")
    with (
        Registry(shop.lab.images, tokens=Tokens(USER, PASSWORD), tls=context) as registry,
        Proxy(registry.address) as proxy,
    ):
        change(shop, network={"https-proxy": f"http://{GATEWAY}:{proxy.port}"})
        wait_said(shop, "certificate signed by unknown authority")
        assert set(proxy.asked) == {"registry.example:443"}
        data = base64.b64encode(pem).decode()
        change(shop, pki={"test": {"data": data, "trusted": True}})
        wait_said(shop, "failed to fetch anonymous token")
        own = {"registry": "registry.example", "username": USER, "password": PASSWORD}
        change(shop, **{"container-registry": {"credentials": [own]}})
        for unit, socket in KINDS.values():
            shop.wait(unit, lambda unit=unit: main_process(shop, unit) != "0", PATIENCE)
            listed = shop.host(f"ctr --address {socket} images ls -q").out
            assert "registry.example/control:" in listed
            assert f"HTTPS_PROXY=http://{GATEWAY}:{proxy.port}" in _environment(shop, socket)
    assert shop.host("stat -c %a /etc/containerd/credentials.json").out == "600\n"
    assert demo == main_process(shop, "containers@demo")
    bundle = "/etc/ssl/certs/ca-certificates.crt"
    assert (
        shop.host(f"grep -c BEGIN {bundle}").out
        != shop.host(f"grep -c BEGIN /usr/share/factory{bundle}").out
    )


def _environment(node: Machine, socket: str) -> str:
    service = "host-containerd" if "host" in socket else "containerd"
    pid = main_process(node, service)
    return node.host(f"cat /proc/{pid}/environ | tr '\\0' '\\n'").out


def wait_said(node: Machine, words: str) -> None:
    """Until the starts of both containers failed for the reason that WORDS say."""
    for unit, _ in KINDS.values():
        asked = f"journalctl -b --no-pager -o cat -u {unit}"
        node.wait(f"{unit}: {words}", lambda asked=asked: words in node.host(asked).out, PATIENCE)
