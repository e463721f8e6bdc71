"""The node's sockets and its network: who listens there, and whom it believes."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import time
from pathlib import Path

from escape import kit
from escape.attempt import CDK, SECRET, Case, Refused, attempt

ROOT = "superpowered: root on the node; gone with the next boot, or data and no program"
STRANGER = "the API tells nothing to a container that the node did not start itself"
API = "a host container has the API's socket: its administrator decides (threat model)"


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
    control=STRANGER,
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
    control=STRANGER,
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
    seen="journalctl -b -n 3000 --no-pager -o cat | grep {token}",
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
            print(flush=True)  # what we say leaves through that connection
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
    allowed={"admin": "superpowered: the node's network is its own"},
)
def network_address(case: Case) -> str:
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        for text in ("203.0.113.77", "0.0.0.0"):  # the second takes the first back
            address = struct.pack("=HH4s8x", socket.AF_INET, 0, socket.inet_aton(text))
            fcntl.ioctl(door, 0x8916, struct.pack("16s16s8x", b"lo:9", address))
            if text.startswith("203"):
                rows = Path("/proc/net/fib_trie").read_text().splitlines()
    return kit.told(row.strip() for row in rows if "203.0.113.77" in row)
