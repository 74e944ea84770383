"""The baseline against the run: what it held of what was needed, what it lacks, and what of it was not used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tracer.model.permission import Section, UsedPermission
from tracer.model.policy import Statement
from tracer.report.drafted import Draft, DraftedShare, UnusedGrant, distinct
from tracer.report.statements import Names, PolicyView, by_service
from tracer.report.text import shown


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """How one service's permissions compare with the baseline, and the actions that it lacks."""

    service: str
    had: int
    lacking: int
    names: tuple[str, ...] = ()

    @property
    def needed(self) -> int:
        """All that the run needed."""
        return self.had + self.lacking


@dataclass(frozen=True, slots=True)
class UnusedView:
    """What of one statement of the baseline was not used.

    Attributes:
        number: the statement's place in the baseline, from 1.
        whole: whether nothing of it was used.
        actions, resources: what was not used.
        place: the statement's anchor; empty where it was left out or narrowed.
        principal: by whom, where there are several deployers; else empty.
    """

    number: int
    whole: bool
    actions: tuple[Names, ...]
    resources: tuple[str, ...]
    place: str
    principal: str


@dataclass(frozen=True, slots=True)
class BaselineView:
    """The baseline against the run."""

    name: str
    rows: tuple[ServiceRow, ...]
    total: ServiceRow
    unused: tuple[UnusedView, ...]


def against_baseline(draft: Draft, policies: Sequence[PolicyView]) -> BaselineView | None:
    """The comparison with the baseline; None where none was merged."""
    deployers = [share for share in draft.shares if share.section is Section.DEPLOYER]
    if not draft.baseline.policy.statements or not deployers:
        return None
    already = [used for share in deployers for used in share.merged.already]
    added = [used for share in deployers for used in share.merged.added]
    had, lacking = (Counter(_service(used) for used in distinct(each)) for each in (already, added))
    names: dict[str, dict[str, None]] = {}
    for used in added:
        names.setdefault(_service(used), {})[shown(used.permission.action.name, 128)] = None
    rows = tuple(
        ServiceRow(service, had[service], lacking[service], tuple(names.get(service, ())))
        for service in sorted(had | lacking)
    )
    total = ServiceRow("all", had.total(), lacking.total())
    unused = tuple(
        _unused(one, _places(share, policy), shown(share.principal) if len(deployers) > 1 else "")
        for share, policy in zip(draft.shares, policies, strict=True)
        if share.section is Section.DEPLOYER
        for one in share.merged.unused
    )
    return BaselineView(shown(draft.baseline.name), rows, total, unused)


def _places(share: DraftedShare, policy: PolicyView) -> Mapping[Statement, str]:
    """The anchors of a principal's statements: those that stand there as the baseline has them are found by it."""
    return {
        line.statement: view.anchor
        for document, seen in zip(share.documents, policy.documents, strict=True)
        for line, view in zip(document.lines, seen.statements, strict=True)
    }


def _unused(one: UnusedGrant, places: Mapping[Statement, str], principal: str) -> UnusedView:
    statement = one.statement
    return UnusedView(
        number=one.number,
        whole=one.whole,
        actions=by_service(one.actions or (f"all but {text}" for text in statement.not_actions)),
        resources=tuple(map(shown, statement.resources))
        or tuple(f"all but {shown(text)}" for text in statement.not_resources),
        place=places.get(statement, ""),
        principal=principal,
    )


def _service(used: UsedPermission) -> str:
    return shown(used.permission.action.service, 40)
