"""AWS's AccessDenied: what it says, and how it looks in each protocol.

The words are those of https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html. S3 quotes the
resource (https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html), EC2 hides the whole
reason (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from tracer.rehearse.call import ApiError, Call
from tracer.rehearse.judge import Decision, Need


@dataclass(frozen=True, slots=True)
class Denial:
    """A call that was refused: for want of what, and in which words."""

    need: Need
    explicit: bool
    """A statement denies it; otherwise none allows it."""
    error: ApiError
    """In CloudTrail's words."""

    @property
    def message(self) -> str:
        """AWS's message."""
        return self.error.message


def refusal(call: Call, need: Need, policy_type: str, decision: Decision) -> Denial:
    """The refusal of a call, in the service's own words.

    Args:
        call: the call.
        need: what its caller may not do.
        policy_type: the type of the policies that refuse it, as `identity-based`.
        decision: what they say.
    """
    explicit = decision is Decision.DENIED
    article = "an" if policy_type[0] in "aeiou" else "a"
    policy = policy_type if policy_type.endswith("boundary") else f"{policy_type} policy"
    because = (
        f"with an explicit deny in {article} {policy}"
        if explicit
        else f"because no {policy} allows the {need.action} action"
    )
    words = f"User: {call.caller.arn} is not authorized to perform: {need.action} on resource: {_quoted(call, need)}"
    match call.service, call.operation:
        case "ec2", _:
            return Denial(need, explicit, ApiError("Client.UnauthorizedOperation", _encoded(f"{words} {because}")))
        case "sts", _:
            return Denial(need, explicit, ApiError("AccessDenied", words))  # as real records have it, without a reason
        case "logs", "CreateLogGroup" if need.action == "logs:TagResource":
            return Denial(need, explicit, ApiError("AccessDenied", _with_tags(call)))
        case _:
            return Denial(need, explicit, ApiError("AccessDenied", f"{words} {because}"))


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def answer(error: ApiError, service: str, protocol: str, request_id: str, *, status: int = 403) -> Answer:
    """An error as the service sends it.

    Args:
        error: the error, in CloudTrail's words.
        service: botocore's name of the service.
        protocol: the protocol that the client spoke.
        request_id: the request's id.
        status: the HTTP status; protocols that send 400 for all that the client did send that.
    """
    code = _WIRE_CODES.get((protocol, error.code), error.code)
    return _FORMS["s3" if service == "s3" else protocol](ApiError(code, error.message), request_id, status)


def _quoted(call: Call, need: Need) -> str:
    return f'"{need.resource}"' if call.service == "s3" and need.action.startswith("s3:") else need.resource


def _encoded(reason: str) -> str:
    """EC2 gives the reason to those alone who may decode it; it is readable here, for people who look."""
    blob = base64.urlsafe_b64encode(reason.encode()).decode()
    return f"You are not authorized to perform this operation. Encoded authorization failure message: {blob}"


def _with_tags(call: Call) -> str:
    """As seen in https://github.com/DataDog/cloudformation-template/issues/61."""
    return (
        f"User with accountId: {call.caller.account} is not authorized to perform {call.operation} with Tags. "
        'An additional permission "logs:TagResource" is required.'
    )


def _query(error: ApiError, request_id: str, status: int) -> Answer:
    """The query protocol's form, and REST with XML's, but for S3's.

    https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
    """
    body = (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{error.code}</Code><Message>{escape(error.message)}</Message>"
        f"</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    return Answer(status, {"Content-Type": "text/xml", "x-amzn-RequestId": request_id}, body.encode())


def _ec2(error: ApiError, request_id: str, status: int) -> Answer:
    body = (
        f"<Response><Errors><Error><Code>{error.code}</Code><Message>{escape(error.message)}</Message></Error></Errors>"
        f"<RequestID>{request_id}</RequestID></Response>"
    )
    return Answer(status, {"Content-Type": "text/xml", "x-amzn-RequestId": request_id}, body.encode())


def _s3(error: ApiError, request_id: str, status: int) -> Answer:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html."""
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{error.code}</Code><Message>{escape(error.message)}'
        f"</Message><RequestId>{request_id}</RequestId><HostId>{request_id}</HostId></Error>"
    )
    return Answer(status, {"Content-Type": "application/xml", "x-amz-request-id": request_id}, body.encode())


def _json(error: ApiError, request_id: str, _status: int) -> Answer:
    """https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html: errors of the client have the status 400."""
    body = json.dumps({"__type": error.code, "Message": error.message, "message": error.message})
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": request_id}
    return Answer(400, headers, body.encode())


def _rest_json(error: ApiError, request_id: str, status: int) -> Answer:
    """https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html."""
    body = json.dumps({"Message": error.message, "message": error.message})
    headers = {
        "Content-Type": "application/json",
        "x-amzn-RequestId": request_id,
        "x-amzn-ErrorType": error.code,
    }
    return Answer(status, headers, body.encode())


_FORMS: Final[Mapping[str, Callable[[ApiError, str, int], Answer]]] = {
    "ec2": _ec2,
    "json": _json,
    "query": _query,
    "rest-json": _rest_json,
    "rest-xml": _query,
    "s3": _s3,
}

_WIRE_CODES: Final[Mapping[tuple[str, str], str]] = {
    ("json", "AccessDenied"): "AccessDeniedException",
    ("rest-json", "AccessDenied"): "AccessDeniedException",
    ("ec2", "Client.UnauthorizedOperation"): "UnauthorizedOperation",
}
"""Where the client is told another code than CloudTrail.

The JSON protocols name the exception, as in https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html, and
`Client.` stands before EC2's codes in CloudTrail alone. Real records of STS and Organizations have `AccessDenied`; the
other services are taken to do as they do.
"""
