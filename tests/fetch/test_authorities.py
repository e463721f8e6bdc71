"""A bare machine has no certificates of authorities: the locked package brings them."""

from __future__ import annotations

import datetime as dt
import hashlib
import http.server
import io
import ipaddress
import json
import lzma
import ssl
import tarfile
import threading
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from skyrocket.fetch import authorities, doors
from skyrocket.fetch.errors import ConfigError, FetchError
from skyrocket.fetch.pip_config import PipConfig
from skyrocket.fetch.sources import Source
from skyrocket.fetch.wanted import Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fakes.file_mirror import Mirror

PATH = "pool/main/c/ca-certificates/ca-certificates_1_all.deb"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def authority() -> tuple[bytes, bytes]:
    """A certificate for loopback that is its own authority, and its key; both in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8
    return (
        made.public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()),
    )


@pytest.fixture
def index(authority: tuple[bytes, bytes], tmp_path: Path) -> Iterator[str]:
    """An index over https that only this authority vouches for."""
    both = tmp_path / "both.pem"
    both.write_bytes(b"".join(authority))
    server = _Server(("127.0.0.1", 0), _Answer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"https://127.0.0.1:{server.server_address[1]}/simple/"
    server.shutdown()
    thread.join()
    server.server_close()


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that does not trust us hangs up: that is what is tested."""


class _Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        pass


def package(*certificates: bytes) -> bytes:
    """A .deb with CERTIFICATES, and a file beside them that is none."""
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w") as tar:
        for number, text in enumerate(certificates):
            _add(tar, f"./usr/share/ca-certificates/mozilla/{number}.crt", text)
        _add(tar, "./usr/share/doc/ca-certificates/copyright", b"words")
    parts = [("debian-binary", b"2.0\n"), ("data.tar.xz", lzma.compress(inner.getvalue()))]
    return b"!<arch>\n" + b"".join(
        f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode()
        + data
        + b"\n" * (len(data) % 2)
        for name, data in parts
    )


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def locked(tmp_path: Path, deb: bytes) -> Path:
    """A lock that names the package."""
    record = {"name": "ca-certificates", "version": "1", "path": PATH, "size": len(deb),
              "sha256": hashlib.sha256(deb).hexdigest()}  # fmt: skip
    lock = tmp_path / "packages.lock"
    lock.write_text(json.dumps({"snapshot": "x", "packages": {"amd64": [record]}}))
    return lock


def test_an_index_is_trusted_through_the_locked_package_and_not_without(
    mirror: Mirror, cache: Path, tmp_path: Path, authority: tuple[bytes, bytes], index: str
) -> None:
    deb = package(authority[0])
    mirror.add(f"debian/{PATH}", deb)
    order = [Source("mirror", {"debian": f"{mirror.url}/debian"})]
    pem = authorities.fetch(order, lock=locked(tmp_path, deb))
    place = Place(index, "index", "DIRECT", str(pem))
    assert doors.open_page(place, "*/*").read() == b"ok"
    with pytest.raises(doors.UnreadyError, match="not trusted"):
        doors.open_page(place._replace(cafile=""), "*/*")


def test_certificates_are_taken_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "x.deb"
    file.write_bytes(package(b"one", b"two\n"))
    assert authorities.certificates(file) == b"one\ntwo\n"


def test_a_mirror_that_serves_another_package_is_not_believed(
    mirror: Mirror, cache: Path, tmp_path: Path
) -> None:
    mirror.add(f"debian/{PATH}", package(b"evil"))
    order = [Source("mirror", {"debian": f"{mirror.url}/debian"})]
    with pytest.raises(FetchError, match="no certificates of authorities") as caught:
        authorities.fetch(order, lock=locked(tmp_path, package(b"good")))
    assert caught.value.hint == authorities.WAY_OUT
    assert not list((cache / "skyrocket/authorities").iterdir())


def test_a_lock_without_the_package_is_named(tmp_path: Path) -> None:
    lock = tmp_path / "packages.lock"
    lock.write_text('{"packages": {}}')
    with pytest.raises(ConfigError, match=r"cannot find ca-certificates in packages\.lock"):
        authorities.locked(lock)


def test_the_lock_of_this_checkout_has_the_package() -> None:
    assert authorities.locked()["path"].startswith("pool/main/c/ca-certificates/")


def paths(cafile: str | None, capath: str | None) -> ssl.DefaultVerifyPaths:
    return ssl.DefaultVerifyPaths(cafile, capath, "", "", "", "")


def test_a_machine_without_certificates_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "java").mkdir()  # what a folder for certificates holds beside certificates
    assert authorities.missing(paths(None, None))
    assert authorities.missing(paths(None, str(tmp_path)))
    (tmp_path / "5ed36f99.0").touch()
    assert not authorities.missing(paths(None, str(tmp_path)))
    assert not authorities.missing(paths("/some/file.pem", None))


def test_a_configured_certificate_and_plain_http_are_left_alone() -> None:
    own = PipConfig(("https://index",), (), cert="/own.pem")
    plain = PipConfig(("http://index",), ())
    assert authorities.trusted(own) == own
    assert authorities.trusted(plain) == plain
