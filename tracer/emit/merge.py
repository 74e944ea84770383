"""`merge`: what a run needed and a baseline -> the statements of one policy, each with where it comes from.

Three ways, from wide to narrow:

- `extend`: the whole baseline, and statements of its own for each permission that the baseline does not allow;
- `tighten`: each Allow of the baseline becomes what the run used of it, in its place; what was not used goes; then what
  lay outside the baseline, as above;
- `observed`: no baseline, the run's permissions alone.

A Deny is never touched. One that stands in the way of a permission is told, not mended: it is somebody's intention.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from tracer.emit.build import build
from tracer.emit.grants import Allows, Denies, Grant
from tracer.emit.lines import Line
from tracer.model.permission import UsedPermission
from tracer.model.policy import Statement


class Merge(StrEnum):
    """How the baseline and the run become one policy."""

    EXTEND = "extend"
    TIGHTEN = "tighten"
    OBSERVED = "observed"


@dataclass(frozen=True, slots=True)
class Unused:
    """What no permission of the trace needed in one Allow statement of the baseline.

    Attributes:
        number: the statement's place in the filled baseline, from 1.
        statement: the statement.
        actions: those of its actions that were not used.
        whole: whether nothing of it was used.
    """

    number: int
    statement: Statement
    actions: tuple[str, ...]
    whole: bool


@dataclass(frozen=True, slots=True)
class Blocked:
    """A permission that a Deny of the baseline takes away, or may take away."""

    used: UsedPermission
    by: Statement


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged statements, and how the trace and the baseline compare.

    Attributes:
        lines: the statements in the order in which they are written, not yet attributed.
        already: the permissions that the baseline allows.
        added: the others.
        unused: what the baseline holds beyond them.
        blocked: the permissions in whose way a Deny of the baseline stands; each is in `already` or `added`, too.
    """

    lines: tuple[Line, ...] = ()
    already: tuple[UsedPermission, ...] = ()
    added: tuple[UsedPermission, ...] = ()
    unused: tuple[Unused, ...] = ()
    blocked: tuple[Blocked, ...] = ()


def merge(permissions: Iterable[UsedPermission], baseline: Sequence[Statement], how: Merge) -> Merged:
    """`permissions` of one principal merged with the filled `baseline`, which `observed` leaves out of account.

    Raises UsageError where the baseline holds an Action that is none.
    """
    used = tuple(sorted(permissions, key=lambda line: line.permission.sort_key))
    statements = () if how is Merge.OBSERVED else tuple(baseline)
    allows, denies = Allows(statements), Denies(statements)
    homes: dict[int, list[UsedPermission]] = {}
    needed: dict[int, set[str | None]] = {}
    already, added = [], []
    for line in used:
        hits = list(allows.granting(Grant.of(line.permission)))
        for hit in hits:
            needed.setdefault(hit.number, set()).add(hit.action)
        if hits:
            already.append(line)
            homes.setdefault(min(hit.number for hit in hits), []).append(line)
        else:
            added.append(line)
    kept = (
        _tightened(statements, homes) if how is Merge.TIGHTEN else [Line(statement, True) for statement in statements]
    )
    return Merged(
        lines=(*kept, *(Line(statement) for statement in _built(added))),
        already=tuple(already),
        added=tuple(added),
        unused=_unused(statements, needed),
        blocked=tuple(
            Blocked(line, by) for line in used if (by := denies.blocking(Grant.of(line.permission))) is not None
        ),
    )


def _built(lines: Iterable[UsedPermission]) -> tuple[Statement, ...]:
    return build(Grant.of(line.permission) for line in lines)


def _tightened(statements: Sequence[Statement], homes: dict[int, list[UsedPermission]]) -> list[Line]:
    """The baseline's Denies, and in the place of each Allow what was used of it and not of an earlier one."""
    lines = []
    for number, statement in enumerate(statements):
        if statement.effect == "Deny":
            lines.append(Line(statement, True))
            continue
        narrowed = _built(homes.get(number, ()))
        if len(narrowed) == 1 and statement.sid is not None:
            narrowed = (replace(narrowed[0], sid=statement.sid),)
        lines.extend(Line(piece, True) for piece in narrowed)
    return lines


def _unused(statements: Sequence[Statement], needed: dict[int, set[str | None]]) -> tuple[Unused, ...]:
    unused = []
    for number, statement in enumerate(statements):
        if statement.effect == "Deny":
            continue
        by = needed.get(number, set())
        actions = tuple(text for text in statement.actions if text not in by)
        if actions or not by:
            unused.append(Unused(number + 1, statement, actions, whole=not by))
    return tuple(unused)
