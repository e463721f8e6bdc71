"""The lab's registry, asked by a plain HTTP client."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from skyrocket.lab.registry import Registry, Tokens
from skyrocket.lab.registry.ranges import RangeError, Span, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

SRC = Path(__file__).parents[3] / "src"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
BLOB = b"0123456789" * 100


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def layout(root: Path, name: str, architecture: str = "amd64", tag: str = "1.0") -> str:
    """A layout with one manifest and one blob; gives the manifest's digest."""
    folder = root / f"{name}-{architecture}"
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    manifest = json.dumps({"schemaVersion": 2, "for": architecture}).encode()
    for data in (manifest, BLOB):
        (blobs / digest(data).removeprefix("sha256:")).write_bytes(data)
    item = {
        "mediaType": MANIFEST,
        "digest": digest(manifest),
        "size": len(manifest),
        "platform": {"architecture": architecture, "os": "linux"},
        "annotations": {"org.opencontainers.image.ref.name": tag},
    }
    (folder / "index.json").write_text(json.dumps({"manifests": [item]}))
    return digest(manifest)


def ask(registry: Registry, path: str, method: str = "GET", **headers: str) -> Answer:
    url = f"http://{registry.address}{path}"
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    request = urllib.request.Request(url, method=method, headers=named)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return Answer(answer.status, dict(answer.headers), answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, dict(error.headers), error.read())


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    layout(tmp_path, "demo")
    with Registry(tmp_path) as running:
        yield running


def test_it_says_it_is_a_registry(registry: Registry) -> None:
    """The base address answers 200 with the version header clients look for."""
    answer = ask(registry, "/v2/")
    assert answer.status == 200
    assert answer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"


def test_a_manifest_by_tag_and_by_digest(registry: Registry) -> None:
    """A tag and the digest it stands for give the same bytes, under their media type."""
    by_tag = ask(registry, "/v2/demo/manifests/1.0")
    name = digest(by_tag.body)
    by_digest = ask(registry, f"/v2/demo/manifests/{name}")
    assert (by_tag.status, by_tag.body) == (200, by_digest.body)
    assert by_tag.headers["Content-Type"] == MANIFEST
    assert by_tag.headers["Docker-Content-Digest"] == name


def test_head_has_the_length_and_no_body(registry: Registry) -> None:
    """HEAD says how long the answer would be."""
    for path in ("/v2/demo/manifests/1.0", f"/v2/demo/blobs/{digest(BLOB)}"):
        whole, head = ask(registry, path), ask(registry, path, "HEAD")
        assert (head.status, head.body) == (200, b"")
        assert head.headers["Content-Length"] == str(len(whole.body))


def test_two_architectures_under_one_tag(tmp_path: Path) -> None:
    """A tag that several architectures carry is an index, which its own digest names too."""
    amd, arm = layout(tmp_path, "demo"), layout(tmp_path, "demo", "arm64")
    with Registry(tmp_path) as registry:
        answer = ask(registry, "/v2/demo/manifests/1.0")
        again = ask(registry, f"/v2/demo/manifests/{digest(answer.body)}")
        each = ask(registry, f"/v2/demo/manifests/{arm}")
    found = [one["digest"] for one in json.loads(answer.body)["manifests"]]
    assert (answer.headers["Content-Type"], found) == (INDEX, [amd, arm])
    assert (again.body, each.status) == (answer.body, 200)


@pytest.mark.parametrize(
    ("asked", "status", "body"),
    [
        ("bytes=0-9", 206, BLOB[:10]),
        ("bytes=990-", 206, BLOB[990:]),
        ("bytes=-5", 206, BLOB[-5:]),
        ("bytes=995-5000", 206, BLOB[995:]),
        ("bytes=1000-", 416, b""),
        ("bytes=0-1,5-6", 200, BLOB),
        ("lines=1-2", 200, BLOB),
    ],
)
def test_ranges_of_blobs(registry: Registry, asked: str, status: int, body: bytes) -> None:
    """A pull can go on where it was cut off; a range that is none is ignored."""
    answer = ask(registry, f"/v2/demo/blobs/{digest(BLOB)}", Range=asked)
    assert (answer.status, answer.body) == (status, body)


def test_range_of_an_empty_blob() -> None:
    """An empty file has no range."""
    assert parse(None, 0) is None
    with pytest.raises(RangeError):
        parse("bytes=0-", 0)
    with pytest.raises(RangeError):
        parse("bytes=-0", 10)
    assert parse("bytes=9-20", 10) == Span(9, 9)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v2/demo/manifests/2.0", "MANIFEST_UNKNOWN"),
        ("/v2/nothere/manifests/1.0", "MANIFEST_UNKNOWN"),
        (f"/v2/demo/blobs/sha256:{'0' * 64}", "BLOB_UNKNOWN"),
        ("/v2/demo/blobs/sha256:..", "BLOB_UNKNOWN"),
        ("/v2/../demo/manifests/1.0", "NAME_UNKNOWN"),
        ("/v2/nothere/tags/list", "NAME_UNKNOWN"),
        ("/etc/passwd", "NAME_UNKNOWN"),
    ],
)
def test_what_is_not_there(registry: Registry, path: str, code: str) -> None:
    """What is not there is a 404 with the error code of the specification."""
    answer = ask(registry, path)
    assert (answer.status, json.loads(answer.body)["errors"][0]["code"]) == (404, code)


