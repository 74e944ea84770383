"""Parameters and responses in CloudTrail's spelling, by botocore's models of them.

As a rule a name begins with a small letter (`StackName` -> `stackName`, `RoleARN` -> `roleARN`, `ARN` -> `aRN`), the
keys of maps stay as they are, times are spoken (`Nov 24, 2026, 8:00:01 AM`), binary content is left out. Two services
differ, because their records show the request as it went over the wire: S3 (headers, query, the bucket's name beside
the host) and EC2 (lists are sets of items).

Loaded by the account's process alone, as the models are slow to load.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, cast
from urllib.parse import parse_qsl, quote, urlsplit

import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

Json = dict[str, Any]

UNTOLD: Final = ("content-", "x-amz-checksum-", "x-amz-sdk-checksum-")
"""Headers of S3's requests that its records do not tell."""

_SESSION: Final = botocore.session.Session()


@functools.cache
def model_of(service: str, operation: str) -> OperationModel:
    """Botocore's model of an operation."""
    return _SESSION.get_service_model(service).operation_model(operation)


def request_of(service: str, operation: str, params: Mapping[str, Any]) -> Any:  # noqa: ANN401  # JSON
    """The request of a call; empty where there is nothing in it."""
    model = model_of(service, operation)
    if model.input_shape is None:
        return {}
    match service:
        case "s3":
            return _of_s3(model, params)
        case "ec2":
            return _in_sets(model.input_shape, params)
        case _:
            return _spelled(model.input_shape, params)


def response_of(service: str, operation: str, values: Mapping[str, Any]) -> Any:  # noqa: ANN401  # JSON
    """The response of a call; empty where there is nothing in it."""
    shape = model_of(service, operation).output_shape
    if shape is None:
        return {}
    return _in_sets(shape, values) if service == "ec2" else _spelled(shape, values)


def endpoint_of(service: str) -> str:
    """How a service's endpoint begins, as `lambda` or `api.ecr`."""
    return str(_SESSION.get_service_model(service).endpoint_prefix)


def spoken(moment: datetime) -> str:
    """A time as it stands within requests and responses: `Nov 24, 2026, 8:00:01 AM`."""
    return f"{moment:%b} {moment.day}, {moment.year}, {moment.hour % 12 or 12}:{moment:%M:%S %p}"


def _spelled(shape: Shape, value: Any) -> Any:  # noqa: ANN401  # JSON
    match shape:
        case StructureShape():
            return {_small(name): _spelled(inner, value[name]) for name, inner in _told(shape, value)}
        case ListShape():
            return [_spelled(shape.member, item) for item in value]
        case MapShape():
            return {key: _spelled(shape.value, item) for key, item in value.items()}
        case _:
            return _text(value)


def _text(value: Any) -> Any:  # noqa: ANN401  # JSON
    """A single value. Policy documents, which botocore's clients decode, are URL-encoded in responses."""
    if isinstance(value, Mapping):
        return quote(json.dumps(value, separators=(",", ":")), safe="")
    return spoken(value) if isinstance(value, datetime) else value


def _told(shape: StructureShape, value: Mapping[str, Any]) -> Sequence[tuple[str, Shape]]:
    """The members that have a value which a record can tell."""
    return [
        (name, member)
        for name, member in shape.members.items()
        if value.get(name) is not None and member.type_name != "blob"
    ]


def _small(name: str) -> str:
    return name[:1].lower() + name[1:]


def _of_s3(model: OperationModel, params: Mapping[str, Any]) -> Json:
    """The bucket, the host, the sub-resource (`policy`), and what stood in the query, in headers and in the body."""
    request: Json = {}
    for name, member in _told(cast("StructureShape", model.input_shape), params):
        where = member.serialization
        if name == "Policy":
            request["bucketPolicy"] = json.loads(params[name])
        elif name in ("Bucket", "Key"):
            request["bucketName" if name == "Bucket" else "key"] = params[name]
        elif where.get("location") in ("header", "querystring"):
            if not where["name"].lower().startswith(UNTOLD):
                request[where["name"]] = params[name]
        elif member.type_name == "structure":
            request[where.get("name", name)] = _as_xml(member, params[name])
    query = urlsplit(model.http["requestUri"]).query
    return {**request, **_host(params), **dict(parse_qsl(query, keep_blank_values=True))}


def _host(params: Mapping[str, Any]) -> Json:
    return {"Host": f"{params['Bucket']}.s3.amazonaws.com" if "Bucket" in params else "s3.amazonaws.com"}


def _as_xml(shape: Shape, value: Any) -> Any:  # noqa: ANN401  # JSON
    """As in the body, where names keep their letters, and a list of one is the one."""
    match shape:
        case StructureShape():
            return {
                member.serialization.get("name", name): _as_xml(member, value[name])
                for name, member in _told(shape, value)
            }
        case ListShape():
            items = [_as_xml(shape.member, item) for item in value]
            return items[0] if len(items) == 1 else items
        case _:
            return spoken(value) if isinstance(value, datetime) else value


def _in_sets(shape: Shape, value: Any) -> Any:  # noqa: ANN401  # JSON
    """EC2's `vpcSet: {items: [{vpcId: ...}]}`; tags are a list in requests as elsewhere."""
    match shape:
        case StructureShape():
            told: Json = {}
            for name, member in _told(shape, value):
                wire = _small(member.serialization.get("name", name))
                if isinstance(member, ListShape) and wire != "tag":
                    told[_set(wire)] = {"items": [_item(wire, member.member, item) for item in value[name]]}
                else:
                    told["tags" if wire == "tag" else wire] = _in_sets(member, value[name])
            return told
        case ListShape():
            return [_in_sets(shape.member, item) for item in value]
        case _:
            return spoken(value) if isinstance(value, datetime) else value


def _set(wire: str) -> str:
    return wire if wire.endswith("Set") else f"{wire.removesuffix('Id')}Set"


def _item(wire: str, shape: Shape, value: Any) -> Json:  # noqa: ANN401  # JSON
    if isinstance(shape, StructureShape):
        return cast("Json", _in_sets(shape, value))
    return {wire.removesuffix("Set"): value}
