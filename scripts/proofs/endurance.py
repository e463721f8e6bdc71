"""Use the API for long and see that nothing grows: 1,000 commits, 200 commands, 50 restarts.

Writes docs/evidence/endurance.md.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]
    from skyrocket.cli import children, environment

    ready = environment.ready("dev")
    argv = [*children.python("-m", "endurance.prove"), *sys.argv[1:]]
    env = children.environment(ready)
    env["PYTHONPATH"] = os.pathsep.join(
        [str(ROOT / "tests"), str(ROOT / "src"), env.get("PYTHONPATH", ""), str(ready)]
    )
    os.chdir(ROOT)
    os.execve(argv[0], argv, env)  # noqa: S606


if __name__ == "__main__":
    sys.exit(main())
