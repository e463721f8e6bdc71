"""Keys and signatures, checked with another implementation's verifier."""

from __future__ import annotations

import stat
import struct
from typing import TYPE_CHECKING

import pytest

from skyrocket.build.signing import authenticode, files
from skyrocket.build.signing.errors import FormatError, KeysError, SigningError
from skyrocket.cli import keys as cli_keys
from skyrocket.models import addon

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    files.make(folder, "Test")
    return folder


def program(body: bytes = b"code") -> bytes:
    """The smallest 64-bit EFI program with one section."""
    head = bytearray(0x200)
    head[:2] = b"MZ"
    struct.pack_into("<I", head, 0x3C, 0x40)
    head[0x40:0x44] = b"PE\0\0"
    struct.pack_into("<HH12xH", head, 0x44, 0x8664, 1, 240)
    struct.pack_into("<H", head, 0x58, 0x20B)
    struct.pack_into("<I", head, 0x58 + 60, 0x200)
    struct.pack_into("<8sIIII", head, 0x58 + 240, b".text", len(body), 0x1000, len(body), 0x200)
    return bytes(head) + body


def test_private_keys_are_for_their_owner_alone(keys: Path) -> None:
    """Mode 0600 from the first moment."""
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in keys.glob("*.key")}
    assert modes == dict.fromkeys(("PK.key", "KEK.key", "db.key", "image.key"), 0o600)


def test_keys_are_never_overwritten(keys: Path) -> None:
    """One file that is there is enough to refuse, and it is named."""
    with pytest.raises(KeysError, match=r"PK\.key"):
        files.make(keys, "Test")


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """As ssh does."""
    files.make(tmp_path, "Test")
    (tmp_path / "image.key").chmod(0o644)
    with pytest.raises(KeysError, match="others may read it"):
        files.authority(tmp_path)


def test_db_vouches_for_the_image_key(keys: Path) -> None:
    """Firmware that holds db's certificate alone believes the image key."""
    image, database = (files.certificate(keys, name) for name in ("image", "db"))
    image.verify_directly_issued_by(database)


def test_the_same_program_and_keys_make_the_same_bytes(keys: Path) -> None:
    """No time and no randomness; signing what is signed changes nothing."""
    signer = files.authority(keys).signer
    once = authenticode.sign(program(), signer)
    assert once == authenticode.sign(program(), signer) == authenticode.sign(once, signer)


def test_the_digest_covers_code_and_not_the_signature(keys: Path) -> None:
    """One changed byte of the program is another digest; the signature is none of it."""
    signed = authenticode.sign(program(b"codecode"), files.authority(keys).signer)
    assert authenticode.digest(signed) == authenticode.digest(program(b"codecode"))
    assert authenticode.digest(signed) != authenticode.digest(program(b"codeCode"))


def test_a_signer_with_another_key_is_found_out(keys: Path, tmp_path: Path) -> None:
    """A token may hold another key than its certificate says."""
    files.make(tmp_path, "Other")
    (tmp_path / "image.crt").write_bytes((keys / "image.crt").read_bytes())
    with pytest.raises(SigningError, match="do not belong together"):
        authenticode.sign(program(), files.authority(tmp_path).signer)


@pytest.mark.parametrize("data", [b"", b"text", b"MZ" + bytes(100), program()[:0x80]])
def test_what_is_no_program_is_refused(data: bytes, keys: Path) -> None:
    """With a sentence, whatever the bytes are."""
    with pytest.raises(FormatError):
        authenticode.sign(data, files.authority(keys).signer)


SETTINGS = """
[settings.boot.kernel-parameters]
nosmt = []
[settings.kernel.hugepages.static]
"2Mi" = { count = "4" }
"""


def test_an_addon_with_the_words_of_settings_is_made_and_signed(
    keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is the node's own addon with a signature, and whoever signs is told the words."""
    settings, output = tmp_path / "user-data.toml", tmp_path / "settings.addon.efi"
    settings.write_text(SETTINGS)
    assert cli_keys.main(["make-addon", "--dir", str(keys), str(settings), str(output)]) == 0
    words = ["hugepagesz=2M", "hugepages=4", "nosmt"]
    signed = output.read_bytes()
    assert addon.words_of(signed) == words
    assert authenticode.digest(signed) == authenticode.digest(addon.compose(words))
    assert signed != addon.compose(words)
    again = tmp_path / "again.addon.efi"
    assert cli_keys.main(["sign-addon", "--dir", str(keys), str(output), str(again)]) == 0
    assert again.read_bytes() == signed
    assert capsys.readouterr().out.count(f"it adds: {' '.join(words)}") == 2


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[settings]\nmotd = 'x'\n", "asks for no words"),
        ("[settings.boot.kernel]\nroothash = ['0']\n", "is decided by the image alone"),
        ("[settings.boot", "cannot use settings"),
    ],
)
def test_settings_that_make_no_addon_are_refused(
    text: str, reason: str, keys: Path, tmp_path: Path
) -> None:
    settings = tmp_path / "user-data.toml"
    settings.write_text(text)
    with pytest.raises(KeysError, match=reason):
        cli_keys.main(["make-addon", "--dir", str(keys), str(settings), str(tmp_path / "x")])
