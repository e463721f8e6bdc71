"""Pure decisions about slots: what the loader boots, what blessing and standing aside rename.

The loader decides by file names alone (no EFI variable takes part): exhausted entries last, then
the newest version inside the UKI, then the name. Source: systemd-boot(7), "Boot counting".
Deliberately unknown here: files, partitions, firmware.
"""

from __future__ import annotations

from skyrocket.models import slots, version

TRIES = 3


class Uki:
    """A UKI in the boot partition: its name and the version its .osrel section says."""

    __slots__ = ("name", "version")

    def __init__(self, name: slots.Name, version_text: str = "") -> None:
        self.name = name
        self.version = version_text


def booted_by_loader(ukis: list[Uki]) -> Uki | None:
    """The UKI that the loader boots when nobody touches the menu."""
    first: Uki | None = None
    for uki in ukis:
        if first is None or _before(uki, first):
            first = uki
    return first


def blessed_name(name: slots.Name) -> slots.Name:
    """The name of a UKI whose boot was good: no counter."""
    return slots.Name(name.key)


def aside_name(name: slots.Name) -> slots.Name:
    """The name of a UKI that stands aside: no tries left, so the loader sorts it last."""
    return slots.Name(name.key, 0, 1)


class Verdict:
    """What to do about a boot: go on, stand aside for OTHER, or stop; REASON for the last two."""

    __slots__ = ("other", "reason", "stop")

    def __init__(self, *, other: str = "", stop: bool = False, reason: str = "") -> None:
        self.other = other
        self.stop = stop
        self.reason = reason

    @property
    def go_on(self) -> bool:
        return not self.other and not self.stop


def judge(root: str, count: int, blessed: tuple[str, ...], names: list[slots.Name]) -> Verdict:
    """Judge boot COUNT of ROOT, given the roots BLESSED before and the UKIs' NAMES.

    The loader counts a trial boot (`+1`) itself; this count is for a slot that was good and is not
    any more, which no loader notices.
    """
    if count <= TRIES:
        return Verdict()
    mine = slots.key_of(root)
    reason = f"{count - 1} boots of {mine} without health"
    good = {slots.key_of(other) for other in blessed} - {mine}
    for name in names:
        if name.key in good and not name.exhausted:
            return Verdict(other=name.key, reason=reason)
    return Verdict(stop=True, reason=f"{reason}, and no other slot that was ever good")


def _before(left: Uki, right: Uki) -> bool:
    if left.name.exhausted != right.name.exhausted:
        return right.name.exhausted
    order = version.compare(left.version, right.version)
    return (order or version.compare(str(left.name), str(right.name))) > 0
