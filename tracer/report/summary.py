"""The summary at the end of a run: what was read, what it needed, what the baseline had, and what to look at.

In: values. Out: blocks, which `plain` and `terminal` write down.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tracer.model.action import Action
from tracer.model.arn import ArnPattern
from tracer.model.finding import SEVERITIES, Finding, Severity
from tracer.model.permission import Section, UsedPermission
from tracer.model.trace import Accounting, Denial
from tracer.report.layout import Block, Counts, Document, Heading, Item, Line, Pairs, Prose, Tone, tone_of
from tracer.report.text import LONGEST_MESSAGE, counted, cut

_MESSAGES: Final = 3
"""How many findings of one code are told before the rest is counted."""

_KEPT: Final = {
    "used": "used",
    "denied": "denied",
    "unmapped": "unmapped",
    "no_permission_needed": "needing no permission",
    "not_an_api_call": "no API calls",
}
_LEFT_OUT: Final = {
    "other_principal": "of other principals",
    "outside_window": "outside the window",
    "filtered_out": "filtered out",
    "duplicate": "duplicates",
    "unreadable": "unreadable",
}
"""The bins of the accounting in words: those of the run, and those beside it."""


@dataclass(frozen=True, slots=True)
class Part:
    """What the summary tells of one principal's policy.

    Attributes:
        section: whose policy it is.
        principal: the principal's ARN.
        already: the permissions that the baseline allows.
        added: the others.
        baseline: the name of the baseline that was merged in, or None.
        files: name and size of each document, as it is told: `out/deployer.json`, `3,214 of 6,144 characters`.
    """

    section: Section
    principal: str
    already: tuple[UsedPermission, ...] = ()
    added: tuple[UsedPermission, ...] = ()
    baseline: str | None = None
    files: tuple[tuple[str, str], ...] = ()


def summary(
    accounting: Accounting,
    denied: Sequence[Denial],
    parts: Sequence[Part],
    findings_: Sequence[Finding],
    others: Sequence[str],
) -> Document:
    """The whole summary, but the next step.

    Args:
        accounting: of the records.
        denied: the calls that AWS refused.
        parts: the policies, in the order of the draft.
        findings_: everything that is to be told.
        others: further files that were written.
    """
    files = [*(file for part in parts for file in part.files), *((name, "") for name in others)]
    return [
        [Heading("Calls"), *map(Prose, _accounted(accounting))],
        *_block(Heading("Denied (--include-denied adds what these calls needed)", Tone.DOUBTFUL), _denied(denied)),
        *([Heading(f"{part.section.value}: {cut(part.principal)}"), *_part(part)] for part in parts),
        *findings(findings_),
        *_block(Heading("Written"), _files(files)),
    ]


def accounted(accounting: Accounting) -> Document:
    """Where the records went, on one or two lines."""
    return [[Line(text) for text in _accounted(accounting)]]


def findings(items: Iterable[Finding], *, least: Severity = Severity.NOTE) -> Document:
    """The findings, the gravest first, told by code; nothing where there is none of at least that weight."""
    weights = list(Severity)
    by_code: dict[str, list[Finding]] = {
        code: [] for code in sorted(SEVERITIES, key=lambda code: weights.index(SEVERITIES[code]))
    }
    for item in items:
        if weights.index(item.severity) <= weights.index(least):
            by_code[item.code].append(item)
    told = [item for code, group in by_code.items() if group for item in _findings(code, group)]
    return _block(Heading("Findings"), told)


def not_written(names: Iterable[str]) -> Document:
    """The documents that there was no place for; nothing where all have been written."""
    heading = Heading("Not written (name a folder, which gets them all: -o FOLDER/)", Tone.DOUBTFUL)
    return _block(heading, (Line(f"  {name}", whole=True) for name in names))


def _accounted(accounting: Accounting) -> Iterator[str]:
    yield f"{counted(accounting.read, 'record')} read: {_bins(accounting, _KEPT) or 'none of the run'}"
    if left_out := _bins(accounting, _LEFT_OUT):
        yield f"Left out: {left_out}"


def _bins(accounting: Accounting, words: dict[str, str]) -> str:
    numbers = ((getattr(accounting, name), word) for name, word in words.items())
    return ", ".join(f"{number:,} {word}" for number, word in numbers if number)


def _denied(denied: Sequence[Denial]) -> Iterator[Item]:
    for row in denied[:_MESSAGES]:
        what = row.action or "an action that the record does not name"
        where = f" on {cut(row.resource)}" if row.resource else ""
        cause = f", for want of an allowing {cut(row.cause)} policy" if row.cause else ""
        times = f", {row.evidence.count:,} times" if row.evidence.count > 1 else ""
        yield Prose(f"{what}{where}{times}{cause}", bullet=True)
    if len(denied) > _MESSAGES:
        yield Prose(f"and {len(denied) - _MESSAGES:,} more, in the trace", bullet=True)


def _part(part: Part) -> Iterator[Item]:
    yield _services(part)
    if part.baseline and part.added:
        yield Line("")
        yield Line(f"  Added to {part.baseline}:")
        yield _listed(part.added)


def _services(part: Part) -> Counts:
    already = Counter(action.service for action, _ in _distinct(part.already))
    added = Counter(action.service for action, _ in _distinct(part.added))
    rows = [(service, already[service], added[service]) for service in sorted(already | added)]
    rows.append(("all", already.total(), added.total()))
    columns = ("permissions", "in the baseline", "added") if part.baseline else ("permissions",)
    numbers = tuple((service, (had + new, had, new)[: len(columns)]) for service, had, new in rows)
    return Counts(("service", *columns), numbers)


def _listed(added: Sequence[UsedPermission]) -> Pairs:
    """The added actions by service. On which resources stands in the policy."""
    names: dict[str, list[str]] = {}
    for action in sorted({used.permission.action for used in added}):
        names.setdefault(action.service, []).append(action.name)
    rows = tuple((service, ", ".join(actions)) for service, actions in names.items())
    return Pairs(rows, indent=4, broken=True)


def _distinct(permissions: Iterable[UsedPermission]) -> list[tuple[Action, ArnPattern]]:
    """What a policy says of them: conditions and how they are known apart, each once."""
    return list(dict.fromkeys((used.permission.action, used.permission.resource) for used in permissions))


def _findings(code: str, group: Sequence[Finding]) -> Iterator[Item]:
    severity = SEVERITIES[code]
    number = f" ({len(group):,})" if len(group) > 1 else ""
    yield Line(f": {code}{number}", lead=f"  {severity.value}", tone=tone_of(severity))
    for item in group[:_MESSAGES]:
        yield Prose(cut(item.message, LONGEST_MESSAGE), indent=4, bullet=True)
    if len(group) > _MESSAGES:
        yield Prose(f"and {len(group) - _MESSAGES:,} more", indent=4, bullet=True)


def _files(files: Sequence[tuple[str, str]]) -> Iterator[Item]:
    width = max((len(name) for name, _ in files), default=0)
    return (Line(f"  {name:<{width}}  {about}".rstrip(), whole=True) for name, about in files)


def _block(heading: Heading, items: Iterable[Item]) -> list[Block]:
    """A block under a heading; none where it holds nothing."""
    body = tuple(items)
    return [[heading, *body]] if body else []
