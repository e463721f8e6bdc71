"""Plant one thing each in a clean image: the audit names it, its rule, and nothing else."""

from __future__ import annotations

import pytest
from build.audit.crafted import (
    ETC,
    LIBRARIES,
    LOADER,
    UNITS,
    clean,
    elf,
    file,
    findings,
    link,
)

from skyrocket.build.audit import Image, exemptions, run
from skyrocket.build.audit.content import classify
from skyrocket.build.audit.exemptions import Exemption, Exemptions, Place
from skyrocket.build.image.entries import with_parents

SHELL = elf(
    interpreter=LOADER,
    texts=tuple(
        b"alias bg cd command eval exec export fg getopts hash jobs readonly set shift times trap "
        b"type ulimit umask unalias unset wait".split()
    ),
)
PROGRAM = elf(interpreter=LOADER, needed=("libc.so.6",), pie=True)
MODULE = elf(kind=1, texts=(b"vermagic=6.12",))
SIGNED = MODULE + b"~Module signature appended~\n"
MODULES = "usr/lib/modules/6.12/kernel"


def unit(text: str) -> bytes:
    return f"[Service]\n{text}\n".encode()


def test_clean_image_passes() -> None:
    """An image with nothing wrong has no findings."""
    assert findings() == []


@pytest.mark.parametrize(
    ("rule", "entry"),
    [
        ("script", file("usr/share/x", b"#!/bin/true\n")),
        ("bytecode", file("usr/share/x", b"\xf3\x0d\x0d\x0a" + bytes(16))),
        ("archive", file("usr/share/x.txt", b"\x1f\x8b\x08")),
        ("object", file("usr/share/x.o", elf(kind=1))),
        ("efi", file("usr/share/x", b"MZ\0\0")),
        ("secret", file("usr/share/x", b"-----BEGIN PRIVATE KEY-----\n")),
        ("foreign-machine", file(f"{LIBRARIES}/libx.so", elf(soname="libx.so", machine=183))),
        ("unlisted", file("usr/bin/other", PROGRAM, 0o755)),
        ("unlisted", file("usr/share/no-x-bit", PROGRAM)),
        ("unlisted", file(f"{LIBRARIES}/hidden.so", PROGRAM, 0o755)),
        ("x-bit", file("usr/share/x", b"words", 0o755)),
        ("setuid", file("usr/share/x", b"words", 0o4644)),
        ("setgid", file("usr/share/x", b"words", 0o2644)),
        ("world-writable", file("usr/share/x", b"words", 0o646)),
        ("unowned", file("usr/share/x", uid=4711)),
        ("unowned", file("usr/share/x", gid=4711)),
        ("unsigned-module", file(f"{MODULES}/x.ko", MODULE)),
        ("hidden-module", file("usr/share/x", SIGNED)),
        ("hidden-module", file(f"{MODULES}/x.ko", b"words")),
        ("dangling-link", link("usr/share/x", "absent")),
        ("dangling-link", link("usr/share/x", "x")),
        ("missing-library", file(f"{LIBRARIES}/libx.so", elf(soname="x", needed=("liby.so",)))),
        ("absent-program", file(f"{UNITS}/x.service", unit("ExecStart=/usr/bin/absent"))),
        ("absent-program", file(f"{UNITS}/x.service", unit("ExecStop=-!!absent --now"))),
        ("absent-program", file(f"{UNITS}/x.service", unit("ExecStart=/usr/share/y"))),
        ("absent-user", file(f"{UNITS}/x.service", unit("User=absent"))),
        ("absent-group", file(f"{UNITS}/x.service", unit("Group=absent"))),
        ("absent-group", file(f"{UNITS}/x.service", unit("SupplementaryGroups=served absent"))),
        ("absent-group", file(f"{UNITS}/x.service.d/1.conf", unit("Group=absent"))),
        ("absent-user", file(f"{ETC}/systemd/system/x.service", unit("User=absent"))),
        ("absent-unit", file(f"{UNITS}/x.target", b"[Unit]\nRequires=absent.service\n")),
        (
            "absent-unit",
            file(f"{UNITS}/x.target", b"[Unit]\nOnFailure=absent@%n.service a.service"),
        ),
        ("absent-unit", file(f"{UNITS}/x.socket", b"[Socket]\nListenStream=/run/x\n")),
        ("absent-program", file("usr/lib/udev/rules.d/9.rules", b'RUN+="/usr/bin/absent %k"\n')),
        ("absent-program", file("usr/lib/udev/rules.d/9.rules", b'A=="x", PROGRAM="absent_id"\n')),
        ("absent-program", file("usr/lib/udev/rules.d/9.rules", b'IMPORT{program}="absent"\n')),
        ("absent-group", file("usr/lib/udev/rules.d/9.rules", b'KERNEL=="a", \\\n GROUP="absent"')),
        ("absent-user", file("usr/lib/udev/rules.d/9.rules", b'OWNER="absent"\n')),
        ("module-command", file("usr/lib/modprobe.d/x.conf", b"install usb /bin/sh -c true\n")),
        ("absent-user", file("usr/lib/tmpfiles.d/x.conf", b"d /run/x 0755 absent root -\n")),
    ],
)
def test_planted(rule: str, entry) -> None:
    """One planted thing is one finding."""
    assert findings(entry) == [(rule, entry.path)]


