"""What AWS refused: error codes and messages in, action, resource and cause out.

A denied call is no permission of the run. Its message often is the only place that names the ARN, because CloudTrail
leaves requestParameters out. Forms of the message:
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tracer.model.action import Action
from tracer.model.arn import Arn, ArnPattern
from tracer.model.glob import unescape
from tracer.model.permission import Basis
from tracer.model.policy import Conditions
from tracer.model.record import Record
from tracer.model.trace import Denial
from tracer.reduce.actions import Unknown
from tracer.reduce.mapping import Check, Mapped
from tracer.reduce.request import lookup
from tracer.reduce.resources import STAR, Resource
from tracer.reference import table

_CODES: Final = re.compile(
    r"AccessDenied|UnauthorizedOperation$|AuthorizationError|^Forbidden(?:Exception)?$|^NotAuthorized$"
    r"|^Unauthorized(?:Exception|Access)?$|^ServiceLinkedRoleCreationNotPermitted$"
)
"""What the error code of a refused call has, without a namespace before a dot; `*UnauthorizedOperation` as in
CloudTrail's own alarm (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudwatch-alarms-for-cloudtrail.html).
NotAuthorizedException is none: Cognito's users get it for a wrong password."""

_PERFORM: Final = re.compile(
    r"not authorized to perform:?\s+[\"'\[]?(?P<action>[A-Za-z0-9-]+:[A-Za-z0-9*]+)[\"'\]]?"
    r"(?:\s+on\s+(?:resources?:?\s+)?(?:\"(?P<quoted>[^\"]+)\"|"
    r"(?P<bare>\S.*?)(?=\s+(?:because|with an explicit deny|Encoded)\b|\s+\(|[.;,]?\s*$|[.;,]\s|\n)))?"
    r"(?P<rest>.*)",
    re.DOTALL,
)
_API: Final = re.compile(r"\bAPI: (?P<action>[a-z0-9-]+:[A-Za-z0-9]+)\b")
"""How a service that calls another one names the call that was refused."""

_WITH_TAGS: Final = re.compile(r'An additional permission "(?P<action>[a-z0-9-]+:[A-Za-z0-9]+)" is required')
_CAUSE: Final = re.compile(
    r"(?:because no|with an explicit deny in (?:an? |the )?)\s*(?P<cause>[a-zA-Z][a-zA-Z -]*?)"
    r"(?: policy| policies)?(?= allows?\b|[.:;,(\n]| \(|\s*$)"
)
_EXPLICIT: Final = "with an explicit deny"
_ENCODED: Final = "Encoded authorization failure message"

_FULL: Final = 1000
"""CloudTrail cuts an errorMessage at 1 KB
(https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html): what
stands at the end of one so long may be half a name."""

_LONGEST: Final = 4 * _FULL
"""How much of a message is looked at. The patterns above look ahead from every place, so the time that they take grows
with the square of the length, and a log's text may be as long as whoever wrote it likes."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a denial's message says.

    Attributes:
        action: the refused action in the table's spelling, or None.
        resource: the ARN or `*` that was refused, or None.
        cause: the kind of policy that refused (`identity-based`, `service control`, `permissions boundary`...), or
        None. explicit: whether a Deny statement refused, and not the want of an Allow.
        encoded: whether the message is encoded: `aws sts decode-authorization-message` reads it.
    """

    action: Action | None = None
    resource: str | None = None
    cause: str | None = None
    explicit: bool = False
    encoded: bool = False


def is_denied(record: Record) -> bool:
    """Whether AWS refused the call for want of permission; every other error means that the permission was there.

    Some services answer a refusal of iam:PassRole with a code of their own for bad parameters: then the message names
    the caller. A message that names somebody else, as CodeBuild's does of a role that trusts it not, is none.
    """
    code = (_error_code(record) or "").rpartition(".")[2]
    if _CODES.search(code):
        return True
    arn = record.user_identity.arn
    return bool(code and arn and f"User: {arn} is not authorized to perform" in (_error_message(record) or ""))


def _error_code(record: Record) -> str | None:
    """The error code, which some services write into the response
    (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html).
    """
    return record.error_code or next(lookup(record.response_elements, "errorCode"), None)


def _error_message(record: Record) -> str | None:
    """The message of a call that failed, from where it stands."""
    if record.error_message:
        return record.error_message
    texts = (text for path in ("errorMessage", "message") for text in lookup(record.response_elements, path))
    return next(texts, None)


def read_message(text: str | None) -> Message:
    """What the message names. Unknown forms give an empty Message."""
    if not text:
        return Message()
    text = text[:_LONGEST]
    tags = _WITH_TAGS.search(text)
    if tags:
        return Message(action=_spelled(tags["action"]))
    match = _PERFORM.search(text)
    if match is None:
        api = _API.search(text)
        return Message(action=_spelled(api["action"]) if api else None, encoded=_ENCODED in text)
    resource = match["quoted"] or match["bare"]
    whole = bool(match["rest"].strip()) or len(text.encode("utf-8", "surrogatepass")) < _FULL
    if not whole and resource is None:
        return Message()
    cause = _CAUSE.search(match["rest"])
    return Message(
        action=_spelled(match["action"]),
        resource=resource if resource and whole and _is_resource(resource) else None,
        cause=cause["cause"].lower().replace("vpc", "VPC") if cause else None,
        explicit=_EXPLICIT in match["rest"],
        encoded=_ENCODED in text,
    )


