# mypy: ignore-errors
"""Stands for `encodings.idna`, which the socket module asks for at every name it resolves.

Names in other scripts are written in their `xn--` form here: the tables that turn one into the
other are a megabyte, and upstream's tools take the ASCII form as well.
"""

import codecs


def _encode(text, errors="strict"):
    if not text.isascii():
        raise UnicodeError("write host names in ASCII (xn--...)")
    for label in text.split("."):
        if len(label) > 63:
            raise UnicodeError("a label of the host name is longer than 63 characters")
    return text.encode("ascii"), len(text)


def _decode(data, errors="strict"):
    return bytes(data).decode("ascii"), len(data)


def getregentry():
    return codecs.CodecInfo(name="idna", encode=_encode, decode=_decode)
