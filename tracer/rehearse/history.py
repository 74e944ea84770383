"""CloudTrail's event history: the account's records, a page at a time, which moto does not have.

    page = look_up(records, {"StartTime": ..., "NextToken": ...}, "us-east-1")

The most recent event comes first, a page holds 50 at most, and both ends of the window count
(https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html). An event is there as soon as its
call has ended: with CloudTrail that takes minutes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from tracer.errors import RehearseError

SERVICE: Final = "cloudtrail"
OPERATION: Final = "LookupEvents"
PAGE: Final = 50
"""The most events that one answer holds."""

Record = Mapping[str, Any]

ATTRIBUTES: Final[Mapping[str, Callable[[Record], object]]] = {
    "AccessKeyId": lambda record: record["userIdentity"].get("accessKeyId"),
    "EventId": lambda record: record["eventID"],
    "EventName": lambda record: record["eventName"],
    "EventSource": lambda record: record["eventSource"],
    "ReadOnly": lambda record: str(record["readOnly"]).lower(),
    "Username": lambda record: user_of(record),
}
"""What events can be looked up by, and where a record says it."""


def look_up(records: Sequence[Record], asked: Mapping[str, Any], region: str) -> Mapping[str, Any]:
    """The answer to LookupEvents, in its own spelling.

    Args:
        records: all records of the account, the oldest first.
        asked: the request's parameters.
        region: which region's history is asked.

    Raises:
        RehearseError: an attribute that this history is not ordered by.
    """
    # What was recorded since the first page must not move the next ones: the token says how many records there were.
    known, begin = (int(part) for part in asked.get("NextToken", f"{len(records)}-0").split("-"))
    size = asked.get("MaxResults", PAGE)
    fitting = [record for record in records[:known] if record["awsRegion"] == region and _fits(record, asked)]
    fitting.reverse()  # of those of one second, too, the latest comes first
    fitting.sort(key=_moment, reverse=True)
    events = [_event(record) for record in fitting[begin : begin + size]]
    more = len(fitting) > begin + size
    return {"Events": events, **({"NextToken": f"{known}-{begin + size}"} if more else {})}


def user_of(record: Record) -> str:
    """The name in an event: a user's, or a session's."""
    identity = record["userIdentity"]
    name: str = identity.get("userName") or identity.get("arn", "").rpartition("/")[2]
    return name


def _fits(record: Record, asked: Mapping[str, Any]) -> bool:
    moment = _moment(record)
    return _time(asked, "StartTime", moment) <= moment <= _time(asked, "EndTime", moment) and all(
        _value(record, attribute["AttributeKey"]) == attribute["AttributeValue"]
        for attribute in asked.get("LookupAttributes", ())
    )


def _value(record: Record, name: str) -> object:
    if name not in ATTRIBUTES:
        raise RehearseError(f"the local event history knows no attribute {name}")
    return ATTRIBUTES[name](record)


def _moment(record: Record) -> datetime:
    return datetime.fromisoformat(record["eventTime"])


def _time(asked: Mapping[str, Any], name: str, otherwise: datetime) -> datetime:
    """One end of the window; a request tells it in seconds since 1970."""
    given = asked.get(name, otherwise)
    moment = given if isinstance(given, datetime) else datetime.fromtimestamp(given, UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _event(record: Record) -> Mapping[str, Any]:
    return {
        "EventId": record["eventID"],
        "EventName": record["eventName"],
        "ReadOnly": str(record["readOnly"]).lower(),
        "EventTime": _moment(record).timestamp(),
        "EventSource": record["eventSource"],
        "Username": user_of(record),
        "AccessKeyId": record["userIdentity"].get("accessKeyId", ""),
        "Resources": [],
        "CloudTrailEvent": json.dumps(record),
    }
