"""A change on trial: it goes back unless somebody confirms it in time. Pure.

Time is CLOCK_BOOTTIME, which no one can set, together with the boot it belongs to. A trial survives
one orderly restart, which gives it one more whole window. Any other end of a boot takes it back:
nobody can tell a crash from a change that cut its owner off.
"""

from typing import Any, Literal

import msgspec
from msgspec import Struct

from skyrocket.models import keys
from skyrocket.models.keys import Key, Tree

Phase = Literal["waiting", "restarting", "returning"]
Verdict = Literal["wait", "take back", "apply"]
BootVerdict = Literal["wait", "renew", "take back", "end"]


class Trial(Struct, frozen=True, omit_defaults=True):
    """KEYS that changed and what those that had a value were EARLIER, by their texts.

    WINDOW is in seconds; DEADLINE is a CLOCK_BOOTTIME of the boot with id BOOT. A trial that is
    `returning` has its earlier values already, and the node must still be told to follow them.
    """

    keys: tuple[str, ...]
    earlier: dict[str, Any]
    window: float
    deadline: float
    boot: str
    phase: Phase = "waiting"
    renewed: bool = False


def begin(before: Tree, after: Tree, window: float, now: float, boot: str) -> Trial | None:
    """The trial of the change from BEFORE to AFTER; None when nothing changes."""
    names, earlier = _difference(before, after)
    return Trial(names, earlier, window, now + window, boot) if names else None


def returned(tree: Tree, trial: Trial) -> Tree:
    """TREE with the earlier values of TRIAL; what others changed since stays."""
    for text in trial.keys:
        key = keys.parse(text)
        if _is_leaf(keys.get(tree, key)):
            tree = keys.without(tree, [key])
    return keys.merge(tree, keys.nest({keys.parse(k): v for k, v in trial.earlier.items()}))


def after_commit(trial: Trial, before: Tree, after: Tree) -> Trial | None:
    """TRIAL after another commit: a later choice counts, so its keys are no longer on trial."""
    chosen = [keys.parse(text) for text in _difference(before, after)[0]]
    if trial.phase == "returning" or not chosen:
        return trial
    left = tuple(text for text in trial.keys if not _is_among(keys.parse(text), chosen))
    earlier = {text: value for text, value in trial.earlier.items() if text in left}
    return msgspec.structs.replace(trial, keys=left, earlier=earlier) if left else None


def moved(trial: Trial, before: Tree, after: Tree) -> Trial | None:
    """TRIAL in another schema, where its change is the one from BEFORE to AFTER."""
    names, earlier = _difference(before, after)
    return msgspec.structs.replace(trial, keys=names, earlier=earlier) if names else None


def in_phase(trial: Trial, phase: Phase) -> Trial:
    return msgspec.structs.replace(trial, phase=phase)


def judge(trial: Trial, now: float, boot: str) -> Verdict:
    """What is to be done about TRIAL while a node runs."""
    if trial.phase == "returning":
        return "apply"
    return "wait" if trial.boot == boot and now < trial.deadline else "take back"


def judge_boot(trial: Trial, now: float, boot: str) -> BootVerdict:
    """What is to be done about TRIAL before the settings of a boot are rendered."""
    if trial.phase == "returning":
        return "end"  # the values are back, and a boot renders all of them
    if trial.boot == boot:
        return "wait" if now < trial.deadline else "take back"
    return "renew" if trial.phase == "restarting" and not trial.renewed else "take back"


def renewed(trial: Trial, now: float, boot: str) -> Trial:
    """TRIAL after an orderly restart: one whole window from NOW, and not a third one."""
    return msgspec.structs.replace(
        trial, deadline=now + trial.window, boot=boot, phase="waiting", renewed=True
    )


def _difference(before: Tree, after: Tree) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The keys in which two trees differ, and what those had BEFORE that were there."""
    old, new = _leaves(before), _leaves(after)
    found = [key for key in {**old, **new} if _text(old, key) != _text(new, key)]
    names = tuple(sorted(keys.name(key) for key in found))
    return names, {keys.name(key): old[key] for key in found if key in old}


def _text(leaves: dict[Key, Any], key: Key) -> bytes:
    """The value at KEY as JSON: Python holds 1 and true equal."""
    return msgspec.json.encode(leaves[key]) if key in leaves else b""


def _leaves(tree: Tree, under: Key = ()) -> dict[Key, Any]:
    """Every leaf with its key; an empty table counts as one, so that it can come back."""
    leaves: dict[Key, Any] = {}
    for segment, value in tree.items():
        if _is_leaf(value):
            leaves[(*under, segment)] = value
        else:
            leaves.update(_leaves(value, (*under, segment)))
    return leaves


def _is_leaf(value: Any) -> bool:
    return not (isinstance(value, dict) and value)


def _is_among(key: Key, chosen: list[Key]) -> bool:
    return any(key[: len(each)] == each or each[: len(key)] == key for each in chosen)
