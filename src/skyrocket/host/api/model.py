"""Routes that tell what the node is and how its settings become files and restarts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyrocket.host.api.errors import BadRequestError, NotFoundError
from skyrocket.host.api.message import Answer, Request, data
from skyrocket.host.api.settings import data_key, expand
from skyrocket.models import keys
from skyrocket.models.api import NetworkReport, StageTimes, Status

if TYPE_CHECKING:
    from skyrocket.host.api.state import State
    from skyrocket.models.keys import Tree
    from skyrocket.models.settings.group import Group

BOOTED, APPLIED = "/run/skyrocket/boot.json", "/run/skyrocket/apply.json"
JUDGED = "/run/skyrocket/health.json"
NETWORK = "/run/skyrocket/network.json"


def get_model(state: State, request: Request) -> Answer:
    """Everything, or the parts whose full key names start with a prefix."""
    prefix = request.query.get("prefix")
    if prefix is None:
        return data(_model(state, ("settings", "services", "configuration-files", "os")))
    if not prefix:
        raise BadRequestError("Input 'prefix' cannot be empty")
    parts = [part for part in _PARTS if f"{part}.".startswith(prefix) or prefix.startswith(part)]
    return data(keys.with_prefix(_model(state, parts), prefix))


def get_os(state: State, request: Request) -> Answer:
    prefix = request.query.get("prefix")
    whole = {"os": _os(state)}
    found = whole if prefix is None else keys.with_prefix(whole, expand(prefix, "os"))
    return data(found.get("os", {}))


def get_status(state: State, _request: Request) -> Answer:
    """Whether the node is degraded, and why, by boot and last apply; what firmware checked."""
    from msgspec import json

    from skyrocket.models import boot_parameters
    from skyrocket.models.boot_parameters import Firmware, Report

    booted = StageTimes.from_json(json.decode(state.host.read(BOOTED) or b"{}"))
    last = json.decode(state.host.read(APPLIED) or b"{}").get("error")
    checked = json.decode(state.host.read(JUDGED) or b"{}").get("secure_boot")
    network = json.decode(state.host.read(NETWORK) or b"{}", type=NetworkReport)
    words = json.decode(state.host.read(boot_parameters.OUTCOME) or b"{}", type=Report)
    started = json.decode(state.host.read(boot_parameters.INITRD) or b"{}", type=Firmware)
    reasons = [*booted.degraded, *network.degraded, *words.degraded, *([last] if last else [])]
    return data(
        Status(
            bool(reasons),
            reasons,
            state.current,
            booted.first_boot,
            checked,
            started.additions,
        )
    )


def get_services(state: State, request: Request) -> Answer:
    return data(_named(request, "services", _services(state)))


def get_configuration_files(state: State, request: Request) -> Answer:
    return data(_named(request, "configuration-files", _files(state)))


def get_affected_services(state: State, request: Request) -> Answer:
    """Which services a change of each key touches; keys of no group are left out."""
    names = request.names("keys")
    if names is None:
        raise BadRequestError("Missing required input 'keys'")
    found = {}
    for text in names:
        key = data_key(text)
        group = state.schema.groups.get(key[1]) if key[0] == "settings" and key[1:] else None
        if group is not None:
            found[text] = list(group.services)
    return data(found)


def get_setting_generators(state: State, _request: Request) -> Answer:
    generators = [each for group in state.schema.groups.values() for each in group.generators]
    return data({keys.name(("settings", *each.key)): each.name for each in generators})


def get_templates(_state: State, _request: Request) -> Answer:
    """No setting's value comes from a template."""
    return data({})


def _model(state: State, parts: object) -> Tree:
    return {part: make(state) for part, make in _PARTS.items() if part in parts}  # type: ignore[operator]


def _settings(state: State) -> Tree:
    return state.live


def _os(state: State) -> Tree:
    variant = state.variant
    return {
        "pretty_name": variant.pretty_name,
        "variant_id": variant.variant_id,
        "version_id": variant.version_id,
        "build_id": variant.build_id,
        "arch": variant.arch,
    }


def _services(state: State) -> Tree:
    services: Tree = {}
    for group in state.schema.groups.values():
        for service, names in group.services.items():
            services[service] = {
                "configuration-files": list(names),
                "restart-commands": _restarts(group, names),
            }
    return services


def _restarts(group: Group, names: tuple[str, ...]) -> list[str]:
    files = [group.files[name] for name in names]
    found = [f"systemctl try-restart {unit}" for file in files for unit in file.restarts]
    found += [f"systemctl try-reload-or-restart {unit}" for file in files for unit in file.reloads]
    return list(dict.fromkeys(found))


def _files(state: State) -> Tree:
    return {
        name: {"path": file.path}
        for group in state.schema.groups.values()
        for name, file in group.files.items()
    }


_PARTS = {
    "settings": _settings,
    "services": _services,
    "configuration-files": _files,
    "os": _os,
}


def _named(request: Request, part: str, whole: Tree) -> Tree:
    """WHOLE, or what `names` or `prefix` choose of it."""
    names, prefix = request.names("names"), request.query.get("prefix")
    if names is not None:
        for name in names:
            if name not in whole:
                raise NotFoundError(f"Found no '{name}' in datastore")
        return {name: whole[name] for name in names}
    if prefix is not None:
        found: Tree = keys.with_prefix({part: whole}, expand(prefix, part)).get(part, {})
        return found
    return whole
