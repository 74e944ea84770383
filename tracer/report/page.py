"""`Page`: everything that the HTML report says, as values.

In: a draft, and how the documents of each principal were judged. Out: texts and numbers, in the order in which a reader
wants them: does the policy cover the run, and what is not known; what the run did, and when; each statement with its
evidence; how the baseline compares; what AWS denied; what is to be done; where every record went. The template lays
them out and decides nothing. No clock is read: the same draft gives the same page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tracer.model.finding import SEVERITIES, Finding, Severity
from tracer.model.permission import Basis, Section, UsedPermission
from tracer.model.policy import Statement
from tracer.model.trace import Accounting, Denial, RunFacts
from tracer.report.drafted import Draft, DraftedShare, Judgement, UnusedGrant
from tracer.report.guidance import ADVICE
from tracer.report.moments import Span
from tracer.report.statements import Anchors, Names, PolicyView, by_service, policy_views
from tracer.report.text import counted, shown
from tracer.report.timeline import Picture, picture

_LONGEST_MESSAGE: Final = 2_000

_LINK: Final = re.compile(r"https://docs\.aws\.amazon\.com/[A-Za-z0-9_./#-]*[A-Za-z0-9_/-]")
"""What becomes a link in a message: addresses of AWS's documentation alone, for a message can hold what a log held."""

PLACES: Final = frozenset(
    {
        "top", "verdict", "run", "policies", "baseline", "denied", "findings", "accounting",
        "theme", "filter", "query", "service", "origin", "found", "unfold", "nothing", "clear", "said",
    }
)  # fmt: skip
"""The ids of the page's own places and controls; no statement gets one of them."""

_KEPT: Final[Mapping[str, str]] = {
    "used": "needed a permission that is in the trace",
    "denied": "were denied by AWS",
    "unmapped": "have no IAM action that is known",
    "no_permission_needed": "need no permission",
    "not_an_api_call": "are no API calls",
}
_LEFT_OUT: Final[Mapping[str, str]] = {
    "other_principal": "are of other principals",
    "outside_window": "lie outside the window",
    "filtered_out": "were filtered out: user agent, event source, region or account",
    "duplicate": "were delivered more than once",
    "unreadable": "could not be read",
}
"""The bins of the accounting in words: the records of the run, and those beside it."""

_OPEN: Final[Mapping[str, Callable[[int], str] | None]] = {
    "UNREADABLE_RECORD": lambda n: f"{counted(n, 'record')} could not be read.",
    "UNKNOWN_ACTION": lambda n: f"No IAM action is known for {counted(n, 'call')}, so the policy has none for it.",
    "UNKNOWN_RESOURCE": lambda n: (
        f"The resource of {counted(n, 'call')} is not known; the line is wider than the call."
    ),
    "WILDCARD_RESOURCE": lambda n: f"{counted(n, 'call')} left the resource open; the line is as wide.",
    "CONFLICTING_DUPLICATE": lambda n: f"{counted(n, 'record')} came in two versions; one of them counts.",
    "SEVERAL_PRINCIPALS": lambda _: "Several callers took part, and none was named as the deployer.",
    "AMBIGUOUS_RUN": lambda _: "It is not certain which calls belong to the run.",
    "ENCODED_DENIAL": lambda n: f"What {counted(n, 'denied call')} needed is encoded in the message.",
    "COVERAGE_GAP": None,
    "INTEGRITY_UNCHECKED": lambda _: "The log files were not checked against the trail's digests.",
}
"""The findings that say what is not known, in words; the number is that of the records. None: each in its own words."""


class Tone(StrEnum):
    """How the answer sounds."""

    GOOD = "good"
    LOOK = "look"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Open:
    """Something that is not known, and where on the page it is told."""

    text: str
    place: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Does the policy cover the run: the headline, why, and what is not known."""

    tone: Tone
    headline: str
    reasons: tuple[str, ...]
    open: tuple[Open, ...]


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
class ServiceRow:
    """How one service's permissions compare with the baseline, and the actions that it lacks."""

    service: str
    needed: int
    had: int
    lacking: int
    names: tuple[str, ...]


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
class Piece:
    """A piece of a message; `link` is an address or empty."""

    text: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """What one finding says."""

    pieces: tuple[Piece, ...]
    about: str
    count: int
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FindingView:
    """The findings of one code, with what to do."""

    code: str
    severity: str
    advice: str
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Bin:
    """One bin of the accounting; `x` and `width` are per cent of the bar."""

    name: str
    text: str
    number: int
    x: str
    width: str