def test_renamed_shell() -> None:
    """A shell under another name, even with a line in the variant's list, is found."""
    path = "usr/bin/served-helper"
    planted = file(path, SHELL, 0o755)
    assert findings(planted, listed=("usr/bin/served", path)) == [("shell", path)]


def test_interpreter_in_the_initrd() -> None:
    """The initrd is judged like the root; its one listed program is /init."""
    perl = elf(kind=2, texts=(b"Useless use of %s in void context", b"@INC"))
    found = findings(
        file("init", elf(kind=2), 0o755),
        file("bin/x", perl, 0o755),
        part="initrd",
        listed=("init",),
    )
    assert found == [("interpreter", "bin/x"), ("unlisted", "bin/x")]


def test_missing_loader() -> None:
    """A program whose loader is not there cannot start."""
    planted = file("usr/bin/x", elf(interpreter="/lib/ld-musl.so.1"), 0o755)
    found = findings(planted, listed=("usr/bin/served", "usr/bin/x"))
    assert found == [("missing-loader", "usr/bin/x")]


def test_library_that_is_loaded_already_is_not_sought() -> None:
    """A library may count on what its program has loaded from a private folder."""
    folder = f"{LIBRARIES}/private"
    program = elf(interpreter=LOADER, needed=(f"/{folder}/liba.so", f"/{folder}/libb.so"))
    entries = (
        file("usr/bin/x", program, 0o755),
        file(f"{folder}/liba.so", elf(soname="liba.so")),
        file(f"{folder}/libb.so", elf(soname="libb.so", needed=("liba.so",))),
    )
    assert findings(*entries, listed=("usr/bin/served", "usr/bin/x")) == []


@pytest.mark.parametrize(
    ("note", "rules"),
    [
        (b'[{"feature":"a","soname":["libgone.so.1"]}]', ["missing-by-name"]),
        (b'[{"feature":"a","priority":"suggested","soname":["libgone.so.1"]}]', []),
        (b'[{"feature":"a","soname":["libgone.so.1","libc.so.6"]}]', []),
        (b'[{"feature": broken', []),
    ],
)
def test_library_that_is_opened_by_name(note: bytes, rules: list[str]) -> None:
    """A library that is opened when it is needed would be missed by nobody else."""
    planted = file(f"{LIBRARIES}/libx.so", elf(soname="libx.so", texts=(note,)))
    assert [rule for rule, _ in findings(planted)] == rules


def test_unit_that_runs_a_shell() -> None:
    """A shell in a unit is named as such, besides being absent."""
    path = f"{UNITS}/x.service"
    found = findings(file(path, unit("ExecStartPre=/bin/sh -c 'echo'")))
    assert found == [("unit-shell", path), ("absent-program", path)]


def test_wants_link_to_an_absent_unit() -> None:
    """A wants link without its unit is a dangling link and an absent unit."""
    path = f"{UNITS}/multi-user.target.wants/x.service"
    found = findings(link(path, "../x.service"))
    assert found == [("dangling-link", path), ("absent-unit", path)]


