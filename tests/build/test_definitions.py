"""Packages and variants as they lie in a checkout: composed by include, all mistakes at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from skyrocket.build import definitions
from skyrocket.models.checking import DefinitionError

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path):
    def write(path: str, text: str) -> None:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    write("variants/vm-dev.toml", 'include = ["shared/a", "shared/b"]\narchitectures = ["x86_64"]')
    write("variants/shared/a.toml", 'packages = ["p"]\nkernel-arguments = ["one"]\n[defaults]\nx=1')
    write("variants/shared/b.toml", 'packages = ["q", "p"]\nkernel-arguments = ["two"]')
    write("packages/p/package.toml", 'description = "P"')
    write("packages/q/package.toml", 'description = "Q"')
    return _Checkout(tmp_path, write)


class _Checkout:
    def __init__(self, root: Path, write) -> None:
        self.root = root
        self.write = write

    def load(self, name: str = "vm-dev") -> definitions.Definition:
        return definitions.load(self.root, name)

    def mistakes(self, name: str = "vm-dev") -> tuple[str, ...]:
        with pytest.raises(DefinitionError) as caught:
            self.load(name)
        return caught.value.mistakes


def test_composed_in_order(checkout) -> None:
    """Included parts come first and in order; a package that two parts name stands once."""
    found = checkout.load()
    assert list(found.packages) == ["p", "q"]
    assert found.variant.kernel_arguments == ("one", "two")
    assert found.variant.defaults == {"x": 1}


def test_every_variant_of_this_checkout() -> None:
    """What this checkout ships can be loaded, and the smallest one is a file of twenty lines."""
    names = definitions.variants(CHECKOUT)
    assert {"vm-dev", "vm-bare"} <= set(names)
    for name in names:
        assert definitions.load(CHECKOUT, name).packages
    assert len((CHECKOUT / "variants/vm-bare.toml").read_text().splitlines()) <= 20
    assert definitions.all_packages(CHECKOUT)


@pytest.mark.parametrize("name", ["dev", "VM-dev", "../vm-dev", "vm-", "vm-dev/x", ""])
def test_names_that_are_none(checkout, name: str) -> None:
    """A name of another form is refused before any file is looked for."""
    assert checkout.mistakes(name) == (
        "(name): expected <platform>-<runtime>[-<version>][-<flavour>]",
    )


def test_unknown_variant(checkout) -> None:
    """The answer names those that there are."""
    assert checkout.mistakes("vm-gone") == ("(file): no such variant (known: vm-dev)",)


def test_include_of_itself(checkout) -> None:
    """A circle is a mistake, not a recursion."""
    checkout.write("variants/shared/a.toml", 'include = ["shared/b"]')
    checkout.write("variants/shared/b.toml", 'include = ["shared/a"]')
    assert any("includes itself" in one for one in checkout.mistakes())


def test_all_mistakes_of_all_files(checkout) -> None:
    """An unknown key, a missing include, an absent package and bad TOML are said together."""
    checkout.write("variants/shared/a.toml", 'packages = ["gone"]\ncolour = "red"')
    checkout.write("packages/q/package.toml", "=")
    checkout.write(
        "variants/vm-dev.toml",
        'include = ["shared/a", "shared/b", "shared/none"]\narchitectures = ["x86_64"]',
    )
    found = "\n".join(checkout.mistakes())
    assert "shared/a.toml: colour: unknown key" in found
    assert "no file variants/shared/none.toml" in found
    assert "q/package.toml: not TOML" in found


def test_absent_package(checkout) -> None:
    """A package that nobody wrote is named."""
    checkout.write("variants/shared/a.toml", 'packages = ["gone"]')
    assert checkout.mistakes() == ("packages: no file packages/gone/package.toml",)


@pytest.mark.parametrize(
    ("one", "other", "mistake"),
    [
        ('[links]\n"/a" = "b"', '[links]\n"/a" = "c"', "links./a: already in package p"),
        (
            '[[users]]\nname = "u"\nid = 1',
            '[[users]]\nname = "u"\nid = 2',
            "users u: already in package p",
        ),
        (
            '[[users]]\nname = "u"\nid = 1',
            '[[groups]]\nname = "g"\nid = 1',
            "user number 1: already in package p",
        ),
    ],
)
def test_two_packages_claim_one_thing(checkout, one: str, other: str, mistake: str) -> None:
    """Paths of links, names and numbers of users belong to one package."""
    checkout.write("packages/p/package.toml", f'description = "P"\n{one}')
    checkout.write("packages/q/package.toml", f'description = "Q"\n{other}')
    assert checkout.mistakes() == (f"q/package.toml: {mistake}",)


def test_no_architecture(checkout) -> None:
    """A variant says which machines it is for."""
    checkout.write("variants/vm-dev.toml", 'include = ["shared/a"]')
    assert checkout.mistakes() == ("vm-dev.toml: architectures: missing (x86_64, aarch64)",)
