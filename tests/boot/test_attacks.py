"""The shipped programs on a booted node, attacked from a container with every tool it wants.

The attacks and the control that proves them are those of the build's tests.
"""

from __future__ import annotations

import base64
import errno
import shlex
from typing import TYPE_CHECKING

import pytest
from boot import attacks, forbidden

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from boot.machine import Machine

pytestmark = pytest.mark.boot

PROGRAMS = {
    "apiclient": "/usr/local/bin/apiclient",
    "skyrocket": "/.bottlerocket/rootfs/usr/libexec/skyrocket/skyrocket",
}
WORK = "/tmp/evil"
PROBE = "/local/forbidden"
RAN = "/run/evil-ran"
CODE = f"open({RAN!r}, 'w').close()\n"
PICKLE = f"cposix\nsystem\n(S'touch {RAN}'\ntR."
PENDING = "/run/skyrocket/api/pending.json"
TAKEN = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONUSERBASE")
MAIN = "$(systemctl show --property=MainPID --value skyrocket-api)"


def script(attack: attacks.Attack, program: str) -> str:
    """The attack as a script of the admin container's bash: files, then the start."""
    fill = {"{work}": WORK, "{program}": program}

    def filled(text: str) -> str:
        for mark, value in fill.items():
            text = text.replace(mark, value)
        return text

    def data(content: bytes) -> str:
        return f"echo {base64.b64encode(content).decode()} | base64 -d"

    lines = [f"rm -rf {WORK}; mkdir -p {WORK}; cd {WORK}"]
    for name, text in attack.files.items():
        target = f"{WORK}/{name}"
        content = data(attacks.content(filled(text)))
        lines += [f"mkdir -p $(dirname {target})", f"{content} > {target}; chmod 755 {target}"]
    file = program
    for path, verb in ((attack.copy_to, "cp"), (attack.link_at, "ln -s")):
        if path:
            file = f"{WORK}/{path}"
            lines += [f"mkdir -p $(dirname {file})", f"{verb} {program} {file}"]
    argv0 = file if attack.argv0 == "{program}" else attack.argv0
    words = [shlex.quote(filled(word)) for word in attack.argv]
    start = [shlex.quote(filled(word)) for word in attack.start]
    command = " ".join([*start, *words] if start else [file, *words])
    named = "" if start else f"-a {shlex.quote(argv0)} "
    env = " ".join(f"{name}={shlex.quote(filled(value))}" for name, value in attack.env.items())
    lines.append(f"{data(attack.stdin.encode())} > {WORK}/.stdin")
    lines.append(f"({env} exec {named}{command} < {WORK}/.stdin 2>&1)")
    return "\n".join(lines)


@pytest.mark.parametrize("program", PROGRAMS)
def test_no_attack_gets_code_into_a_shipped_program(node: Machine, program: str) -> None:
    """Every named attack from outside ends in a refusal, on the node, against the shipped file."""
    beaten = []
    for attack in attacks.OUTSIDE:
        answer = node.admin("timeout", "60", "bash", "-c", script(attack, PROGRAMS[program]))
        lost = attacks.verdict(attack._replace(refusal=""), answer.status, answer.out)
        beaten += [lost] if lost else []
    assert beaten == []


def test_an_attack_that_works_is_seen(node: Machine) -> None:
    """The control: the same driver, against a program that does run what it is handed."""
    attack = next(one for one in attacks.OUTSIDE if one.argv[:1] == ("-c",))
    shell = attack._replace(argv=("-c", "echo $((6 * 7 * 1000003))"))
    answer = node.admin("bash", "-c", script(shell, "/bin/bash"))
    assert attacks.verdict(shell, answer.status, answer.out) is not None


@pytest.fixture
def restarted(node: Machine) -> Iterator[Callable[[], None]]:
    """Start the API anew, and again without what the test left for it."""

    def restart() -> None:
        done = node.host("systemctl restart skyrocket-api")
        assert done.status == 0, done

    yield restart
    node.host(f"systemctl unset-environment {' '.join(TAKEN)}; rm -rf /local/evil {RAN} {PENDING}")
    restart()


@pytest.mark.proof  # not run to its end yet
def test_variables_that_root_gives_the_api_bring_no_code(
    node: Machine, restarted: Callable[[], None]
) -> None:
    """They arrive in the process, which starts and answers as if they were not there."""
    library = "/local/evil/lib/python3.13"
    places = ("/local/evil/sitecustomize.py", "/local/evil/start.py",
              f"{library}/encodings/__init__.py", f"{library}/site.py")  # fmt: skip
    values = dict.fromkeys(TAKEN, "/local/evil") | {"PYTHONSTARTUP": "/local/evil/start.py"}
    lines = [f"mkdir -p {library}/encodings"]
    lines += [f"cat > {place} <<'END'\n{CODE}END" for place in places]
    lines += [f"systemctl set-environment {name}={value}" for name, value in values.items()]
    assert node.host("\n".join(lines)).status == 0
    restarted()
    assert node.get("os.variant_id")["os"]
    has = node.host(f"tr '\\0' '\\n' < /proc/{MAIN}/environ").out.splitlines()
    assert {f"{name}={value}" for name, value in values.items()} <= set(has)
    assert node.host(f"test -e {RAN}").status != 0


@pytest.mark.proof  # not run to its end yet
def test_a_pickle_is_text_like_any_other(node: Machine, restarted: Callable[[], None]) -> None:
    """As a request's body and in the API's own file: refused, said, and nothing of it runs."""
    answer = node.admin("apiclient", "raw", "-m", "PATCH", "-u", "/settings", "-d", PICKLE)
    assert answer.status != 0
    assert node.host(f"cat > {PENDING} <<'END'\n{PICKLE}\nEND").status == 0
    restarted()
    assert node.get("os.variant_id")["os"]
    said = node.host("journalctl -b -u skyrocket-api -o cat --no-pager").out
    assert f"cannot read pending changes {PENDING}" in said
    assert node.host(f"test -e {RAN}").status != 0


@pytest.mark.proof  # not run to its end yet
def test_a_container_covers_our_programs_for_itself_alone(node: Machine) -> None:
    """A superpowered container may mount over its view of them; the node still has its own."""
    folder, program = "usr/libexec/skyrocket", "usr/libexec/skyrocket/skyrocket"
    cover = f"cd /.bottlerocket/rootfs && mount -t tmpfs none {folder} && test ! -e {program}"
    assert node.admin("bash", "-c", cover).status == 0
    try:
        assert node.host(f"test -x /{program}").status == 0
        assert node.get("os.variant_id")["os"]
    finally:
        node.admin("umount", f"/.bottlerocket/rootfs/{folder}")


@pytest.mark.proof  # not run to its end yet
def test_root_writes_the_api_s_data_and_not_its_code(node: Machine) -> None:
    """Through /proc/PID/mem, without attaching to it: what may be written is the control."""
    text = base64.b64encode(forbidden.compiled()).decode()
    made = node.admin("sheltie", "-c", f"base64 -d > {PROBE} && chmod 700 {PROBE}", stdin=text)
    assert made.status == 0, made
    ended = [node.host(f"{PROBE} {what} {MAIN}").status for what in ("data", "text")]
    node.host(f"rm {PROBE}")
    assert ended == [0, errno.EIO]
