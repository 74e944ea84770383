"""API Gateway's control plane: the HTTP verb is the action, the path is the resource.

"Action: apigateway:HTTP_VERB, Resource: arn:aws:apigateway:REGION::/PATH"
(https://docs.aws.amazon.com/apigateway/latest/developerguide/security_iam_service-with-iam.html). Verb and path of each
operation come from botocore's models of the two APIs, which share one event source and forty operation names: version 1
(REST APIs, `/restapis`) and version 2 (HTTP and WebSocket APIs, `/apis`, botocore's leading `/v2` left out). The
request tells them apart; where it does not, both are needed to be sure. The newer operations, of portals and routing
rules, have actions of their own names and are none of this module's.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from tracer.model.arn import Arn, ArnPattern
from tracer.model.glob import escape
from tracer.model.permission import Widening
from tracer.model.record import Record
from tracer.reduce.actions import Need, Unknown
from tracer.reduce.callers import partition_of_region
from tracer.reduce.request import leaves, lookup, normal, plain_event
from tracer.reduce.resources import Resource
from tracer.reference import operations, overrides, table
from tracer.reference.operations import Operation
from tracer.reference.templates import ArnTemplate

SOURCE: Final = "apigateway"
_LABEL: Final = re.compile(r"\{([^}]+?)\+?\}")
_V1_ARNS: Final = re.compile(r":/(restapis|apikeys|usageplans|clientcertificates)")
_V2_ARNS: Final = re.compile(r":/apis")
_TAGS: Final = "/tags/"
_PLAIN: Final = "+"
"""What stands in a path as it is: a private domain name's id follows its name behind a plus sign."""


def by_verb(record: Record) -> bool:
    """Whether AWS checks this call as a verb on a path: all that neither is an exception nor has an action of its name.

    `apigateway:TagResource` is no such action: CloudFormation is denied it when it makes a stage
    (`data/overrides/table.json`), and the call of this name is a PUT or POST on `/tags`.
    """
    if record.service != SOURCE:
        return False
    event = plain_event(record)
    added = {row.name for row in overrides.table_rows() if row.service == SOURCE}
    named = event not in added and table.lookup(SOURCE, event) is not None
    return bool(operations.named(event)) and not named and not overrides.event_rows(SOURCE).get(event.lower())


def needs_of(record: Record) -> tuple[tuple[Need, tuple[Resource, ...]], ...] | Unknown:
    """The verbs and paths that AWS checked for the call."""
    event = plain_event(record)
    found = [operation for operation in operations.named(event) if _is_meant(operation, record)]
    needs = tuple(
        (Need(fact), tuple(_paths(operation, record)))
        for operation in found or operations.named(event)
        if (fact := table.lookup(SOURCE, operation.method))
    )
    return needs or Unknown(f"neither version of API Gateway's API has an operation {event}")


def _is_meant(operation: Operation, record: Record) -> bool:
    """Whether the request can be one of this version of the API.

    Version 1 also has the members that its request's body holds in one member `...Input`, as records show it.
    """
    keys = {key for key, _, _ in leaves(record.request_parameters)}
    if record.api_version:
        return operation.api_version == record.api_version
    if "restapiid" in keys or "apiid" in keys:
        return operation.api_version == (operations.V1 if "restapiid" in keys else operations.V2)
    for arn in lookup(record.request_parameters, "resourceArn"):
        if operation.api_version == operations.V1:
            return not _V2_ARNS.search(arn)
        return not _V1_ARNS.search(arn)
    body = normal(f"{operation.name}Input")
    if any(normal(str(key)) == body for key in record.request_parameters or ()):
        return operation.api_version == operations.V1
    return True


def _paths(operation: Operation, record: Record) -> Iterator[Resource]:
    """The path with the request's values in it, and `*` for what the request does not say; in two forms where a value
    is written in another way in a URL (a stage `$default`): AWS's denials show `/tags` as it stands in the URL, and no
    record tells which form it compares elsewhere.
    """
    values = _values(record)
    uri = operation.uri.partition("?")[0].removeprefix("/v2")
    given = [values.get(normal(label)) for label in _LABEL.findall(uri)]
    for arn in map(Arn.find, given):
        if arn and not uri.startswith(_TAGS) and arn.service == SOURCE:
            yield Resource(ArnPattern.exactly(arn))
            return
    widened: dict[str, Widening] = {}

    def fill(match: re.Match[str], *, encoded: bool) -> str:
        value = values.get(normal(match.group(1)))
        if value is None:
            name = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", match.group(1)).lower()
            widened[name] = Widening("resource", "", "*", f"unknown-{name}")
            return "*"
        # A lone surrogate, which JSON can spell and no URL can hold, is written as what it is, and as nothing else.
        return quote(value, safe=_PLAIN, errors="surrogatepass") if encoded else escape(value)

    forms = (True,) if uri.startswith(_TAGS) else (False, True)
    paths = dict.fromkeys(_LABEL.sub(functools.partial(fill, encoded=encoded), uri) for encoded in forms)
    for path in paths:
        named = not given or any(given)
        yield Resource(ArnPattern(_arn(path, record)), tuple(widened.values()), named)


def _arn(path: str, record: Record) -> str:
    partition, account = partition_of_region(record.aws_region), record.account or "*"
    owned = any(template.read(Arn(partition, SOURCE, record.aws_region, account, path)) for template in _with_account())
    return f"arn:{partition}:{SOURCE}:{record.aws_region}:{account if owned else ''}:{path}"


@functools.cache
def _with_account() -> tuple[ArnTemplate, ...]:
    """The formats whose ARNs name the account: of private domain names and what belongs to them."""
    service = table.service(SOURCE)
    texts = itertools.chain.from_iterable(service.resource_types.values() if service else ())
    return tuple(ArnTemplate(text) for text in texts if text.split(":")[4])


def _values(record: Record) -> dict[str, str]:
    """The request's values by normal key, the outermost last, so that it wins. A private domain name's ARN has its id
    behind the name.
    """
    values = {key: value for key, _, value in reversed(list(leaves(record.request_parameters)))}
    if "domainname" in values and "domainnameid" in values:
        values["domainname"] += f"+{values['domainnameid']}"
    return values
