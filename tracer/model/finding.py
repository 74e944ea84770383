"""`Finding`: something that a reader of the policy has to know, with the events it was seen in.

Callers branch on `code`, never on the message. Codes are only ever added.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Severity(StrEnum):
    """How much a finding weighs."""

    ERROR = "error"
    """The policy cannot be trusted."""
    WARNING = "warning"
    """Somebody must look."""
    NOTE = "note"
    """Worth knowing: coverage, integrity, remarks on the baseline, risks that come with a right policy."""


SEVERITIES: Final[Mapping[str, Severity]] = {
    "UNREADABLE_RECORD": Severity.WARNING,
    "UNKNOWN_ACTION": Severity.WARNING,
    "UNKNOWN_RESOURCE": Severity.WARNING,
    "WILDCARD_RESOURCE": Severity.WARNING,
    "CONFLICTING_DUPLICATE": Severity.WARNING,
    "SEVERAL_PRINCIPALS": Severity.WARNING,
    "ROOT_CALLER": Severity.WARNING,
    "AMBIGUOUS_RUN": Severity.WARNING,
    "ENCODED_DENIAL": Severity.WARNING,
    "DENIED_BY_OTHER_POLICY": Severity.WARNING,
    "GENERATED_ID": Severity.NOTE,
    "COVERAGE_GAP": Severity.NOTE,
    "INTEGRITY_UNCHECKED": Severity.NOTE,
    "BASELINE_FAULT": Severity.NOTE,
    "BASELINE_UNUSED": Severity.NOTE,
    "BLOCKED_BY_DENY": Severity.ERROR,
    "NOT_EXPRESSIBLE": Severity.WARNING,
    "ESCALATION_RISK": Severity.NOTE,
    "IGNORED": Severity.NOTE,
    "WILDCARD_ACTION": Severity.NOTE,
    "SEVERAL_RUNS": Severity.WARNING,
}
"""Every code there is, with its severity."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark.

    Attributes:
        code: a key of SEVERITIES.
        message: a sentence for a person.
        event_source: CloudTrail's eventSource that it is about, or None.
        event_name: CloudTrail's eventName that it is about, or None.
        count: how many records it was seen in; 0 where it is not about records.
        events: some of their eventIDs, the first by (eventTime, eventID).
    """

    code: str
    message: str
    event_source: str | None = None
    event_name: str | None = None
    count: int = 0
    events: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError for a code that is none."""
        if self.code not in SEVERITIES:
            raise ValueError(f"no such finding code: {self.code}")

    @property
    def severity(self) -> Severity:
        """How much it weighs: fixed by the code."""
        return SEVERITIES[self.code]

    @property
    def sort_key(self) -> tuple[str, ...]:
        """What findings are sorted by."""
        return (self.code, self.event_source or "", self.event_name or "", self.message, *self.events)
