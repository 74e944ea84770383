"""What to do with a policy that was written: what to look at first, and the `aws` command that takes it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tracer.model.arn import Arn
from tracer.model.finding import Finding, Severity
from tracer.report.text import counted, printable

_NAME: Final = re.compile(r"[^A-Za-z0-9+=,.@_-]")
_LONGEST_NAME: Final = 128
"""What the name of a policy may hold, and how long it may be
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html)."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A document that can be given to AWS.

    Attributes:
        stem: the name that its file has, or would have, without the extension.
        principal: the ARN of whose policy it is.
        path: where it is; None for stdout.
    """

    stem: str
    principal: str
    path: str | None


def next_steps(ready: Sequence[Ready], attach: str, prefix: str, findings: Iterable[Finding]) -> str:
    """What to do next, as text for a terminal.

    Args:
        ready: the documents.
        attach: `managed`, `role`, `user` or `group`, as `--attach` has it.
        prefix: what the policies' names begin with.
        findings: what was found; those of severity error and warning are to be looked at first.
    """
    if not ready:
        return "Next\n  There is no permission to grant: the findings and the denied calls in the trace say why."
    lines = ["Next"]
    grave = [finding for finding in findings if finding.severity is not Severity.NOTE]
    if grave:
        lines.append(f"  Look at the {counted(len(grave), 'finding')} of severity error or warning first. Then:")
    for item in ready:
        command, *rest = _command(item, attach, prefix)
        lines += [f"  {command} \\", *(f"      {line} \\" for line in rest[:-1]), f"      {rest[-1]}"]
    return "\n".join(lines)


def _command(item: Ready, attach: str, prefix: str) -> list[str]:
    """The command that takes the document, on lines that a shell joins."""
    name = shlex.quote(_NAME.sub("_", f"{prefix}-{item.stem}")[:_LONGEST_NAME])
    file = shlex.quote(f"file://{printable(item.path)}") if item.path else "file://POLICY.json"
    if attach == "managed":
        return [f"aws iam create-policy --policy-name {name}", f"--policy-document {file}"]
    whom = shlex.quote(_NAME.sub("_", _holder(item.principal, attach)))
    return [f"aws iam put-{attach}-policy --{attach}-name {whom}", f"--policy-name {name}", f"--policy-document {file}"]


def _holder(principal: str, kind: str) -> str:
    """The principal's name where it is of this kind, else the kind in capitals, to be filled in."""
    arn = Arn.find(principal)
    return arn.resource.rpartition("/")[2] if arn and arn.resource.startswith(f"{kind}/") else kind.upper()
