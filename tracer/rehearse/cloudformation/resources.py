"""A resource's life: what its type's row says, made into calls.

    create    -> Resource         update, or a new one in its place -> Resource         delete

A resource that fails on the way is told with what there is of it by then, so that a rollback can remove that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from moto.cloudformation.parsing import generate_resource_name

from tracer.errors import RehearseError
from tracer.rehearse.call import ApiError
from tracer.rehearse.cloudformation.calls import CallFailed, Forwarder
from tracer.rehearse.cloudformation.expressions import Value, evaluate
from tracer.rehearse.cloudformation.rows import HandlerCall, ResourceType, resource_type

Properties = Mapping[str, Any]
Tags = Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A resource as a template has it, all functions resolved."""

    logical_id: str
    type: str
    properties: Properties
    tags: Tags
    """The stack's and its own."""
    retained: bool = False
    """`DeletionPolicy: Retain`."""
    retained_when_replaced: bool = False
    """`UpdateReplacePolicy: Retain`."""

    @property
    def row(self) -> ResourceType:
        """What is called for its type. Raises NoType."""
        return resource_type(self.type)


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource that is there, in the words that moto's answers read (`logical_resource_id`...)."""

    wanted: Wanted
    stack: Mapping[str, Any]
    name: str
    physical_resource_id: str
    answers: Mapping[str, Any] = field(default_factory=dict)

    @property
    def logical_resource_id(self) -> str:
        """Its name in the template."""
        return self.wanted.logical_id

    @property
    def cf_resource_type(self) -> str:
        """Its type."""
        return self.wanted.type

    def get_cfn_attribute(self, attribute: str) -> Value:
        """What Fn::GetAtt gives. Raises RehearseError where the row does not say."""
        row = self.wanted.row
        expression = row.attributes.get(attribute) or row.attributes.get("*")
        if expression is None:
            raise RehearseError(
                f"the rehearsal's account does not know the attribute {attribute} of {self.wanted.type}",
                "add it to the type's file in tracer/rehearse/cloudformation/types",
            )
        return evaluate(expression, {**self.known(), "attribute": attribute})

    def known(self, before: Wanted | None = None) -> dict[str, Any]:
        """What expressions may name."""
        return {
            **_known(self.wanted, self.stack, self.name, before),
            "id": self.physical_resource_id,
            "answers": self.answers,
        }


class ResourceFailed(Exception):
    """A resource could not be made, changed or removed."""

    def __init__(self, wanted: Wanted, cause: CallFailed, left: Resource | None = None) -> None:
        super().__init__(str(cause))
        self.wanted = wanted
        self.cause = cause
        self.left = left
        """What there is of it."""


def create(forwarder: Forwarder, wanted: Wanted, stack: Mapping[str, Any]) -> Resource:
    """Make a resource.

    Args:
        forwarder: makes the calls.
        wanted: the resource.
        stack: what expressions call `stack`.

    Raises:
        ResourceFailed: a call was refused or failed.
        RehearseError: there is no row for its type, or the row does not fit.
    """
    row, name = wanted.row, _name(wanted, stack)
    answers: dict[str, Any] = {}
    known = {**_known(wanted, stack, name, None), "id": None, "answers": answers}
    try:
        _make(forwarder, row.create, known, answers)
    except CallFailed as failure:
        there = evaluate(row.id, known) if answers else None
        left = Resource(wanted, stack, name, there, answers) if there else None
        raise ResourceFailed(wanted, failure, left) from failure
    return Resource(wanted, stack, name, _physical_id(row, known), answers)


def update(forwarder: Forwarder, resource: Resource, wanted: Wanted) -> Resource:
    """Change a resource in place.

    Args:
        forwarder: makes the calls.
        resource: as it is.
        wanted: as it is to be; its type is the same.

    Raises:
        ResourceFailed: a call was refused or failed; what is left is the resource half changed.
    """
    row, answers = wanted.row, dict(resource.answers)
    changed = changes(resource.wanted, wanted)
    there = replace(resource, wanted=wanted)
    known = {**there.known(resource.wanted), "answers": answers}
    try:
        _make(forwarder, [call for call in row.update if not call.on or set(call.on) & set(changed)], known, answers)
        if row.tag and list(resource.wanted.tags) != list(wanted.tags):
            _make(forwarder, row.tag, known, answers)
    except CallFailed as failure:
        raise ResourceFailed(wanted, failure, replace(there, answers=answers)) from failure
    return replace(there, answers=answers)


