"""A machine that believes our keys starts what they signed, and nothing else.

The signed image is the control of every refusal: each altered disk is a copy of it, or the
unsigned image on the same machine. A refusal is the words of whoever refused, on the console.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from boot import refusals
from boot.refusals import Bench, Case

if TYPE_CHECKING:
    from pathlib import Path

    from boot.machine import Rack

    from skyrocket.build.image.build import Built

pytestmark = [pytest.mark.boot, pytest.mark.proof]


@pytest.fixture(scope="module")
def signed() -> Built:
    return refusals.signed_image()


@pytest.mark.parametrize("case", refusals.QUICK, ids=lambda case: case.name)
def test_what_we_did_not_sign_is_refused(
    case: Case, rack: Rack, signed: Built, tmp_path: Path
) -> None:
    """By firmware, loader or initrd, each with its own words."""
    assert refusals.refusal(case, Bench(rack, signed, tmp_path)), case.what


def test_a_signed_image_boots_on_the_same_machine(rack: Rack, signed: Built) -> None:
    """The control: the same firmware starts this one, and the node knows that it was checked."""
    order = rack.order("signed", image=signed.folder, root_hash=signed.facts.root_hash, demo=False)
    node = rack.start(order)
    assert node.node.secure_boot
    node.wait("word of the firmware", lambda: refusals.checked(node) is not None, 120)
    assert refusals.checked(node) is True
    node.cut_power()
