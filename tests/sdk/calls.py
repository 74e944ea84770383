"""Every operation of botocore as a call, the way CloudTrail would record it.

In come botocore's models, out come raw records: the event source is each name that the service's calls may have in a
log, the event name carries the version that Lambda's and CloudFront's carry, and the request holds a value for every
member of the operation's input, the first letter of its name lowered, as CloudTrail writes it.

The values are plausible and no more: an ARN of the service under a name that ends in `Arn`, a role's under one that
ends in `RoleArn`, a number, a name. What a call really holds is what the cases under tests/cases say.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.loaders import Loader
from support import ACCOUNT, REGION, record

from tracer.reference import overrides, table

Model = Mapping[str, Any]

_DEPTH: Final = 4
"""How deep a request is filled: deeper members name no resource."""

_LAMBDA_VERSIONS: Final = ("20150331", "20150331v2")
"""What stands behind the names of Lambda's older operations, whose path in botocore begins with the date: "The
eventName might include date and version information"
(https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html)."""

LOGGED_AS: Final[Mapping[str, tuple[str, ...]]] = {
    "mq": ("amazonmq", "mq"),
    "rds-data": ("rdsdata", "rds-data"),
    "autoscaling-plans": ("autoscaling", "autoscaling-plans"),
    "application-autoscaling": ("autoscaling", "application-autoscaling"),
    "s3control": ("s3-control",),
}
"""Services of botocore whose calls have another name in CloudTrail's logs than their endpoint's and their signer's, or
that one beside them; the rows of sources.json say where it is written. Of S3's control API it is `s3` with other event
names (PutAccountPublicAccessBlock), which the cases test."""


@dataclass(frozen=True, order=True)
class Operation:
    """One operation of one service, by botocore's names."""

    service: str
    name: str
    sources: tuple[str, ...]
    """The event sources that a log may have for it, without `.amazonaws.com`, the endpoint's first."""
    events: tuple[str, ...]
    """The event names that a log may have for it."""


def operations() -> Iterator[tuple[Operation, Model]]:
    """Every operation, by service and name, each with its service's model."""
    loader = Loader()
    for service in sorted(loader.list_available_services("service-2")):
        model: Model = loader.load_service_model(service, "service-2")
        sources = _sources(service, model["metadata"])
        for name, operation in sorted(model["operations"].items()):
            yield Operation(service, name, sources, tuple(_events(service, name, operation))), model


def _sources(service: str, metadata: Mapping[str, Any]) -> tuple[str, ...]:
    endpoint: str = metadata["endpointPrefix"]
    names = (endpoint, metadata.get("signingName", endpoint).lower())
    return tuple(dict.fromkeys(LOGGED_AS.get(service, names)))


def _events(service: str, name: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield name
    if service == "lambda":
        date = operation["http"]["requestUri"].split("/")[1].replace("-", "")
        if date.isdigit():
            yield from (name + version.replace("20150331", date) for version in _LAMBDA_VERSIONS)
    if service == "cloudfront":
        yield f"{name}2020_05_31"


def raw(operation: Operation, model: Model) -> dict[str, Any]:
    """The operation as a record, under the first of its sources and names."""
    return record(operation.events[0], f"{operation.sources[0]}.amazonaws.com", request=request(operation, model))


def bare(operation: Operation) -> dict[str, Any]:
    """The operation as a record whose parameters CloudTrail left out."""
    return record(operation.events[0], f"{operation.sources[0]}.amazonaws.com")


def request(operation: Operation, model: Model) -> dict[str, Any] | None:
    """A value for every member of the operation's input."""
    shape = model["operations"][operation.name].get("input")
    if shape is None:
        return None
    prefix = overrides.prefixes(operation.sources[0])[0]
    value = _Filler(model["shapes"], prefix).value(shape["shape"], "", 0)
    return value or None


class _Filler:
    def __init__(self, shapes: Mapping[str, Any], prefix: str) -> None:
        self._shapes = shapes
        self._prefix = prefix

    def value(self, name: str, member: str, depth: int) -> Any:  # noqa: ANN401 - what JSON holds
        shape = self._shapes[name]
        kind = shape["type"]
        if kind == "structure":
            if depth >= _DEPTH:
                return {}
            members = shape.get("members", {}).items()
            return {_lowered(key): self.value(item["shape"], key, depth + 1) for key, item in members}
        if kind == "list":
            return [self.value(shape["member"]["shape"], member, depth + 1)] if depth < _DEPTH else []
        if kind == "map":
            return {"key": self.value(shape["value"]["shape"], "", depth + 1)} if depth < _DEPTH else {}
        if kind == "string":
            return shape["enum"][0] if shape.get("enum") else self._text(member)
        return {"boolean": True, "timestamp": "Nov 24, 2026, 8:00:00 AM", "blob": "AAAA"}.get(kind, 7)

    def _text(self, member: str) -> str:
        name = member.lower().removesuffix("s")
        if name.endswith("rolearn"):
            return f"arn:aws:iam::{ACCOUNT}:role/passed"
        if name == "statement":
            return 'SELECT * FROM "Music"'
        if name.endswith("keyarn"):
            return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        if name.endswith("arn"):
            return _arn(self._prefix, name.removesuffix("arn"))
        return f"{_lowered(member)}-1"


@functools.cache
def _arn(prefix: str, stem: str) -> str:
    """An ARN of the service: of the resource type that the member is named for, else of its first one."""
    service = table.service(prefix)
    types = service.resource_types if service else {}
    named = [templates[0] for kind, templates in types.items() if kind.lower().replace("-", "") == stem]
    others = [templates[0] for templates in types.values()]
    text = (*named, *others, f"arn:${{Partition}}:{prefix}:${{Region}}:${{Account}}:thing/${{Id}}")[0]
    known = {"Partition": "aws", "Region": REGION, "Account": ACCOUNT}
    return re.sub(r"\$\{(\w+)\}", lambda match: known.get(match[1], f"{match[1].lower()}-1"), text)


def _lowered(name: str) -> str:
    return name[:1].lower() + name[1:]
