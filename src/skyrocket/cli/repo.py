"""`repo VERB`: make, fill, sign, check and serve an update repository; or be a client of one."""

from __future__ import annotations

import argparse
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from skyrocket.cli.checkout import ROOT
from skyrocket.models.releases import Kind, ReleaseError, WavePlan
from skyrocket.publish import checks, repository, serve, signers
from skyrocket.publish.errors import PublishError
from skyrocket.publish.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from skyrocket.models.update import Update

WAVES = ROOT / "waves"


def main(argv: list[str]) -> int:
    if argv[:1] == ["tuf-client"]:
        from skyrocket.cli import tuf_client

        return tuf_client.main(argv[1:])
    wish = parser().parse_args(argv)
    keys = wish.keys or signers.folder_for(wish.repo.absolute())
    return VERBS[wish.verb](Store(wish.repo, keys, datetime.now(UTC)), wish)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser("skyrocket repo", description=__doc__)
    verbs = made.add_subparsers(dest="verb", required=True)
    init = verbs.add_parser("init", help="an empty repository, and keys beside it")
    add = verbs.add_parser("add", help="publish an image")
    wave = verbs.add_parser("wave", help="say when which part of a fleet may take a version")
    withdraw = verbs.add_parser("withdraw", help="take a version back")
    verbs.add_parser("sign", help="sign the root that waits for it, with the keys that are here")
    refresh = verbs.add_parser("refresh", help="sign everything online anew, before it expires")
    refresh.add_argument("--root", action="store_true", help="the root as well, once a year")
    rotate = verbs.add_parser("rotate", help="put a new key in the place of one")
    verbs.add_parser("check", help="is it whole, and until when")
    show = verbs.add_parser("show", help="what it has")
    served = verbs.add_parser("serve", help="serve it on loopback, for tests")
    client = verbs.add_parser("tuf-client", help="the conformance suite's interface to our client")
    for verb in verbs.choices.values():
        if verb is not client:
            verb.add_argument("--repo", type=Path, required=True, metavar="DIR")
            verb.add_argument("--keys", type=Path, metavar="K", help="(default: DIR.keys)")
    for verb in (init, rotate):
        verb.add_argument("--key-type", default="ed25519", choices=sorted(signers.MAKERS))
    add.add_argument("--manifest", type=Path, required=True, metavar="M", help="of an image")
    for verb in (wave, withdraw):
        verb.add_argument("--version", required=True)
        verb.add_argument("--variant", help="(default: the only one there is)")
        verb.add_argument("--arch", help="(default: the only one there is)")
    wave.add_argument("--waves", required=True, metavar="FILE",
                      help=f"or one of: {', '.join(plans())}")  # fmt: skip
    wave.add_argument("--start", type=moment, help="RFC 3339 (default: now)")
    rotate.add_argument("--role", default=repository.ONLINE_KEY,
                        choices=(repository.ROOT_KEY, repository.ONLINE_KEY))  # fmt: skip
    show.add_argument("--json", action="store_true", help="the manifest")
    served.add_argument("--port", type=int, required=True, metavar="P", help="0: any that is free")
    return made


def plans() -> list[str]:
    """Names of the wave plans that come with the project."""
    return sorted(path.stem for path in WAVES.glob("*.toml"))


def moment(text: str) -> datetime:
    try:
        return msgspec.convert(text, datetime).astimezone(UTC)
    except msgspec.ValidationError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no time of RFC 3339") from error


def _init(store: Store, wish: argparse.Namespace) -> int:
    repository.init(store, wish.key_type)
    print(f"{store.folder / 'root.json'}: the root to build images with (build --update-root)")
    print(f"{store.keys}: the keys; they are yours alone: keep a copy, publish them nowhere")
    return 0


def _add(store: Store, wish: argparse.Namespace) -> int:
    update = repository.add(store, wish.manifest)
    print(
        f"added {update.version} for {update.variant} ({update.arch}); without waves, all may come"
    )
    return 0