@pytest.mark.parametrize(
    "text",
    [
        "Requires=served.service -.mount system.slice dev-sda.device",
        "Requires=getty@ttyS0.service",
        "Wants=",
        "After=absent.service",
    ],
)
def test_units_that_need_no_file(text: str) -> None:
    """Instances, units that systemd makes itself and mere orders need no file."""
    template = file(f"{UNITS}/getty@.service", unit("ExecStart=/usr/bin/served %i"))
    assert findings(template, file(f"{UNITS}/x.target", f"[Unit]\n{text}\n".encode())) == []


def test_socket_that_accepts_wants_a_template() -> None:
    """With Accept=yes a socket starts an instance of its template."""
    socket = file(f"{UNITS}/x.socket", b"[Socket]\nListenStream=/run/x\nAccept=yes\n")
    template = file(f"{UNITS}/x@.service", unit("ExecStart=/usr/bin/served"))
    assert findings(socket, template) == []
    assert findings(socket) == [("absent-unit", socket.path)]


def test_login_shell_that_is_there() -> None:
    """An account with a shell that exists, or a password, is a way in."""
    passwd = file(f"{ETC}/passwd", b"root:x:0:0::/:/usr/bin/served\nserved:x:90:90::/:/none\n")
    shadow = file(f"{ETC}/shadow", b"root:$6$x:::::::\n", 0o600)
    assert findings(passwd, shadow) == [("login", passwd.path), ("login", shadow.path)]


def test_places_of_the_running_node() -> None:
    """A link may lead where the node puts something, when the exemptions say so."""
    allowed = Exemptions(run_time=(Place("/run/x/**", "the node's"),))
    assert findings(link("usr/share/x", "/run/x/y/z"), allowed=allowed) == []
    assert findings(link("usr/share/x", "/run/z"), allowed=allowed) != []


def test_exemption_covers_its_rule_only() -> None:
    """An exemption lets one rule pass at one path, not everything there."""
    planted = file("usr/share/x", b"#!/bin/true\n", 0o4755)
    allowed = Exemptions(exemptions=(Exemption("script", "/usr/share/*", "a test"),))
    assert findings(planted, allowed=allowed) == [("setuid", planted.path)]
    narrow = Exemption("script", "/usr/share/*", "a test", containing="/bin/false")
    found = findings(planted, allowed=Exemptions(exemptions=(narrow,)))
    assert ("script", planted.path) in found


def test_factory_files_are_exempt_by_their_path_on_the_node() -> None:
    """Exemptions name /etc, not the folder from which the boot fills it."""
    planted = file(f"{ETC}/x", b"#!/bin/true\n")
    allowed = Exemptions(exemptions=(Exemption("script", "/etc/x", "a test"),))
    assert findings(planted, allowed=allowed) == []


def test_all_findings_at_once() -> None:
    """Several mistakes are several findings, each with a way out."""
    planted = [file("usr/bin/x", SHELL, 0o4755), link("usr/share/y", "absent")]
    image = Image("root", with_parents([*clean(), *planted]), lambda e: classify(e.read()))
    found = run.audit(image, "x86_64", ("usr/bin/served",), Exemptions())
    assert {one.rule for one in found} == {"shell", "unlisted", "setuid", "dangling-link"}
    assert all(one.way_out for one in found)


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ('[[exemptions]]\nrule = "x"\npath = "/y"\nwhy = " "', "exemptions[0].why: says nothing"),
        ('[[exemptions]]\nrule = "x"\npath = "/y"', "why"),
        ('[[run-time]]\npath = "/y"\nwhy = ""', "run-time[0].why: says nothing"),
        ("[[exemption]]", "exemption"),
        ("=", "not TOML"),
    ],
)
def test_exemptions_without_a_reason(tmp_path, text: str, mistake: str) -> None:
    """Every exemption has its reason, and a mistake in the file is named."""
    path = tmp_path / exemptions.FILE
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(exemptions.ExemptionError, match=r"packages/audit\.toml") as caught:
        exemptions.read(tmp_path)
    assert any(mistake in one for one in caught.value.mistakes)
