"""Measure what settings cost, by the node's code in the node's Python. Runs in the tools tree.

Arguments: the folder of our code, the folder of the node's wheels, a folder to work in, the file of
the API's policy, rounds. Figures go as JSON to standard output. The folder to work in has a `node`:
a root with the sealed program, which is the applier.
"""

import json
import os
import select
import socket
import sys
import time
from pathlib import Path

SOURCE, WHEELS, FOLDER, POLICY, ROUNDS = sys.argv[1:6]
sys.path[:0] = [SOURCE, WHEELS]
sys.pycache_prefix = f"{FOLDER}/pycache"

import msgspec  # noqa: E402  its folder is on the path only now

from skyrocket.host.settings.doors import RealHost  # noqa: E402
from skyrocket.host.store.document import Document  # noqa: E402
from skyrocket.host.store.filesystem import FileStore  # noqa: E402

ROOT, API = f"{FOLDER}/node", f"{FOLDER}/api.sock"
STORE, USED = f"{ROOT}/var/lib/bottlerocket/store", f"{FOLDER}/used"
PROGRAM = "/usr/libexec/skyrocket/skyrocket"
KEYS, UPGRADES, PATIENCE = 500, 200, 20.0
READERS = 8


def state(store: FileStore) -> object:
    from skyrocket.host.api import policy
    from skyrocket.host.api.doors import Doors
    from skyrocket.host.api.gate import Gate
    from skyrocket.host.api.state import State
    from skyrocket.models.api import Variant

    # This process is in no unit of a node, and a client of one container may ask 16 times at once.
    shipped = policy.read(POLICY)
    every = shipped.rights["node"]
    rights = shipped.rights | {"workload": every, "unknown": every}
    opened = msgspec.structs.replace(shipped, rights=rights)
    pending, host = f"{FOLDER}/pending.json", RealHost(ROOT)
    return State(store, Variant(), Doors(FOLDER), Gate(opened, say=str), pending, host)


def many(count: int) -> dict[str, object]:
    """COUNT keys of settings."""
    containers = {
        f"c{number}": {"enabled": False, "superpowered": False, "source": f"a/b:{number}",
                       "user-data": "YQ==", "memory-limit": "64M"}
        for number in range(10)
    }  # fmt: skip
    sysctl = {f"vm.key{number}": str(number) for number in range(count - 5 * len(containers))}
    return {"kernel": {"sysctl": sysctl}, "host-containers": containers}


def plan(rounds: int) -> dict[str, object]:
    """Milliseconds of POST /plan with KEYS keys, validation included; the first imports modules."""
    from skyrocket.host.api import routes
    from skyrocket.host.api.message import Request

    its, body = state(FileStore(STORE)), json.dumps({"settings": many(KEYS)}).encode()
    taken = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        answer = routes.answer(its, Request("POST", "/plan", body))
        taken.append((time.perf_counter() - began) * 1000)
        must(answer.status == 200, answer.body)
    must(len(json.loads(answer.body)["values"]) == KEYS)
    return {"first_plan_ms": round(taken[0], 1), "plan_ms": spread(taken[1:])}


def serve() -> int:
    """The API in a process of its own -> its number."""
    process = os.fork()
    if process == 0:
        from skyrocket.host.api import main, server

        listener = main.listen(API, -1)
        listener.listen(4096)
        server.serve(listener, state(FileStore(STORE)))
    wait(lambda: Path(API).exists())
    return process


