"""How a policy compares with a trace, as text for a terminal: what is missing, and what is granted beyond."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final, Protocol

from tracer.model.permission import Permission
from tracer.report.text import counted, printable

_WIDTH: Final = 80
_INDENT: Final = " " * 6
_SHOWN: Final = 5
"""How many of the actions behind a pattern are named before the rest is counted."""


class Grant(Protocol):
    """What one action of one statement grants beyond the trace."""

    @property
    def policy(self) -> int:
        """The place of the policy among those compared, from 0."""

    @property
    def statement(self) -> int:
        """The place of the statement in it, from 0."""

    @property
    def action(self) -> str:
        """The action as written."""

    @property
    def resource(self) -> str:
        """The resource as written."""

    @property
    def actions(self) -> tuple[str, ...]:
        """The actions behind it that are beyond."""

    @property
    def levels(self) -> tuple[tuple[str, int], ...]:
        """Their access levels, each with how many of them are of it."""


class Idle(Protocol):
    """An action or a resource of a statement that grants nothing there."""

    @property
    def policy(self) -> int:
        """The place of the policy among those compared, from 0."""

    @property
    def statement(self) -> int:
        """The place of the statement in it, from 0."""

    @property
    def element(self) -> str:
        """The action or the resource, as written."""

    @property
    def reason(self) -> str:
        """Why it grants nothing."""


def comparison(
    names: Sequence[str],
    missing: Sequence[Permission],
    blocked: Sequence[Permission],
    excess: Sequence[Grant],
    idle: Sequence[Idle] = (),
) -> str:
    """The comparison as text.

    Args:
        names: the policies' names, in the order that `excess` counts.
        missing: what the trace needs and the policies do not allow.
        blocked: those of `missing` that an Allow grants and a Deny takes away, or may.
        excess: what the policies grant and the trace does not need.
        idle: what of the policies can grant nothing; the section is left out where there is none.
    """
    sections = [
        _section(f"Missing: {counted(len(missing), 'permission')}", [_missing(item, blocked) for item in missing]),
        _section(
            f"Granted beyond the trace: {counted(len(excess), 'grant')}", [_beyond(item, names) for item in excess]
        ),
    ]
    if idle:
        sections.append(_section(f"Granting nothing: {len(idle)}", [_idle(item, names) for item in idle]))
    return "\n".join(sections)


class Remark(Protocol):
    """Something that AWS says of a policy."""

    @property
    def policy(self) -> int:
        """The place of the policy among those asked about, from 0."""

    @property
    def severity(self) -> str:
        """ERROR, SECURITY_WARNING, WARNING or SUGGESTION."""

    @property
    def text(self) -> str:
        """What it says."""


def opinion(
    names: Sequence[str], remarks: Sequence[Remark], gained: Sequence[str] | None, refused: Sequence[Permission]
) -> str:
    """What AWS says, as text.

    Args:
        names: the policies' names.
        remarks: those of Access Analyzer.
        gained: what is allowed that an older policy did not allow; None where none was given.
        refused: what IAM's simulator does not allow.
    """
    sections = [
        _section(f"Access Analyzer: {counted(len(remarks), 'remark')}", [_remark(item, names) for item in remarks]),
        _section(
            f"Refused by IAM's simulator: {counted(len(refused), 'permission')}", [_missing(i, ()) for i in refused]
        ),
    ]
    if gained is not None:
        sections.append(_section(f"New access: {len(gained) or 'none'}", [f"  {printable(text)}" for text in gained]))
    return "\n".join(sections)


def _remark(item: Remark, names: Sequence[str]) -> str:
    return f"  {item.severity} of {printable(names[item.policy])}\n      {printable(item.text)}"


def _section(title: str, rows: Sequence[str]) -> str:
    return f"{title}\n" + "".join(f"{row}\n" for row in rows)


def _missing(permission: Permission, blocked: Sequence[Permission]) -> str:
    lines = [f"  {printable(permission.action.text)} on {printable(permission.resource.text)}"]
    lines += [
        f"      only if {operator} {printable(key)} = {printable(' or '.join(values))}"
        for operator, key, values in permission.conditions.items
    ]
    if permission in blocked:
        lines.append("      granted, but a Deny takes it away, or may")
    return "\n".join(lines)


def _beyond(grant: Grant, names: Sequence[str]) -> str:
    lines = [
        f"  {printable(grant.action)} on {printable(grant.resource)}",
        f"      statement {grant.statement + 1} of {printable(names[grant.policy])}: "
        + ", ".join(f"{count:,} {level}" if count > 1 else level for level, count in grant.levels),
    ]
    if grant.actions != (grant.action,):
        rest = len(grant.actions) - _SHOWN
        shown = ", ".join(map(printable, grant.actions[:_SHOWN])) + (f" and {rest:,} more" if rest > 0 else "")
        lines += textwrap.wrap(shown, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT)
    return "\n".join(lines)


def _idle(item: Idle, names: Sequence[str]) -> str:
    where = f"statement {item.statement + 1} of {printable(names[item.policy])}"
    return f"  {printable(item.element)}\n      {where}: {item.reason}"
