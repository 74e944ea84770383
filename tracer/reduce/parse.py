"""Raw record in, `Record` or `Unreadable` out: the one place that knows CloudTrail's JSON.

Nothing is dropped here and nothing is guessed: what is not a CloudTrail record comes back as `Unreadable` with a
reason, and unknown fields are ignored, as CloudTrail asks of its readers ("eventVersion": minor versions add fields).

`parse` knows every form. Nearly all records have the one that CloudTrail writes: these give their `Fields` first, for a
third of the time, and the rest (`record_of`) only where somebody asks.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from tracer.model.record import RawRecord, Record, ResourceReference, Unreadable, UserIdentity

_OMITTED_KEYS: Final = {"omitted", "originalSize", "reason"}
"""All that CloudTrail leaves of a field that was larger than 100 KB (the keys beside `omitted` are unverified):
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html."""


_NULL: Final = msgspec.Raw(b"null")

MAX_DEPTH: Final = 100
"""How deep a record may nest: far more than any of CloudTrail's does, and far less than what ends Python's stack when
the record is written or walked again. Log content is hostile input."""


def time_text(moment: datetime) -> str:
    """A time, in UTC, as CloudTrail writes it."""
    # Not strftime, which gives the years before 1000 fewer than four digits.
    return moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


class _NotARecordError(ValueError):
    """The JSON is well-formed and still no CloudTrail record."""


def parse(raw: RawRecord) -> Record | Unreadable:
    """The record that `raw` holds. Never raises: what cannot be read is a value, so that it is counted."""
    if isinstance(raw, Unreadable):
        return raw
    fields: Mapping[str, Any] = {}
    try:
        fields = decode(raw)
        return _record(fields)
    except _NotARecordError as error:
        return Unreadable(str(error), "a record", _string(fields.get("eventID")) or "")
    except (ValueError, RecursionError) as error:
        return Unreadable(f"not JSON: {_why(error)}", "a record")


def _why(error: Exception) -> str:
    """What is wrong, without the place and the size, which differ from record to record: one finding speaks for all."""
    if isinstance(error, json.JSONDecodeError):
        return error.msg
    if isinstance(error, UnicodeDecodeError):
        return f"not valid UTF-8 ({error.reason})"
    return str(error).partition(":")[0]


def decode(raw: bytes | Mapping[str, Any]) -> Mapping[str, Any]:
    """The record as a JSON object. Raises ValueError (RecursionError where it nests too deep) where it is none."""
    fields = raw if isinstance(raw, Mapping) else _loaded(raw)
    if not isinstance(fields, Mapping):
        raise _NotARecordError("not a JSON object")
    if _may_nest(raw) and _nests_too_deep(fields):
        raise _NotARecordError(f"not a CloudTrail record: it nests deeper than {MAX_DEPTH} levels")
    return fields


def _loaded(text: bytes | str) -> object:
    """What a JSON text holds: msgspec's answer is json's, in a tenth of the time. What msgspec refuses json decides on,
    which knows NaN and lone surrogates, and whose messages are shown.
    """
    try:
        return msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return json.loads(text)


def _may_nest(raw: bytes | str | Mapping[str, Any]) -> bool:
    """Whether a text has brackets enough to nest too deep; nearly none has."""
    if isinstance(raw, bytes):
        return raw.count(b"{") + raw.count(b"[") > MAX_DEPTH
    return not isinstance(raw, str) or raw.count("{") + raw.count("[") > MAX_DEPTH


def _nests_too_deep(value: object) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for item in level for inner in _inner(item)]
        if not level:
            return False
    return True


def _inner(value: object) -> Iterable[object]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list) else ()


def canonical(raw: bytes | Mapping[str, Any]) -> bytes:
    """The record's canonical JSON: keys sorted, no white space. Equal for records that differ in form alone."""
    return json.dumps(decode(raw), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8", "surrogatepass"
    )


