"""Many records into few lines: permissions, denials and findings are counted, and keep a few events as evidence.

A line is looked up once a call, and its `Tally` counts the call's records from then on. The fold knows no order:
whatever the order in which records come, the same lines come out, with the same first events. Memory grows with the
number of distinct lines, not with the number of records.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from tracer.model.action import Action
from tracer.model.finding import Finding
from tracer.model.permission import Basis, Evidence, Permission, UsedPermission, Widening
from tracer.model.trace import Denial

_Key = tuple[str, str]
"""(eventTime as text, eventID): the order of evidence."""

_Line = TypeVar("_Line", Permission, Denial, Finding)


class Tally:
    """How often a line was seen, when, and in which events first."""

    __slots__ = ("_first", "_keep", "_last", "_widened", "count")

    def __init__(self, keep: int | None) -> None:
        # How many events, and examples of what was widened, are kept; None keeps all.
        self._keep = keep
        self.count = 0
        self._last = ""
        self._first: list[_Key] = []
        self._widened: dict[tuple[str, str, str], set[str]] | None = None

    def add(self, key: _Key) -> None:
        """Count an event."""
        self.count += 1
        if key[0] > self._last:
            self._last = key[0]
        first = self._first
        if self._keep is None or len(first) < max(self._keep, 1):
            bisect.insort(first, key)
        elif key < first[-1]:
            first.pop()
            bisect.insort(first, key)

    def widen(self, steps: Iterable[Widening]) -> None:
        """Note what was widened; to note it again changes nothing."""
        for step in steps:
            self._widened = self._widened or {}
            seen = self._widened.setdefault((step.part, step.after, step.rule), set())
            seen.add(step.before)
            if self._keep is not None and len(seen) > max(self._keep, 1):
                seen.remove(max(seen))

    @property
    def evidence(self) -> Evidence:
        """The events as a line shows them."""
        if not self._first:
            return Evidence()
        kept = self._first if self._keep is None else self._first[: self._keep]
        return Evidence(self.count, self._first[0][0], self._last, tuple(event for _, event in kept))

    @property
    def widenings(self) -> tuple[Widening, ...]:
        """What was widened, sorted."""
        steps = (
            Widening(part, before, after, rule)
            for (part, after, rule), seen in (self._widened or {}).items()
            for before in seen
        )
        return tuple(sorted(steps))


def _meaning(permission: Permission) -> Permission:
    """What a permission allows whom, whatever it is known from."""
    return replace(permission, basis=Basis.OBSERVED, rule=None, via=None)


class Fold:
    """The lines of one trace, as they grow."""

    def __init__(self, keep: int | None) -> None:
        self._keep = keep
        self._permissions: dict[Permission, Tally] = {}
        self._denied: dict[Denial, Tally] = {}
        self._findings: dict[Finding, Tally] = {}
        self._by_action: defaultdict[Action, list[Permission]] = defaultdict(list)
        self._meanings: dict[Action, dict[Permission, Permission]] = {}

    def permission(self, permission: Permission, widened: tuple[Widening, ...]) -> Tally:
        """Where to count the events that needed a permission. An event counts once, however often it needs it: the
        caller sees to that.
        """
        tally = self._tally(self._permissions, permission)
        tally.widen(widened)
        return tally

    def inferred(self, permission: Permission, widened: tuple[Widening, ...]) -> bool:
        """A permission that no record stands behind; False where one of the same meaning is known already: what was
        observed wins. For the time after the last record.
        """
        if self._known_by(permission.action).setdefault(_meaning(permission), permission) != permission:
            return False
        self._tally(self._permissions, permission).widen(widened)
        return True

    def _known_by(self, action: Action) -> dict[Permission, Permission]:
        """The permissions of an action, by what they mean: of few actions anything is inferred."""
        if not self._by_action:
            for known in self._permissions:
                self._by_action[known.action].append(known)
        if action not in self._meanings:
            self._meanings[action] = {_meaning(known): known for known in self._by_action[action]}
        return self._meanings[action]

    def denial(self, denial: Denial) -> Tally:
        """Where to count the events of a denial (without evidence)."""
        return self._tally(self._denied, denial)

    def finding(self, finding: Finding) -> Tally:
        """Where to count the events of a finding (without count and events)."""
        return self._tally(self._findings, finding)

    def known(self) -> Iterator[UsedPermission]:
        """The permissions so far, sorted, without their evidence."""
        for permission in sorted(self._permissions, key=lambda known: known.sort_key):
            yield UsedPermission(permission, Evidence(), self._permissions[permission].widenings)

    def permissions(self) -> tuple[UsedPermission, ...]:
        """The permissions, sorted. They are the fold's no more: a large run's need not be held in two forms."""
        taken, self._permissions = self._permissions, {}
        ordered = sorted(taken, key=lambda known: known.sort_key)
        lines = ((permission, taken.pop(permission)) for permission in ordered)
        return tuple(UsedPermission(permission, tally.evidence, tally.widenings) for permission, tally in lines)

    def denied(self) -> tuple[Denial, ...]:
        """The denials, sorted."""
        return tuple(
            Denial(line.principal, line.action, line.resource, line.error, line.cause, line.read_from, tally.evidence)
            for line, tally in sorted(self._denied.items(), key=lambda item: item[0].sort_key)
        )

    def findings(self) -> tuple[Finding, ...]:
        """The findings, each with its count and first events."""
        return tuple(
            Finding(line.code, line.message, line.event_source, line.event_name, tally.count, tally.evidence.events)
            for line, tally in self._findings.items()
        )

    def _tally(self, lines: dict[_Line, Tally], line: _Line) -> Tally:
        tally = lines.get(line)
        if tally is None:
            tally = lines[line] = Tally(self._keep)
        return tally
