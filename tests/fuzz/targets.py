"""What is fuzzed: every parser that strangers' bytes reach, and the servers that read them.

Each target has a bug to be seeded, the kind of mistake that is easily made there: a run that does
not find it would find nothing.
"""

import atexit
import contextlib
import gzip
import json
import os
import shutil
import socket
import tempfile
from pathlib import Path

import msgspec
from fakes import api_node

from skyrocket.client import jsontext
from skyrocket.host.api import message, routes, server
from skyrocket.host.api import settings as settings_routes
from skyrocket.host.api.crowd import Crowd
from skyrocket.host.api.errors import BadRequestError
from skyrocket.host.api.message import Request
from skyrocket.host.containers import exec_protocol
from skyrocket.host.containers.exec_session import Session
from skyrocket.host.network import links
from skyrocket.host.settings import render
from skyrocket.host.settings.errors import UserDataError
from skyrocket.host.settings.user_data import parse
from skyrocket.models import keys, net_config
from skyrocket.models.settings import table
from skyrocket.models.settings.mistakes import SettingsError

from fuzz.engine import Target  # isort: skip

TESTS = Path(__file__).resolve().parents[1]
LIVE = {"motd": "hello", "ntp": {"options": ["iburst"], "time-servers": ["a"]}}
SCHEMA = table.load()
FRESH_EVERY = 100
DOCUMENTS = [
    path.read_bytes() for path in sorted((TESTS / "data/settings/documents").glob("*.toml"))
]
SETTINGS = [
    b'{"motd":"x","ntp":{"time-servers":["a"]}}',
    b'{"settings":{"motd":"a"},"unset":["ntp"],"add":{"ntp.options":["b"]},"pairs":["motd=1"]}',
    b'{"kernel":{"sysctl":{"vm.swappiness":"1"}},"host-containers":{"admin":{"enabled":true}}}',
    b'{"remove":{"ntp.time-servers":["a"]},"network":{"hosts":[["10.0.0.1",["a"]]]}}',
]
NAMES = [f'"{name}"'.encode() for name in SCHEMA.groups]
JSON_WORDS = [
    b"{", b"}", b"[", b"]", b'"', b":", b",", b"null", b"true", b"1e999", b"-0", b"9" * 40,
    b"\\u0000", b"\\ud800", b"\\", b'"settings":', b'"unset":["settings"]', b'"add":{', b'"a.b"',
    b'"":', b"[[[[[[[[[[[[[[[[", b"\xff", b"\xef\xbb\xbf", *NAMES,
]  # fmt: skip


class Node:
    """A node's API without sockets, made anew now and then: what is committed must not pile up."""

    def __init__(self):
        self._count = 0
        self._folder = Path(tempfile.mkdtemp(prefix="fuzz-", dir=_memory_folder()))
        atexit.register(shutil.rmtree, self._folder, ignore_errors=True)

    @property
    def state(self):
        self._count += 1
        if self._count % FRESH_EVERY == 1:
            (self._folder / "pending.json").unlink(missing_ok=True)
            self._state = api_node.state(self._folder, LIVE)
        return self._state

    def asks(self, line, body, allowed):
        method, target = line.split(" ", 1)
        answer = routes.answer(self.state, Request(method, target, body))
        assert answer.status in allowed, f"{line}: {answer.status} {answer.body!r}"
        return answer


def _memory_folder():
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


NODE = Node()


def run_json(content):
    """Bodies of settings, changes, plans; whatever is taken can be shown, committed, rendered."""
    NODE.asks("POST /plan", content, {200, 400})
    for line in ("PATCH /settings", "PATCH /settings/change"):
        if NODE.asks(line, content, {204, 400}).status == 204:
            json.loads(NODE.asks("GET /tx", b"", {200}).body)
            NODE.asks("POST /tx/commit", b"", {200, 400, 422})
            NODE.asks("DELETE /tx", b"", {200})
    render.plan(SCHEMA, NODE.state.live)


def run_keypair(content):
    body = json.dumps({"request_payload": content.decode("utf-8", "replace").split("\n")})
    NODE.asks("PATCH /settings/keypair", body.encode(), {204, 400})
    NODE.asks("DELETE /tx", b"", {200})


def run_toml(content):
    """User data: refused with a reason on one line, or a tree that can be rendered."""
    try:
        tree = parse.parse(content, "user-data", SCHEMA)
    except UserDataError as error:
        reason = str(error)
    else:
        reason = ""
        render.plan(SCHEMA, tree)
    assert "\n" not in reason


def run_net(content):
    """`net.toml`: refused with its mistakes, or files for systemd-networkd."""
    try:
        config = net_config.parse(content)
    except SettingsError:
        return
    links.files(config)
    links.drop_ins(config)


def run_key(content):
    try:
        key = keys.parse(content.decode("utf-8", "replace"))
    except keys.KeyMistakeError:
        return
    assert keys.parse(keys.name(key)) == key


