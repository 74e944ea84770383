"""One call of CloudFormation's: judged, run against moto's services in this process, and recorded.

It does not go over HTTP: the session that AWS would make for it has no credentials that could sign a request here.
botocore serialises the parameters and parses the answer as for any client, and moto's own stubber stands where the
network would be.
"""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

import boto3
from botocore import xform_name
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError
from botocore.model import ListShape, MapShape, Shape, StructureShape
from moto.core.botocore_stubber import BotocoreStubber

from tracer.errors import RehearseError
from tracer.rehearse.call import ApiError, Call
from tracer.rehearse.cloudformation.expressions import Value
from tracer.rehearse.gate import Gate

_ROLE: Final[ContextVar[str | None]] = ContextVar("role", default=None)


class CallFailed(Exception):
    """A call was refused, or a service answered it with an error: a template's or a policy's fault, not tracer's."""

    def __init__(self, error: ApiError, call: Call | None = None, *, denied: bool = False) -> None:
        super().__init__(error.message)
        self.error = error
        self.call = call
        """None where calls went well, and what they led to did not."""
        self.denied = denied


@dataclass(frozen=True, slots=True)
class Forwarder:
    """Makes CloudFormation's calls, all of them through one gate."""

    gate: Gate

    def make(self, service: str, operation: str, params: Mapping[str, Any], *, run: bool = True) -> Mapping[str, Any]:
        """Make one call, and give its answer.

        Args:
            service: botocore's name of the service.
            operation: botocore's name of the operation.
            params: its parameters.
            run: whether moto is to carry it out; otherwise it is judged and recorded alone, and the answer is empty.

        Raises:
            CallFailed: it was refused, or failed.
            RehearseError: the row that it is from is not what the operation takes, or moto cannot carry it out.
        """
        region = self.gate.serving().region
        shape = _client(service, region).meta.service_model.operation_model(operation).input_shape
        call = self.gate.forwarded(service, operation, _as_typed(shape, params), role=_ROLE.get())
        if denial := self.gate.check(call):
            raise CallFailed(denial.error, call, denied=True)
        answer: Mapping[str, Any] = {}
        try:
            answer = _run(call) if run else {}
        except ClientError as error:
            failure = ApiError(error.response["Error"]["Code"], error.response["Error"]["Message"])
            self.gate.record(call, error=failure)
            raise CallFailed(failure, call) from error
        self.gate.record(call, response=answer)
        return answer

    def reason(self, failure: CallFailed) -> str:
        """What a stack's event says of a resource that failed for this: the form of the registry's handlers."""
        if failure.call is None:
            return failure.error.message
        service = _client(failure.call.service, failure.call.region).meta.service_model.service_id
        status, code = (403, "AccessDenied") if failure.denied else (400, "GeneralServiceException")
        where = f"(Service: {service}, Status Code: {status}, Request ID: {failure.call.request_id})"
        token = f"(RequestToken: {self.gate.ids.uuid()}, HandlerErrorCode: {code})"
        return f'Resource handler returned message: "{failure.error.message} {where}" {token}'

    @contextlib.contextmanager
    def acting_as(self, role_arn: str | None) -> Iterator[None]:
        """While this lasts, calls are made under a stack's service role; None: as the deployer."""
        token = _ROLE.set(role_arn)
        try:
            yield
        finally:
            _ROLE.reset(token)


def _run(call: Call) -> Mapping[str, Any]:
    client = _client(call.service, call.region)
    try:
        answer: Mapping[str, Any] = getattr(client, xform_name(call.operation))(**call.params)
    except NotImplementedError as error:
        raise RehearseError(
            f"moto cannot do {call.name}, which CloudFormation would call: {error}",
            "mark the call as `held` in its type's file in tracer/rehearse/cloudformation/types",
        ) from error
    except ParamValidationError as error:
        raise RehearseError(
            f"CloudFormation would call {call.name} with other parameters than its row says: {error}",
            "see the type's file in tracer/rehearse/cloudformation/types",
        ) from error
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


@functools.cache
def _client(service: str, region: str) -> BaseClient:
    """A client whose requests moto answers, inside the process."""
    session = boto3.Session(aws_access_key_id="inside", aws_secret_access_key="inside", region_name=region)  # noqa: S106  # signs nothing
    once = Config(retries={"total_max_attempts": 1})
    client: BaseClient = session.client(service, config=once)  # type: ignore[call-overload]  # the service is a variable
    client.meta.events.register_first("before-send.*.*", _answer)  # type: ignore[arg-type]  # its handlers may answer
    return client


def _answer(event_name: str, request: AWSPreparedRequest, **_: object) -> AWSResponse:
    """What moto answers to a request, which must not leave the process."""
    stubber = BotocoreStubber()
    stubber.enabled = True
    response = stubber(event_name, request)
    if response is None:
        raise RehearseError(f"moto has no service at {request.url}, which CloudFormation would call")
    return response


def _as_typed(shape: Shape | None, value: Value) -> Value:
    """A value in the type and the spelling that an operation takes; templates may hold numbers as text, JSON as such.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-type-coercion.html
    """
    match shape, value:
        case StructureShape(), Mapping():
            spelled = {_spelled(shape, name): item for name, item in value.items()}
            return {name: _as_typed(shape.members.get(name), item) for name, item in spelled.items()}
        case MapShape(), Mapping():
            return {name: _as_typed(shape.value, item) for name, item in value.items()}
        case ListShape(), list():
            return [_as_typed(shape.member, item) for item in value]
        case Shape(type_name="integer" | "long"), str():
            return int(value)
        case Shape(type_name="boolean"), str():
            return value.lower() == "true"
        case Shape(type_name="string"), bool():
            return str(value).lower()
        case Shape(type_name="string"), int() | float():
            return str(value)
        case Shape(type_name="string"), Mapping() | list():
            return json.dumps(value)
    return value


def _spelled(shape: StructureShape, name: str) -> str:
    """A property's name as the service spells it: API Gateway, Logs and others begin with a small letter."""
    small = name[:1].lower() + name[1:]
    return small if small in shape.members else name
