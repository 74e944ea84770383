"""`Record` and `UserIdentity`: one entry of a CloudTrail log, in CloudTrail's own field names in snake_case.

Only the fields that tracer reads are kept. Field names and meanings:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html and
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

_SERVICE_SUFFIXES: Final = (".amazonaws.com", ".amazonaws.com.cn")
_CONSOLES: Final = ("signin.", "console.")
"""How the console's names for itself begin. `signin.amazonaws.com` means "The request was made by an IAM user with the
AWS Management Console", `console.amazonaws.com` the same of the root user (record contents, userAgent): a person's own
call, forwarded by nobody. Records of 2017 also have `console.ec2.amazonaws.com`."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What should have been a record and could not be read. It travels with the records, so that it is counted."""

    reason: str
    """What is wrong, for a person."""
    location: str
    """Where: a file name, with the record's number where one is known."""
    event_id: str = ""
    """Its eventID, where it has one."""


RawRecord = bytes | Mapping[str, Any] | Unreadable
"""One record as a source yields it: its JSON text in UTF-8, byte for byte where the source has it, or decoded."""


@dataclass(frozen=True, slots=True)
class UserIdentity:
    """Who made the call. Every field may be absent in a record; absent is None."""

    type: str | None = None
    principal_id: str | None = None
    arn: str | None = None
    account_id: str | None = None
    access_key_id: str | None = None
    user_name: str | None = None
    invoked_by: str | None = None
    session_issuer_arn: str | None = None
    """`sessionContext.sessionIssuer.arn`: the role of a session, with its path."""
    session_issuer_type: str | None = None


@dataclass(frozen=True, slots=True)
class ResourceReference:
    """One entry of `resources[]`. CloudTrail spells the key `ARN`; `type` may be absent."""

    arn: str | None = None
    account_id: str | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One CloudTrail record.

    `event_time` is aware, in UTC, in whole seconds. `request_parameters` and `response_elements` are None where the
    record holds null, nothing, or only CloudTrail's mark that they were too large; `omitted` tells the last case.
    """

    event_id: str
    """`eventID`, or `sha256:` and 16 hex digits of the record where it has none."""
    event_time: datetime
    event_source: str
    event_name: str
    event_type: str
    aws_region: str
    user_identity: UserIdentity
    event_category: str | None = None
    source_ip_address: str | None = None
    user_agent: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    request_parameters: Mapping[str, Any] | None = None
    response_elements: Mapping[str, Any] | None = None
    additional_event_data: Mapping[str, Any] | None = None
    resources: tuple[ResourceReference, ...] = ()
    recipient_account_id: str | None = None
    shared_event_id: str | None = None
    api_version: str | None = None
    read_only: bool | None = None
    omitted: bool = False

    @property
    def service(self) -> str:
        """`eventSource` without `.amazonaws.com`."""
        return service_of(self.event_source)

    @property
    def account(self) -> str | None:
        """The account whose log this is: `recipientAccountId`, else the caller's."""
        return self.recipient_account_id or self.user_identity.account_id

    @property
    def via(self) -> str | None:
        """The service that forwarded this call for its caller, as recorded; None for a direct call.

        A call that somebody makes in the console is direct. `invokedBy` names the service; in records of 2016 to 2019
        only `sourceIPAddress` or `userAgent` does.
        """
        return forwarder(self.user_identity, self.source_ip_address, self.user_agent)


@functools.lru_cache(maxsize=1_024)
def service_of(event_source: str) -> str:
    """`Record.service`, of the source."""
    return event_source.removesuffix(".amazonaws.com").removesuffix(".amazonaws.com.cn")


def forwarder(identity: UserIdentity, source_ip_address: str | None, user_agent: str | None) -> str | None:
    """`Record.via`, of the fields that tell it."""
    if identity.invoked_by:
        return None if identity.invoked_by.startswith(_CONSOLES) else identity.invoked_by
    return next(filter(is_service, (source_ip_address, user_agent)), None)


def is_service(witness: str | None) -> bool:
    """Whether a `sourceIPAddress` or `userAgent` is the name of an AWS service, and of nothing else."""
    if witness is None or " " in witness:
        return False
    return witness.endswith(_SERVICE_SUFFIXES) and not witness.startswith(_CONSOLES)
