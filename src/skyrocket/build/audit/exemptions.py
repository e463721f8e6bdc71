"""`packages/audit.toml`: what the audit lets pass, each with the reason."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import msgspec

from skyrocket.build.audit.errors import ExemptionError
from skyrocket.build.audit.image import seen_at
from skyrocket.build.audit.model import Part  # noqa: TC001 - msgspec evaluates the fields' types
from skyrocket.build.image.patterns import matches
from skyrocket.models.checking import DefinitionError, check

if TYPE_CHECKING:
    from pathlib import Path

    from skyrocket.build.audit.model import Finding

FILE = "packages/audit.toml"


class Exemption(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Findings of RULE at PATH (a pattern) pass, because WHY; CONTAINING narrows by the reason."""

    rule: str
    path: str
    why: str
    part: Part = "root"
    containing: str = ""


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Links may lead to PATH (a pattern), which the running node fills: WHY says what does."""

    path: str
    why: str


class Exemptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The whole file."""

    exemptions: tuple[Exemption, ...] = ()
    run_time: tuple[Place, ...] = ()

    def at_run_time(self, path: str) -> bool:
        """Whether the running node fills PATH (without leading slash)."""
        return any(matches(place.path, f"/{path}") for place in self.run_time)

    def passes(self, finding: Finding) -> bool:
        """Whether FINDING is one of those with a reason to be there."""
        return any(_covers(one, finding) for one in self.exemptions)


def read(checkout: Path) -> Exemptions:
    """The exemptions of a checkout; raises ExemptionError with all mistakes."""
    path = checkout / FILE
    try:
        found = check(Exemptions, tomllib.loads(path.read_text(encoding="utf-8")), FILE)
    except FileNotFoundError:
        return Exemptions()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ExemptionError([f"{FILE}: not TOML: {error}"]) from error
    except DefinitionError as error:
        raise ExemptionError([f"{FILE}: {mistake}" for mistake in error.mistakes]) from error
    reasons = {f"exemptions[{n}]": one.why for n, one in enumerate(found.exemptions)}
    reasons |= {f"run-time[{n}]": one.why for n, one in enumerate(found.run_time)}
    mistakes = [f"{FILE}: {w}.why: says nothing" for w, why in reasons.items() if not why.strip()]
    if mistakes:
        raise ExemptionError(mistakes)
    return found


def _covers(one: Exemption, finding: Finding) -> bool:
    return (
        one.rule == finding.rule
        and one.part == finding.part
        and one.containing in finding.reason
        and matches(one.path, f"/{seen_at(finding.path)}")
    )
