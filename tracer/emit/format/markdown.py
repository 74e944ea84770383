"""The table that a reviewer reads: each statement with where it comes from and what stands behind it, and the findings.

GitHub's Markdown (https://github.github.com/gfm/). What stems from a log or a policy stands in code spans, in which a
backtick, a pipe, a backslash or a line break would mean something; a text with one of those, or with anything that is
not printable ASCII, is written in `<code>` with a character reference for every sign that is no letter or digit: these
are never read as Markdown or HTML (https://spec.commonmark.org/0.31.2/#entity-and-numeric-character-references).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tracer.emit.draft import Document, Draft
from tracer.emit.lines import Line
from tracer.emit.pack import CHARACTERS, Attach
from tracer.model.finding import Finding, Severity
from tracer.model.policy import Conditions

_SPAN: Final = re.compile(r"(?! )[ !-\[\]-_a-{}~]+(?<! )")
"""Printable ASCII without backslash, backtick and pipe, and no space at either end."""

_MEANT: Final = re.compile(r"""[^A-Za-z0-9 .,:;/()'"?=+%-]|:(?=//)|(?<=[Ww]{3})\.""")
"""What could be Markdown in a line of words, or make a link of an address."""

_HEAD: Final = ("statement", "actions", "resources", "only if", "from", "calls")


@dataclass(frozen=True, slots=True)
class MarkdownFormat:
    """A page to review and to keep beside a change."""

    extension: str = "md"

    def render(self, document: Document, draft: Draft) -> str:
        """The page."""
        return "".join(f"{line}\n" for line in _page(document, draft))

    def next_step(self, document: Document, draft: Draft, path: str | None) -> tuple[str, ...]:
        """The page is for a reader, and no tool takes it."""
        return (f"Read {path or 'the page above'}, and create the policy with another format.",)


def _page(document: Document, draft: Draft) -> Iterator[str]:
    attach = draft.options.attach
    part = f", document {document.part} of {document.parts}" if document.parts > 1 else ""
    kind = "a managed policy" if attach is Attach.MANAGED else f"an inline policy of a {attach}"
    yield f"# Policy of the {document.section}{part}"
    yield ""
    yield f"For {code(document.principal)}: {kind}, {document.policy.size:,} of {CHARACTERS[attach]:,} characters."
    yield ""
    yield from _table(_HEAD, (_row(number, line) for number, line in enumerate(document.lines, 1)))
    if draft.findings:
        yield ""
        yield "## Findings of the run"
        yield ""
        yield from _table(("severity", "code", "finding"), map(_finding, _gravest_first(draft.findings)))


def _row(number: int, line: Line) -> Sequence[str]:
    statement = line.statement
    name = f"{number} {code(statement.sid)}" if statement.sid else str(number)
    return (
        f"{name} **{statement.effect}**" if statement.effect == "Deny" else name,
        _texts(statement.actions) or f"all but<br>{_texts(statement.not_actions)}",
        _texts(statement.resources) or f"all but<br>{_texts(statement.not_resources)}",
        _conditions(statement.conditions),
        line.provenance.value,
        _calls(line),
    )


def _texts(texts: Iterable[str]) -> str:
    return "<br>".join(map(code, texts))


def _conditions(conditions: Conditions) -> str:
    return "<br>".join(
        f"{code(operator)} {code(key)} = {' or '.join(map(code, values))}" for operator, key, values in conditions.items
    )


def _calls(line: Line) -> str:
    """How many records stand behind the statement, and from when to when."""
    evidence = [used.evidence for used in line.used]
    count = sum(item.count for item in evidence)
    times = sorted({time for item in evidence for time in (item.first, item.last) if time is not None})
    return "<br>".join([f"{count:,}", *map(prose, dict.fromkeys((*times[:1], *times[-1:])))])


def _gravest_first(findings: Iterable[Finding]) -> list[Finding]:
    weights = list(Severity)
    return sorted(findings, key=lambda finding: weights.index(finding.severity))


def _finding(finding: Finding) -> Sequence[str]:
    return (finding.severity.value, finding.code, prose(finding.message))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'|'.join('---' for _ in head)}|"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def code(text: str) -> str:
    """`text` as code, whatever it holds."""
    return f"`{text}`" if _SPAN.fullmatch(text) else f"<code>{_referenced(text)}</code>"


def prose(text: str) -> str:
    """`text` as words, of which none is Markdown, nor an address that becomes a link by itself."""
    return _MEANT.sub(_reference, text)


def _referenced(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", _reference, text)


def _reference(match: re.Match[str]) -> str:
    r"""A character reference; for what is no visible sign its escape, as `\x1b`."""
    sign = match.group()
    if sign.isprintable():
        return f"&#{ord(sign)};"
    return sign.encode("unicode_escape").decode("ascii").replace("\\", "&#92;")
