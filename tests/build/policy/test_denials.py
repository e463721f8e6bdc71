"""Lines of a node's journal are read, and said in the words of the policy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from skyrocket.build.policy import denials, rights
from skyrocket.build.policy.denials import Denial

ROOT = Path(__file__).parents[3]
SOURCES = ROOT / "packages/selinux/policy"

CONSOLE = (
    "audit: type=1400 audit(1764086401.207:212): avc:  denied  { setenforce } for  pid=1503 "
    'comm="9" scontext=system_u:system_r:super_t:s0 tcontext=system_u:object_r:any_t:s0 '
    "tclass=security permissive=0"
)
STREAM = (
    'AVC avc:  denied  { module_load } for  pid=1377 comm="insmod" '
    'path="/local/module-test/copy.ko" dev="vda5" ino=131 scontext=system_u:system_r:super_t:s0 '
    "tcontext=system_u:object_r:local_t:s0 tclass=system permissive=0"
)
OTHERS = (
    'AVC avc:  denied  { read open } for  pid=900 comm="cat" name=6120646F74 dev="vda5" ino=9 '
    "scontext=system_u:system_r:container_t:s0:c1,c2 tcontext=system_u:object_r:data_t:s0:c3,c4 "
    "tclass=file permissive=0"
)
MANAGER = (
    "USER_AVC pid=1 uid=0 auid=4294967295 ses=4294967295 subj=system_u:system_r:init_t:s0 "
    'msg=\'avc:  denied  { start } for auid=n/a uid=0 gid=0 path="/run/x.service" cmdline="" '
    'function="bus_unit_queue_job" scontext=system_u:system_r:api_t:s0 '
    "tcontext=system_u:object_r:any_t:s0 tclass=service permissive=0 "
    'exe="/usr/lib/systemd/systemd" sauid=0 hostname=? addr=? terminal=?\''
)


@pytest.fixture(scope="module")
def policy() -> rights.Policy:
    return rights.read({path.name: path.read_text() for path in SOURCES.glob("*.cil")})


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (CONSOLE, Denial("super_t", "any_t", "security", ("setenforce",), program="9")),
        (
            STREAM,
            Denial(
                "super_t",
                "local_t",
                "system",
                ("module_load",),
                program="insmod",
                thing="/local/module-test/copy.ko",
            ),
        ),
        (
            OTHERS,
            Denial(
                "container_t",
                "data_t",
                "file",
                ("read", "open"),
                ("s0:c1,c2", "s0:c3,c4"),
                "cat",
                "a dot",
            ),
        ),
        (MANAGER, Denial("api_t", "any_t", "service", ("start",), thing="/run/x.service")),
        ("audit: type=1403 audit(1764086391.5:2): auid=0 ses=0 lsm=selinux res=1", None),
        (
            "avc:  granted  { read } for  pid=1 scontext=a:b:c:s0 tcontext=a:b:c:s0 tclass=file",
            None,
        ),
    ],
)
def test_a_refusal_is_read(line: str, expected: Denial | None) -> None:
    """From the kernel's console, from its audit stream, and from PID 1; names as they were."""
    assert denials.parse(line) == expected


def test_a_promise_is_named(policy: rights.Policy) -> None:
    """Nobody may switch it off, and the compiler sees to it."""
    said = denials.explain(policy, Denial("super_t", "any_t", "security", ("setenforce",)))
    assert "systems rewrite: change the policy" in said
    assert "the compiler refuses one that would" in said
    assert "may      nobody" in said


def test_categories_are_told_from_rules(policy: rights.Policy) -> None:
    """A rule lets workloads read files of workloads; what refuses is whose they are."""
    parsed = denials.parse(OTHERS)
    assert parsed is not None
    said = denials.explain(policy, parsed)
    assert "by categories: s0:c1,c2 does not reach s0:c3,c4" in said


def test_who_may_is_named(policy: rights.Policy) -> None:
    """For a right that some have and the one who asked has not."""
    said = denials.explain(policy, Denial("control_t", "private_t", "file", ("write",)))
    assert "files mutate: write, create" in said
    assert "may      kernel_t, boot_t, api_t, super_t" in said


def test_the_script_reads_a_journal() -> None:
    """Each refusal once; status 1 and nothing said where there is none."""
    script = [sys.executable, str(ROOT / "scripts/explain-denial")]
    text = (
        f"Nov 25 15:00:01 node kernel: {STREAM}\nnothing\nNov 25 15:00:02 node kernel: {STREAM}\n"
    )
    done = subprocess.run(script, input=text, capture_output=True, text=True, check=True)
    assert done.stdout.count("asked for module_load (system) of local_t") == 1
    empty = subprocess.run(script, input="nothing\n", capture_output=True, text=True, check=False)
    assert (empty.returncode, empty.stdout.strip()) == (1, "")
