"""A stack's resources: made in order of dependency, changed, cleaned up behind, and rolled back.

moto's map of resources resolves a template's functions by asking itself for the resource that they name, so a resource
is made when it is first needed. This one keeps that and makes, changes and replaces through a type's calls; what a
template no longer has is removed at the end, in reverse order, as AWS does:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.parsing import ResourceMap, clean_json, get_references_from_template
from moto.utilities.utils import get_partition

from tracer.errors import RehearseError
from tracer.rehearse.call import ApiError
from tracer.rehearse.cloudformation import resources
from tracer.rehearse.cloudformation.calls import CallFailed, Forwarder
from tracer.rehearse.cloudformation.expressions import Value
from tracer.rehearse.cloudformation.resources import Resource, ResourceFailed, Wanted
from tracer.rehearse.cloudformation.rows import NoType, resource_type

Report = Callable[[Wanted, str | None, str, str | None], None]
"""Told of each step: a resource, its physical id, its status and the reason."""

_DYNAMIC: Final = re.compile(r"\{\{resolve:(ssm|ssm-secure|secretsmanager):([^{}]+)\}\}")
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html"""

_RETAIN: Final = "Retain"

_FUNCTIONS: Final = frozenset(
    f"Fn::{name}"
    for name in (
        *("Base64", "FindInMap", "GetAZs", "GetAtt", "If", "ImportValue"),
        *("Join", "Select", "Split", "Sub", "ToJsonString"),
    )
)
"""What moto's `clean_json` resolves; another one it would leave as it stands."""


@dataclass(frozen=True, slots=True)
class _Step:
    """What became of a resource."""

    before: Resource | None
    """None: it is new."""
    after: Resource
    in_place: bool
    """It was changed; otherwise `after` stands beside what was before, until that is cleaned up."""


