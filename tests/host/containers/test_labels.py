"""Labels of containers: three domains, and two categories for each workload."""

from __future__ import annotations

from skyrocket.host.containers import labels
from skyrocket.host.containers.labels import Labels


def test_a_workload_has_categories_of_its_own() -> None:
    """The same ones for its processes and its files, at every start."""
    first, second = labels.categories("demo")
    level = f"s0:c{first},c{second}"
    assert labels.of("workload", "demo", superpowered=False) == Labels(
        f"system_u:system_r:container_t:{level}", f"system_u:object_r:data_t:{level}"
    )
    assert labels.categories("demo") != labels.categories("demo2")


def test_a_workload_is_never_super() -> None:
    """`superpowered` in a workload's settings has no effect here either."""
    assert labels.of("workload", "x", superpowered=True) == labels.of(
        "workload", "x", superpowered=False
    )


def test_host_containers() -> None:
    """With and without power: two domains, one kind of files."""
    files = "system_u:object_r:secret_t:s0"
    assert labels.of("host", "admin", superpowered=True) == Labels(
        "system_u:system_r:super_t:s0", files
    )
    assert labels.of("host", "control", superpowered=False) == Labels(
        "system_u:system_r:control_t:s0", files
    )


def test_two_different_categories_in_order() -> None:
    """Whatever the name: the kernel refuses one twice, and writes the smaller one first."""
    for number in range(2000):
        first, second = labels.categories(f"name{number}")
        assert 0 <= first < second < labels.CATEGORIES