def _wave(store: Store, wish: argparse.Namespace) -> int:
    wanted = _kind(store, wish)
    repository.wave(store, wanted, _plan(wish.waves), wish.start or store.now)
    print(f"waves of {wanted.version} are set")
    return 0


def _withdraw(store: Store, wish: argparse.Namespace) -> int:
    wanted = _kind(store, wish)
    repository.withdraw(store, wanted)
    print(f"withdrew {wanted.version}: nodes that have it go to the newest version left")
    return 0


def _sign(store: Store, _wish: argparse.Namespace) -> int:
    if store.waiting() is None:
        print("no root waits for signatures")
        return 0
    if lack := repository.sign(store):
        print(f"the root still waits: {lack}")
        return 1
    print("the root has all its signatures and is published")
    return 0


def _refresh(store: Store, wish: argparse.Namespace) -> int:
    if wish.root:
        repository.renew(store)
        if _waits(store):
            return 0
    else:
        repository.refresh(store)
    return _ends(store)


def _rotate(store: Store, wish: argparse.Namespace) -> int:
    repository.rotate(store, wish.role, wish.key_type)
    if not _waits(store):
        print(f"the {wish.role} key is another one now; nodes learn it with their next look")
    return 0


def _waits(store: Store) -> bool:
    waiting = store.waiting()
    if waiting is not None:
        print(f"{waiting} waits for signatures: ./skyrocket repo sign, where the root's keys are")
    return waiting is not None


def _check(store: Store, _wish: argparse.Namespace) -> int:
    found = checks.faults(store)
    for fault in found:
        print(fault)
    if found:
        return 1
    return _ends(store)


def _show(store: Store, wish: argparse.Namespace) -> int:
    content = repository.manifest(store)
    if wish.json:
        print(msgspec.json.encode(content).decode())
        return 0
    for each in content.updates:
        print(_line(each))
    for gone in content.withdrawn:
        print(f"{gone.version:12} {gone.variant} ({gone.arch})  withdrawn")
    return _ends(store)


def _line(update: Update) -> str:
    waves = ", ".join(f"{seed}: {when:%Y-%m-%d %H:%M}" for seed, when in update.waves.items())
    return f"{update.version:12} {update.variant} ({update.arch})  waves: {waves or 'none'}"


def _serve(store: Store, wish: argparse.Namespace) -> int:
    repository.manifest(store)
    with serve.server(store.folder, wish.port) as server:
        port = server.server_address[1]
        print(f"http://127.0.0.1:{port}/metadata/ and /targets/; interrupt to stop", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return 0
    return 0


def _ends(store: Store) -> int:
    for role, end in checks.ends(store).items():
        print(f"{role:10} until {end:%Y-%m-%d %H:%M} UTC")
    return 0


def _kind(store: Store, wish: argparse.Namespace) -> Kind:
    """The version that is meant; variant and architecture only where there are several."""
    known = [
        (each.variant, each.arch)
        for each in repository.manifest(store).updates
        if each.version == wish.version
        and wish.variant in {None, each.variant}
        and wish.arch in {None, each.arch}
    ]
    if len(known) != 1:
        reason = "several kinds of node have it" if known else "the repository has no such version"
        raise ReleaseError(f"cannot find {wish.version}: {reason}", "say --variant and --arch")
    return Kind(*known[0], wish.version)


def _plan(name: str) -> WavePlan:
    path = WAVES / f"{name}.toml" if name in plans() else Path(name)
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), WavePlan)
    except OSError as error:
        raise PublishError(
            f"cannot read waves {name}: {error.strerror}", f"there are: {', '.join(plans())}"
        ) from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise PublishError(f"cannot use waves {path}: {error}") from error


VERBS: dict[str, Callable[[Store, argparse.Namespace], int]] = {
    "init": _init, "add": _add, "wave": _wave, "withdraw": _withdraw, "sign": _sign,
    "refresh": _refresh, "rotate": _rotate, "check": _check, "show": _show, "serve": _serve,
}  # fmt: skip
