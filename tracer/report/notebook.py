"""What JupyterLab shows of a Trace, a Policy and a Draft: a small table each, plain HTML, everything escaped.

Each of the three asks for its own in `_repr_html_`; `print(x.to_json())` and `tracer report` have the rest.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from tracer.model.finding import Finding
from tracer.model.policy import Policy, Statement
from tracer.model.trace import Trace
from tracer.report.drafted import Draft
from tracer.report.moments import Span
from tracer.report.statements import SECTIONS, conditions_in_words
from tracer.report.text import counted, shown

_ROWS: Final = 40
"""How many rows a table has before the rest is counted."""

_ITEMS: Final = 8
"""How many actions or resources a cell names before the rest is counted."""


def trace_html(trace: Trace) -> str:
    """The run in a line, and its services with permissions and calls."""
    permissions: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    for used in trace.permissions:
        permissions[used.permission.action.service] += 1
        calls[used.permission.action.service] += used.evidence.count
    rows = [(name, f"{permissions[name]:,}", f"{calls[name]:,}") for name in sorted(permissions)]
    about = [
        "Trace",
        counted(len(trace.permissions), "permission"),
        f"{trace.accounting.used:,} of {counted(trace.accounting.read, 'record')} used",
        *([Span.of(trace).text] if Span.of(trace).text else []),
        *_findings(trace.findings),
    ]
    return _block(about, ("service", "permissions", "calls"), rows)


def policy_html(policy: Policy) -> str:
    """The policy's statements."""
    about = ["Policy", counted(len(policy.statements), "statement"), f"{policy.size:,} characters"]
    return _block(
        about, ("statement", "effect", "actions", "resources", "only if"), list(map(_statement, policy.statements))
    )


def draft_html(draft: Draft) -> str:
    """The documents, and how the baseline compares."""
    rows = [
        (
            document.file_name("json"),
            SECTIONS[share.section],
            share.principal,
            f"{len(document.lines):,}",
            f"{document.policy.size:,}",
        )
        for share in draft.shares
        for document in share.documents
    ]
    already = sum(len(share.merged.already) for share in draft.shares)
    added = sum(len(share.merged.added) for share in draft.shares)
    about = ["Draft", f"{already:,} permissions in the baseline {draft.baseline.name}", f"{added:,} added"]
    return _block(
        [*about, *_findings(draft.findings)], ("document", "for", "principal", "statements", "characters"), rows
    )


def _findings(findings: Iterable[Finding]) -> list[str]:
    counts = Counter(finding.severity.value for finding in findings)
    return [counted(number, severity) for severity, number in sorted(counts.items())]


def _statement(statement: Statement) -> Sequence[str]:
    return (
        statement.sid or "",
        statement.effect,
        _listed(statement.actions) or f"all but {_listed(statement.not_actions)}",
        _listed(statement.resources) or f"all but {_listed(statement.not_resources)}",
        "; ".join(conditions_in_words(statement.conditions)),
    )


def _listed(texts: Sequence[str]) -> str:
    rest = len(texts) - _ITEMS
    return ", ".join(map(shown, texts[:_ITEMS])) + (f" and {rest:,} more" if rest > 0 else "")


def _block(about: Iterable[str], head: Iterable[str], rows: Sequence[Sequence[str]]) -> str:
    rest = len(rows) - _ROWS
    return "".join(
        (
            f"<p>{_safe(', '.join(about))}</p>",
            f"<table><thead><tr>{_cells('th', head)}</tr></thead><tbody>",
            *(f"<tr>{_cells('td', row)}</tr>" for row in rows[:_ROWS]),
            "</tbody></table>",
            f"<p>and {rest:,} more</p>" if rest > 0 else "",
        )
    )


def _cells(tag: str, texts: Iterable[str]) -> str:
    return "".join(f"<{tag}>{_safe(text)}</{tag}>" for text in texts)


def _safe(text: str) -> str:
    return html.escape(shown(text, 2_000))
