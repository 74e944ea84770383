"""What CloudFormation calls for a type of resource: `types/*.json` as values.

One file a type, named as the type with `-` for `::`. A file:

    {"type": "AWS::Logs::LogGroup",
     "sources": ["the pages, or registry schemas, that say which calls are made"],
     "name": "LogGroupName",            the property that names it; a template without it gets a name made up
     "tags": "Tags",                    the property with its tags, where it has another name
     "id": "name",                      its physical id                                     (an expression)
     "attributes": {"Arn": "..."},      what Fn::GetAtt gives                               (expressions)
     "replace": ["LogGroupName"],       a change of these makes a new resource
     "left_out": ["ResourcePolicy"],    properties that nothing is written down for: a template with one is refused
     "create": [CALL...], "update": [CALL...], "delete": [CALL...],
     "tag": [CALL...],                  as update, where the tags alone changed too
     "why": "..."}                      for people

A type that CloudFormation calls nothing for has no calls and a `why`. A call:

    {"call": "logs.PutRetentionPolicy", botocore's names of service and operation
     "when": "new.RetentionInDays",     it is made only where this is true                  (an expression)
     "on": ["RetentionInDays"],         in an update: only where one of these properties changed
     "each": "new.Policies",            once for each `item` of this list                   (an expression)
     "params": {"logGroupName": "id"},  a tree of expressions; what comes out as null is left out
     "copy": ["RoleArn"],               properties that are parameters of the same name
     "of": "new.Integration",           whose properties; the resource's own by default     (an expression)
     "gone": ["NoSuchEntity"],          errors that leave nothing to do
     "expect": "answers...",            what its answer has to be, or the resource fails    (an expression)
     "fails": "...",                    with these words                                    (an expression)
     "held": "why"}                     judged and recorded, but not run: moto has no such operation, or cannot do it

Names and values are put into the spelling and the type that the operation takes: `RestApiId` becomes `restApiId`, an
object becomes JSON where a text is wanted.

Expressions name:

    new, old      the properties now and before, all functions resolved; `{}` where there are none
    id, name      the physical id (from the first update on) and the name
    tags          of the stack and of the resource, a list of Key and Value; `old_tags` before
    answers       what the operations answered, by name: `answers.CreateRole.Role.Arn`; kept from create to delete
    stack         StackId, StackName, Region, AccountId, Partition, RoleARN (null without)
    logical_id    in the template
    item          of `each`
    attribute     what Fn::GetAtt asks for; `"*"` in `attributes` stands for all
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Final

from tracer.errors import RehearseError

CUSTOM: Final = "AWS::CloudFormation::CustomResource"
"""The type that all `Custom::*` types are."""

_HANDLERS: Final = ("create", "update", "tag", "delete")


class NoType(RehearseError):
    """Nothing is known of what CloudFormation calls for a type of resource, or for a property of it."""

    def __init__(self, name: str, part: str = "") -> None:
        super().__init__(
            f"the rehearsal's account does not know what CloudFormation calls for {part and f'{part} of '}{name}",
            "add a file for it to tracer/rehearse/cloudformation/types, or leave it out of the rehearsed template",
        )


@dataclass(frozen=True, slots=True)
class HandlerCall:
    """A call that a handler makes."""

    service: str
    operation: str
    params: Mapping[str, Any] = field(default_factory=dict)
    copy: Sequence[str] = ()
    of: str | None = None
    when: str | None = None
    on: Sequence[str] = ()
    each: str | None = None
    gone: Sequence[str] = ()
    expect: str | None = None
    fails: str = "'failed'"
    held: str | None = None


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A type of resource, and what is called for it."""

    type: str
    sources: Sequence[str]
    create: Sequence[HandlerCall] = ()
    update: Sequence[HandlerCall] = ()
    tag: Sequence[HandlerCall] = ()
    delete: Sequence[HandlerCall] = ()
    id: str = "name"
    name: str | None = None
    tags: str = "Tags"
    attributes: Mapping[str, str] = field(default_factory=dict)
    replace: Sequence[str] = ()
    left_out: Sequence[str] = ()
    why: str = ""

    def replaces(self, changed: Sequence[str]) -> bool:
        """Whether a change of these properties makes a new resource of it."""
        return bool(set(changed) & set(self.replace))


def resource_type(name: str) -> ResourceType:
    """The row of a type. Raises NoType where there is none."""
    known = resource_types().get(CUSTOM if name.startswith("Custom::") else name)
    if known is None:
        raise NoType(name)
    return known


@functools.cache
def resource_types() -> Mapping[str, ResourceType]:
    """All rows, by type."""
    folder = files("tracer.rehearse.cloudformation") / "types"
    documents = [json.loads(item.read_bytes()) for item in folder.iterdir() if item.name.endswith(".json")]
    return {document["type"]: _row(document) for document in sorted(documents, key=lambda row: str(row["type"]))}


def _row(document: Mapping[str, Any]) -> ResourceType:
    handlers = {handler: tuple(map(_call, document.get(handler, ()))) for handler in _HANDLERS}
    return ResourceType(**{**document, **handlers})


def _call(document: Mapping[str, Any]) -> HandlerCall:
    service, operation = document["call"].split(".")
    rest = {key: value for key, value in document.items() if key not in ("call", "why")}
    return HandlerCall(service=service, operation=operation, **rest)
