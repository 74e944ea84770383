"""An HTTP request as AWS's service would read it: which operation, with which parameters, signed by whom.

The service follows from what the client signed for; the operation and the parameters from botocore's model of it,
through moto's router and parsers, which know all of AWS's protocols. The signature itself is not verified: the account
listens on this machine alone, and a key that it does not know is refused all the same.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from botocore.exceptions import UnknownServiceError
from botocore.parsers import create_parser
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS, RequestParserError
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from werkzeug.exceptions import NotFound

from tracer.errors import RehearseError
from tracer.rehearse.call import ApiError

SIGNED_AS: Final[Mapping[str, tuple[str, ...]]] = {
    "apigateway": ("apigateway", "apigatewayv2"),
    "dynamodb": ("dynamodb", "dynamodbstreams"),
    "elasticfilesystem": ("efs",),
    "elasticloadbalancing": ("elbv2", "elb"),
    "monitoring": ("cloudwatch",),
    "s3": ("s3", "s3control"),
    "ses": ("ses", "sesv2"),
    "states": ("stepfunctions",),
    "tagging": ("resourcegroupstaggingapi",),
}
"""botocore's services by the name that requests are signed for (`signingName` in its models), where the two differ."""

_CREDENTIAL: Final = re.compile(r"^(?P<key>[^/]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request$")
_S3CONTROL: Final = "/v20180820/"

FAILED: Final = 300
"""The least HTTP status of an answer that is none."""


class Undecoded(RehearseError):
    """No operation of the service fits the request."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a request was signed for."""

    access_key_id: str
    region: str
    service: str
    """The signing name."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request in botocore's words."""

    service: str
    operation: OperationModel
    params: Mapping[str, Any]
    protocol: str
    """The protocol that the client spoke, and that its answer must be in."""


def scope_of(request: Request) -> Scope | None:
    """What the request was signed for, in its header or, where it was signed in advance, its URL; None: unsigned."""
    header = request.headers.get("Authorization", "")
    in_header = re.search(r"Credential=([^,\s]+)", header)
    credential = in_header[1] if in_header else request.args.get("X-Amz-Credential", "")
    found = _CREDENTIAL.match(credential)
    return Scope(found["key"], found["region"], found["service"]) if found else None


def protocol_of(request: Request, scope: Scope) -> tuple[str, str]:
    """The service and the protocol of a request whose operation does not matter: it is refused anyway."""
    service = _candidates(request, scope)[0]
    if not _is_known(service):
        return service, "query"
    return service, determine_request_protocol(get_service_router(service)._service_model, request.content_type)  # noqa: SLF001


def decode(request: Request, scope: Scope) -> Asked:
    """The operation and the parameters of a request.

    Args:
        request: the request; its body can be read again.
        scope: what it was signed for.

    Raises:
        Undecoded: no service is signed for by that name, or none of its operations fits.
    """
    for service in filter(_is_known, _candidates(request, scope)):
        try:
            operation, uri = get_service_router(service).match(request)
        except NotFound:
            continue
        model = operation.service_model
        protocol = determine_request_protocol(model, request.content_type)
        return Asked(service, operation, _params(request, operation, uri, protocol), protocol)
    raise Undecoded(f"no operation of {scope.service} fits {request.method} {request.path}")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended."""

    response: Mapping[str, Any]
    """What the service answered, in botocore's spelling."""
    error: ApiError | None
    request_id: str | None
    """As the client was told it."""


def outcome(asked: Asked, status: int, headers: Mapping[str, str], body: bytes) -> Outcome:
    """How a call ended, read from the answer to its request."""
    if status < FAILED and asked.operation.has_streaming_output:
        body = b""  # an object's content is nobody's business here
    answer = {"status_code": status, "headers": {name.lower(): text for name, text in headers.items()}, "body": body}
    parsed: dict[str, Any] = create_parser(asked.protocol).parse(answer, cast("Any", asked.operation.output_shape))
    about = parsed.pop("ResponseMetadata", {})
    failed = parsed.pop("Error", {})
    error = ApiError(str(failed.get("Code", "")), failed.get("Message", "")) if status >= FAILED else None
    told = about.get("HTTPHeaders", {})
    return Outcome(parsed, error, told.get("x-amzn-requestid") or told.get("x-amz-request-id"))


@functools.cache
def _is_known(service: str) -> bool:
    try:
        get_service_router(service)
    except UnknownServiceError:
        return False
    return True


def _candidates(request: Request, scope: Scope) -> tuple[str, ...]:
    """The services that the request may be for, in the order in which they are tried."""
    services = SIGNED_AS.get(scope.service, (scope.service,))
    path = request.path
    if scope.service == "s3" and path.startswith(_S3CONTROL):
        return ("s3control",)
    if path.startswith("/v2/") and len(services) > 1:
        return services[::-1]  # API Gateway's and SES's second versions say so in the path
    if scope.service == "elasticloadbalancing" and request.values.get("Version") == "2012-06-01":
        return ("elb",)
    return services


def _params(request: Request, operation: OperationModel, uri: dict[str, Any], protocol: str) -> Mapping[str, Any]:
    parser = PROTOCOL_PARSERS[protocol](operation)
    try:
        params: Mapping[str, Any] = parser.parse(
            {
                "method": request.method,
                "values": request.values,
                "headers": request.headers,
                "body": request.get_data(),
                "url_path": request.path,
                "url_params": uri,
            }
        )
    except RequestParserError as error:
        raise Undecoded(f"the parameters of {operation.name} cannot be read: {error}") from error
    return params
