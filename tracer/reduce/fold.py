"""Many records into few lines: permissions, denials and findings are counted, and keep a few events as evidence.

The fold knows no order: whatever the order in which records come, the same lines come out, with the same first events.
Memory grows with the number of distinct lines, not with the number of records.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from tracer.model.finding import Finding
from tracer.model.permission import Basis, Evidence, Permission, UsedPermission, Widening
from tracer.model.record import Record
from tracer.model.trace import Denial

_Key = tuple[str, str]
"""(eventTime as text, eventID): the order of evidence."""


def time_text(record: Record) -> str:
    """The record's time as CloudTrail writes it."""
    return record.event_time.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(slots=True)
class _Tally:
    """How often a line was seen, when, and in which events first."""

    keep: int | None
    count: int = 0
    last: str = ""
    first: list[_Key] = field(default_factory=list)
    widened: dict[tuple[str, str, str], set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, key: _Key) -> None:
        self.count += 1
        self.last = max(self.last, key[0])
        bisect.insort(self.first, key)
        # The first time is needed even where no event is kept.
        del self.first[max(self.keep, 1) if self.keep is not None else len(self.first) :]

    def widen(self, steps: Iterable[Widening]) -> None:
        for step in steps:
            seen = self.widened[step.part, step.after, step.rule]
            seen.add(step.before)
            if self.keep is not None and len(seen) > max(self.keep, 1):
                seen.remove(max(seen))

    @property
    def evidence(self) -> Evidence:
        if not self.first:
            return Evidence()
        kept = self.first if self.keep is None else self.first[: self.keep]
        return Evidence(self.count, self.first[0][0], self.last, tuple(event for _, event in kept))

    @property
    def widenings(self) -> tuple[Widening, ...]:
        steps = (
            Widening(part, before, after, rule) for (part, after, rule), seen in self.widened.items() for before in seen
        )
        return tuple(sorted(steps))


def _meaning(permission: Permission) -> Permission:
    """What a permission allows whom, whatever it is known from."""
    return replace(permission, basis=Basis.OBSERVED, rule=None, via=None)


class Fold:
    """The lines of one trace, as they grow."""

    def __init__(self, keep: int | None) -> None:
        # How many events, and examples of what was widened, each line keeps; None keeps all.
        self._keep = keep
        self._permissions: dict[Permission, _Tally] = {}
        self._denied: dict[Denial, _Tally] = {}
        self._findings: dict[Finding, _Tally] = {}
        self._meanings: dict[Permission, Permission] = {}

    def permission(self, permission: Permission, widened: tuple[Widening, ...], record: Record) -> None:
        """Count a record for a permission. A record counts once, however often it needs it: the caller sees to that."""
        tally = self._permissions.setdefault(permission, _Tally(self._keep))
        tally.add((time_text(record), record.event_id))
        tally.widen(widened)

    def inferred(self, permission: Permission, widened: tuple[Widening, ...]) -> bool:
        """A permission that no record stands behind; False where one of the same meaning is known already: what was
        observed wins. For the time after the last record.
        """
        if not self._meanings:
            self._meanings = {_meaning(known): known for known in self._permissions}
        if self._meanings.setdefault(_meaning(permission), permission) != permission:
            return False
        self._permissions.setdefault(permission, _Tally(self._keep)).widen(widened)
        return True

    def denial(self, denial: Denial, record: Record) -> None:
        """Count a record for a denial (without evidence)."""
        self._denied.setdefault(denial, _Tally(self._keep)).add((time_text(record), record.event_id))

    def finding(self, finding: Finding, key: _Key) -> None:
        """Count an event for a finding (without count and events)."""
        self._findings.setdefault(finding, _Tally(self._keep)).add(key)

    def permissions(self) -> tuple[UsedPermission, ...]:
        """The permissions, sorted."""
        return tuple(
            UsedPermission(permission, tally.evidence, tally.widenings)
            for permission, tally in sorted(self._permissions.items(), key=lambda item: item[0].sort_key)
        )

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
