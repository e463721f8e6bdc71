"""Which version boots: counting, choosing, trying, blessing, standing aside: one state machine.

Pure. Its whole state is the names of the kernel images in the boot partition, and what `private`
keeps of boots. The loader moves it (`booted_by_loader`, `counted`), the node moves it by renames
(`Step`), each of which the power may cut off from the next. All of it is gone through by
`tests/models/test_boots_explored.py`.

    skyrocket-K+1.efi ──loader──▶ skyrocket-K+0-1.efi ──healthy──▶ skyrocket-K.efi
          ▲ given back, twice at most  │
          └────────────────────────────┘ any other end: the loader takes the other version

Source: systemd-boot, the order of entries and its counting; UAPI Group, "Boot Loader
Specification". Deliberately unknown here: files, partitions, firmware. Standard library only.
"""

from __future__ import annotations

from skyrocket.models import slots, version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

TRIES = 3
"""Boots without health after which a version that was good stands aside."""
GIVEN_BACK = 2
"""How often a restart that was asked for gives a version on trial its try back."""


class Uki:
    """A kernel image in the boot partition: its name and the version its .osrel section says."""

    __slots__ = ("name", "version")

    def __init__(self, name: slots.Name, version_text: str = "") -> None:
        self.name = name
        self.version = version_text


class Step:
    """One rename in the boot partition, from path to path; a power cut falls between two."""

    __slots__ = ("source", "target")

    def __init__(self, source: str, target: str) -> None:
        self.source = source
        self.target = target

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Step) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        return f"Step({self.source} -> {self.target})"


def booted_by_loader(ukis: Iterable[Uki]) -> Uki | None:
    """The kernel image that the loader boots when nobody touches the menu.

    Its order, key for key: tries left or not, the newer version, the greater name without its
    counter, more tries left, fewer tries done. All of ours have one sort key and no machine id.
    """
    first: Uki | None = None
    for uki in ukis:
        if first is None or _before(uki, first):
            first = uki
    return first


def stands_before(left: Uki, right: Uki) -> bool:
    """Whether the loader takes LEFT and not RIGHT when both are good.

    That is the newer version; of two builds of one version the greater name.
    """
    both = [Uki(blessed_name(each.name), each.version) for each in (left, right)]
    return booted_by_loader(both) is both[0]


def counted(name: slots.Name) -> slots.Name:
    """The name that the loader gives an image when it starts it: also one without a try left."""
    if name.left is None:
        return name
    return slots.Name(name.key, max(name.left - 1, 0), name.done + 1)


def blessed_name(name: slots.Name) -> slots.Name:
    """The name of an image whose boot was good: no counter."""
    return slots.Name(name.key)


def aside_name(name: slots.Name) -> slots.Name:
    """The name of an image that stands aside: no tries left, so the loader sorts it last.

    None done either: the loader has not taken it since.
    """
    return slots.Name(name.key, 0)


def tried_name(name: slots.Name) -> slots.Name | None:
    """The name of a counted image that gets its try back; None when it had that often enough."""
    if not name.exhausted or not 0 < name.done <= GIVEN_BACK:
        return None
    return slots.Name(name.key, 1, name.done)


def activation(names: list[slots.Name], new: str, running: str, *, older: bool) -> list[Step]:
    """Let the loader try the image of key NEW once, be it staged, moved already, or kept.

    OLDER says that the RUNNING one stands before it: it must stand aside, or would boot again.
    Repeatable: after a cut the steps that are left lead to the same end.
    """
    wanted = slots.Name(new, 1)
    there = [name for name in names if name.key == new]
    steps = [Step(_seen(name), _seen(wanted)) for name in there if name != wanted]
    if not there:
        steps = [Step(_staged(new), _seen(wanted))]
    return steps + (standing_aside(names, running) if older else [])


def deactivation(
    names: list[slots.Name], new: str, running: str, *, kept: bool, older: bool
) -> list[Step]:
    """Undo `activation`, the RUNNING version first.

    A version that was KEPT in its slot goes back to where it was good for a fall-back, behind the
    running one; any other goes back to where it was staged.
    """
    mine = [name for name in names if name.key == running and name.exhausted]
    steps = [Step(_seen(name), _seen(blessed_name(name))) for name in mine]
    for name in names:
        if name.key != new:
            continue
        behind = blessed_name(name) if older else aside_name(name)
        target = _seen(behind) if kept else _staged(new)
        steps += [Step(_seen(name), target)] if _seen(name) != target else []
    return steps


def blessing(names: list[slots.Name], key: str) -> list[Step]:
    """Make the image of KEY the one that boots from now on.

    The firmware may have been unable to write the counted name: whatever has a counter is meant.
    """
    mine = [name for name in names if name.key == key and not name.blessed]
    return [Step(_seen(name), _seen(blessed_name(name))) for name in mine[:1]]


def giving_back(names: list[slots.Name], key: str) -> list[Step]:
    """Give the image of KEY, on trial, its try back: nobody has found anything against it."""
    mine = [(name, tried_name(name)) for name in names if name.key == key]
    return [Step(_seen(name), _seen(again)) for name, again in mine if again]


def standing_aside(names: list[slots.Name], key: str) -> list[Step]:
    """Have the loader take the image of KEY last."""
    mine = [name for name in names if name.key == key and not name.exhausted]
    return [Step(_seen(name), _seen(aside_name(name))) for name in mine]


def other_boots_next(ukis: list[Uki], running: str) -> bool:
    """Whether the loader, asked now, would take another version than the RUNNING one.

    That is what makes a boot a trial: ending it brings back something else.
    """
    chosen = booted_by_loader(ukis)
    return chosen is not None and chosen.name.key != running


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
    """Judge boot COUNT of ROOT, given the roots BLESSED before and the images' NAMES.

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


def _seen(name: slots.Name) -> str:
    return f"{slots.FOLDER}/{name}"


def _staged(key: str) -> str:
    return f"{slots.STAGED}/{slots.Name(key)}"


def _before(left: Uki, right: Uki) -> bool:
    a, b = left.name, right.name
    if a.exhausted != b.exhausted:
        return b.exhausted
    order = version.compare(left.version, right.version)
    order = order or version.compare(str(slots.Name(a.key)), str(slots.Name(b.key)))
    if order or a.left is None or b.left is None:
        return order > 0
    return (b.left, a.done) < (a.left, b.done)
