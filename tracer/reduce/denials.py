"""What AWS refused: error codes and messages in, action, resource and cause out.

A denied call is no permission of the run. Its message often is the only place that names the ARN, because CloudTrail leaves
requestParameters out. Forms of the message:
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from tracer.model.action import Action
from tracer.model.record import Record
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
"""Error codes of a refused call, without a namespace before a dot; `*UnauthorizedOperation` too, as in CloudTrail's own alarm
(https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudwatch-alarms-for-cloudtrail.html). NotAuthorizedException
is none: Cognito's users get it for a wrong password."""

_PERFORM: Final = re.compile(
    r"is not authorized to perform: (?P<action>[A-Za-z0-9-]+:[A-Za-z0-9*]+)"
    r"(?: on (?:resource:? )?(?:\"(?P<quoted>[^\"]+)\"|(?P<bare>\S.*?)))?"
    r"(?P<rest>$|\.?$| because .*| with an explicit deny.*)",
    re.DOTALL,
)
_WITH_TAGS: Final = re.compile(r'An additional permission "(?P<action>[a-z0-9-]+:[A-Za-z0-9]+)" is required')
_CAUSE: Final = re.compile(r"(?:because no|with an explicit deny in an?) (?P<cause>[a-zA-Z -]+?) policy")
_ENCODED: Final = "Encoded authorization failure message"


@dataclass(frozen=True, slots=True)
class Message:
    """What a denial's message says.

    Attributes:
        action: the refused action in the table's spelling, or None.
        resource: the ARN or `*` that was refused, or None.
        cause: the kind of policy that refused (`identity-based`, `service control`, `permissions boundary`...), or None.
        encoded: whether the message is encoded: `aws sts decode-authorization-message` reads it.
    """

    action: Action | None = None
    resource: str | None = None
    cause: str | None = None
    encoded: bool = False


def is_denied(record: Record) -> bool:
    """Whether AWS refused the call for want of permission; every other error code means that the permission was there."""
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
        encoded=_ENCODED in text,
    )


def _spelled(text: str) -> Action:
    action = Action(text)
    fact = table.lookup(action.service, action.name)
    return fact.action if fact else action
