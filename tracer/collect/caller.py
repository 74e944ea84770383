"""Who is calling: the identity behind the credentials at hand, for runs that name no principal and for the recorder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from tracer.collect.aws import ClientFactory, explained, new_client
from tracer.errors import CollectError


@dataclass(frozen=True, slots=True)
class Identity:
    """What STS says of a caller.

    Attributes:
        arn: of the user, or of the session.
        account: the one that it belongs to.
        region: where STS was asked.
        request_id: CloudTrail's `requestID` of having asked.
        answered: when, by AWS's clock, to the second; None where the answer does not say.
    """

    arn: str
    account: str
    region: str
    request_id: str
    answered: datetime | None = None

    @property
    def partition(self) -> str:
        """The ARN's."""
        return self.arn.split(":")[1]

    @property
    def session(self) -> str | None:
        """The session's name; None for a user or the root."""
        return self.arn.rpartition("/")[2] if ":assumed-role/" in self.arn else None


def identity(client_factory: ClientFactory = new_client, region: str | None = None) -> Identity:
    """Who the environment's credentials belong to.

    STS answers whoever has credentials: "No permissions are required to perform this operation"
    (https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html).

    Raises:
        CollectError: there are no credentials, they have expired, or STS cannot be reached.
    """
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    try:
        client = client_factory("sts", region)
        answer = client.get_caller_identity()
    except (BotoCoreError, ClientError, ResponseParserError) as error:
        raise explained(error, "sts:GetCallerIdentity") from error
    metadata = answer["ResponseMetadata"]
    return Identity(
        arn=str(answer["Arn"]),
        account=str(answer["Account"]),
        region=str(client.meta.region_name),
        request_id=str(metadata.get("RequestId", "")),
        answered=_date(metadata.get("HTTPHeaders", {})),
    )


def _date(headers: Mapping[str, Any]) -> datetime | None:
    """The header Date (RFC 9110, 6.6.1)."""
    try:
        return parsedate_to_datetime(headers["date"])
    except (LookupError, ValueError):
        return None


def caller_arn(client_factory: ClientFactory = new_client, region: str | None = None) -> str:
    """The ARN of the user, or of the session, that the environment's credentials belong to.

    Raises:
        CollectError: as `identity` does; the hint says how to do without.
    """
    try:
        return identity(client_factory, region).arn
    except CollectError as error:
        hint = f"{error.hint or 'try again'}; or name the run's caller: --principal ARN"
        raise CollectError(error.message, hint) from error