def test_it_cannot_be_written(registry: Registry) -> None:
    """Pushing is refused."""
    assert ask(registry, "/v2/demo/blobs/uploads", "POST").status == 405


def test_tags_and_repositories(registry: Registry) -> None:
    """Repositories and their tags are listed."""
    assert json.loads(ask(registry, "/v2/demo/tags/list").body) == {"name": "demo", "tags": ["1.0"]}
    assert json.loads(ask(registry, "/v2/_catalog").body) == {"repositories": ["demo"]}


def test_the_requests_are_kept(registry: Registry) -> None:
    """Tests can ask afterwards who asked for what."""
    ask(registry, "/v2/demo/manifests/1.0", User_Agent="me")
    assert [one[:3] for one in registry.requests] == [("GET", "/v2/demo/manifests/1.0", 200)]
    assert registry.requests[0].user_agent == "me"


def challenge_of(answer: Answer) -> dict[str, str]:
    kind, _, rest = answer.headers["WWW-Authenticate"].partition(" ")
    assert kind == "Bearer"
    return {
        name: value.strip('"')
        for name, _, value in (part.partition("=") for part in rest.split(","))
    }


def test_tokens(tmp_path: Path) -> None:
    """In token mode a client is sent to the token server and comes back with what it gave."""
    layout(tmp_path, "demo")
    layout(tmp_path, "other")
    with Registry(tmp_path, tokens=Tokens()) as registry:
        refused = ask(registry, "/v2/demo/manifests/1.0")
        challenge = challenge_of(refused)
        given = ask(registry, f"/token?service=x&scope={challenge['scope']}")
        bearer = f"Bearer {json.loads(given.body)['token']}"
        allowed = ask(registry, "/v2/demo/manifests/1.0", Authorization=bearer)
        elsewhere = ask(registry, "/v2/other/manifests/1.0", Authorization=bearer)
        forged = ask(registry, "/v2/demo/manifests/1.0", Authorization=bearer[:-1] + "0x")
    assert challenge["realm"] == f"http://{registry.address}/token"
    assert challenge["scope"] == "repository:demo:pull"
    assert [one.status for one in (refused, allowed, elsewhere, forged)] == [401, 200, 401, 401]


def test_tokens_for_a_password(tmp_path: Path) -> None:
    """With a user set, a token costs the right password."""
    layout(tmp_path, "demo")
    right, wrong = (f"Basic {base64.b64encode(word).decode()}" for word in (b"me:secret", b"me:x"))
    with Registry(tmp_path, tokens=Tokens("me", "secret")) as registry:
        answers = [
            ask(registry, "/token"),
            ask(registry, "/token", Authorization=wrong),
            ask(registry, "/token", Authorization="Basic %%%"),
            ask(registry, "/token", Authorization=right),
        ]
    assert [one.status for one in answers] == [401, 401, 401, 200]


def test_tokens_end() -> None:
    """A token is good until its time is over."""
    now = [1000.0]
    tokens = Tokens(seconds=60, clock=lambda: now[0])
    bearer = f"Bearer {tokens.issue('repository:demo:pull')}"
    assert tokens.allows(bearer, "demo")
    now[0] = 1061.0
    assert not tokens.allows(bearer, "demo")


def test_as_a_process_of_its_own(tmp_path: Path) -> None:
    """It says where it listens once it does, logs each request, and ends when told."""
    layout(tmp_path, "demo")
    ready = tmp_path / "ready.json"
    argv = [sys.executable, "-m", "skyrocket.lab.registry", "--root", str(tmp_path)]
    process = subprocess.Popen(
        [*argv, "--ready-file", str(ready)],
        stderr=subprocess.PIPE,
        env={"PYTHONPATH": str(SRC), "PATH": os.environ["PATH"]},
    )
    try:
        deadline = time.monotonic() + 20
        while not ready.exists() and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.01)
        said = json.loads(ready.read_text())
        url = f"http://{said['address']}/v2/demo/manifests/1.0"
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert answer.status == 200
        assert process.stderr is not None
        log = process.stderr.readline()  # it may come after the answer, and must before the end
        process.terminate()
        process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert said["pid"] == process.pid
    assert process.returncode == 0
    assert json.loads(log)["path"] == "/v2/demo/manifests/1.0"
