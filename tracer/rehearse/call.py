"""The nouns of the account: who calls, what is called, and how a call ended.

Calls are in botocore's words (service, operation, parameters), because the needs and the records are both written
from them. They are the same for a request over HTTP and for one that CloudFormation makes for the deployer; the latter
says so in `invoked_by`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

CLOUDFORMATION: Final = "cloudformation.amazonaws.com"
"""Who forwards the calls of a stack's resources."""


class CallerType(StrEnum):
    """The kinds of callers that the account has, in CloudTrail's words (`userIdentity.type`)."""

    ROOT = "Root"
    IAM_USER = "IAMUser"
    ASSUMED_ROLE = "AssumedRole"
    AWS_SERVICE = "AWSService"


@dataclass(frozen=True, slots=True)
class Key:
    """An access key as a client needs it."""

    access_key_id: str
    secret_access_key: str
    arn: str
    """Whose it is."""
    session_token: str | None = None
    """Of a session."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a call."""

    type: CallerType
    arn: str
    """As `sts get-caller-identity` says it: of a session, the assumed-role ARN, without the role's path; of a service,
    which has none, its name.
    """
    principal_id: str
    """`AIDA...` of a user, `AROA...:SESSION` of a session, the account's number of its root."""
    account: str
    access_key_id: str
    user_name: str | None = None
    role_arn: str | None = None
    """Of a session: the role's own ARN, with its path."""
    session_created: datetime | None = None
    """When the session began; None for a user's or root's own long-term key."""
    source_identity: str | None = None

    @property
    def partition(self) -> str:
        """`aws`, as a rule."""
        return self.arn.split(":", 2)[1]

    @property
    def principal_arn(self) -> str:
        """What `aws:PrincipalArn` holds: of a session, its role's ARN."""
        return self.role_arn or self.arn


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the AWS API."""

    service: str
    """botocore's name, as `lambda` or `apigatewayv2`."""
    operation: str
    """botocore's name, as `CreateFunction`."""
    params: Mapping[str, Any]
    """The parameters, in botocore's spelling."""
    caller: Caller
    region: str
    event_id: str
    request_id: str
    time: datetime
    source_ip: str
    user_agent: str
    invoked_by: str | None = None
    """The service that makes the call for the caller, as `cloudformation.amazonaws.com`, or for itself; None for a
    direct call.
    """
    host: str = ""
    """The endpoint's host name, as AWS would have it; empty for a forwarded call."""

    @property
    def name(self) -> str:
        """`lambda.CreateFunction`, for messages."""
        return f"{self.service}.{self.operation}"


@dataclass(frozen=True, slots=True)
class ApiError:
    """How a call failed, in the service's own words."""

    code: str
    message: str
