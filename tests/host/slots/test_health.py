"""When a boot is good."""

from __future__ import annotations

from skyrocket.host.slots.health import Facts, faults


def test_good_boot() -> None:
    """The API answers and nothing essential failed."""
    assert faults(Facts(api=True, failed=())) == []


def test_every_fault_is_named() -> None:
    """All that speaks against a boot is said at once."""
    assert faults(Facts(api=False, failed=("containerd.service",))) == [
        "the API does not answer GET /os",
        "containerd.service has failed",
    ]
