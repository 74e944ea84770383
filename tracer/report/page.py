"""`Page`: everything that the HTML report says, as values.

In: a draft, and how the documents of each principal were judged. Out: texts and numbers, in the order in which a reader
wants them: does the policy cover the run, and what is not known; what the run did, and when; each statement with its
evidence; how the baseline compares; what AWS denied; what is to be done; where every record went. The template lays
them out and decides nothing. No clock is read: the same draft gives the same page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tracer.model.trace import Denial, RunFacts
from tracer.report.accounting import AccountingView, accounting_view
from tracer.report.against_baseline import BaselineView, against_baseline
from tracer.report.answer import Answer, answer
from tracer.report.drafted import Draft, Judgement, distinct, permissions_of
from tracer.report.findings import FindingView, finding_views
from tracer.report.moments import Span
from tracer.report.statements import Anchors, PolicyView, Sheet, policy_view
from tracer.report.text import counted, shown
from tracer.report.timeline import Picture, picture

PLACES: Final = frozenset(
    {
        "top", "verdict", "run", "policies", "baseline", "denied", "findings", "accounting",
        "theme", "filter", "query", "service", "origin", "found", "unfold", "nothing", "clear", "said",
    }
)  # fmt: skip
"""The ids of the page's own places and controls; no statement gets one of them."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and what it counts."""

    number: str
    text: str
    place: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact of the run: its name and its values."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeniedView:
    """One kind of denied call."""

    action: str
    resource: str
    principal: str
    error: str
    cause: str
    read_from: str
    calls: str
    when: str
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """The whole report."""

    title: str
    facts: tuple[Fact, ...]
    answer: Answer
    figures: tuple[Figure, ...]
    picture: Picture
    policies: tuple[PolicyView, ...]
    services: tuple[str, ...]
    baseline: BaselineView | None
    denied: tuple[DeniedView, ...]
    findings: tuple[FindingView, ...]
    accounting: AccountingView
    one_day: str
    version: str

    @property
    def statements(self) -> int:
        """How many statements all documents hold."""
        return sum(len(document.statements) for policy in self.policies for document in policy.documents)


def page(draft: Draft, judgements: Sequence[Judgement], quota: int, made_with: Sequence[Fact], version: str) -> Page:
    """The report of `draft`.

    Args:
        draft: the documents, and the trace that they were made of.
        judgements: for each share, in order, how its documents compare with its permissions.
        quota: how many characters a document may have.
        made_with: the options that a reader has to know.
        version: of tracer.
    """
    trace, span = draft.trace, Span.of(draft.trace)
    sheet = Sheet(quota, span, Anchors(set(PLACES)))
    policies = tuple(
        policy_view(share, judgement, sheet) for share, judgement in zip(draft.shares, judgements, strict=True)
    )
    baseline = against_baseline(draft, policies)
    return Page(
        title=_title(trace.run),
        facts=(*_facts(trace.run, span), *made_with),
        answer=answer(draft, judgements),
        figures=tuple(_figures(draft, baseline)),
        picture=picture(trace),
        policies=policies,
        services=_services(policies),
        baseline=baseline,
        denied=tuple(_denied(row, span) for row in trace.denied),
        findings=tuple(finding_views(draft.findings)),
        accounting=accounting_view(trace.accounting),
        one_day=f"{span.first:%Y-%m-%d}" if span.first and span.one_day else "",
        version=version,
    )


def _title(run: RunFacts) -> str:
    if not run.service:
        return "A deploy"
    return shown(f"{run.service}, stage {run.stage}" if run.stage else run.service, 120)


def _facts(run: RunFacts, span: Span) -> Iterator[Fact]:
    named = (
        ("Deployer", run.principals),
        ("Recorded", (span.text,) if span.text else ()),
        ("Account", run.accounts),
        ("Region", run.regions),
        ("Stack", run.stacks),
    )
    yield from (Fact(name, tuple(map(shown, values))) for name, values in named if values)


def _figures(draft: Draft, baseline: BaselineView | None) -> Iterator[Figure]:
    if baseline:
        yield Figure(f"{baseline.total.needed:,}", "permissions the deployer needed", "policies")
        yield Figure(f"{baseline.total.had:,}", "of them in the baseline", "baseline")
        yield Figure(f"{baseline.total.lacking:,}", "the baseline lacks", "baseline")
    else:
        needed = sum(len(distinct(permissions_of(share))) for share in draft.shares)
        yield Figure(f"{needed:,}", "permissions needed", "policies")
    denied = sum(row.evidence.count for row in draft.trace.denied)
    if denied:
        yield Figure(f"{denied:,}", "call denied" if denied == 1 else "calls denied", "denied")
    yield Figure(
        f"{draft.trace.accounting.selected:,}",
        f"of {draft.trace.accounting.read:,} records are the run's",
        "accounting",
    )


def _services(policies: Iterable[PolicyView]) -> tuple[str, ...]:
    return tuple(
        sorted(
            {
                service
                for policy in policies
                for document in policy.documents
                for statement in document.statements
                for service in statement.services
            }
        )
    )


def _denied(row: Denial, span: Span) -> DeniedView:
    return DeniedView(
        action=shown(row.action or "", 170),
        resource=shown(row.resource or ""),
        principal=shown(row.principal),
        error=shown(row.error),
        cause=shown(row.cause or ""),
        read_from=shown(row.read_from, 40),
        calls=counted(row.evidence.count, "call"),
        when=span.when(row.evidence),
        events=tuple(shown(event, 80) for event in row.evidence.events[:3]),
    )
