"""What the page reads of a draft, as the shapes that it must have.

The report stands apart from `emit`: it is given a draft and asks it for no more than is written down here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from tracer.model.finding import Finding
from tracer.model.permission import Permission, Section, UsedPermission
from tracer.model.policy import Policy, Statement
from tracer.model.trace import Trace
from tracer.report.comparison import Grant


class DraftedLine(Protocol):
    """A statement, and what stands behind it."""

    @property
    def statement(self) -> Statement:
        """As it is written."""

    @property
    def baseline(self) -> bool:
        """Whether it stands in the baseline."""

    @property
    def used(self) -> Sequence[UsedPermission]:
        """The trace's permissions that it allows."""

    @property
    def provenance(self) -> str:
        """Where it comes from: `baseline`, `both`, or the surest basis of its permissions."""


class DraftedDocument(Protocol):
    """One policy document."""

    @property
    def lines(self) -> Sequence[DraftedLine]:
        """Its statements."""

    @property
    def policy(self) -> Policy:
        """The document as IAM reads it."""

    def file_name(self, extension: str) -> str:
        """The name of its file."""


class UnusedGrant(Protocol):
    """What no permission needed in one Allow of the baseline."""

    @property
    def number(self) -> int:
        """The statement's place in the baseline, from 1."""

    @property
    def statement(self) -> Statement:
        """The statement."""

    @property
    def actions(self) -> Sequence[str]:
        """Those of its actions that were not used."""

    @property
    def whole(self) -> bool:
        """Whether nothing of it was used."""


class Compared(Protocol):
    """How the baseline and one principal's permissions compare."""

    @property
    def already(self) -> Sequence[UsedPermission]:
        """The permissions that the baseline allows."""

    @property
    def added(self) -> Sequence[UsedPermission]:
        """The others."""

    @property
    def unused(self) -> Sequence[UnusedGrant]:
        """What the baseline holds beyond them."""


class DraftedShare(Protocol):
    """What one principal gets."""

    @property
    def section(self) -> Section:
        """Whose policy it is."""

    @property
    def principal(self) -> str:
        """The principal's ARN."""

    @property
    def merged(self) -> Compared:
        """How it compares with the baseline."""

    @property
    def documents(self) -> Sequence[DraftedDocument]:
        """Its documents."""


class Template(Protocol):
    """The baseline."""

    @property
    def name(self) -> str:
        """As `--baseline` names it."""

    @property
    def policy(self) -> Policy:
        """Its statements; none where no baseline was merged."""


class Draft(Protocol):
    """The documents, and what a reader has to know to trust them."""

    @property
    def shares(self) -> Sequence[DraftedShare]:
        """One for each principal, the deployer's first."""

    @property
    def findings(self) -> Sequence[Finding]:
        """Everything that is to be told."""

    @property
    def trace(self) -> Trace:
        """What the draft was made of."""

    @property
    def baseline(self) -> Template:
        """What was merged in."""


class Judgement(Protocol):
    """How the documents of one principal compare with its permissions."""

    @property
    def missing(self) -> Sequence[Permission]:
        """What they do not allow."""

    @property
    def blocked(self) -> Sequence[Permission]:
        """What of it an Allow grants and a Deny takes away, or may."""

    @property
    def excess(self) -> Sequence[Grant]:
        """What they grant beyond."""


def permissions_of(share: DraftedShare) -> tuple[UsedPermission, ...]:
    """All permissions of a principal: those that the baseline allows, then the others."""
    return (*share.merged.already, *share.merged.added)


def distinct(permissions: Iterable[UsedPermission]) -> list[UsedPermission]:
    """What a policy says of them, each once: an action on a resource."""
    return list({(used.permission.action, used.permission.resource): used for used in permissions}.values())
