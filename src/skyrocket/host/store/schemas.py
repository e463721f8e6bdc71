"""Documents from one schema to another: on to our own at boot, one back at every commit. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from skyrocket.host.store.document import Document, Kept
from skyrocket.migrations.chain import Chain, restored

if TYPE_CHECKING:
    from collections.abc import Iterable


def newest(documents: Iterable[Document], chain: Chain) -> Document | None:
    """The document to go on with: the highest generation that CHAIN can read; of two, our own.

    A document of a later schema is no candidate: the version that wrote it wrote ours before it,
    with the same generation.
    """
    readable = [each for each in documents if each.schema <= chain.schema]
    return max(readable, key=lambda each: (each.generation, each.schema), default=None)


def forward(document: Document, chain: Chain) -> Document:
    """DOCUMENT in CHAIN's own schema; itself when it is that already."""
    while document.schema < chain.schema:
        document = _one_on(document, chain)
    return document


def backward(document: Document, chain: Chain) -> Document | None:
    """DOCUMENT, which is of CHAIN's own schema, for the version before; None at the first."""
    if document.schema < 2:
        return None
    settings, loss = chain.backward(document.settings, document.schema)
    own = Kept(document.schema, document.generation, loss)
    return msgspec.structs.replace(
        document, settings=settings, schema=document.schema - 1, kept=(own, *document.kept)
    )


def _one_on(document: Document, chain: Chain) -> Document:
    settings = chain.forward(document.settings, document.schema)
    schema = document.schema + 1
    for each in document.kept:
        if each.schema == schema and each.generation == document.generation:
            settings = restored(settings, each.loss)
    kept = tuple(each for each in document.kept if each.schema != schema)
    return msgspec.structs.replace(document, settings=settings, schema=schema, kept=kept)