class Fields(msgspec.Struct, gc=False):
    """The fields of a record that reduce uses, as text where they have an inner form: what a record that has the form
    that CloudTrail gives it is decoded to, at a third of the cost of all its JSON.
    """

    event_id: str | None = msgspec.field(name="eventID", default=None)
    event_time: str | None = msgspec.field(name="eventTime", default=None)
    identity: msgspec.Raw = msgspec.field(name="userIdentity", default=_NULL)
    source: str | None = msgspec.field(name="eventSource", default=None)
    name: str | None = msgspec.field(name="eventName", default=None)
    type: str | None = msgspec.field(name="eventType", default=None)
    category: str | None = msgspec.field(name="eventCategory", default=None)
    region: str | None = msgspec.field(name="awsRegion", default=None)
    source_ip: str | None = msgspec.field(name="sourceIPAddress", default=None)
    user_agent: str | None = msgspec.field(name="userAgent", default=None)
    error_code: str | None = msgspec.field(name="errorCode", default=None)
    error_message: str | None = msgspec.field(name="errorMessage", default=None)
    request: msgspec.Raw = msgspec.field(name="requestParameters", default=_NULL)
    response: msgspec.Raw = msgspec.field(name="responseElements", default=_NULL)
    additional: msgspec.Raw = msgspec.field(name="additionalEventData", default=_NULL)
    resources: msgspec.Raw = msgspec.field(name="resources", default=_NULL)
    recipient: str | None = msgspec.field(name="recipientAccountId", default=None)
    shared: str | None = msgspec.field(name="sharedEventID", default=None)
    api_version: str | None = msgspec.field(name="apiVersion", default=None)
    read_only: msgspec.Raw = msgspec.field(name="readOnly", default=_NULL)


_fields: Final[Callable[[bytes], Fields]] = msgspec.json.Decoder(Fields).decode

_STAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
"""An eventTime as CloudTrail writes it."""

_LONG_NUMBER: Final = sys.int_info.default_max_str_digits
_long_number: Final = re.compile(rb"\d{%d}" % _LONG_NUMBER).search
"""A number that Python refuses to read."""


def fields_of(raw: bytes) -> Fields | None:
    """The fields of a record that has the form that CloudTrail gives its records; None of any other, which `parse`
    judges.
    """
    try:
        if not raw.isascii():
            raw.decode()  # msgspec does not look into what it passes over
        fields = _fields(raw)
        moment = datetime.fromisoformat(fields.event_time or "")
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return None
    if not fields.event_id or not _STAMP.fullmatch(fields.event_time or "") or moment.tzinfo is not UTC:
        return None
    if not (fields.name or fields.source or fields.type):
        return None
    if _may_nest(raw) or (len(raw) > _LONG_NUMBER and _long_number(raw)):
        return None
    return fields


def identity_of(fields: Fields) -> UserIdentity | None:
    """Who made the call, by `userIdentity`; None where that has another form."""
    try:
        identity = inside(fields.identity)
        return None if identity is not None and not isinstance(identity, Mapping) else _identity(identity or {})
    except ValueError:
        return None


def record_of(fields: Fields, identity: UserIdentity) -> Record:
    """The record that these are the fields of: what `parse` makes of its text."""
    request, omitted = _parameters(inside(fields.request))
    response, _ = _parameters(inside(fields.response))
    additional, _ = _parameters(inside(fields.additional))
    return Record(
        event_id=fields.event_id or "",
        event_time=_time(fields.event_time or ""),
        event_source=fields.source or "",
        event_name=fields.name or "",
        event_type=fields.type or "",
        event_category=fields.category or None,
        aws_region=fields.region or "",
        user_identity=identity,
        source_ip_address=fields.source_ip or None,
        user_agent=fields.user_agent or None,
        error_code=fields.error_code or None,
        error_message=fields.error_message or None,
        request_parameters=request,
        response_elements=response,
        additional_event_data=additional,
        resources=_resources(inside(fields.resources)),
        recipient_account_id=fields.recipient or None,
        shared_event_id=fields.shared or None,
        api_version=fields.api_version or None,
        read_only=_boolean(inside(fields.read_only)),
        omitted=omitted,
    )


def inside(text: msgspec.Raw) -> object:
    """What a field of `Fields` with an inner form holds."""
    return None if text == _NULL else _loaded(bytes(text))


