"""Which words settings mean, and which machine gives them to its kernel."""

from __future__ import annotations

import pytest

from skyrocket.models import boot_parameters
from skyrocket.models.boot_parameters import Firmware, of_settings, refusal

EFI = Firmware(efi=True, secure_boot=False)


def test_settings_become_words_in_one_order() -> None:
    """Pages first, then the kernel's by name, then those of PID 1 behind two dashes."""
    tree = {
        "boot": {
            "kernel": {"usbcore.quirks": ["a:b"], "console": ["tty0", "ttyS1,9600"], "nosmt": []},
            "init": {"splash": []},
        },
        "kernel": {"hugepages": {"static": {"essential": True, "2Mi": {"count": "64"}}}},
    }
    said = "hugepagesz=2M hugepages=64 console=tty0 console=ttyS1,9600 nosmt usbcore.quirks=a:b"
    assert of_settings(tree) == [*said.split(), "--", "splash"]
    assert of_settings({}) == of_settings({"boot": {"kernel": {}}, "kernel": {}}) == []


def test_a_value_with_a_blank_is_quoted_as_the_kernel_reads_it() -> None:
    """The kernel sees one value; who compares word for word sees the same two pieces."""
    assert boot_parameters.of_boot({"dyndbg": ["file a +p"]}, {}) == 'dyndbg="file a +p"'


@pytest.mark.parametrize(
    ("wanted", "firmware", "reason"),
    [
        (["a"], Firmware(), "without firmware"),
        (["a"], Firmware(efi=True, secure_boot=True), "Secure Boot is on"),
        (["a"], Firmware(efi=True, secure_boot=True, additions=["a", "b"]), "Secure Boot is on"),
        (["a" * 1025], EFI, "longer than 1024"),
    ],
)
def test_a_machine_that_will_not_take_them_says_why(
    wanted: list[str], firmware: Firmware, reason: str
) -> None:
    assert reason in (refusal(wanted, firmware) or "")


@pytest.mark.parametrize(
    ("wanted", "firmware"),
    [
        (["a"], EFI),
        (["a"], Firmware(efi=True)),
        ([], Firmware()),
        (["a"], Firmware(efi=True, secure_boot=True, additions=["a"])),
        (['x="a', 'b"'], EFI),
    ],
    ids=["efi", "nobody says", "none", "signed already", "quoted blank"],
)
def test_others_take_them(wanted: list[str], firmware: Firmware) -> None:
    """No words are no change, and what a signed addon gave already needs none."""
    assert refusal(wanted, firmware) is None
