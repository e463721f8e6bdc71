"""Names of unified kernel images in the boot partition, and what the loader makes of them.

A name is `skyrocket-<8 digits of the root hash>[+LEFT[-DONE]].efi`. With or without a counter it
has between 14 and 26 characters, so it always takes the same three records of a FAT folder and
a rename never makes the folder grow (the firmware's FAT rename is not atomic when it does).

Source: UAPI Group, "Boot Loader Specification", part "Boot counting".
Deliberately unknown here: files and partitions. Standard library only.
"""

from __future__ import annotations

PREFIX = "skyrocket-"
SUFFIX = ".efi"
FOLDER = "EFI/Linux"
STAGED = "staged"
"""Where an image lies that the loader shall not see."""
DIGITS = 8
LONGEST = 26
"""Characters of every name that we give; a loader that counts on and on makes longer ones."""
_READ = 28


class Name:
    """A UKI's file name: whose root it boots, tries left (None: not counted) and tries done."""

    __slots__ = ("done", "key", "left")

    def __init__(self, key: str, left: int | None = None, done: int = 0) -> None:
        self.key = key
        self.left = left
        self.done = done

    @property
    def exhausted(self) -> bool:
        return self.left == 0

    @property
    def blessed(self) -> bool:
        return self.left is None

    def __str__(self) -> str:
        counter = "" if self.left is None else f"+{self.left}"
        if self.done:
            counter += f"-{self.done}"
        return f"{PREFIX}{self.key}{counter}{SUFFIX}"

    def __repr__(self) -> str:
        return f"Name({self!s})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Name) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))


def key_of(root_hash: str) -> str:
    """The part of a UKI's name that stands for a root hash."""
    return root_hash[:DIGITS].lower()


def name_for(root_hash: str, tries: int | None = None) -> str:
    """The file name of the UKI that boots ROOT_HASH; TRIES=1 for a new version on trial."""
    return str(Name(key_of(root_hash), tries))


def parse(name: str) -> Name | None:
    """The name of a UKI of ours, or None for any other file."""
    lower = name.lower()
    if not (lower.startswith(PREFIX) and lower.endswith(SUFFIX) and len(lower) <= _READ):
        return None
    stem, _, counter = lower[len(PREFIX) : -len(SUFFIX)].partition("+")
    if len(stem) != DIGITS or any(c not in "0123456789abcdef" for c in stem):
        return None
    if not counter:
        return Name(stem) if "+" not in lower else None
    left, dash, done = counter.partition("-")
    if not left.isdecimal() or (dash and not done.isdecimal()):
        return None
    return Name(stem, int(left), int(done or 0))
