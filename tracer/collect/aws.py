"""AWS clients, and what their errors mean to the person who has to mend them.

The one place that makes clients. boto3 is loaded when the first is made: reading files needs no AWS, and starts faster.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tracer.errors import CollectError

ClientFactory = Callable[[str, str | None], Any]
"""Makes a client of (service, region); None is the region of the environment. What it makes is typed by its user."""

ATTEMPTS: Final = 5
"""How often botocore tries a request, with its own backoff between: "standard" retry mode,
https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html."""

THROTTLED: Final = frozenset({"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"})

_LOGIN: Final = "log in again (aws sso login, or new keys), then check with: aws sts get-caller-identity"
_CREDENTIALS: Final = (
    "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; check with: aws sts get-caller-identity"
)
_REGION: Final = "give --region, or set AWS_REGION"
_NETWORK: Final = "check the network, the proxy and the region's name"

_BY_CODE: Final[Mapping[str, tuple[str, str]]] = {
    "ExpiredToken": ("the credentials have expired", _LOGIN),
    "ExpiredTokenException": ("the credentials have expired", _LOGIN),
    "RequestExpired": ("the credentials have expired, or this machine's clock is wrong", _LOGIN),
    "InvalidClientTokenId": (
        "AWS does not know these credentials",
        f"{_CREDENTIALS}. A region that the account has not enabled answers so, too",
    ),
    "UnrecognizedClientException": (
        "AWS does not know these credentials",
        f"{_CREDENTIALS}. A region that the account has not enabled answers so, too",
    ),
    "InvalidAccessKeyId": ("AWS does not know these credentials", _CREDENTIALS),
    "InvalidToken": ("the session's token is not valid", _LOGIN),
    "RequestTimeTooSkewed": ("this machine's clock is wrong", "set the clock: AWS refuses requests that it dates"),
    "SignatureDoesNotMatch": ("the secret key does not belong to the access key", _CREDENTIALS),
}
"""Error codes that all services share: https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html; and S3's
own: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList."""

ACCESS_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})

EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})

_BY_CLASS: Final[Mapping[str, tuple[str, str]]] = {
    "NoCredentialsError": ("there are no AWS credentials", _CREDENTIALS),
    "PartialCredentialsError": ("the AWS credentials are incomplete", _CREDENTIALS),
    "CredentialRetrievalError": ("the AWS credentials could not be fetched", _CREDENTIALS),
    "ProfileNotFound": (
        "the AWS profile does not exist",
        "check AWS_PROFILE; list them: aws configure list-profiles",
    ),
    "SSOError": ("the SSO session cannot be used", _LOGIN),
    "TokenRetrievalError": ("the SSO session has expired", _LOGIN),
    "LoginError": ("the login session cannot be used", _LOGIN),
    "NoRegionError": ("no AWS region is set", _REGION),
    "InvalidRegionError": ("the region's name is not valid", _REGION),
    "ConnectionError": ("AWS could not be reached", _NETWORK),
    "HTTPClientError": ("AWS could not be reached", _NETWORK),
}
"""botocore's own errors by the name of the class or of one that it inherits from."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A session's keys. What is secret in them shows in no `repr`, so that no message can tell it."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)


def new_client(service: str, region: str | None, credentials: Credentials | None = None) -> Any:  # noqa: ANN401 - see ClientFactory
    """A boto3 client with the credentials given, else the environment's. Raises botocore's errors.

    AWS_REGION, which all other SDKs read, counts as well; boto3 itself reads AWS_DEFAULT_REGION and the profile alone.
    """
    import boto3
    from botocore.config import Config

    from tracer import __version__

    config = Config(
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        user_agent_extra=f"tracer/{__version__}",
    )
    keys = credentials and {
        "aws_access_key_id": credentials.access_key_id,
        "aws_secret_access_key": credentials.secret_access_key,
        "aws_session_token": credentials.session_token,
    }
    client: Any = boto3.session.Session().client
    return client(service, region_name=region or os.environ.get("AWS_REGION"), config=config, **keys or {})


def environment_region() -> str | None:
    """The region that the environment, or the profile, names. Raises botocore's errors."""
    import boto3

    region: str | None = os.environ.get("AWS_REGION") or boto3.session.Session().region_name
    return region


def environment_key_id() -> str | None:
    """The id of the access key at hand. Raises botocore's errors."""
    import boto3

    credentials = boto3.session.Session().get_credentials()
    return credentials.access_key if credentials else None


def error_code(error: Exception) -> str:
    """The code that AWS answered with; empty where the error is not an answer."""
    response = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


def explained(error: Exception, action: str) -> CollectError:
    """The error of botocore as one for people.

    Args:
        error: a BotoCoreError or ClientError.
        action: the IAM action that was tried.
    """
    code = error_code(error)
    if code in ACCESS_DENIED:
        return CollectError(
            f"{action} was denied: {error}", f"the caller needs {action} on *; ask for it, or use other credentials"
        )
    classes = (cls.__name__ for cls in type(error).__mro__)
    known = _BY_CODE.get(code) or next((_BY_CLASS[name] for name in classes if name in _BY_CLASS), None)
    what, hint = known or ("AWS answered with an error" if code else "the call failed", "")
    return CollectError(f"{action}: {what}: {error}", hint)