def run_jsontext(content):
    """The client's JSON is that of the standard library: the same values, the same refusals."""
    text = content.decode("utf-8", "replace")
    try:
        theirs = json.dumps(json.loads(text, parse_constant=_refused), sort_keys=True)
    except (ValueError, RecursionError):
        theirs = None
    try:
        ours = json.dumps(jsontext.parse(text), sort_keys=True)
    except (jsontext.NotJsonError, RecursionError):
        ours = None
    assert ours == theirs


def _refused(word):
    raise ValueError(word)


def run_http(content):
    """A connection with these bytes and no more: answers or silence, never an internal error."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        ours.settimeout(1)
        ours.sendall(content)
        ours.shutdown(socket.SHUT_WR)
        crowd = Crowd()
        patience = server.Patience(answer=0.2)
        connection = server.Connection(theirs, NODE.state, crowd, crowd.enter(theirs), patience)
        try:
            connection.run()
        except OSError:
            pass  # it asked more than it reads
        finally:
            connection.close()
        said = b""
        with contextlib.suppress(ConnectionResetError):  # what it did not read is thrown away
            while piece := ours.recv(1 << 16):
                said += piece
    assert not said or said.startswith(b"HTTP/1.1 "), said[:200]
    assert b"HTTP/1.1 500" not in said, content[:200]


class Child:
    """A command that takes all input, says nothing and does not end."""

    def __init__(self, _asked):
        self.input = os.open("/dev/null", os.O_WRONLY)
        self.output, self._writer = os.pipe()
        os.set_blocking(self.output, False)
        self.ended, self._alive = os.pipe()

    def resize(self, _size):
        pass

    def close_input(self):
        if self.input >= 0:
            os.close(self.input)
            self.input = -1

    def status(self):
        return 0

    def stop(self):
        self.close_input()
        for descriptor in (self.output, self._writer, self.ended, self._alive):
            if descriptor >= 0:
                os.close(descriptor)


def run_websocket(content):
    """What follows the handshake of an exec client, to the end of its writing."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        ours.settimeout(1)
        ours.sendall(content)
        ours.shutdown(socket.SHUT_WR)
        Session(theirs, HANDSHAKE, Child).run()


HANDSHAKE = (
    b"GET /exec HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
)


def frame(opcode, payload):
    """A client's frame under a mask of zeros, so that changes of its bytes are changes of JSON."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return bytes([0x80 | opcode]) + length + bytes(4) + payload


INITIALIZE = frame(1, b'{"Initialize":{"command":[{"Unix":[97]}],"target":"a","tty":null}}')
WINCH = frame(1, b'{"Winch":{"rows":1,"cols":2}}')
PLAIN = b" HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
REQUESTS = [
    b"GET /settings?keys=settings.motd HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /?prefix=settings.%6do HTTP/1.1\r\nHost: x\r\n\r\nGET /os HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /tx/commit_and_apply?tx=a&result=true HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    b"PATCH /settings?tx=a" + PLAIN + b'Content-Length: 12\r\n\r\n{"motd":"a"}',
    b"PATCH /settings"
    + PLAIN
    + b"Transfer-Encoding: chunked\r\n\r\n"
    + b'4\r\n{"mo\r\n8\r\ntd":"b"}\r\n0\r\n\r\n',
    b"GET /history/diff?from=1&to=1 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n",
]


def _json(request, kind):
    """`Request.json` as it was: what is not UTF-8 is no error of msgspec's."""
    try:
        return msgspec.json.decode(request.body, type=kind)
    except msgspec.MsgspecError as error:
        raise BadRequestError("Json deserialize error") from error


def _open(content):
    """`message._unquoted` without a look at what follows the percent sign."""
    first, *parts = content.split("%")
    return first + "".join(chr(int(part[:2], 16)) + part[2:] for part in parts)


def _bare(text, at):
    """`keys._bare` that trusts that there is a segment."""
    end = text.find(".", at)
    end = len(text) if end < 0 else end
    text[at]
    for character in text[at:end]:
        if character not in keys._BARE:
            raise keys.KeyMistakeError(character)
    return text[at:end], end


def _guess(value):
    """`settings.guess` that takes what begins like a number for one."""
    return int(value) if value[:1].isdigit() else value


def _family(text, *, network=False):
    """`net_config.family_of` that trusts that there is a prefix."""
    address = net_config._CIDR.fullmatch(text)[1] if network else text
    return 6 if ":" in address else 4


def _text(raw, _name):
    """`parse._text` that trusts its source."""
    return raw.decode()


def _unchecked(text):
    """`exec_protocol._parse` that trusts that one of the messages is there."""
    tagged = exec_protocol.msgspec.json.decode(text, type=exec_protocol.Tagged)
    asked = tagged.initialize or tagged.winch
    assert asked is not None
    return asked


