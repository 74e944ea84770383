"""API Gateway's control plane: the HTTP verb is the action, the path is the resource.

"Action: apigateway:HTTP_VERB, Resource: arn:aws:apigateway:REGION::/PATH"
(https://docs.aws.amazon.com/apigateway/latest/developerguide/security_iam_service-with-iam.html). Verb and path of each
operation come from botocore's models of the two APIs, which share one event source and forty operation names: version 1
(REST APIs, `/restapis`) and version 2 (HTTP and WebSocket APIs, `/apis`, botocore's leading `/v2` left out). The
request tells them apart; where it does not, both are needed to be sure.

The newer operations, on portals and routing rules, have actions of their own, and resources with an account in their
ARN: they are mapped as any service's are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from tracer.model.arn import Arn, ArnPattern
from tracer.model.glob import escape
from tracer.model.permission import Widening
from tracer.model.record import Record
from tracer.reduce import actions
from tracer.reduce.actions import Need, NoPermission, Unknown
from tracer.reduce.callers import partition_of_region
from tracer.reduce.request import leaves, normal, plain_event
from tracer.reduce.resources import Resource
from tracer.reference import operations, overrides, table
from tracer.reference.operations import Operation

SOURCE: Final = "apigateway"
_BESIDE_ITS_VERB: Final = "TagResource"
"""The one call whose name is an action that AWS checks beside the verb, and not in its place: when CloudFormation tags
a stage (`data/overrides/table.json`)."""

_LABEL: Final = re.compile(r"\{([^}]+?)\+?\}")
_V1_ARNS: Final = re.compile(r":/(restapis|apikeys|usageplans|domainnames|vpclinks|clientcertificates)")


def needs_of(
    record: Record,
) -> tuple[tuple[Need, tuple[Resource, ...]], ...] | tuple[Need, ...] | NoPermission | Unknown:
    """The verbs and paths that AWS checked for the call, or its own action where it has one."""
    event = plain_event(record)
    if event != _BESIDE_ITS_VERB and (table.lookup(SOURCE, event) or event.lower() in overrides.event_rows(SOURCE)):
        return actions.needs_of(record)
    found = [operation for operation in operations.named(event) if _is_meant(operation, record)]
    needs = tuple(
        (Need(fact), (_path(operation, record),))
        for operation in found or operations.named(event)
        if (fact := table.lookup(SOURCE, operation.method))
    )
    return needs or Unknown(f"neither version of API Gateway's API has an operation {event}")


def _is_meant(operation: Operation, record: Record) -> bool:
    """Whether the request can be one of this version of the API."""
    keys = {key for key, _, _ in leaves(record.request_parameters)}
    if record.api_version:
        return operation.api_version == record.api_version
    if "restapiid" in keys or "apiid" in keys:
        return operation.api_version == (operations.V1 if "restapiid" in keys else operations.V2)
    arns = [value for key, _, value in leaves(record.request_parameters) if key == "resourcearn"]
    if arns:
        return operation.api_version == (operations.V1 if _V1_ARNS.search(arns[0]) else operations.V2)
    return True


def _path(operation: Operation, record: Record) -> Resource:
    """The path with the request's values in it, and `*` for what the request does not say."""
    values = dict(_values(record))
    widened = []

    def fill(match: re.Match[str]) -> str:
        value = values.get(normal(match.group(1)))
        if value is None:
            widened.append(Widening("resource", "", "*", f"unknown-{match.group(1).replace('_', '-')}"))
            return "*"
        # "arn:aws:apigateway:REGION::/tags/URL-ENCODED-ARN": what is tagged is one segment of the path
        # (https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html).
        return escape(quote(value, safe="") if Arn.find(value) else value)

    path = _LABEL.sub(fill, operation.uri.partition("?")[0].removeprefix("/v2"))
    partition = partition_of_region(record.aws_region)
    return Resource(ArnPattern(f"arn:{partition}:{SOURCE}:{record.aws_region}::{path}"), tuple(widened))


def _values(record: Record) -> Iterator[tuple[str, str]]:
    """The request's values by normal key, the outermost last, so that it wins."""
    yield from ((key, value) for key, _, value in reversed(list(leaves(record.request_parameters))))
