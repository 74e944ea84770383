"""What to do with the policies that were written: what to look at first, and the commands that take them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tracer.model.finding import Finding, Severity
from tracer.report.text import counted, printable


def next_steps(steps: Sequence[Sequence[str]], findings: Iterable[Finding]) -> str:
    """What to do next, as text for a terminal.

    Args:
        steps: for each, the lines of one shell command, or one line in words.
        findings: what was found; those of severity error and warning are to be looked at first.
    """
    if not steps:
        return "Next\n  There is no permission to grant: the findings and the denied calls in the trace say why."
    lines = ["Next"]
    grave = [finding for finding in findings if finding.severity is not Severity.NOTE]
    if grave:
        lines.append(f"  Look at the {counted(len(grave), 'finding')} of severity error or warning first. Then:")
    lines += ["  " + " \\\n      ".join(map(printable, step)) for step in steps]
    return "\n".join(lines)
