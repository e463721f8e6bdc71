"""The client over a repository that was signed once for this test, with every kind of key.

It needs no signer, so it also runs inside a sealed program. The signatures count for a hundred
years; their private keys were thrown away.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import web
from fakes.web import FakeClient, body

from skyrocket.host.update.errors import SourceError
from skyrocket.host.update.repository import Repository

DATA = Path(__file__).parents[2] / "data/update-repository"


def client(home, trick=web.honest):
    root = (DATA / "root.json").read_bytes()
    fake = FakeClient(DATA, trick)
    return Repository(str(home), f"{web.URL}metadata", f"{web.URL}targets/", root, fake)


def test_a_repository_signed_with_every_kind_of_key_is_believed(tmp_path):
    node = client(tmp_path)
    node.refresh()
    target = node.target("manifest.json")
    assert node.url(target).startswith(f"{web.URL}targets/{target.hashes['sha256']}.")
    assert b'"updates": []' in node.read(target)
    client(tmp_path).refresh()  # and once more, from what was kept


@pytest.mark.parametrize("name", ["1.targets.json", "1.snapshot.json", "timestamp.json"])
def test_a_signature_that_was_changed_is_refused(tmp_path, name):
    def trick(path, _headers, answer):
        if not path.endswith(name):
            return answer
        data = b"".join(answer.chunks)
        at = data.index(b'"sig": "') + 30
        turned = b"0" if data[at : at + 1] != b"0" else b"1"
        return body(data[:at] + turned + data[at + 1 :])

    with pytest.raises(SourceError, match="cannot believe the repository"):
        client(tmp_path, trick).refresh()


def test_nothing_is_believed_without_the_root(tmp_path):
    with pytest.raises(SourceError, match="cannot use the trusted root"):
        Repository(str(tmp_path), web.URL, web.URL, b'{"signed": {}}', FakeClient(DATA))
