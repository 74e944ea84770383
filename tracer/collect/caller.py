"""Who is calling: the ARN behind the credentials at hand, for runs that name no principal."""

from __future__ import annotations

from tracer.collect.aws import ClientFactory, explained, new_client
from tracer.errors import CollectError


def caller_arn(client_factory: ClientFactory = new_client, region: str | None = None) -> str:
    """The ARN of the user, or of the session, that the environment's credentials belong to.

    STS answers whoever has credentials: "No permissions are required to perform this operation"
    (https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html).

    Raises:
        CollectError: there are no credentials, they have expired, or STS cannot be reached.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer = client_factory("sts", region).get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        told = explained(error, "sts:GetCallerIdentity")
        hint = f"{told.hint or 'try again'}; or name the run's caller: --principal ARN"
        raise CollectError(told.message, hint) from error
    return str(answer["Arn"])