TOML_WORDS = [
    b"[settings]\n", b"[settings.ntp]\n", b"[[settings.container-registry.mirrors]]\n", b" = ",
    b'"', b"'", b'"""', b"\\u0000", b"[", b"]", b"{", b"}", b".", b"9" * 5000, b"1979-05-27",
    b"inf", b"nan", b"\r", b"\x00", b"\xff", b"\x1f\x8b", b"true", b"# ", b"a.b.c.d = 1\n",
]  # fmt: skip
NETWORKS = [
    b"version = 1\n[eth0]\ndhcp4 = true\n",
    b'version = 2\n[eth0.static4]\naddresses = ["10.0.0.2/24"]\n[[eth0.route]]\nto = "default"\n',
    (
        b'version = 3\n[b0]\nkind = "bond"\nmode = "active-backup"\ninterfaces = ["eth0", "eth1"]\n'
        b"dhcp6 = true\n[b0.monitoring]\nmiimon-frequency-ms = 100\nmiimon-updelay-ms = 200\n"
        b"miimon-downdelay-ms = 200\n"
    ),
    b'version = 3\n[v0]\nkind = "vlan"\ndevice = "eth0"\nid = 42\ndhcp4 = {enabled = true}\n',
]
NET_WORDS = [
    b"version = 3\n", b"[eth0]\n", b'["0e:d4:a1:00:00:01"]\n', b"dhcp4 = true\n", b"= []", b'""',
    b"primary = true\n", b"/0", b"/129", b"::1/64", b"\\u0000", b"\\n", b"]", b"-1", b"9" * 5000,
    b"\xff",
]  # fmt: skip
TARGETS = (
    Target(
        "json", "bodies of PATCH /settings, PATCH /settings/change and POST /plan, to the commit",
        run_json, SETTINGS, JSON_WORDS,
        (Request, "json", _json), "bytes that are no UTF-8 are trusted",
    ),
    Target(
        "toml", "user data: gzip, TOML, settings, rendering",
        run_toml, [*DOCUMENTS, gzip.compress(DOCUMENTS[0])], TOML_WORDS,
        (parse, "_text", _text), "bytes that are no UTF-8 are trusted",
    ),
    Target(
        "net.toml", "the node's network: TOML, links, files for systemd-networkd",
        run_net, NETWORKS, NET_WORDS,
        (net_config, "family_of", _family), "an address without a prefix is trusted",
    ),
    Target(
        "key", "names of settings, read and written again",
        run_key, [b"settings.motd", b'a."b.c".d', b"settings.host-containers.admin.enabled"],
        [b".", b'"', b'""', b"settings", b"..", b"\xff", b" ", b"/", b"a" * 300],
        (keys, "_bare", _bare), "a segment may be missing at the end",
    ),
    Target(
        "keypair", "KEY=VALUE pairs of PATCH /settings/keypair",
        run_keypair, [b"motd=a=b\nupdates.seed=7", b'kernel.sysctl."a.b"=x', b"ntp.options=[]"],
        [b"=", b".", b'"', b"true", b"1e5", b"-1", b"9" * 5000, b"\n", b"settings.", b"motd=",
         b"updates.seed=", b"{}", b"\xff"],
        (settings_routes, "guess", _guess), "what begins like a number is taken for one",
    ),
    Target(
        "client json", "the client's JSON reader beside the standard library's",
        run_jsontext, [*SETTINGS, b'[1.5e3, -0, "\\u00e4", null]'], JSON_WORDS,
        (jsontext, "parse", lambda text: jsontext._scan(text, 0)[0]), "the rest is not looked at",
    ),
    Target(
        "http", "a connection of the API server, request line to last byte",
        run_http, REQUESTS,
        [b"\r\n", b" ", b"%", b"%00", b"%zz", b"?", b"&", b"=", b"GET ", b"PATCH ", b"HTTP/1.0",
         b"Content-Length: 99999999999\r\n", b"Transfer-Encoding: chunked\r\n", b"\x00", b"\xff",
         b"/exec", b"http://x/os", b"Upgrade: websocket\r\n", b"/tx/apply",
         b"Expect: 100-continue\r\n",
         b"Content-Length: -1\r\n", b"/settings?keys=", b"/history/diff?from=", b"confirm_within="],
        (message, "_unquoted", _open), "what follows a percent sign is trusted",
    ),
    Target(
        "websocket", "an exec connection after its handshake: frames, messages, their order",
        run_websocket,
        [INITIALIZE + frame(2, b"data") + frame(1, b'"ContentComplete"'), INITIALIZE + WINCH,
         frame(9, b"x") + INITIALIZE + frame(8, b"\x03\xe8"), frame(2, b"early")],
        [frame(1, b"{}"), frame(1, b'""'), frame(2, b""), frame(9, b""), frame(10, b""), WINCH,
         INITIALIZE, b"\x01\x80\0\0\0\0", b"\x80\x80\0\0\0\0", b"\x82\xff" + b"\xff" * 8,
         b"\x88\x80\0\0\0\0", b"\x88\x81\0\0\0\0a", b"\xf1", b"\x03", b"\xff\xff"],
        (exec_protocol, "_parse", _unchecked), "a message without content is trusted",
    ),
)  # fmt: skip
