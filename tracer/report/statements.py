"""The statements of a draft as a page shows them: what each allows, where it comes from, and the calls behind it.

In: the shares of a draft and how each was judged. Out: plain texts, printable and of a length that a page can hold.
Every statement has an anchor, its Sid where it has one of its own, so that a link can point at it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tracer.model.jsontext import json_text
from tracer.model.permission import Section, UsedPermission, Widening
from tracer.model.policy import Conditions, Policy
from tracer.report.comparison import Grant
from tracer.report.drafted import DraftedDocument, DraftedLine, DraftedShare, Judgement
from tracer.report.layout import in_words
from tracer.report.moments import Span
from tracer.report.text import counted, escaped_json, shown

_EVENTS: Final = 10
"""How many eventIDs of a permission are shown before the rest is counted."""

_BEYOND: Final = 12
"""How many grants beyond the run are told of a statement before the rest is counted."""

_SID: Final = re.compile(r"[A-Za-z0-9]{1,128}")
"""What a Sid may hold (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html)."""

SECTIONS: Final[Mapping[Section, str]] = {
    Section.DEPLOYER: "Deployer",
    Section.SERVICE_ROLE: "Service role",
    Section.FUNCTION: "Function",
    Section.OTHER: "Other role",
}
"""The sections in words."""

ORIGINS: Final[Mapping[str, str]] = {
    "baseline": "baseline, unused",
    "both": "baseline, used",
    "deny": "baseline, Deny",
    "observed": "observed",
    "implied": "implied",
    "inferred": "inferred",
    "denied": "denied",
}
"""Where a statement comes from, in words."""


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """One permission that the run needed, with what stands behind it."""

    action: str
    service: str
    resource: str
    only_if: tuple[str, ...]
    basis: str
    rule: str
    via: str
    calls: str
    when: str
    events: tuple[str, ...]
    more_events: int
    widened: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Names:
    """Actions of one service: `s3` and `CreateBucket, PutObject`."""

    service: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StatementView:
    """One statement.

    Attributes:
        anchor: the id of its place on the page, unique there.
        number: its place in the document, from 1.
        sid: as written; empty where there is none.
        effect: `Allow` or `Deny`.
        all_but_actions, all_but_resources: whether it names what it does not concern.
        actions: by service.
        resources: as written.
        only_if: its conditions, one sentence each.
        origin: a key of ORIGINS.
        calls: how often the calls behind it were seen.
        beyond: what it grants that the run did not need.
        more_beyond: how many such grants are not told.
        evidence: the permissions behind it.
    """

    anchor: str
    number: int
    sid: str
    effect: str
    all_but_actions: bool
    all_but_resources: bool
    actions: tuple[Names, ...]
    resources: tuple[str, ...]
    only_if: tuple[str, ...]
    origin: str
    calls: int
    beyond: tuple[str, ...]
    more_beyond: int
    evidence: tuple[EvidenceView, ...]

    @property
    def origin_in_words(self) -> str:
        """Where it comes from."""
        return ORIGINS[self.origin]

    @property
    def services(self) -> tuple[str, ...]:
        """The services that it is about, each once."""
        return tuple(dict.fromkeys([group.service for group in self.actions] + [row.service for row in self.evidence]))


@dataclass(frozen=True, slots=True)
class DocumentView:
    """One policy document: its file's name, its JSON text, its size and quota in characters, its statements."""

    anchor: str
    file: str
    text: str
    size: int
    quota: int
    statements: tuple[StatementView, ...]

    @property
    def size_in_words(self) -> str:
        """How much of the quota it takes."""
        return f"{self.size:,} of {self.quota:,} characters"


@dataclass(frozen=True, slots=True)
class MissingView:
    """A permission that is not allowed; `blocked`: an Allow grants it, and a Deny takes it away, or may."""

    action: str
    resource: str
    blocked: bool


@dataclass(frozen=True, slots=True)
class PolicyView:
    """What one principal gets."""

    anchor: str
    section: str
    principal: str
    missing: tuple[MissingView, ...]
    documents: tuple[DocumentView, ...]

    @property
    def name(self) -> str:
        """The principal's own name."""
        return self.principal.rpartition("/")[2]


@dataclass(slots=True)
class Anchors:
    """Ids that are given out once: a name where it is free and harmless in an address, else one that is made."""

    taken: set[str] = field(default_factory=set)

    def take(self, wanted: str, otherwise: str) -> str:
        """`wanted`, or `otherwise`, or that with a number."""
        candidates = [wanted] if _SID.fullmatch(wanted) else []
        base = re.sub(r"[^A-Za-z0-9_-]", "-", otherwise)
        for name in (*candidates, base, *(f"{base}-{number}" for number in range(2, len(self.taken) + 3))):
            if name.lower() not in self.taken:
                self.taken.add(name.lower())
                return name
        raise AssertionError("there are more numbers than names that are taken")


@dataclass(frozen=True, slots=True)
class Sheet:
    """What all statements of a page share: how many characters a document may have, the run's time, the ids so far."""

    quota: int
    span: Span
    anchors: Anchors


