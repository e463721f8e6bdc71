"""What travels between a node's programs and its clients, as types.

Field names are those of the wire. Settings themselves are trees (`models.keys.Tree`), checked by
`models.settings`.
"""

from typing import Any, Literal

from msgspec import Struct, field


class OsInfo(Struct, frozen=True):
    """What `GET /os` says; the builder writes it into `variant.json`."""

    pretty_name: str = "Skyrocket"
    variant_id: str = "unknown"
    version_id: str = "0.0.0"
    build_id: str = "unknown"
    arch: str = "unknown"


class Variant(OsInfo, frozen=True):
    """The whole of `/usr/share/skyrocket/variant.json`; no groups named means all of them."""

    groups: list[str] | None = None


class ApplyRequest(Struct, frozen=True, omit_defaults=True):
    """One line to `/run/skyrocket/apply.sock`: bring files and units in line with these keys."""

    keys: list[str] = field(default_factory=list)
    all: bool = False


class Failed(Struct, frozen=True):
    """A step of applying that could not be done."""

    what: str
    reason: str


class ApplyResult(Struct, frozen=True):
    """The answer to an ApplyRequest; ERROR sums up what FAILED, or says why nothing was tried."""

    ok: bool
    error: str | None = None
    changed_files: list[str] = field(default_factory=list)
    restarted: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    reloaded: list[str] = field(default_factory=list)


class Result(Struct, frozen=True):
    """What became of a change, for a client that asks: its keys, its generation, its effect."""

    keys: list[str]
    generation: int
    applied: ApplyResult


class ActionResult(Struct, frozen=True):
    """The answer of a privileged verb that has nothing to tell but its end."""

    ok: bool
    error: str | None = None


class UpdateRequest(Struct, frozen=True):
    """One line to `/run/skyrocket/update.sock`: start this command."""

    command: Literal["refresh", "prepare", "activate", "deactivate"]


class UpdateAnswer(Struct, frozen=True, omit_defaults=True):
    """Whether the command was started; else the status and the text that upstream's API gives."""

    ok: bool
    status: int = 204
    error: str = ""


class KeypairRequest(Struct, frozen=True):
    """The body of `PATCH /settings/keypair`."""

    request_payload: list[str]


class Status(Struct, frozen=True):
    """How the node is: DEGRADED for these REASONS, in the words of its journal.

    SECURE_BOOT is what firmware says; None on a machine without EFI, and until health has looked.
    KERNEL_WORDS are those of addons on the command line of this boot.
    """

    degraded: bool
    reasons: list[str]
    generation: int
    first_boot: bool = False
    secure_boot: bool | None = None
    kernel_words: list[str] = field(default_factory=list)


class NetworkReport(Struct, frozen=True):
    """What the network verb leaves in `/run/skyrocket/network.json`; no SOURCE: DHCP everywhere."""

    source: str = ""
    primary: str = ""
    degraded: list[str] = field(default_factory=list)


class StageTimes(Struct, frozen=True):
    """What the boot verb leaves in `/run/skyrocket/boot.json`: seconds per stage and troubles."""

    seconds: dict[str, float]
    degraded: list[str]
    first_boot: bool = False

    @classmethod
    def from_json(cls, raw: Any) -> "StageTimes":
        """RAW as a StageTimes, whatever of it is missing left empty."""
        return cls(raw.get("seconds", {}), raw.get("degraded", []), raw.get("first_boot", False))
