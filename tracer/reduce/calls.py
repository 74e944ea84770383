"""Records that say the same but for when and under which id: read once, known again ever after.

A log repeats itself: a deploy polls, a function reads its table a thousand times. Of each record only the fields that
reduce uses are decoded (msgspec passes over the rest), and what the record says apart from its id and its time is its
*call*. Equal bytes in these fields mean an equal call, so a record that was met before costs no JSON, no attribution
and no mapping: whatever was found out about its call is kept on the `Call`. Calls that say the same (`Said`), whoever
made them in whichever session, cost one mapping; so most records are never read in full.

Nothing rests on how often this succeeds. What does not look as expected (another type, no eventID, a deep nest) is read
by `tracer.reduce.parse`, which knows all forms, and is a call of its own. How many calls are remembered is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from tracer.model.record import RawRecord, Record, Unreadable, UserIdentity, forwarder, is_service, service_of
from tracer.reduce.callers import Caller, caller_of
from tracer.reduce.denials import is_denied
from tracer.reduce.parse import Fields, fields_of, identity_of, parse, record_of, time_text
from tracer.reduce.request import TOKENS, told

if TYPE_CHECKING:
    from tracer.reduce.reduction import Outcome

REMEMBERED: Final = 2_048
"""How many calls are remembered at least; twice as many at most."""

_TOKEN: Final = re.compile(
    rb'\{(?:"[^"\\]*+":(?:"[^"\\]*+"|[^][{}",]++),)*?(?P<token>"(?i:%b)":"(?!arn:)[^"\\]*+",?)'
    % "|".join(sorted(TOKENS)).encode()
)
"""A request up to its token, where nothing that stands before it has an inner form."""


class Said(NamedTuple):
    """What a record says of its call: all that the mapping reads, but for who made it.

    Attributes:
        source, name: `eventSource` and `eventName`.
        request: without the token that tells which call it repeats (`tracer.reduce.request.TOKENS`).
        account: `recipientAccountId`.
        the others: as the record has them; what has an inner form as text.
    """

    source: str | None
    name: str | None
    request: bytes | str
    response: bytes | str
    resources: bytes | str
    region: str | None
    account: str | None
    error_code: str | None
    error_message: str | None
    category: str | None
    api_version: str | None


class Call:
    """What records of one call have in common.

    Attributes:
        caller: who made it.
        identity: `userIdentity`.
        said: what it says.
        service, event_name, event_type: which call it is; the source without `.amazonaws.com`.
        user_agent: what it was made with.
        via: the service that forwarded it, or None.
        answered: whether it has a response, or an error.
        observed, observed_inside: whether what it shows was noted, and what it shows of the run.
        passes: whether the run's filters let it pass; known once it was observed inside.
        outcome, outcome_of: what a reduction made of it, and which one.
    """

    __slots__ = (
        "_source", "answered", "caller", "event_name", "event_type", "identity", "observed", "observed_inside",
        "outcome", "outcome_of", "passes", "said", "service", "user_agent", "via",
    )  # fmt: skip

    def __init__(
        self,
        source: Record | Fields,
        who: _Who,
        said: Said,
        event_type: str,
        user_agent: str | None,
        via: str | None,
    ) -> None:
        self._source = source
        self.identity, self.caller = who
        self.said = said
        self.service, self.event_name, self.event_type = service_of(said.source or ""), said.name or "", event_type
        self.user_agent, self.via = user_agent, via
        self.answered = bool(said.error_code) or said.response != b"null"
        self.observed = self.observed_inside = self.passes = False
        self.outcome: Outcome | None = None
        self.outcome_of: object = None

    @classmethod
    def of(cls, record: Record) -> Call:
        """The call of a record that was read in full."""
        said = Said(
            record.event_source,
            record.event_name,
            "omitted" if record.omitted else told(record.request_parameters),
            repr(record.response_elements),
            repr(record.resources),
            record.aws_region,
            record.recipient_account_id,
            record.error_code,
            record.error_message,
            record.event_category,
            record.api_version,
        )
        who = _Who(record.user_identity, caller_of(record))
        return cls(record, who, said, record.event_type, record.user_agent, record.via)

    @property
    def record(self) -> Record:
        """One of its records, read in full when it is first asked for. Its id and its time are that one's alone."""
        if isinstance(self._source, Fields):
            self._source = record_of(self._source, self.identity)
        return self._source

    @property
    def denied(self) -> bool:
        """Whether AWS refused it: some services say so in the response."""
        return self.answered and is_denied(self.record)


class _Who(NamedTuple):
    """The identity of a record, and the caller that it means."""

    identity: UserIdentity
    caller: Caller | None


class Reading(NamedTuple):
    """One record.

    Attributes:
        call: what it says.
        event_id, moment: its own id and time.
        time: the time as CloudTrail writes it.
    """

    call: Call
    event_id: str
    moment: datetime
    time: str


class Calls:
    """The calls that were met lately."""

    def __init__(self) -> None:
        self._new: dict[Hashable, Call] = {}
        self._old: dict[Hashable, Call] = {}
        self._who: dict[Hashable, _Who] = {}

    def read(self, raw: RawRecord) -> Reading | Unreadable:
        """What `raw` says. Never raises."""
        reading = self._known(raw) if isinstance(raw, bytes) else None
        if reading:
            return reading
        record = parse(raw)
        if isinstance(record, Unreadable):
            return record
        return Reading(Call.of(record), record.event_id, record.event_time, time_text(record.event_time))

    def _known(self, raw: bytes) -> Reading | None:
        """What `raw` says, if it has the form that CloudTrail gives its records."""
        fields = fields_of(raw)
        call = self._call(fields) if fields else None
        if fields is None or call is None:
            return None
        time = fields.event_time or ""
        return Reading(call, fields.event_id or "", datetime.fromisoformat(time), time)

    def _call(self, fields: Fields) -> Call | None:
        said = Said(
            fields.source,
            fields.name,
            _without_token(bytes(fields.request)),
            bytes(fields.response),
            bytes(fields.resources),
            fields.region,
            fields.recipient,
            fields.error_code,
            fields.error_message,
            fields.category,
            fields.api_version,
        )
        source_ip = fields.source_ip if is_service(fields.source_ip) else None
        key = (said, bytes(fields.identity), fields.type, fields.user_agent, source_ip)
        call = self._new.get(key) or self._old.get(key)
        if call is None:
            who = self._identified(fields)
            if who is None:
                return None
            via = forwarder(who.identity, source_ip, fields.user_agent)
            call = Call(fields, who, said, fields.type or "", fields.user_agent, via)
        if len(self._new) == REMEMBERED:
            self._old, self._new = self._new, {}
        self._new[key] = call
        return call

    def _identified(self, fields: Fields) -> _Who | None:
        """Who made the call; None where the record is none."""
        key = bytes(fields.identity), fields.recipient, fields.region
        who = self._who.get(key)
        if who is None:
            identity = identity_of(fields)
            if identity is None:
                return None
            if len(self._who) == REMEMBERED:
                self._who.clear()
            who = self._who[key] = _Who(identity, caller_of(record_of(fields, identity)))
        return who


def _without_token(request: bytes) -> bytes:
    """A request but for its token; as it is where it has none that is seen at a glance.

    CloudTrail's mark for a request that was too large means that with nothing beside it alone.
    """
    match = None if b'"omitted"' in request else _TOKEN.match(request)
    return request[: match.start("token")] + request[match.end("token") :] if match else request
