"""The registry as a process of its own: `python -m skyrocket.lab.registry --root DIR`.

With `--ready-file F` it writes `{"address": "HOST:PORT", "pid": N}` to F once it listens.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from skyrocket.lab.registry.server import Registry, Request
from skyrocket.lab.registry.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str]) -> int:
    options = _options(argv)
    user, _, password = options.user.partition(":")
    tokens = Tokens(user, password) if options.token or user else None
    try:
        registry = Registry(
            options.root, host=options.host, port=options.port, tokens=tokens, log=_log
        )
    except OSError as error:
        print(f"cannot listen on {options.host}:{options.port}: {error.strerror}", file=sys.stderr)  # noqa: T201
        return 1
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with registry:
        if options.ready_file:
            _announce(options.ready_file, registry.address)
        ended.wait()
    return 0


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m skyrocket.lab.registry", description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="folder of OCI layout folders")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 (default): any free port")
    parser.add_argument("--ready-file", type=Path, help="written once the registry listens")
    parser.add_argument("--token", action="store_true", help="want bearer tokens, give them freely")
    parser.add_argument("--user", default="", help="USER:PASSWORD that the token server wants")
    return parser.parse_args(argv)


def _announce(path: Path, address: str) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps({"address": address, "pid": os.getpid()}) + "\n", encoding="utf-8")
    part.rename(path)


def _log(request: Request) -> None:
    print(json.dumps(request._asdict()), file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