class StackResources(ResourceMap):
    """The resources of one stack."""

    def __init__(self, *args: Value, forwarder: Forwarder, **kwargs: Value) -> None:
        self._forwarder = forwarder
        self._made: dict[str, Resource] = {}
        self._pending: set[str] = set()
        self._steps: list[_Step] = []
        self._rolled_back_to: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
        self.role_arn: str | None = None
        self.report: Report = lambda *_: None
        super().__init__(*args, **kwargs)

    def __getitem__(self, key: str) -> Value:
        """What a template's function names; a resource is made or changed first, where that is still to be done."""
        if key not in self._resource_json_map:
            return self._parsed_resources[key]
        if key in self._pending:
            self._pending.discard(key)
            self._bring_about(key, self._resource_json_map[key])
        return self._made.get(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)

    @property
    def resources(self) -> list[str]:
        """The logical ids of what is there."""
        return list(self._made)

    def validate_outputs(self) -> None:
        """Nothing: an attribute is asked of the resource itself, when it is there."""

    def parse_ssm_parameter(self, value: str, value_type: str) -> Value:
        """The value of a parameter of type `AWS::SSM::Parameter::Value<...>`: CloudFormation asks for it.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html

        Raises:
            ValidationError: it cannot be had.
        """
        try:
            text = self._parameter({"Names": [value]})
        except CallFailed as failure:
            raise ValidationError(message=str(failure)) from failure
        return text.split(",") if "List" in value_type else text

    def prepare(self, template: Mapping[str, Any], parameters: Mapping[str, str], tags: Mapping[str, str]) -> None:
        """Take a template as the one that is deployed next.

        Raises:
            ValidationError: it is none, it names what it has not, or a parameter has no value.
            NoType: nothing is known of what is called for a resource's type, or for one of its properties.
            RehearseError: nothing is known of a function.
        """
        self._rolled_back_to = self._template, self._resource_json_map
        self._steps = []
        self._template, self._resource_json_map = dict(template), dict(template["Resources"])
        self.input_parameters, self.tags = dict(parameters), dict(tags)
        self.resolved_parameters = {}
        self.load()
        for logical_id, body in template["Resources"].items():
            if self._asked_for(logical_id):
                _check_known(body)
                self._check_names(body)

    def deploy(self) -> None:
        """Make the resources what the template says. Nothing is removed yet: see `clean_up` and `roll_back`.

        Raises:
            ResourceFailed: a resource could not be made or changed.
        """
        self._pending = set(self._resource_json_map)
        try:
            for logical_id in self._resource_json_map:
                self[logical_id]
        finally:
            self._pending = set()

    def clean_up(self) -> list[ResourceFailed]:
        """Remove what the template no longer has, and what was replaced; tell what could not be."""
        replaced = [step.before for step in self._steps if step.before and not step.in_place]
        gone = [resource for resource in replaced if not resource.wanted.retained_when_replaced]
        surplus = self._surplus()
        for resource in surplus:
            del self._made[resource.logical_resource_id]
        return self._remove([*reversed(gone), *(item for item in surplus if not item.wanted.retained)])

    def roll_back(self) -> list[ResourceFailed]:
        """Undo the steps of the last deploy, the latest first; tell what could not be undone."""
        failures: list[ResourceFailed] = []
        for step in reversed(self._steps):
            logical_id = step.after.logical_resource_id
            if step.before and step.in_place:
                try:
                    self._made[logical_id] = self._updated(step.after, step.before.wanted)
                except ResourceFailed as failure:
                    failures.append(failure)
                continue
            failures += [] if step.after.wanted.retained else self._remove([step.after])
            if step.before:
                self._made[logical_id] = step.before
            else:
                self._made.pop(logical_id, None)
        self._template, self._resource_json_map = self._rolled_back_to
        return failures

    def delete_all(self) -> list[ResourceFailed]:
        """Remove every resource that is not retained, the latest first; tell what could not be removed."""
        there = list(reversed(self._made.values()))
        failures = self._remove([resource for resource in there if not resource.wanted.retained])
        left = {failure.wanted.logical_id for failure in failures}
        self._made = {name: resource for name, resource in self._made.items() if name in left}
        return failures

    def _check_names(self, body: Mapping[str, Any]) -> None:
        """Refuse what could not be resolved later on."""
        for name in get_references_from_template(dict(body)):
            if name not in self._resource_json_map and name not in self._parsed_resources:
                where = "in the Resources block of the template"
                raise ValidationError(
                    message=f"Template format error: Unresolved resource dependencies [{name}] {where}"
                )
        for function in _functions(body):
            if function not in _FUNCTIONS:
                raise RehearseError(
                    f"the rehearsal's account does not know the function {function}",
                    "moto resolves templates; leave it out of the rehearsed template",
                )

    def _surplus(self) -> list[Resource]:
        """What is there and the template does not ask for, the latest first."""
        return [resource for name, resource in reversed(self._made.items()) if not self._asked_for(name)]

    def _asked_for(self, logical_id: str) -> bool:
        body = self._resource_json_map.get(logical_id)
        return body is not None and ("Condition" not in body or bool(self.lazy_condition_map[body["Condition"]]))

    def _bring_about(self, logical_id: str, body: Mapping[str, Any]) -> None:
        """Make, replace or change one resource, after those that it depends on."""
        if not self._asked_for(logical_id):
            return
        depends_on = body.get("DependsOn", [])
        for other in [depends_on] if isinstance(depends_on, str) else depends_on:
            self[other]
        before = self._made.get(logical_id)
        wanted = self._wanted(logical_id, body, before)
        after = self._as_wanted(before, wanted)
        self._made.pop(logical_id, None)  # so that they stand in the order in which they depend on each other
        self._made[logical_id] = after

    def _as_wanted(self, before: Resource | None, wanted: Wanted) -> Resource:
        if before and not resources.differs(before.wanted, wanted):
            return replace(before, wanted=wanted)
        in_place = before is not None and _in_place(before.wanted, wanted)
        try:
            after = self._updated(before, wanted) if before and in_place else self._new(wanted)
        except ResourceFailed as failure:
            if failure.left:
                self._steps.append(_Step(before, failure.left, in_place))
            raise
        self._steps.append(_Step(before, after, in_place))
        return after

    def _new(self, wanted: Wanted) -> Resource:
        self.report(wanted, None, "CREATE_IN_PROGRESS", None)
        with self._reporting(wanted, None, "CREATE_FAILED"):
            resource = resources.create(self._forwarder, wanted, self._stack())
        self.report(wanted, resource.physical_resource_id, "CREATE_COMPLETE", None)
        return resource

    def _updated(self, resource: Resource, wanted: Wanted) -> Resource:
        self.report(wanted, resource.physical_resource_id, "UPDATE_IN_PROGRESS", None)
        with self._reporting(wanted, resource, "UPDATE_FAILED"):
            updated = resources.update(self._forwarder, resource, wanted)
        self.report(wanted, resource.physical_resource_id, "UPDATE_COMPLETE", None)
        return updated

    def _remove(self, there: Sequence[Resource]) -> list[ResourceFailed]:
        failures = []
        for resource in there:
            self.report(resource.wanted, resource.physical_resource_id, "DELETE_IN_PROGRESS", None)
            try:
                with self._reporting(resource.wanted, resource, "DELETE_FAILED"):
                    resources.delete(self._forwarder, resource)
            except ResourceFailed as failure:
                failures.append(failure)
            else:
                self.report(resource.wanted, resource.physical_resource_id, "DELETE_COMPLETE", None)
        return failures

    @contextlib.contextmanager
    def _reporting(self, wanted: Wanted, resource: Resource | None, status: str) -> Iterator[None]:
        """Tell of a failure under this status; it goes on its way."""
        try:
            yield
        except ResourceFailed as failure:
            there, reason = resource or failure.left, self._forwarder.reason(failure.cause)
            self.report(wanted, there.physical_resource_id if there else None, status, reason)
            raise

    def _wanted(self, logical_id: str, body: Mapping[str, Any], before: Resource | None) -> Wanted:
        """A resource as the template has it. Raises ResourceFailed where what it names cannot be had."""
        properties = clean_json(body.get("Properties", {}), self)
        try:
            properties = self._resolved(properties)
        except CallFailed as failure:
            unresolved = Wanted(logical_id, body["Type"], properties, ())
            with self._reporting(unresolved, before, "UPDATE_FAILED" if before else "CREATE_FAILED"):
                raise ResourceFailed(unresolved, failure) from failure
        return Wanted(
            logical_id=logical_id,
            type=body["Type"],
            properties=properties,
            tags=_tags(self.tags, properties.get(resource_type(body["Type"]).tags)),
            retained=body.get("DeletionPolicy") == _RETAIN,
            retained_when_replaced=body.get("UpdateReplacePolicy") == _RETAIN,
        )

    def _stack(self) -> dict[str, Any]:
        """What expressions of rows call `stack`."""
        return {
            "StackId": self.stack_id,
            "StackName": self._parsed_resources["AWS::StackName"],
            "Region": self._region_name,
            "AccountId": self._account_id,
            "Partition": get_partition(self._region_name),
            "RoleARN": self.role_arn,
        }

    def _resolved(self, value: Value) -> Value:
        """Without `AWS::NoValue` in lists, and with the values of dynamic references, which CloudFormation asks for."""
        if isinstance(value, Mapping):
            return {name: self._resolved(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._resolved(item) for item in value if item is not None]
        return _DYNAMIC.sub(self._dynamic, value) if isinstance(value, str) else value

    def _dynamic(self, found: re.Match[str]) -> str:
        service, reference = found.groups()
        if service != "secretsmanager":
            return self._parameter({"Names": [reference], "WithDecryption": True})
        secret, _, rest = reference.partition(":SecretString")
        text = str(self._forwarder.make("secretsmanager", "GetSecretValue", {"SecretId": secret})["SecretString"])
        key = rest.removeprefix(":").partition(":")[0]
        return str(json.loads(text)[key]) if key else text

    def _parameter(self, asked: Mapping[str, Any]) -> str:
        """A parameter's value. Raises CallFailed where it cannot be had."""
        found = self._forwarder.make("ssm", "GetParameters", asked)["Parameters"]
        if not found:
            names = ", ".join(asked["Names"])
            message = f"Unable to fetch parameters [{names}] from parameter store for this account."
            raise CallFailed(ApiError("ValidationError", message))
        return str(found[0]["Value"])


def _check_known(body: Mapping[str, Any]) -> None:
    """Refuse a resource that is not known, or a part of it. Raises NoType."""
    row = resource_type(body["Type"])
    for name in body.get("Properties", {}):
        if name in row.left_out:
            raise NoType(row.type, name)


def _functions(value: Value) -> Iterator[str]:
    """The functions that a part of a template uses."""
    if isinstance(value, Mapping):
        yield from (name for name in value if str(name).startswith("Fn::"))
        for item in value.values():
            yield from _functions(item)
    elif isinstance(value, list):
        for item in value:
            yield from _functions(item)


def _in_place(before: Wanted, wanted: Wanted) -> bool:
    return before.type == wanted.type and not wanted.row.replaces(resources.changes(before, wanted))


def _tags(stack: Mapping[str, str], own: Value) -> list[dict[str, str]]:
    """The stack's tags and the resource's, which win; types spell theirs as a list or as a map."""
    listed = own if isinstance(own, Mapping) else {tag["Key"]: tag["Value"] for tag in own or ()}
    return [{"Key": key, "Value": str(value)} for key, value in {**stack, **listed}.items()]