def systemd() -> int:
    """Who keeps the applier's socket and starts it for what comes -> the number of its process."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{FOLDER}/apply.sock")
    listener.listen()
    process = os.fork()
    if process == 0:
        while True:
            select.select([listener], [], [])
            child = os.fork()
            if child == 0:
                os.dup2(listener.fileno(), 3)
                os.set_inheritable(3, True)  # noqa: FBT003  (it has no names)
                os.chroot(ROOT)
                os.chdir("/")
                given = {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
                os.execve(PROGRAM, [PROGRAM, "apply"], given)  # noqa: S606
            runs = Path(f"{FOLDER}/applier")
            runs.touch()
            _, status, used = os.wait4(child, 0)
            must(status == 0, "the applier failed")
            with Path(USED).open("a", encoding="ascii") as file:
                file.write(f"{(used.ru_utime + used.ru_stime) * 1000}\n")
            runs.unlink()
    return process


def changes(rounds: int) -> dict[str, object]:
    """Milliseconds from `set` of one key to the answer that says it was applied."""
    cold, warm = [], []
    for number in range(rounds):
        wait(lambda: not Path(f"{FOLDER}/applier").exists())
        cold.append(change(f"cold {number}"))
        warm.append(change(f"warm {number}"))
    wait(lambda: not Path(f"{FOLDER}/applier").exists())
    used = [float(line) for line in Path(USED).read_text(encoding="ascii").splitlines()]
    must(len(used) == rounds, used)
    return {
        "set_ms": spread(cold),
        "set_again_ms": spread(warm),
        "applier_processor_ms": spread(used),
    }


def change(text: str) -> float:
    began = time.perf_counter()
    pairs = json.dumps({"request_payload": [f"motd={text}"]})
    ask("PATCH", "/settings/keypair?tx=a", pairs)
    said = json.loads(ask("POST", "/tx/commit_and_apply?tx=a&result=true"))
    taken = (time.perf_counter() - began) * 1000
    must(said["applied"]["changed_files"] == ["/etc/motd"], said)
    must(RealHost(ROOT).read("/etc/motd") == f"{text}\n".encode())
    return taken


def reads(count: int) -> dict[str, object]:
    """Milliseconds of GET /settings, a connection each: one client alone, then READERS at once."""
    ask("GET", "/settings")
    alone = [read() for _ in range(count)]
    pipe, said = os.pipe()
    for _ in range(READERS):
        if os.fork() == 0:
            mine = [read() for _ in range(count // READERS)]
            os.write(said, (json.dumps(mine) + "\n").encode())
            os._exit(0)
    os.close(said)
    with os.fdopen(pipe) as lines:
        crowded = [each for line in lines for each in json.loads(line)]
    must(len(crowded) == count // READERS * READERS)
    return {"get_ms": percentiles(alone), f"get_of_{READERS}_at_once_ms": percentiles(crowded)}


def read() -> float:
    began = time.perf_counter()
    ask("GET", "/settings")
    return (time.perf_counter() - began) * 1000


def ask(method: str, target: str, body: str = "") -> bytes:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE)
        client.connect(API)
        head = f"{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        client.sendall(head.encode())
        answer = b""
        while piece := client.recv(65536):
            answer += piece
    must(answer.startswith(b"HTTP/1.1 20"), answer[:300])
    return answer.partition(b"\r\n\r\n")[2]


def chain() -> dict[str, object]:
    """Bytes on disk of a store over UPGRADES upgrades, each with a migration, of KEYS settings.

    After each, a person changes something, so that there is a history.
    """
    from skyrocket.migrations import kinds
    from skyrocket.migrations.chain import Chain

    folder, most, began = f"{FOLDER}/chain", 0, time.perf_counter()
    migrations = tuple(
        kinds.renamed(f'kernel.sysctl."vm.key{n}"', f'kernel.sysctl."vm.new{n}"')
        for n in range(UPGRADES)
    )
    FileStore(folder, Chain()).save(Document(many(KEYS), generation=1))
    for number in range(1, UPGRADES + 1):
        store = FileStore(folder, Chain(migrations[:number]))
        from skyrocket.host.store import schemas

        found = store.load()
        document = schemas.forward(found, store.chain)
        document = document.following(document.settings)
        store.save(document)
        store.save(document.following(document.settings | {"motd": f"after upgrade {number}"}))
        most = max(most, used(folder))
    last = FileStore(folder, Chain(migrations)).load()
    must("vm.new199" in last.settings["kernel"]["sysctl"], "the migrations did not run")
    seconds = (time.perf_counter() - began) / UPGRADES
    return {"chain_bytes": most, "upgrades": UPGRADES, "upgrade_ms": round(seconds * 1000, 1)}


def used(folder: str) -> int:
    """Bytes that FOLDER takes on the disk; a file with two names counts once."""
    seen = {}
    for top, _, names in os.walk(folder):
        for name in names:
            facts = (Path(top) / name).stat()
            seen[facts.st_ino] = facts.st_blocks * 512
    return sum(seen.values())


def spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    middle = ordered[len(ordered) // 2]
    ends = {"median": middle, "min": ordered[0], "max": ordered[-1]}
    return {key: round(value, 2) for key, value in ends.items()} | {"runs": len(values)}


def percentiles(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        f"p{part}": round(ordered[min(len(ordered) - 1, len(ordered) * part // 100)], 2)
        for part in (50, 90, 99)
    } | {"max": round(ordered[-1], 2), "runs": len(ordered)}


def must(holds: object, said: object = "") -> None:
    """End with SAID unless it HOLDS: a figure of something that did not work is none."""
    if not holds:
        sys.exit(f"it did not work: {said!r}")


def wait(condition: object) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        must(time.monotonic() < end, "it took too long")
        time.sleep(0.01)


def main() -> None:
    FileStore(STORE).save(Document({"motd": "first"}, generation=1))
    rounds = int(ROUNDS)
    found = plan(rounds * 10)
    processes = [systemd(), serve()]
    try:
        found |= changes(rounds * 4) | reads(rounds * 200)
    finally:
        for process in processes:
            os.kill(process, 15)
    print(json.dumps(found | chain()))


main()
