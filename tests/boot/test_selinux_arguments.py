"""The policy holds whatever the kernel is told of SELinux: enforced, or no boot.

The image here is unsigned, so that its owner's words reach the kernel at all; a signed one refuses
every word from outside (`test_secure_boot`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from skyrocket.models import pe, slots

if TYPE_CHECKING:
    from boot.machine import Machine, Rack

pytestmark = [pytest.mark.boot, pytest.mark.proof]  # long: by hand

EXTRA = "io.systemd.stub.kernel-cmdline-extra="
CLAIM = "printf system_u:object_r:os_t:s0 > /proc/self/attr/fscreate && : > /mnt/claimed"
NO_POLICY = "cannot mount selinuxfs"


def start(rack: Rack, name: str, words: str, *, ready: bool) -> Machine:
    smbios = (EXTRA + words,) if words else ()
    order = rack.order(name, firmware=True, demo=False, memory=1024, smbios_strings=smbios)
    return rack.start(order, ready=ready)


def test_enforcing_0_changes_nothing(rack: Rack) -> None:
    """The initrd's program says 1 before it loads the policy, and nobody may say 0 after."""
    node = start(rack, "permissive", "enforcing=0", ready=True)
    assert "enforcing=0" in node.host("cat /proc/cmdline").out.split()
    assert node.host("cat /sys/fs/selinux/enforce").out == "1"
    node.provokes("init_t", "any_t", "security", "setenforce")  # PID 1 follows the word
    node.provokes("super_t", "os_t", "file", "create")
    assert "ermission denied" in node.host(CLAIM).err


def test_selinux_0_changes_nothing(rack: Rack) -> None:
    """Debian's kernel is built without this switch."""
    node = start(rack, "switched", "selinux=0", ready=True)
    assert "selinux=0" in node.host("cat /proc/cmdline").out.split()
    assert node.host("cat /sys/fs/selinux/enforce").out == "1"


def test_a_kernel_without_selinux_does_not_boot_this_root(rack: Rack) -> None:
    """The verified root brings a policy, so it is loaded or nothing starts."""
    node = start(rack, "without", "lsm=landlock,lockdown,yama,integrity,bpf", ready=False)
    said = node.wait_serial(NO_POLICY, seconds=150)
    assert "skyrocket: ready" not in said
    node.cut_power()


def test_a_kernel_image_changed_from_a_container_does_not_boot(rack: Rack) -> None:
    """Root takes `selinux` out of the words of the image on the boot partition, and reboots.

    An unsigned image can be replaced whole, with its initrd; that is Secure Boot's to refuse.
    """
    node = start(rack, "rewritten", "", ready=True)
    image = (Path(node.node.image) / "uki.efi").read_bytes()
    words = next(one for one in pe.parse(image).sections if one.name == ".cmdline")
    at = image.index(b",selinux,bpf", words.offset, words.offset + words.size) + 1
    name = f"/mnt/{slots.FOLDER}/*.efi"
    script = (
        "part=$(grep -l PARTNAME=boot$ /sys/class/block/*/uevent) && part=${part%/uevent} && "
        f"mount -t vfat /dev/${{part##*/}} /mnt && [ $(ls {name} | wc -l) = 1 ] && "
        f"printf x | dd of=$(ls {name}) bs=1 seek={at} conv=notrunc && umount /mnt && sync"
    )
    changed = node.host(script)
    assert changed.status == 0, changed
    mark = node.mark()
    assert node.admin("apiclient", "reboot").status == 0
    node.hang_up()
    assert "skyrocket: ready" not in node.wait_serial(NO_POLICY, mark, seconds=200)
    node.cut_power()
