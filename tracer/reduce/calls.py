"""Records that say the same but for when, by which session and under which id: read once, known again ever after.

A log repeats itself: a deploy polls, a function reads its table a thousand times. Of each record only the fields that
reduce uses are decoded (msgspec passes over the rest), and they are three things: when it was and under which id, who
made the call (`Who`), and what it says of the call (`Call`). Equal texts mean an equal `Who`; a call is equal to
another where its fields are, of its request those that anybody reads (`tracer.reduce.readers`). So a record that says
what another one said costs no attribution and no mapping: whatever was found out about its call is kept on the `Call`,
and most records are never read in full.

Nothing rests on how often this succeeds. What does not look as expected (another type, no eventID, a deep nest) is read
by `tracer.reduce.parse`, which knows all forms, and is a call of its own. How many calls are remembered is bounded.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from tracer.model.record import RawRecord, Record, Unreadable, UserIdentity, forwarder, service_of
from tracer.reduce.callers import Caller, caller_of
from tracer.reduce.denials import is_denied
from tracer.reduce.parse import Fields, fields_of, identity_of, inside, parse, record_of, time_text
from tracer.reduce.readers import keys_read
from tracer.reduce.request import told

if TYPE_CHECKING:
    from tracer.reduce.reduction import Outcome

REMEMBERED: Final = 1_024
"""How many calls are remembered at least, and how many identities at most; of calls twice as many at most."""

_NULL: Final = b"null"

_REFUSING: Final = "authorized"
"""A word without which no message says that somebody was refused something."""

_LONG: Final = 8_192
"""Of a request that takes more bytes, or letters, nothing is left out: where it has more values than are read
(`request.leaves`), each may be the last one."""


class Kind(NamedTuple):
    """What the mapping reads of who made a call: the same for all sessions of a role.

    Attributes:
        principal, path_known: of the caller; None where there is none.
        arn, type, account: of the identity; of a session's ARN all but the session.
    """

    principal: str | None
    path_known: bool
    arn: str
    type: str | None
    account: str | None


class Who(NamedTuple):
    """The identity of a record, the caller that it means, and what the mapping reads of both."""

    identity: UserIdentity
    caller: Caller | None
    kind: Kind

    @classmethod
    def of(cls, record: Record) -> Who:
        """Who made this call."""
        identity, caller = record.user_identity, caller_of(record)
        arn = identity.arn or ""
        if caller and caller.is_session:
            arn = arn.rpartition("/")[0]
        principal, path_known = (caller.principal, caller.path_known) if caller else (None, True)
        return cls(identity, caller, Kind(principal, path_known, arn, identity.type, identity.account_id))


class Said(NamedTuple):
    """What a record says of its call: all that the mapping reads, but for who made it.

    Attributes:
        source, name: `eventSource` and `eventName`.
        request: of what it is about (`tracer.reduce.request.told`).
        account: `recipientAccountId`.
        refused: the caller's ARN, where the record may say that it was refused something.
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
    refused: str | None


class Call:
    """What records of one call have in common.

    Attributes:
        said: what it says.
        kind: what is read of who made it.
        service, event_name, event_type: which call it is; the source without `.amazonaws.com`.
        user_agent: what it was made with.
        via: the service that forwarded it, or None.
        met, met_inside: the callers by whom it was met, and by whom in the run's window, by the ARN in their records.
        passes: whether it was granted, and the run's filters let it pass; None until somebody asks.
        outcome, outcome_of: what a reduction made of it, and which one, for which section.
    """

    __slots__ = (
        "_identity", "_source", "event_name", "event_type", "kind", "met", "met_inside", "outcome", "outcome_of",
        "passes", "said", "service", "user_agent", "via",
    )  # fmt: skip

    def __init__(
        self,
        source: Record | Fields,
        who: Who,
        said: Said,
        event_type: str,
        user_agent: str | None,
        via: str | None,
    ) -> None:
        self._source, self._identity = source, who.identity
        self.said, self.kind = said, who.kind
        self.service, self.event_name, self.event_type = service_of(said.source or ""), said.name or "", event_type
        self.user_agent, self.via = user_agent, via
        self.met: set[str] = set()
        self.met_inside: set[str] = set()
        self.passes: bool | None = None
        self.outcome: Outcome | None = None
        self.outcome_of: object = None

    @classmethod
    def of(cls, record: Record, who: Who) -> Call:
        """The call of a record that was read in full."""
        said = Said(
            record.event_source,
            record.event_name,
            _parameters(record),
            repr(record.response_elements),
            repr(record.resources),
            record.aws_region,
            record.recipient_account_id,
            record.error_code,
            record.error_message,
            record.event_category,
            record.api_version,
            record.user_identity.arn if _REFUSING in f"{record.error_message} {record.response_elements}" else None,
        )
        return cls(record, who, said, record.event_type, record.user_agent, record.via)

    @property
    def record(self) -> Record:
        """One of its records, read in full when it is first asked for. Its id, its time, its session and what nobody
        reads of its request are that one's alone.
        """
        if isinstance(self._source, Fields):
            self._source = record_of(self._source, self._identity)
        return self._source

    @property
    def denied(self) -> bool:
        """Whether AWS refused it: some services say so in the response."""
        answered = bool(self.said.error_code) or self.said.response != _NULL
        return answered and is_denied(self.record)


