"""The scalar types of settings: which texts each accepts, and why it refuses the others.

A scalar is a `str` (or list) subclass with one class method, `parse`, that takes a plain value
and returns the scalar or raises ScalarError; `decode` and `encode` are the hooks that teach
msgspec about them. The text a user wrote is kept as it is, never made canonical. The rules are
those of Bottlerocket's settings models, plus: no control characters in single-line texts.
"""

import binascii
import re
from typing import Annotated, Any, Self

from msgspec import Meta

_LINE_BREAKS = frozenset("\n\r\x0b\x0c\x85\u2028\u2029")
_IDENTIFIER = re.compile(r"[A-Za-z0-9-]{0,76}")
_HOSTNAME = re.compile(r"[0-9a-z.-]{1,253}")
_SYSCTL = re.compile(r"[a-zA-Z0-9./_-]{1,128}")
_SEMVER = re.compile(
    r"v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(-(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*)?"
    r"(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?",
    re.ASCII,
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_AUTHORITY = re.compile(
    r"([^@/?#]*@)?(\[[0-9A-Fa-f:.]+\]|[^\s:/?#@<>\\^`{|}\[\]\"%]+)(:(\d{1,5}))?"
)
_SIZE = re.compile(r"([0-9]+)([KMGT]i?)?")
_CPUS = re.compile(r"([0-9]+)m|([0-9]+)(?:\.([0-9]{1,3}))?")
_UNITS = {"": 1, "K": 1000, "M": 1000**2, "G": 1000**3, "T": 1000**4}
_UNITS |= {"Ki": 1024, "Mi": 1024**2, "Gi": 1024**3, "Ti": 1024**4}


class ScalarError(ValueError):
    """A value is not of the scalar's kind; the message names the kind and the reason."""


class Scalar(str):
    """A text with a rule."""

    __slots__ = ()
    numbers = False
    """Whether a number is taken too, as the text it is written as."""

    @classmethod
    def parse(cls, value: object) -> Self:
        """VALUE as this scalar, or ScalarError."""
        if cls.numbers and isinstance(value, (int, float)) and not isinstance(value, bool):
            value = _plain(value)
        if not isinstance(value, str):
            wanted = "str | int | float" if cls.numbers else "str"
            raise ScalarError(f"Expected `{wanted}`, got `{kind_of(value)}`")
        reason = cls.refuse(value)
        if reason:
            raise ScalarError(f"Unable to deserialize into {cls.__name__}: {reason}")
        return cls(value)

    @classmethod
    def refuse(cls, text: str) -> str | None:
        """Why TEXT is not such a scalar, or None."""
        raise NotImplementedError


def _plain(number: float) -> str:
    """NUMBER as a person writes it: no exponent, no fraction that is nothing.

    >>> _plain(2.0), _plain(0.5), _plain(1e10)
    ('2', '0.5', '10000000000')
    """
    return str(int(number)) if number == number // 1 else repr(number)


def kind_of(value: object) -> str:
    """What JSON calls the type of VALUE, in msgspec's words."""
    names = {dict: "object", list: "array", tuple: "array", type(None): "null"}
    return names.get(type(value), type(value).__name__)


def decode(kind: type[Any], value: object) -> Any:
    """Decode for msgspec: every type it does not know has a `parse`."""
    return kind.parse(value)


def encode(value: Any) -> object:
    """Encode for msgspec: the plain value inside a scalar or inside one of several forms."""
    return str(value) if isinstance(value, str) else value.value


Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
UInt32 = Annotated[int, Meta(ge=0, le=2**32 - 1)]
UInt16 = Annotated[int, Meta(ge=0, le=2**16 - 1)]
UInt8 = Annotated[int, Meta(ge=0, le=2**8 - 1)]
Int64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
NonNegativeInteger = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class Patterned(Scalar):
    """A text that one regular expression describes; it is compiled when first asked."""

    __slots__ = ()
    pattern = ""
    rule = ""
    """What goes after the refused text in the reason."""

    @classmethod
    def refuse(cls, text: str) -> str | None:
        return None if re.fullmatch(cls.pattern, text) else f"{text!r} {cls.rule}"


class SingleLineString(Scalar):
    """Any text on one line, without control characters."""

    __slots__ = ()

    @classmethod
    def refuse(cls, text: str) -> str | None:
        if _LINE_BREAKS.intersection(text):
            return "it holds a line break"
        for character in text:
            if ord(character) < 32 or 127 <= ord(character) < 160:
                return f"it contains a control character (byte {ord(character):#04x})"
        return None


class Identifier(Scalar):
    """The name of a thing in a map: letters, digits and '-', at most 76."""

    __slots__ = ()

    @classmethod
    def refuse(cls, text: str) -> str | None:
        if _IDENTIFIER.fullmatch(text):
            return None
        return f"{text!r} may hold only ASCII letters, digits and '-', at most 76 of them"


class ValidBase64(Scalar):
    """Standard base64 with padding; may be empty."""

    __slots__ = ()

    @classmethod
    def refuse(cls, text: str) -> str | None:
        try:
            binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
        except (UnicodeEncodeError, binascii.Error) as error:
            return f"invalid base64: {error}"
        return None


class ValidLinuxHostname(Scalar):
    """A host name: lower case letters, digits, '-' and '.'."""

    __slots__ = ()

    @classmethod
    def refuse(cls, text: str) -> str | None:
        if not _HOSTNAME.fullmatch(text):
            return f"{text!r} must be 1 to 253 of [0-9a-z.-]"
        if text[0] in "-.":
            return f"{text!r} must not start with {text[0]!r}"
        for segment in text.split("."):
            if not 1 <= len(segment) <= 63 or segment.startswith("-"):
                return (
                    f"segment {segment!r} of {text!r} must be 1 to 63 long and not start with '-'"
                )
        return None


class IpAddress(Scalar):
    """An IPv4 or IPv6 address."""

    __slots__ = ()

    @classmethod
    def refuse(cls, text: str) -> str | None:
        import socket

        family = socket.AF_INET6 if ":" in text else socket.AF_INET
        try:
            socket.inet_pton(family, text)
        except (OSError, ValueError):
            return f"{text!r} is no IP address"
        return None


class Url(Scalar):
    """An absolute URL, or what becomes one with `http://` in front; kept as written."""

    __slots__ = ()

    @classmethod
    def refuse(cls, text: str) -> str | None:
        if SingleLineString.refuse(text) or " " in text or not text:
            return f"{text!r} is no URL: it is empty or holds blanks"
        scheme = _SCHEME.match(text)
        match = _AUTHORITY.match(text, scheme.end() if scheme else 0)
        if match is None or (match.end() < len(text) and text[match.end()] not in "/?#"):
            return f"{text!r} is no URL: its host is missing or malformed"
        if match[4] and int(match[4]) > 65535:
            return f"{text!r} is no URL: port {match[4]} is above 65535"
        return None


class OciImageRef(Scalar):
    """The name of a container image: ASCII without blanks, kept as written."""

    __slots__ = ()

    @classmethod
    def refuse(cls, text: str) -> str | None:
        if text and text.isascii() and text.isprintable() and " " not in text:
            return None
        return f"{text!r} must be printable ASCII without blanks"


class FriendlyVersion(Scalar):
    """`latest`, or a semantic version with an optional `v`."""

    __slots__ = ()

    @classmethod
    def refuse(cls, text: str) -> str | None:
        if text == "latest" or _SEMVER.fullmatch(text):
            return None
        return f"{text!r} is neither 'latest' nor a semantic version such as 1.2.3"


class SysctlKey(Scalar):
    """The name of a kernel parameter, with dots or slashes."""

    __slots__ = ()

    @classmethod
    def refuse(cls, text: str) -> str | None:
        if not _SYSCTL.fullmatch(text):
            return f"{text!r} must be 1 to 128 of [a-zA-Z0-9./_-]"
        if ".." in text or text[0] in "./":
            return f"{text!r} must not hold '..' nor start with '.' or '/'"
        return None


class MemoryLimit(Scalar):
    """An amount of memory: `512Mi`, `1G`, or a number of bytes; ours."""

    __slots__ = ()
    numbers = True

    @classmethod
    def refuse(cls, text: str) -> str | None:
        match = _SIZE.fullmatch(text)
        if match and int(match[1]) > 0:
            return None
        return f"{text!r} is no amount of memory such as 512Mi"

    def amount(self) -> int:
        """In bytes."""
        match = _SIZE.fullmatch(self)
        return int(match[1]) * _UNITS[match[2] or ""] if match else 0


class CpuLimit(Scalar):
    """A share of processors: `0.5`, `2` or `250m`, as text or as a number; ours."""

    __slots__ = ()
    numbers = True

    @classmethod
    def refuse(cls, text: str) -> str | None:
        if _CPUS.fullmatch(text) and cls(text).amount() > 0:
            return None
        return f"{text!r} is no share of processors such as 0.5 or 250m"

    def amount(self) -> int:
        """In thousandths of a processor."""
        match = _CPUS.fullmatch(self)
        if match is None:
            return 0
        return (
            int(match[1])
            if match[1]
            else int(match[2]) * 1000 + int((match[3] or "").ljust(3, "0"))
        )
