"""What to do with the policies that were written: what to look at first, and the commands that take them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tracer.model.finding import Finding, Severity
from tracer.report.layout import Document, Heading, Line, Tone
from tracer.report.text import counted


def next_steps(steps: Sequence[Sequence[str]], findings: Iterable[Finding]) -> Document:
    """What to do next.

    Args:
        steps: for each, the lines of one shell command, or one line in words.
        findings: what was found; those of severity error and warning are to be looked at first.
    """
    if not steps:
        nothing = "  There is no permission to grant: the findings and the denied calls in the trace say why."
        return [[Heading("Next"), Line(nothing)]]
    lines = []
    grave = [finding for finding in findings if finding.severity is not Severity.NOTE]
    if grave:
        first = f"  Look at the {counted(len(grave), 'finding')} of severity error or warning first. Then:"
        lines.append(Line(first, tone=Tone.DOUBTFUL))
    lines += [Line(text, whole=True) for step in steps for text in _joined(step)]
    return [[Heading("Next"), *lines]]


def _joined(step: Sequence[str]) -> Iterator[str]:
    """The lines of one command as a shell reads them."""
    for number, line in enumerate(step, start=1):
        yield ("  " if number == 1 else " " * 6) + line + (" \\" if number < len(step) else "")
