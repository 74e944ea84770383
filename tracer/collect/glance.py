"""`Glance`: what one looks for in a log file to know whether a trail has delivered a run.

Not the calls themselves: how many events of the window there are, and the requestIDs of calls by their name and time,
among which the recorder's own may be.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from tracer.model.record import RawRecord
from tracer.model.run import TimeWindow

_SOURCE: Final = "sts.amazonaws.com"
"""Whose calls' requestIDs are kept: the recorder's own call is one to STS, and few others are."""


@dataclass(frozen=True, slots=True)
class Glance:
    """What a log file tells of a window's delivery.

    Attributes:
        events: how many are of the window.
        calls: the time and the requestID of calls to STS, by their eventName.
    """

    events: int
    calls: Mapping[str, Set[tuple[datetime, str]]]

    @classmethod
    def of(cls, records: Iterable[RawRecord], window: TimeWindow) -> Glance:
        """The glance at some records; what is no record counts for nothing."""
        events = 0
        calls: defaultdict[str, set[tuple[datetime, str]]] = defaultdict(set)
        for record in records:
            fields = _fields(record)
            moment = _time(fields.get("eventTime"))
            if moment is None:
                continue
            events += moment in window
            if fields.get("eventSource") == _SOURCE:
                calls[str(fields.get("eventName"))].add((moment, str(fields.get("requestID"))))
        return cls(events, calls)

    def request_ids(self, event_name: str, since: datetime) -> Set[str]:
        """The requestIDs of the calls to STS of that name since then."""
        return {request_id for moment, request_id in self.calls.get(event_name, ()) if moment >= since}


def _fields(record: RawRecord) -> Mapping[str, Any]:
    try:
        fields = json.loads(record) if isinstance(record, bytes) else record
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, Mapping) else {}


def _time(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
