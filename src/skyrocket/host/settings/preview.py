"""What a change would do, without doing it: the same decision that apply makes, shown.

It reads the node's files and changes nothing; `apply.decide` is the only source of its actions, so
that a plan cannot say one thing and apply do another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.host.settings import apply, render
from skyrocket.models import diff, keys
from skyrocket.models.plans import FilePlan, Preview, Reboot, UnitPlan, Value

if TYPE_CHECKING:
    from skyrocket.host.settings.apply import Changes
    from skyrocket.models.keys import Key, Tree
    from skyrocket.models.settings.group import ConfigFile
    from skyrocket.models.settings.table import Schema

LONGEST = 64 * 1024  # bytes of a file beyond which its difference is not shown


def preview(
    schema: Schema, live: Tree, wanted: Tree, host: apply.Reader, generation: int
) -> Preview:
    """What changing LIVE to WANTED would do to HOST; raise SettingsError when WANTED is wrong."""
    values = different(live, wanted)
    names = render.groups_of(value.key for value in values)
    plan = render.plan(schema, wanted, names)
    changes = apply.decide(plan, host)
    because = _because(schema, values)
    restarts = [_owner(path, plan.owned) for path in changes.changed_files]
    late = [place.path for place in restarts if place.disruption == "reboot"]
    return Preview(
        generation=generation,
        values=values,
        files=_files(changes, plan.owned, because, host),
        units=_units(changes, plan),
        effects=[effect for effect, _ in changes.effects],
        reboot=Reboot(bool(late), [f"{path} is read when the node starts" for path in late]),
    )


def different(live: Tree, wanted: Tree) -> list[Value]:
    """Every leaf in which the two trees differ, sorted by key."""
    before, after = keys.flatten(live, ("settings",)), keys.flatten(wanted, ("settings",))
    changed = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return [Value(keys.name(key), before.get(key), after.get(key)) for key in _sorted(changed)]


def _sorted(found: list[Key]) -> list[Key]:
    return sorted(found, key=keys.name)


def _because(schema: Schema, values: list[Value]) -> dict[str, list[str]]:
    """Places (paths of configuration files) -> the changed keys of their group."""
    by_group: dict[str, list[str]] = {}
    for value in values:
        by_group.setdefault(keys.parse(value.key)[1], []).append(value.key)
    return {
        place.path: by_group.get(group.name, [])
        for group in schema.groups.values()
        for place in group.files.values()
    }


def _files(
    changes: Changes,
    owned: tuple[ConfigFile, ...],
    because: dict[str, list[str]],
    host: apply.Reader,
) -> list[FilePlan]:
    wanted = [(file.path, "write", file.content) for file in changes.write]
    wanted += [(path, "remove", b"") for path in changes.remove]
    return [
        FilePlan(path, action, _difference(path, host, content), because[_owner(path, owned).path])
        for path, action, content in wanted
    ]


def _difference(path: str, host: apply.Reader, content: bytes) -> str:
    before = host.read(path) or b""
    if max(len(before), len(content)) > LONGEST:
        return f"--- {path}\n+++ {path}\nfrom {len(before)} to {len(content)} bytes\n"
    return diff.unified(before.decode("utf-8", "replace"), content.decode("utf-8", "replace"), path)


def _units(changes: Changes, plan: render.Plan) -> list[UnitPlan]:
    reads = {unit.name: unit.reads for rendered in plan.rendered for unit in rendered.units}
    own = [(name, "restart") for name in changes.restart]
    own += [(name, "stop") for name in changes.stop]
    found = [UnitPlan(name, action, [reads[name]]) for name, action in own]
    changed = [(path, _owner(path, plan.owned)) for path in changes.changed_files]
    for name in changes.try_restart:
        paths = [path for path, place in changed if name in place.restarts]
        found.append(UnitPlan(name, "restart if it runs", paths))
    for name in changes.try_reload_or_restart:
        paths = [path for path, place in changed if name in place.reloads]
        found.append(UnitPlan(name, "reload if it runs", paths))
    return found


def _owner(path: str, owned: tuple[ConfigFile, ...]) -> ConfigFile:
    return apply.owner(path, owned)
