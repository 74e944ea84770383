"""The summary at the end of a run: what was read, what it needed, what the baseline had, and what to look at.

In: values. Out: plain text of 80 columns, in which whatever stems from a log is printable. Only what somebody may want
to copy, the name of a file or of a page, is never broken.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tracer.model.action import Action
from tracer.model.arn import ArnPattern
from tracer.model.finding import SEVERITIES, Finding, Severity
from tracer.model.permission import Section, UsedPermission
from tracer.model.trace import Accounting, Denial
from tracer.report.text import counted, printable

_WIDTH: Final = 80
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
) -> str:
    """The whole summary, but the next step.

    Args:
        accounting: of the records.
        denied: the calls that AWS refused.
        parts: the policies, in the order of the draft.
        findings_: everything that is to be told.
        others: further files that were written.
    """
    return "\n".join(
        block
        for block in (
            _block("Calls", _indented(accounted(accounting))),
            _block("Denied (--include-denied adds what these calls needed)", _denied(denied)),
            *(_block(f"{part.section.value}: {part.principal}", _part(part)) for part in parts),
            findings(findings_),
            _block(
                "Written", _files([*(file for part in parts for file in part.files), *((name, "") for name in others)])
            ),
        )
        if block
    )


def accounted(accounting: Accounting) -> str:
    """Where the records went, on one or two lines."""
    lines = [f"{counted(accounting.read, 'record')} read: {_bins(accounting, _KEPT) or 'none of the run'}"]
    left_out = _bins(accounting, _LEFT_OUT)
    return "\n".join(lines + ([f"Left out: {left_out}"] if left_out else []))


def findings(items: Iterable[Finding], *, least: Severity = Severity.NOTE) -> str:
    """The findings, the gravest first, told by code; nothing where there is none of at least that weight."""
    weights = list(Severity)
    by_code: dict[str, list[Finding]] = {
        code: [] for code in sorted(SEVERITIES, key=lambda code: weights.index(SEVERITIES[code]))
    }
    for item in items:
        if weights.index(item.severity) <= weights.index(least):
            by_code[item.code].append(item)
    return _block("Findings", [line for code, group in by_code.items() if group for line in _findings(code, group)])


def not_written(names: Iterable[str]) -> str:
    """The documents that there was no place for; nothing where all have been written."""
    return _block("Not written (name a folder, which gets them all: -o FOLDER/)", (f"  {name}" for name in names))


def _bins(accounting: Accounting, words: dict[str, str]) -> str:
    numbers = ((getattr(accounting, name), word) for name, word in words.items())
    return ", ".join(f"{number:,} {word}" for number, word in numbers if number)


def _denied(denied: Sequence[Denial]) -> Iterator[str]:
    for row in denied[:_MESSAGES]:
        what = row.action or "an action that the record does not name"
        where = f" on {row.resource}" if row.resource else ""
        cause = f", for want of an allowing {row.cause} policy" if row.cause else ""
        times = f", {row.evidence.count:,} times" if row.evidence.count > 1 else ""
        yield from _wrapped(printable(f"{what}{where}{times}{cause}"), "  - ", "    ")
    if len(denied) > _MESSAGES:
        yield f"  - and {len(denied) - _MESSAGES:,} more, in the trace"


def _part(part: Part) -> Iterator[str]:
    yield from _services(part)
    if part.baseline and part.added:
        yield ""
        yield f"  Added to {part.baseline}:"
        yield from _listed(part.added)


def _services(part: Part) -> Iterator[str]:
    already = Counter(action.service for action, _ in _distinct(part.already))
    added = Counter(action.service for action, _ in _distinct(part.added))
    rows = [(service, already[service], added[service]) for service in sorted(already | added)]
    rows.append(("all", already.total(), added.total()))
    columns = ("permissions", "in the baseline", "added") if part.baseline else ("permissions",)
    yield "  " + f"{'service':<24}" + "".join(f"{column:>17}" for column in columns)
    for service, had, new in rows:
        numbers = (had + new, had, new)[: len(columns)]
        yield "  " + f"{service:<24}" + "".join(f"{number:>17,}" for number in numbers)


def _listed(added: Sequence[UsedPermission]) -> Iterator[str]:
    """The added actions by service. On which resources stands in the policy."""
    names: dict[str, list[str]] = {}
    for action in sorted({used.permission.action for used in added}):
        names.setdefault(action.service, []).append(action.name)
    width = max(map(len, names)) + 2
    for service, actions in names.items():
        yield from _wrapped(", ".join(actions), f"    {service:<{width}}", " " * (4 + width))


def _distinct(permissions: Iterable[UsedPermission]) -> list[tuple[Action, ArnPattern]]:
    """What a policy says of them: conditions and how they are known apart, each once."""
    return list(dict.fromkeys((used.permission.action, used.permission.resource) for used in permissions))


def _findings(code: str, group: Sequence[Finding]) -> Iterator[str]:
    yield f"  {SEVERITIES[code].value}: {code}" + (f" ({len(group):,})" if len(group) > 1 else "")
    for item in group[:_MESSAGES]:
        yield from _wrapped(printable(item.message), "    - ", "      ")
    if len(group) > _MESSAGES:
        yield f"    - and {len(group) - _MESSAGES:,} more"


def _files(files: Sequence[tuple[str, str]]) -> Iterator[str]:
    width = max((len(name) for name, _ in files), default=0)
    return (f"  {printable(name):<{width}}  {printable(about)}".rstrip() for name, about in files)


def _indented(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield from _wrapped(line, "  ", "    ")


def _wrapped(text: str, first: str, others: str) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=others,
        break_on_hyphens=False,
        break_long_words=False,
    )


def _block(title: str, lines: Iterable[str]) -> str:
    """A titled block; nothing where it holds nothing."""
    body = "".join(f"{line}\n" for line in lines)
    return f"{printable(title)}\n{body}" if body else ""
