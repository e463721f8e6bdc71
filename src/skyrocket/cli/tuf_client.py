"""`repo tuf-client`: the node's own TUF client, behind the interface of the conformance suite.

    tuf-client --metadata-dir D init ROOT
    tuf-client --metadata-dir D --metadata-url U refresh
    tuf-client --metadata-dir D --metadata-url U --target-name T --target-base-url B
               --target-dir O download

The exit status is 0, or 1 with the reason. It runs the code of `skyrocket.host.update` and has no
rules of its own; metadata that was kept before is the only trust it begins with.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from urllib.parse import quote

from skyrocket.host.system.web import Client, HttpError
from skyrocket.host.update.errors import UpdateError
from skyrocket.host.update.repository import Repository

ROOT = "root.json"


def main(argv: list[str]) -> int:
    wish = parser().parse_args(argv)
    try:
        match wish.verb:
            case "init":
                _init(wish.metadata_dir, wish.root)
            case "refresh":
                _open(wish).refresh()
            case _:
                _download(wish)
    except (UpdateError, HttpError, OSError) as error:
        sys.stderr.write(f"skyrocket repo tuf-client: {error}\n")
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser("skyrocket repo tuf-client", description=__doc__)
    made.add_argument("--metadata-dir", type=Path, required=True)
    made.add_argument("--metadata-url", default="")
    made.add_argument("--target-name")
    made.add_argument("--target-base-url", default="")
    made.add_argument("--target-dir", type=Path)
    verbs = made.add_subparsers(dest="verb", required=True)
    verbs.add_parser("init").add_argument("root", type=Path)
    verbs.add_parser("refresh")
    verbs.add_parser("download")
    return made


def _init(folder: Path, root: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(root, folder / ROOT)


def _open(wish: argparse.Namespace) -> Repository:
    return Repository(
        str(wish.metadata_dir), wish.metadata_url, wish.target_base_url, None, Client()
    )


def _download(wish: argparse.Namespace) -> None:
    repository = _open(wish)
    repository.refresh()
    target = repository.target(wish.target_name)
    data = repository.read(target)
    wish.target_dir.mkdir(parents=True, exist_ok=True)
    (wish.target_dir / quote(target.path, "")).write_bytes(data)
