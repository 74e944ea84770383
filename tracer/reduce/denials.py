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
from tracer.model.arn import ArnPattern
from tracer.model.glob import unescape
from tracer.model.permission import Basis
from tracer.model.policy import Conditions
from tracer.model.record import Record
from tracer.model.trace import Denial
from tracer.reduce.actions import Unknown
from tracer.reduce.mapping import Check, Mapped
from tracer.reduce.resources import STAR, Resource
from tracer.reference import table

_CODES: Final = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "ForbiddenException",
        "NotAuthorized",
        "UnauthorizedException",
        "UnauthorizedAccess",
        "UnauthorizedOperation",
    }
)
"""Error codes of a refused call, without a namespace before a dot; `*UnauthorizedOperation` too, as in CloudTrail's
own alarm (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudwatch-alarms-for-cloudtrail.html).
NotAuthorizedException is none: Cognito's users get it for a wrong password."""

_PERFORM: Final = re.compile(
    r"is not authorized to perform: (?P<action>[A-Za-z0-9-]+:[A-Za-z0-9*]+)"
    r"(?: on (?:resource:? )?(?:\"(?P<quoted>[^\"]+)\"|(?P<bare>\S.*?)))?"
    r"(?P<rest>$|\.?$| because .*| with an explicit deny.*)",
    re.DOTALL,
)
_WITH_TAGS: Final = re.compile(r'An additional permission "(?P<action>[a-z0-9-]+:[A-Za-z0-9]+)" is required')
_CAUSE: Final = re.compile(r"(?:because no|(?P<explicit>with an explicit deny in an?)) (?P<cause>[a-zA-Z -]+?) policy")
_ENCODED: Final = "Encoded authorization failure message"


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
    """Whether AWS refused the call for want of permission; every other error code means that the permission was
    there.
    """
    code = (record.error_code or "").rpartition(".")[2]
    return code in _CODES or code.endswith("UnauthorizedOperation")


def read_message(text: str | None) -> Message:
    """What the message names. Unknown forms give an empty Message."""
    if not text:
        return Message()
    tags = _WITH_TAGS.search(text)
    if tags:
        return Message(action=_spelled(tags["action"]))
    match = _PERFORM.search(text)
    if match is None:
        return Message(encoded=_ENCODED in text)
    resource = match["quoted"] or match["bare"]
    cause = _CAUSE.search(match["rest"] or "")
    return Message(
        action=_spelled(match["action"]),
        # Some services name a resource by its bare name, which is no ARN and no pattern.
        resource=resource if resource and (resource == "*" or resource.startswith("arn:")) else None,
        cause=cause["cause"].lower().replace("vpc", "VPC") if cause else None,
        explicit=bool(cause and cause["explicit"]),
        encoded=_ENCODED in text,
    )


def _spelled(text: str) -> Action:
    action = Action(text)
    fact = table.lookup(action.service, action.name)
    return fact.action if fact else action


def denials_of(record: Record, principal: str, mapped: Mapped | Unknown) -> Iterator[Denial]:
    """What was refused of a denied call: what the message names, else what the request shows.

    Where the message names another action than the call's own (iam:PassRole under CreateFunction), each has a row.
    """
    message = read_message(record.error_message)
    own = [check for check in _checks(mapped) if check.basis is Basis.OBSERVED]
    error = record.error_code or ""
    if message.action:
        named = {check.action: _shown(check) for check in reversed(own)}
        resource = message.resource or named.get(message.action)
        yield Denial(principal, message.action.text, resource, error, message.cause, "message")
        if message.action in named:
            return
    rows = dict.fromkeys((check.action.text, _shown(check)) for check in own if not _is_second_form(check, own))
    for action, resource in rows:
        yield Denial(principal, action, resource, error, None if message.action else message.cause, "request")
    if not rows and not message.action:
        yield Denial(principal, None, None, error, message.cause, "request")


def needed_by(record: Record, mapped: Mapped | Unknown) -> tuple[Check, ...]:
    """What a denied call would have needed: all that AWS checks for it, and what its message names beside that."""
    checks = _checks(mapped)
    message = read_message(record.error_message)
    fact = message.action and table.lookup(message.action.service, message.action.name)
    if not fact or any(check.action == fact.action and _is_of(check, message.resource) for check in checks):
        return checks
    resource = STAR if fact.star_only or message.resource is None else Resource(ArnPattern(message.resource))
    return (*checks, Check(fact.action, resource, Conditions(), Basis.OBSERVED, "denial-message"))


def remarks_on(record: Record, mapped: Mapped | Unknown) -> Iterator[tuple[str, str]]:
    """(finding code, message) of what a reader must know about a denial."""
    message = read_message(record.error_message)
    if message.encoded and message.action is None:
        yield (
            "ENCODED_DENIAL",
            "the message is encoded: aws sts decode-authorization-message --encoded-message TEXT tells what it was",
        )
    if message.cause and (message.explicit or message.cause != "identity-based"):
        how = f"a Deny in a {message.cause} policy" if message.explicit else f"no {message.cause} policy that allows it"
        yield (
            "DENIED_BY_OTHER_POLICY",
            f"{message.action or record.event_name} was refused by {how}: no Allow in an identity policy cures that",
        )
    if isinstance(mapped, Unknown) and message.action is None:
        yield "UNKNOWN_ACTION", mapped.reason


def _checks(mapped: Mapped | Unknown) -> tuple[Check, ...]:
    return mapped.checks if isinstance(mapped, Mapped) else ()


def _shown(check: Check) -> str | None:
    """The resource of a check as a denial's row has it: None where the call names none."""
    return check.resource.pattern.text if check.resource.named else None


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