class Reading:
    """One record.

    Attributes:
        who: who made it.
        service: which service it is a call of: the source without `.amazonaws.com`.
        event_id, moment: its own id and time.
        time: the time as CloudTrail writes it.
    """

    __slots__ = ("_call", "event_id", "moment", "service", "time", "who")

    def __init__(
        self, call: Call | Callable[[], Call], who: Who, service: str, event_id: str, moment: datetime, time: str
    ) -> None:
        self._call = call
        self.who, self.service, self.event_id, self.moment, self.time = who, service, event_id, moment, time

    @property
    def call(self) -> Call:
        """What it says; found out when it is first asked for: of other principals' records nobody does."""
        if not isinstance(self._call, Call):
            self._call = self._call()
        return self._call


class Calls:
    """The calls that were met lately, and who made them."""

    def __init__(self) -> None:
        self._new: dict[Hashable, Call] = {}
        self._old: dict[Hashable, Call] = {}
        self._who: dict[Hashable, Who] = {}

    def read(self, raw: RawRecord) -> Reading | Unreadable:
        """What `raw` says. Never raises."""
        reading = self._known(raw) if isinstance(raw, bytes) else None
        if reading:
            return reading
        record = parse(raw)
        if isinstance(record, Unreadable):
            return record
        who, moment = Who.of(record), record.event_time
        return Reading(Call.of(record, who), who, record.service, record.event_id, moment, time_text(moment))

    def _known(self, raw: bytes) -> Reading | None:
        """What `raw` says, if it has the form that CloudTrail gives its records."""
        fields = fields_of(raw)
        who = self._identified(fields) if fields else None
        if fields is None or who is None:
            return None
        call, time = functools.partial(self._call, fields, who), fields.event_time or ""
        service = service_of(fields.source or "")
        return Reading(call, who, service, fields.event_id or "", datetime.fromisoformat(time), time)

    def _call(self, fields: Fields, who: Who) -> Call:
        response = bytes(fields.response)
        said = Said(
            fields.source,
            fields.name,
            _request(fields),
            response,
            bytes(fields.resources),
            fields.region,
            fields.recipient,
            fields.error_code,
            fields.error_message,
            fields.category,
            fields.api_version,
            who.identity.arn if _may_refuse(fields, response) else None,
        )
        via = forwarder(who.identity, fields.source_ip, fields.user_agent)
        key = (said, who.kind, fields.type, fields.user_agent, via)
        call = self._new.get(key) or self._old.get(key)
        if call is None:
            call = Call(fields, who, said, fields.type or "", fields.user_agent, via)
        if len(self._new) == REMEMBERED:
            self._old, self._new = self._new, {}
        self._new[key] = call
        return call

    def _identified(self, fields: Fields) -> Who | None:
        """Who made the call; None where the record is none."""
        key = bytes(fields.identity), fields.recipient, fields.region
        who = self._who.get(key)
        if who is None:
            identity = identity_of(fields)
            if identity is None:
                return None
            if len(self._who) == REMEMBERED:
                self._who.clear()
            who = self._who[key] = Who.of(record_of(fields, identity))
        return who


def _request(fields: Fields) -> bytes | str:
    """What the request says."""
    request = bytes(fields.request)
    if request == _NULL or len(request) > _LONG:
        return request
    parameters = inside(fields.request)
    # CloudTrail's mark for a request that was too large means that with nothing beside it alone.
    if isinstance(parameters, dict) and "omitted" in parameters:
        return request
    return told(parameters, keys_read(service_of(fields.source or ""), fields.name or ""))


def _parameters(record: Record) -> str:
    """The same, of a record that was read in full."""
    if record.omitted:
        return "omitted"
    whole = repr(record.request_parameters)
    return (
        whole if len(whole) > _LONG else told(record.request_parameters, keys_read(record.service, record.event_name))
    )


def _may_refuse(fields: Fields, response: bytes) -> bool:
    """Whether the record may say that its caller was refused something (`tracer.reduce.denials.is_denied`)."""
    if response != _NULL and (_REFUSING.encode() in response or b"\\u" in response):
        return True
    return _REFUSING in (fields.error_message or "")
