"""The kernel's parameters, from tables to files, and the page that gives their reasons."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.golden import expected

from skyrocket.build import definitions
from skyrocket.build.image import parameters
from skyrocket.host.system import proc
from skyrocket.models.checking import DefinitionError
from skyrocket.models.definition import KernelArgument, KernelParameter, Package, Variant
from skyrocket.models.definition import with_arguments as joined

CHECKOUT = Path(__file__).parents[3]
EARLY = KernelParameter(key="kernel.sysrq", value="0", why="a reason")
LATE = KernelParameter(key="net.netfilter.nf_max", value="7", why="a reason", module="nf")


def test_the_page_is_the_one_the_tables_give() -> None:
    """docs/kernel.md names every argument and parameter with its reason."""
    text = parameters.document(definitions.all_packages(CHECKOUT))
    assert expected("../../docs/kernel.md", text) == text
    for package in definitions.all_packages(CHECKOUT).values():
        for each in (*package.kernel_arguments, *package.kernel_parameters):
            assert each.why, each


def test_what_the_initrd_reads_is_what_was_said() -> None:
    """Early parameters arrive through the file as keys and values; late ones are not in it."""
    text = parameters.early([EARLY, LATE])
    assert proc.parameters(text) == [("kernel.sysrq", "0")]


def test_late_parameters_wait_for_their_module() -> None:
    """udev sets them when the kernel says that the module is there."""
    rules = parameters.late([EARLY, LATE]).splitlines()[1:]
    assert rules == [
        'ACTION=="add", SUBSYSTEM=="module", KERNEL=="nf", SYSCTL{net/netfilter/nf_max}="7"'
    ]


def test_arguments_follow_those_of_the_variant() -> None:
    """Each word stands once, the variant's first."""
    words = tuple(KernelArgument(word=word, why="") for word in ("quiet", "panic=10"))
    package = Package(description="", kernel_arguments=words)
    variant = joined(Variant(kernel_arguments=("gpt", "quiet")), [package])
    assert variant.kernel_arguments == ("gpt", "quiet", "panic=10")


def test_two_packages_with_one_parameter(tmp_path: Path) -> None:
    """Who wins is no question of order: it is a mistake."""
    for name in ("p", "q"):
        folder = tmp_path / "packages" / name
        folder.mkdir(parents=True)
        (folder / "package.toml").write_text(
            'description = ""\n[[kernel-parameters]]\nkey = "a.b"\nvalue = "1"\nwhy = "x"\n'
        )
    (tmp_path / "variants").mkdir()
    text = 'packages = ["p", "q"]\narchitectures = ["x86_64"]\n'
    (tmp_path / "variants/vm-dev.toml").write_text(text)
    with pytest.raises(DefinitionError, match=r"kernel-parameters a\.b: already in package p"):
        definitions.load(tmp_path, "vm-dev")
