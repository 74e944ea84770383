"""A session of a role for one run: what makes each of its calls, forwarded ones too, carry the run's name.

What comes in: a role and a run's name. What goes out: the session, and the environment for a child that shall work in
it. Every record of the child names the session's ARN, as `userIdentity.arn`; a service that calls for it keeps that
(https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html). So nothing has to be told apart
afterwards.

The keys go to the child by its environment alone: the arguments of a process can be read by all who share its machine.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from tracer.collect.aws import ACCESS_DENIED, ClientFactory, Credentials, error_code, explained, new_client
from tracer.errors import CollectError

ACTION: Final = "sts:AssumeRole"

_OTHER_CREDENTIALS: Final = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
)
"""Variables that name other credentials than a session's three: some SDKs and tools ask a profile first
(https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html)."""


@dataclass(frozen=True, slots=True)
class RoleSession:
    """A session: its ARN, its name, and its keys."""

    arn: str
    name: str
    credentials: Credentials


def session_name(run: str) -> str:
    """A name for a session of the run that no other session has.

    At most 64 characters of `[A-Za-z0-9_+=,.@-]`
    (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html).
    """
    return f"tracer-{run}-{secrets.token_hex(3)}"


def assume(
    role: str,
    run: str,
    *,
    region: str,
    duration: timedelta | None,
    source_identity: bool,
    tell: Callable[[str], None],
    client_factory: ClientFactory = new_client,
) -> RoleSession:
    """A new session of `role`.

    Args:
        role: its ARN.
        run: the run's name.
        region: where STS is asked.
        duration: how long the session shall last; None leaves it to AWS: one hour.
        source_identity: set one, where that is allowed. It says the run's name also where the session takes on further
            roles; but each of them must then let it: "permissions for sts:SetSourceIdentity are required in both the
            permissions policy of the principal who is assuming the role and in the role trust policy of the target
            role. Otherwise, the assume role operation will fail"
            (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html).
        tell: takes a sentence for the user.
        client_factory: makes the client.

    Raises:
        CollectError: the role cannot be assumed.
    """
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    name = session_name(run)
    request: dict[str, Any] = {"RoleArn": role, "RoleSessionName": name}
    if duration is not None:
        request["DurationSeconds"] = int(duration.total_seconds())
    try:
        client = client_factory("sts", region)
        answer = _with_source_identity(client, request, tell) if source_identity else None
        answer = answer or client.assume_role(**request)
    except (BotoCoreError, ClientError, ResponseParserError) as error:
        raise _refused(error, role) from error
    keys = answer["Credentials"]
    credentials = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    return RoleSession(str(answer["AssumedRoleUser"]["Arn"]), name, credentials)


def _with_source_identity(
    client: Any,  # noqa: ANN401 - see ClientFactory
    request: Mapping[str, Any],
    tell: Callable[[str], None],
) -> Mapping[str, Any] | None:
    """AWS's answer; None where it was denied, as it is where setting a source identity is not allowed."""
    from botocore.exceptions import ClientError

    try:
        answer: Mapping[str, Any] = client.assume_role(**request, SourceIdentity=request["RoleSessionName"])
    except ClientError as error:
        if error_code(error) not in ACCESS_DENIED:
            raise
        tell("The session gets no source identity: that was denied (it needs sts:SetSourceIdentity).")
        return None
    return answer


def environment_of(session: RoleSession, region: str, environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` for a child that works in the session, and in no other's name.

    Args:
        session: whose keys it gets.
        region: what it takes as its region where `environment` has none: a profile that goes may have named one.
        environment: the environment as it is.
    """
    kept = {name: value for name, value in environment.items() if name not in _OTHER_CREDENTIALS}
    if not kept.keys() & {"AWS_REGION", "AWS_DEFAULT_REGION"}:
        kept |= {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
    return kept | {
        "AWS_ACCESS_KEY_ID": session.credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": session.credentials.secret_access_key,
        "AWS_SESSION_TOKEN": session.credentials.session_token,
    }


def _refused(error: Exception, role: str) -> CollectError:
    told = explained(error, f"{ACTION} of {role}")
    if error_code(error) in ACCESS_DENIED:
        hint = f"the role's trust policy must name the caller, and the caller needs {ACTION} on the role"
    elif error_code(error) == "ValidationError" or type(error).__name__ == "ParamValidationError":
        hint = "is it a role's ARN? --duration: 15m to the role's own limit, or to 1h where the caller is a role itself"
    else:
        hint = told.hint
    return CollectError(told.message, hint)