def delete(forwarder: Forwarder, resource: Resource) -> None:
    """Remove a resource.

    Raises:
        ResourceFailed: a call was refused, or failed for another reason than that there is nothing to remove.
    """
    answers = dict(resource.answers)
    known = {**resource.known(resource.wanted), "new": {}, "answers": answers}
    try:
        _make(forwarder, resource.wanted.row.delete, known, answers)
    except CallFailed as failure:
        raise ResourceFailed(resource.wanted, failure, resource) from failure


def changes(before: Wanted, wanted: Wanted) -> list[str]:
    """The names of the properties that differ."""
    names = sorted({*before.properties, *wanted.properties})
    return [name for name in names if before.properties.get(name) != wanted.properties.get(name)]


def differs(before: Wanted, wanted: Wanted) -> bool:
    """Whether a resource has to be touched at all: the stack's tags reach only types that take tags."""
    tags = wanted.row.tag and list(before.tags) != list(wanted.tags)
    return bool(tags) or bool(changes(before, wanted)) or before.type != wanted.type


def _name(wanted: Wanted, stack: Mapping[str, Any]) -> str:
    given = wanted.properties.get(wanted.row.name) if wanted.row.name else None
    return str(given or generate_resource_name(wanted.type, stack["StackName"], wanted.logical_id))


def _physical_id(row: ResourceType, known: Mapping[str, Any]) -> str:
    found = evaluate(row.id, known)
    if not found:
        raise RehearseError(
            f"the physical id of {row.type}, `{row.id}`, is not in what was called for it",
            "mend the type's file in tracer/rehearse/cloudformation/types",
        )
    return str(found)


def _known(wanted: Wanted, stack: Mapping[str, Any], name: str, before: Wanted | None) -> dict[str, Any]:
    return {
        "new": wanted.properties,
        "old": before.properties if before else {},
        "name": name,
        "tags": list(wanted.tags),
        "old_tags": list(before.tags) if before else [],
        "stack": stack,
        "logical_id": wanted.logical_id,
    }


def _make(
    forwarder: Forwarder, calls: Iterable[HandlerCall], known: Mapping[str, Any], answers: dict[str, Any]
) -> None:
    """Make the calls of a handler, one after the other; each later one may name the answers of those before."""
    for call in calls:
        if call.when and not evaluate(call.when, known):
            continue
        for item in _items(call, known):
            params = _params(call, {**known, "item": item})
            try:
                answers[call.operation] = forwarder.make(call.service, call.operation, params, run=not call.held)
            except CallFailed as failure:
                if failure.denied or failure.error.code not in call.gone:
                    raise
            if call.expect and not evaluate(call.expect, known):
                raise CallFailed(ApiError("NotStabilized", evaluate(call.fails, known)))


def _items(call: HandlerCall, known: Mapping[str, Any]) -> Sequence[Any]:
    return (evaluate(call.each, known) or ()) if call.each else (None,)


def _params(call: HandlerCall, known: Mapping[str, Any]) -> dict[str, Any]:
    source = (evaluate(call.of, known) if call.of else known["new"] or known["old"]) or {}
    copied = {name: _without_nulls(source[name]) for name in call.copy if name in source}
    return {**copied, **(_filled(call.params, known) or {})}


def _filled(tree: Value, known: Mapping[str, Any]) -> Value:
    """A tree of expressions with their values in their places; None where nothing is left of it."""
    if isinstance(tree, str):
        return _without_nulls(evaluate(tree, known))
    if isinstance(tree, Mapping):
        filled = {name: _filled(item, known) for name, item in tree.items()}
        return {name: item for name, item in filled.items() if item is not None} or None
    return [item for item in (_filled(item, known) for item in tree) if item is not None]


def _without_nulls(value: Value) -> Value:
    if isinstance(value, Mapping):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value