def _record(fields: Mapping[str, Any]) -> Record:
    if not any(name in fields for name in ("eventName", "eventType", "eventSource")):
        raise _NotARecordError("not a CloudTrail record: it has no eventName, eventType or eventSource")
    request, omitted = _parameters(fields.get("requestParameters"))
    response, _ = _parameters(fields.get("responseElements"))
    additional, _ = _parameters(fields.get("additionalEventData"))
    return Record(
        event_id=_text(fields, "eventID") or _digest(fields),
        event_time=_time(_text(fields, "eventTime") or ""),
        event_source=_text(fields, "eventSource") or "",
        event_name=_text(fields, "eventName") or "",
        event_type=_text(fields, "eventType") or "",
        event_category=_text(fields, "eventCategory"),
        aws_region=_text(fields, "awsRegion") or "",
        user_identity=_identity(_object(fields, "userIdentity")),
        source_ip_address=_text(fields, "sourceIPAddress"),
        user_agent=_text(fields, "userAgent"),
        error_code=_text(fields, "errorCode"),
        error_message=_text(fields, "errorMessage"),
        request_parameters=request,
        response_elements=response,
        additional_event_data=additional,
        resources=_resources(fields.get("resources")),
        recipient_account_id=_text(fields, "recipientAccountId"),
        shared_event_id=_text(fields, "sharedEventID"),
        api_version=_text(fields, "apiVersion"),
        read_only=_boolean(fields.get("readOnly")),
        omitted=omitted,
    )


def _text(fields: Mapping[str, Any], name: str) -> str | None:
    """A text field; None where it is absent, null or empty (an empty accessKeyId is an absent one)."""
    value = fields.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise _NotARecordError(f"not a CloudTrail record: {name} is not a string")
    return value


def _object(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = fields.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _NotARecordError(f"not a CloudTrail record: {name} is not an object")
    return value


def _parameters(value: object) -> tuple[Mapping[str, Any] | None, bool]:
    """A field that may be null, or cut to CloudTrail's mark for what was too large; and whether it was cut.

    Athena hands these fields out as JSON text; some services log a bare string, which says nothing about a resource.
    """
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = _from_text(value)
    if not isinstance(value, Mapping):
        return None, False
    if value.get("omitted") in (True, "true") and set(value) <= _OMITTED_KEYS:
        return None, True
    return value, False


def _from_text(text: str) -> object:
    try:
        value = _loaded(text)
    except (ValueError, RecursionError):
        return None
    return None if _may_nest(text) and _nests_too_deep(value) else value


def _boolean(value: object) -> bool | None:
    """A flag; LookupEvents and Athena write it as a string."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower())
    return value if isinstance(value, bool) else None


@functools.lru_cache(maxsize=4096)
def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        # Without the text, as above: whoever writes records could make any number of findings of it.
        raise _NotARecordError("not a CloudTrail record: eventTime is no time") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        raise _NotARecordError("not a CloudTrail record: eventTime is out of range") from None


def _identity(fields: Mapping[str, Any]) -> UserIdentity:
    context = _object(fields, "sessionContext")
    issuer = _object(context, "sessionIssuer")
    return UserIdentity(
        type=_text(fields, "type"),
        principal_id=_text(fields, "principalId"),
        arn=_text(fields, "arn"),
        account_id=_text(fields, "accountId"),
        access_key_id=_text(fields, "accessKeyId"),
        user_name=_text(fields, "userName"),
        invoked_by=_text(fields, "invokedBy"),
        session_issuer_arn=_text(issuer, "arn"),
        session_issuer_type=_text(issuer, "type"),
    )


def _resources(value: object) -> tuple[ResourceReference, ...]:
    """`resources[]`; the key is `ARN` in logs, and `arn` in some tools' copies of them."""
    if not isinstance(value, list):
        return ()
    return tuple(
        ResourceReference(
            arn=_string(item.get("ARN", item.get("arn"))),
            account_id=_string(item.get("accountId")),
            type=_string(item.get("type")),
        )
        for item in value
        if isinstance(item, Mapping)
    )


def _string(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _digest(fields: Mapping[str, Any]) -> str:
    """The evidence id of a record that has no eventID."""
    return "sha256:" + hashlib.sha256(canonical(fields)).hexdigest()[:16]