def _is_resource(text: str) -> bool:
    """Whether the text is an ARN or `*`. Some services name a resource by its bare name, and API Gateway's APIs hide
    the account: neither is a pattern that a policy could hold.
    """
    arn = Arn.find(text)
    return text == "*" or bool(arn and "*" not in arn.account)


def _spelled(text: str) -> Action:
    action = Action(text)
    fact = table.lookup(action.service, action.name)
    return fact.action if fact else action


def denials_of(record: Record, principal: str, mapped: Mapped | Unknown) -> Iterator[Denial]:
    """What was refused of a denied call: what the message names, else what the request shows.

    Where the message names another action than the call's own (iam:PassRole under CreateFunction), each has a row.
    """
    message = read_message(_error_message(record))
    own = [check for check in _checks(mapped) if check.basis is Basis.OBSERVED]
    error = _error_code(record) or ""
    if message.action:
        named = {check.action: _shown(check) for check in reversed(_checks(mapped))}
        resource = message.resource or named.get(message.action)
        yield Denial(principal, message.action.text, resource, error, message.cause, "message")
        if any(check.action == message.action for check in own):
            return
    rows = dict.fromkeys((check.action.text, _shown(check)) for check in own if not _is_second_form(check, own))
    for action, resource in rows:
        yield Denial(principal, action, resource, error, None if message.action else message.cause, "request")
    if not rows and not message.action:
        yield Denial(principal, None, None, error, message.cause, "request")


def needed_by(record: Record, mapped: Mapped | Unknown) -> Mapped:
    """What a denied call would have needed: all that AWS checks for it, and what its message names beside that."""
    checks, doubts = _checks(mapped), mapped.doubts if isinstance(mapped, Mapped) else ()
    message = read_message(_error_message(record))
    fact = message.action and table.lookup(message.action.service, message.action.name)
    if not fact:
        return Mapped(checks, doubts)
    told = [check for check in checks if check.action == fact.action and _leaves_open(check, message.resource)]
    if told:
        # What the request left open, the message tells.
        checks, doubts = tuple(one for one in checks if one not in told and not _is_second_form(one, told)), ()
    if any(check.action == fact.action and _is_of(check, message.resource) for check in checks):
        return Mapped(checks, doubts)
    resource = STAR if fact.star_only or message.resource is None else Resource(ArnPattern(message.resource))
    return Mapped((*checks, Check(fact.action, resource, Conditions(), Basis.OBSERVED, "denial-message")), doubts)


def remarks_on(record: Record, mapped: Mapped | Unknown) -> Iterator[tuple[str, str]]:
    """(finding code, message) of what a reader must know about a denial."""
    message = read_message(_error_message(record))
    if message.encoded and message.action is None:
        yield (
            "ENCODED_DENIAL",
            "the message is encoded: aws sts decode-authorization-message --encoded-message TEXT tells what it was",
        )
    if message.explicit or message.cause not in (None, "identity-based"):
        kind = _policy(message.cause)
        how = f"a Deny in a {kind}" if message.explicit else f"the want of a {kind} that allows it"
        yield (
            "DENIED_BY_OTHER_POLICY",
            f"{message.action or record.event_name} was refused by {how}: no Allow in an identity policy cures that",
        )
    if isinstance(mapped, Unknown) and message.action is None:
        yield "UNKNOWN_ACTION", mapped.reason


def _policy(cause: str | None) -> str:
    """`service control policy`, `permissions boundary`."""
    return "policy" if cause is None else cause if cause.endswith("boundary") else f"{cause} policy"


def _checks(mapped: Mapped | Unknown) -> tuple[Check, ...]:
    return mapped.checks if isinstance(mapped, Mapped) else ()


def _shown(check: Check) -> str | None:
    """The resource of a check as a denial's row has it: None where the call names none."""
    return check.resource.pattern.text if check.resource.named else None


def _leaves_open(check: Check, resource: str | None) -> bool:
    """Whether a check stands on all of a kind, for want of a name in the request, and the message names one."""
    pattern = check.resource.pattern
    return (
        not check.resource.named
        and resource is not None
        and pattern.text not in ("*", resource)
        and pattern.covers(ArnPattern(resource))
    )


def _is_second_form(check: Check, checks: list[Check]) -> bool:
    """Whether this is `function:NAME:*` beside `function:NAME`: two forms of one resource are one row."""
    text = check.resource.pattern.text
    return any(other.action == check.action and f"{other.resource.pattern.text}:*" == text for other in checks)


def _is_of(check: Check, resource: str | None) -> bool:
    """Whether a check that the request gave is the one that the message names. A `*` in a name is escaped in the
    check.
    """
    return (
        resource is None
        or unescape(check.resource.pattern.text) == resource
        or (check.resource.pattern.covers(ArnPattern(resource)))
    )
