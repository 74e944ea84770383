"""How a policy compares with a trace: what is missing, and what is granted beyond."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from tracer.model.permission import Permission
from tracer.report.layout import Access, Accesses, Block, Document, Heading, Item, Line, Tone, in_words, named_actions
from tracer.report.text import counted

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
) -> Document:
    """The comparison.

    Args:
        names: the policies' names, in the order that `excess` counts.
        missing: what the trace needs and the policies do not allow.
        blocked: those of `missing` that an Allow grants and a Deny takes away, or may.
        excess: what the policies grant and the trace does not need.
        idle: what of the policies can grant nothing; the section is left out where there is none.
    """
    return [
        _missing(missing, blocked),
        _accesses(
            Heading(f"Granted beyond the trace: {counted(len(excess), 'grant')}", _if(excess, Tone.DOUBTFUL)),
            [_beyond(item, names) for item in excess],
        ),
        *([_idle(idle, names)] if idle else []),
    ]


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
) -> Document:
    """What AWS says.

    Args:
        names: the policies' names.
        remarks: those of Access Analyzer.
        gained: what is allowed that an older policy did not allow; None where none was given.
        refused: what IAM's simulator does not allow.
    """
    blocks: list[Block] = [
        _remarks(remarks, names),
        _accesses(
            Heading(f"Refused by IAM's simulator: {counted(len(refused), 'permission')}", _if(refused, Tone.BAD)),
            [_wanted(item) for item in refused],
        ),
    ]
    if gained is not None:
        heading = Heading(f"New access: {len(gained) or 'none'}", _if(gained, Tone.BAD))
        blocks.append([heading, *(Line(f"  {text}") for text in gained)])
    return blocks


def _if(found: Sequence[object], tone: Tone) -> Tone:
    """The tone of a heading: good where nothing was found."""
    return tone if found else Tone.GOOD


def _accesses(heading: Heading, rows: Sequence[Access]) -> Block:
    return [heading, Accesses(tuple(rows))] if rows else [heading]


def _missing(missing: Sequence[Permission], blocked: Sequence[Permission]) -> Block:
    denied = ("granted, but a Deny takes it away, or may",)
    heading = Heading(f"Missing: {counted(len(missing), 'permission')}", _if(missing, Tone.BAD))
    return _accesses(heading, [_wanted(item, denied if item in blocked else ()) for item in missing])


def _wanted(permission: Permission, remarks: tuple[str, ...] = ()) -> Access:
    conditions = tuple(f"only if {condition}" for condition in in_words(permission.conditions))
    return Access(permission.action.text, permission.resource.text, conditions + remarks)


def _beyond(grant: Grant, names: Sequence[str]) -> Access:
    levels = ", ".join(f"{count:,} {level}" if count > 1 else level for level, count in grant.levels)
    where = f"statement {grant.statement + 1} of {names[grant.policy]}: {levels}"
    behind = named_actions(grant.actions, _SHOWN) if grant.actions != (grant.action,) else ""
    return Access(grant.action, grant.resource, (where,), behind)


def _idle(idle: Sequence[Idle], names: Sequence[str]) -> Block:
    def told(item: Idle) -> Iterator[Item]:
        yield Line(f"  {item.element}")
        yield Line(f"      statement {item.statement + 1} of {names[item.policy]}: {item.reason}", tone=Tone.ASIDE)

    return [Heading(f"Granting nothing: {len(idle)}", Tone.DOUBTFUL), *(line for item in idle for line in told(item))]


def _remarks(remarks: Sequence[Remark], names: Sequence[str]) -> Block:
    def told(item: Remark) -> Iterator[Item]:
        tone = Tone.BAD if item.severity == "ERROR" else Tone.DOUBTFUL
        yield Line(f" of {names[item.policy]}", lead=f"  {item.severity}", tone=tone)
        yield Line(f"      {item.text}")

    heading = Heading(f"Access Analyzer: {counted(len(remarks), 'remark')}", _if(remarks, Tone.DOUBTFUL))
    return [heading, *(line for item in remarks for line in told(item))]
