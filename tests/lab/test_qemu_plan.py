"""The virtual machine's command line, by golden files."""

from pathlib import Path

import pytest

from skyrocket.lab import qemu
from skyrocket.lab.qemu import Machine

GOLDEN = Path(__file__).parents[1] / "golden/lab"

DIRECT = Machine(
    name="node",
    accelerator="tcg",
    memory=2048,
    cpus=2,
    ssh_port=2222,
    demo_port=8080,
    firmware=False,
    command_line="console=ttyS0 roothash=00 watchdog_thresh=60",
)
PLANS = {
    "direct-tcg": qemu.plan_qemu(DIRECT),
    "firmware-kvm": qemu.plan_qemu(DIRECT._replace(firmware=True, accelerator="kvm")),
    "recorded": qemu.plan_qemu(DIRECT._replace(firmware=True, recorded=True)),
    "probe": qemu.plan_probe("kvm"),
}


@pytest.mark.parametrize("name", PLANS)
def test_the_command_line_is_the_golden_one(name):
    """A change of the machine is a change of a file that is reviewed."""
    assert PLANS[name] == (GOLDEN / f"qemu-{name}.txt").read_text().splitlines()


def test_the_guest_is_reached_on_loopback_alone():
    """No port of a node is open to the network."""
    forwards = [word for word in PLANS["direct-tcg"] if "hostfwd" in word]
    assert len(forwards) == 1
    assert forwards[0].count("hostfwd=tcp:127.0.0.1:") == forwards[0].count("hostfwd=") == 2


def test_firmware_boots_without_a_kernel_of_ours():
    """With UEFI the loader chooses the kernel."""
    assert "-kernel" not in PLANS["firmware-kvm"]
    assert any("vars.fd" in word for word in PLANS["firmware-kvm"])


def test_user_data_in_a_cd_drive_is_no_disk():
    """The disc of most virtual machine managers sits in a drive on the machine's own controller."""
    words = qemu.plan_qemu(DIRECT._replace(optical_seed=True))
    assert "ide-cd,drive=seed,serial=seed" in words
    assert [word for word in words if word.startswith("virtio-blk")] == [
        "virtio-blk-pci,drive=disk,serial=skyrocket"
    ]


def test_a_recorded_disk_is_the_same_device_to_the_node():
    """Only what lies below differs, or the recording would be of another machine."""
    plain, recorded = qemu.plan_qemu(DIRECT), PLANS["recorded"]
    device = "virtio-blk-pci,drive=disk,serial=skyrocket"
    assert device in plain
    assert device in recorded