@dataclass(frozen=True, slots=True)
class AccountingView:
    """Where the records went: those of the run, and those beside it. The bins sum to `read`."""

    read: int
    kept: tuple[Bin, ...]
    left_out: tuple[Bin, ...]
    selected: int
    beside: int


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
    judged = list(zip(draft.shares, judgements, strict=True))
    policies = policy_views(judged, quota, span, Anchors(set(PLACES)))
    baseline = _baseline(draft, policies)
    return Page(
        title=_title(trace.run),
        facts=(*_facts(trace.run, span), *made_with),
        answer=_answer(draft, judgements),
        figures=tuple(_figures(draft, baseline)),
        picture=picture(trace),
        policies=policies,
        services=_services(policies),
        baseline=baseline,
        denied=tuple(_denied(row, span) for row in trace.denied),
        findings=tuple(_findings(draft.findings)),
        accounting=_accounting(trace.accounting),
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


# The answer ---------------------------------------------------------------------------------------------------------


def _answer(draft: Draft, judgements: Sequence[Judgement]) -> Answer:
    missing = sum(len(judgement.missing) for judgement in judgements)
    grave = Counter(finding.severity for finding in draft.findings)
    look = grave[Severity.ERROR] + grave[Severity.WARNING]
    needed = sum(len(_distinct(_needed(share))) for share in draft.shares)
    if not needed:
        tone, headline = Tone.LOOK, "There is no permission to grant."
    elif missing:
        tone, headline = Tone.BAD, "The policy does not cover this run."
    elif look:
        tone, headline = Tone.LOOK, "The policy covers what is known of this run."
    else:
        tone, headline = Tone.GOOD, "The policy covers this run."
    return Answer(tone, headline, tuple(_reasons(draft, needed, missing, look)), tuple(_open(draft)))


def _reasons(draft: Draft, needed: int, missing: int, look: int) -> Iterator[str]:
    if missing:
        yield (
            f"{counted(missing, 'permission')} of {needed:,} that its calls needed "
            f"{'is' if missing == 1 else 'are'} not allowed: a Deny of the baseline stands in the way."
        )
    elif needed:
        number = counted(needed, "permission")
        yield f"All that its calls needed is allowed: {number}, checked on the finished documents."
    else:
        yield "The denied calls, the findings and the accounting below say what became of the records."
    if draft.trace.denied:
        count = sum(row.evidence.count for row in draft.trace.denied)
        added = any(used.permission.basis is Basis.DENIED for share in draft.shares for used in _needed(share))
        it = "it" if count == 1 else "they"
        granted = (
            f"The policy holds what {it} needed, as asked." if added else f"The policy does not hold what {it} needed."
        )
        yield f"AWS denied {counted(count, 'call')} of the run itself. {granted}"
    if look:
        yield f"Somebody must look at {counted(look, 'finding')} of severity error or warning."
    ignored = sum(finding.code == "IGNORED" for finding in draft.findings)
    if ignored:
        yield "What was asked to be left out is not in it; the finding IGNORED says what, and why."


def _open(draft: Draft) -> Iterator[Open]:
    inferred = sum(used.permission.basis is Basis.INFERRED for share in draft.shares for used in _needed(share))
    if inferred:
        yield Open(
            f"No record stands behind {counted(inferred, 'permission')}, deduced and marked inferred.", "policies"
        )
    for code, words in _OPEN.items():
        findings = [finding for finding in draft.findings if finding.code == code]
        if not findings:
            continue
        texts = [words(sum(max(finding.count, 1) for finding in findings))] if words else map(_sentence, findings)
        yield from (Open(text, f"finding-{code}") for text in texts)


def _sentence(finding: Finding) -> str:
    text = shown(finding.message)
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _needed(share: DraftedShare) -> Sequence[UsedPermission]:
    return (*share.merged.already, *share.merged.added)


def _figures(draft: Draft, baseline: BaselineView | None) -> Iterator[Figure]:
    if baseline:
        yield Figure(f"{baseline.total.needed:,}", "permissions the deployer needed", "policies")
        yield Figure(f"{baseline.total.had:,}", "of them in the baseline", "baseline")
        yield Figure(f"{baseline.total.lacking:,}", "the baseline lacks", "baseline")
    else:
        needed = sum(len(_distinct(_needed(share))) for share in draft.shares)
        yield Figure(f"{needed:,}", "permissions needed", "policies")
    denied = sum(row.evidence.count for row in draft.trace.denied)
    if denied:
        yield Figure(f"{denied:,}", "call denied" if denied == 1 else "calls denied", "denied")
    yield Figure(
        f"{draft.trace.accounting.selected:,}",
        f"of {draft.trace.accounting.read:,} records are the run's",
        "accounting",
    )


# The parts ----------------------------------------------------------------------------------------------------------


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


def _baseline(draft: Draft, policies: Sequence[PolicyView]) -> BaselineView | None:
    """The comparison with the baseline; None where none was merged."""
    deployers = [share for share in draft.shares if share.section is Section.DEPLOYER]
    if not draft.baseline.policy.statements or not deployers:
        return None
    already = [used for share in deployers for used in share.merged.already]
    added = [used for share in deployers for used in share.merged.added]
    had, lacking = (Counter(_service(used) for used in _distinct(each)) for each in (already, added))
    names: dict[str, dict[str, None]] = {}
    for used in added:
        names.setdefault(_service(used), {})[shown(used.permission.action.name, 128)] = None
    rows = tuple(
        ServiceRow(
            service, had[service] + lacking[service], had[service], lacking[service], tuple(names.get(service, ()))
        )
        for service in sorted(had | lacking)
    )
    total = ServiceRow("all", had.total() + lacking.total(), had.total(), lacking.total(), ())
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


def _distinct(permissions: Iterable[UsedPermission]) -> list[UsedPermission]:
    """What a policy says of them, each once: an action on a resource."""
    return list({(used.permission.action, used.permission.resource): used for used in permissions}.values())


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


def _findings(items: Iterable[Finding]) -> Iterator[FindingView]:
    """By code, the gravest first."""
    groups: dict[str, list[Finding]] = {}
    for item in items:
        groups.setdefault(item.code, []).append(item)
    weights = list(Severity)
    for code in sorted(groups, key=lambda code: (weights.index(SEVERITIES[code]), list(SEVERITIES).index(code))):
        yield FindingView(code, SEVERITIES[code].value, ADVICE[code], tuple(map(_message, groups[code])))


def _message(item: Finding) -> Message:
    about = " ".join(filter(None, (item.event_source, item.event_name)))
    return Message(
        pieces=tuple(_pieces(shown(item.message, _LONGEST_MESSAGE))),
        about=shown(about, 200),
        count=item.count,
        events=tuple(shown(event, 80) for event in item.events[:3]),
    )


def _pieces(text: str) -> Iterator[Piece]:
    at = 0
    for match in _LINK.finditer(text):
        if match.start() > at:
            yield Piece(text[at : match.start()])
        yield Piece(match.group(), match.group())
        at = match.end()
    if at < len(text):
        yield Piece(text[at:])


def _accounting(accounting: Accounting) -> AccountingView:
    kept = [(name, text, getattr(accounting, name)) for name, text in _KEPT.items()]
    left_out = [(name, text, getattr(accounting, name)) for name, text in _LEFT_OUT.items()]
    bins, so_far = [], 0
    for name, text, number in (*kept, *left_out):
        bins.append(Bin(name, text, number, _share(so_far, accounting.read), _share(number, accounting.read)))
        so_far += number
    return AccountingView(
        read=accounting.read,
        kept=tuple(bins[: len(kept)]),
        left_out=tuple(bins[len(kept) :]),
        selected=accounting.selected,
        beside=accounting.read - accounting.selected,
    )


def _share(number: int, all_: int) -> str:
    return f"{number / all_ * 100 if all_ else 0:.2f}%"