def policy_view(share: DraftedShare, judgement: Judgement, sheet: Sheet) -> PolicyView:
    """The policy of one principal, whose documents were judged so."""
    beyond: dict[tuple[int, int], list[Grant]] = {}
    for grant in judgement.excess:
        beyond.setdefault((grant.policy, grant.statement), []).append(grant)
    name = _stem(share.documents[0]) if share.documents else share.section.value
    return PolicyView(
        anchor=sheet.anchors.take("", f"policy-{name}"),
        section=SECTIONS[share.section],
        principal=shown(share.principal),
        missing=tuple(
            MissingView(shown(one.action.text, 170), shown(one.resource.text), one in judgement.blocked)
            for one in judgement.missing
        ),
        documents=tuple(
            _document(document, [beyond.get((place, number), []) for number in range(len(document.lines))], sheet)
            for place, document in enumerate(share.documents)
        ),
    )


def _document(document: DraftedDocument, beyond: Sequence[Sequence[Grant]], sheet: Sheet) -> DocumentView:
    return DocumentView(
        anchor=sheet.anchors.take("", f"document-{_stem(document)}"),
        file=document.file_name("json"),
        text=document_text(document.policy),
        size=document.policy.size,
        quota=sheet.quota,
        statements=tuple(
            _statement(
                line,
                number,
                grants,
                sheet.span,
                sheet.anchors.take(line.statement.sid or "", f"{_stem(document)}-{number}"),
            )
            for number, (line, grants) in enumerate(zip(document.lines, beyond, strict=True), 1)
        ),
    )


def _stem(document: DraftedDocument) -> str:
    return document.file_name("json").removesuffix(".json")


def document_text(policy: Policy) -> str:
    """The document's JSON with what is no visible sign as JSON's own escapes: the same document, safe to look at."""
    return escaped_json(json_text(policy.to_dict(), indent=2)) + "\n"


def _statement(line: DraftedLine, number: int, beyond: Sequence[Grant], span: Span, anchor: str) -> StatementView:
    statement = line.statement
    return StatementView(
        anchor=anchor,
        number=number,
        sid=shown(statement.sid or "", 128),
        effect=statement.effect,
        all_but_actions=bool(statement.not_actions),
        all_but_resources=bool(statement.not_resources),
        actions=by_service(statement.actions or statement.not_actions),
        resources=tuple(map(shown, statement.resources or statement.not_resources)),
        only_if=conditions_in_words(statement.conditions),
        origin=_origin(line),
        calls=sum(used.evidence.count for used in line.used),
        beyond=tuple(_beyond(grant, named=len(statement.resources) > 1) for grant in beyond[:_BEYOND]),
        more_beyond=max(len(beyond) - _BEYOND, 0),
        evidence=tuple(evidence_view(used, span) for used in line.used),
    )


def _origin(line: DraftedLine) -> str:
    return "deny" if line.statement.effect == "Deny" else str(line.provenance)


def by_service(actions: Iterable[str]) -> tuple[Names, ...]:
    """Actions by service, both in the order in which they come."""
    groups: dict[str, list[str]] = {}
    for text in actions:
        service, _, name = text.partition(":")
        groups.setdefault(shown(service.lower(), 40), []).append(shown(name or "*", 128))
    return tuple(Names(service, tuple(names)) for service, names in groups.items())


def conditions_in_words(conditions: Conditions) -> tuple[str, ...]:
    """Each condition as a text that a page can show."""
    return tuple(map(shown, in_words(conditions)))


def _beyond(grant: Grant, *, named: bool) -> str:
    """`s3:Get*: 60 Read, 2 List`; the resource is named where the statement has several."""
    alone = grant.actions == (grant.action,)
    levels = ", ".join(level if alone else f"{count:,} {level}" for level, count in grant.levels)
    where = f" on {shown(grant.resource)}" if named else ""
    return f"{shown(grant.action, 170)}{where}: {levels}"


def evidence_view(used: UsedPermission, span: Span) -> EvidenceView:
    """One permission with its evidence."""
    permission, evidence = used.permission, used.evidence
    events = evidence.events[:_EVENTS]
    return EvidenceView(
        action=shown(permission.action.text, 170),
        service=shown(permission.action.service, 40),
        resource=shown(permission.resource.text),
        only_if=conditions_in_words(permission.conditions),
        basis=permission.basis.value,
        rule=shown(permission.rule or "", 128),
        via=shown(permission.via or "", 128),
        calls=counted(evidence.count, "call") if evidence.count else "no record",
        when=span.when(evidence),
        events=tuple(shown(event, 80) for event in events),
        more_events=max(evidence.count - len(events), 0) if events else 0,
        widened=tuple(map(_widening, used.widened)),
    )


def _widening(step: Widening) -> str:
    return f"{shown(step.part)}: {shown(step.before) or 'unknown'} became {shown(step.after)} ({shown(step.rule)})"
