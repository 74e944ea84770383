"""`Permission` and what stands behind it: one action on one resource, for one principal, with its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tracer.model.action import Action
from tracer.model.arn import ArnPattern
from tracer.model.policy import Conditions


class Section(StrEnum):
    """Whose policy a permission belongs in."""

    DEPLOYER = "deployer"
    """The principal that was asked for, or the one direct caller."""
    SERVICE_ROLE = "service-role"
    """A role that was passed to CloudFormation."""
    FUNCTION = "function"
    """A role that was given to a function."""
    OTHER = "other"
    """A role that was assumed in the run; without --principal, each of several callers."""


class Basis(StrEnum):
    """How a permission is known."""

    OBSERVED = "observed"
    """A record of this call."""
    IMPLIED = "implied"
    """AWS checks it together with a recorded call."""
    INFERRED = "inferred"
    """Not logged by default; deduced."""
    DENIED = "denied"
    """Asked for and refused; added by --include-denied."""


class ResourcesMode(StrEnum):
    """How far observed ARNs are turned into patterns."""

    EXACT = "exact"
    NAMES = "names"
    SERVICE = "service"


@dataclass(frozen=True, slots=True, order=True)
class Widening:
    """A part of a resource that became less exact than what was seen, and the rule that did it."""

    part: str
    """`region`, `account` or `resource`."""
    before: str
    """What stood there, or what is known of it; `""` where nothing is known."""
    after: str
    rule: str


@dataclass(frozen=True, slots=True)
class Permission:
    """One line of a policy, before lines are joined. The order of the fields is that of `sort_key`."""

    section: Section
    principal: str
    """The caller's ARN; for a session its role's ARN, with the path."""
    action: Action
    resource: ArnPattern
    conditions: Conditions = Conditions()
    basis: Basis = Basis.OBSERVED
    rule: str | None = None
    """The rule behind it, `pass-role/lambda-create-function`; None for the plain rule."""
    via: str | None = None
    """The forwarding service as recorded."""

    @property
    def sort_key(self) -> tuple[str, str, str, str, Conditions, str, str, str]:
        """What the trace sorts permissions by."""
        return (
            self.section.value,
            self.principal,
            self.action.text,
            self.resource.text,
            self.conditions,
            self.basis.value,
            self.rule or "",
            self.via or "",
        )


@dataclass(frozen=True, slots=True)
class Evidence:
    """The records behind a line. Times are `YYYY-MM-DDTHH:MM:SSZ`, None where no record stands behind it."""

    count: int = 0
    first: str | None = None
    last: str | None = None
    events: tuple[str, ...] = ()
    """The first N eventIDs by (eventTime, eventID)."""


@dataclass(frozen=True, slots=True)
class UsedPermission:
    """A permission that the run needed, what was widened in it, and its evidence."""

    permission: Permission
    evidence: Evidence
    widened: tuple[Widening, ...] = ()
