"""The operations on stacks: moto's answers, with resources that are made of calls, and AWS's statuses and events.

moto finishes a stack's operation before it answers, and so does this. A stack whose resource fails is rolled back; the
operation itself is answered as if nothing had happened, since AWS answers it at once, and tools read the outcome from
the stack's status and events.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from moto.cloudformation import models, responses, urls
from moto.cloudformation.exceptions import AlreadyExistsException, CloudFormationError, ValidationError
from moto.cloudformation.models import (
    ChangeSet,
    CloudFormationBackend,
    Event,
    Stack,
    cloudformation_backends,
)
from moto.cloudformation.parsing import OutputMap
from moto.cloudformation.utils import generate_stack_id
from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends

from tracer.rehearse.call import CLOUDFORMATION
from tracer.rehearse.cloudformation.calls import CallFailed, Forwarder
from tracer.rehearse.cloudformation.expressions import Value
from tracer.rehearse.cloudformation.resources import ResourceFailed, Wanted
from tracer.rehearse.cloudformation.stack import StackResources
from tracer.rehearse.gate import Gate

_CREATE: Final = "CREATE"
_UPDATE: Final = "UPDATE"
_INITIATED: Final = "User Initiated"


def take_over(gate: Gate) -> None:
    """Put these operations in the place of moto's.

    Args:
        gate: what all calls for all stacks go through.
    """
    forwarder = Forwarder(gate)
    Stacks.forwarder = forwarder
    cloudformation_backends.backend = Stacks
    cloudformation_backends.clear()
    for module, name, replacement in (
        (models, "ResourceMap", functools.partial(StackResources, forwarder=forwarder)),
        (models, "validate_template_cfn_lint", _validate),
        (models, "get_stack_from_s3_url", functools.partial(_template_from_s3, forwarder)),
        (responses, "get_stack_from_s3_url", functools.partial(_template_from_s3, forwarder)),
    ):
        setattr(module, name, replacement)


class ChangeSetNotFound(CloudFormationError):
    """There is no such change set.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeChangeSet.html#API_DescribeChangeSet_Errors
    """

    code = "ChangeSetNotFound"


class Stacks(CloudFormationBackend):
    """The stacks of one account and region."""

    forwarder: Forwarder

    @property
    def _url_module(self) -> ModuleType:
        """Where the operations' URLs are told, which moto finds by the name of a backend's own module."""
        return urls

    def create_stack(
        self,
        name: str,
        template: str,
        parameters: dict[str, Any],
        notification_arns: list[str] | None = None,
        tags: dict[str, str] | None = None,
        role_arn: str | None = None,
        enable_termination_protection: bool | None = False,
        timeout_in_mins: int | None = None,
        stack_policy_body: str | None = None,
    ) -> Stack:
        """Make a stack and its resources.

        Raises:
            AlreadyExistsException: there is one of this name.
            ValidationError: the service role cannot be assumed by CloudFormation.
        """
        if any(stack.name == name for stack in self.stacks.values()):
            raise AlreadyExistsException(f"Stack [{name}] already exists")
        self._check_role(role_arn)
        stack = Stack(  # type: ignore[abstract]  # moto makes them so itself
            stack_id=generate_stack_id(name, self.region_name, self.account_id),
            name=name,
            template={},
            parameters=parameters,
            account_id=self.account_id,
            region_name=self.region_name,
            notification_arns=notification_arns,
            tags=tags,
            cross_stack_resources=self.exports,
            enable_termination_protection=enable_termination_protection,
            timeout_in_mins=timeout_in_mins,
            stack_policy_body=stack_policy_body,
        )
        self._deploy(stack, _CREATE, template, parameters, tags, role_arn)
        return stack

    def update_stack(
        self,
        name: str,
        template: str,
        role_arn: str | None,
        parameters: list[dict[str, Any]],
        tags: dict[str, str] | None,
    ) -> Stack:
        """Change a stack's resources.

        Raises:
            ValidationError: there is nothing to change, or as create_stack.
        """
        stack = self.get_stack(name)
        resolved = self._resolve_update_parameters(instance=stack, incoming_params=parameters)
        if stack.has_template(template) and stack.has_parameters(resolved) and (tags is None or tags == stack.tags):
            raise ValidationError(message="No updates are to be performed.")
        self._deploy(stack, _UPDATE, template, resolved, tags, role_arn)
        return stack

    def delete_stack(self, name_or_stack_id: str) -> None:
        """Remove a stack's resources; nothing happens where there is no such stack."""
        stack = next((item for item in self.stacks.values() if name_or_stack_id in (item.name, item.stack_id)), None)
        if stack is None:
            return
        role_arn = self._take_role(stack, self._served("RoleARN"))
        _tell(stack, "DELETE_IN_PROGRESS", _INITIATED)
        with self.forwarder.acting_as(role_arn):
            failures = _resources(stack).delete_all()
        if failures:
            _tell(stack, "DELETE_FAILED", _which(failures, "delete"))
            return
        _tell(stack, "DELETE_COMPLETE")
        self.deleted_stacks[stack.stack_id] = self.stacks.pop(stack.stack_id)
        self.exports = {key: item for key, item in self.exports.items() if item.exporting_stack_id != stack.stack_id}

    def create_change_set(self, stack_name: str, *args: Value, **kwargs: Value) -> tuple[str, str]:
        """Keep what a template would change.

        Raises:
            ValidationError: the stack's creation was rolled back, so it can only be deleted.
        """
        stack = next((item for item in self.stacks.values() if item.name == stack_name), None)
        if stack and stack.status == "ROLLBACK_COMPLETE":
            message = f"Stack:{stack.stack_id} is in ROLLBACK_COMPLETE state and can not be updated."
            raise ValidationError(message=message)
        self._check_role(kwargs.get("role_arn"))
        return super().create_change_set(stack_name, *args, **kwargs)

    def describe_change_set(self, change_set_name: str) -> ChangeSet:
        """A change set, by its ARN, or by its name and its stack's.

        Raises:
            ChangeSetNotFound: there is none.
        """
        return self._change_set(change_set_name)

    def delete_change_set(self, change_set_name: str) -> None:
        """Forget a change set; nothing happens where there is no such one."""
        try:
            del self.change_sets[self._change_set(change_set_name).change_set_id]
        except ChangeSetNotFound:
            return

    def execute_change_set(self, change_set_name: str, stack_name: str | None = None) -> None:
        """Do what a change set says; all change sets of its stack are forgotten then.

        Raises:
            ChangeSetNotFound: there is none.
        """
        change_set = self._change_set(change_set_name)
        stack = change_set.stack
        self.change_sets = {key: item for key, item in self.change_sets.items() if item.stack is not stack}
        kind = _CREATE if change_set.change_set_type == _CREATE else _UPDATE
        tags = change_set.tags or None  # none are given: they stay as they are
        self._deploy(stack, kind, change_set.template, change_set.parameters, tags, change_set.role_arn)

    def _deploy(
        self,
        stack: Stack,
        kind: str,
        template: str,
        parameters: Mapping[str, Any],
        tags: Mapping[str, str] | None,
        role_arn: str | None,
    ) -> None:
        """Make a stack's resources what a template says, or what they were before."""
        document = Stack.parse_template(template)
        resources = _resources(stack)
        resources.cross_stack_resources = self.exports
        with self.forwarder.acting_as(self._take_role(stack, role_arn)):
            resources.prepare(document, parameters, stack.tags if tags is None else tags)
            self.stacks[stack.stack_id] = stack
            _tell(stack, f"{kind}_IN_PROGRESS", _INITIATED)
            try:
                resources.deploy()
            except ResourceFailed as failure:
                self._give_up(stack, kind, failure)
                return
            if kind == _UPDATE:
                _tell(stack, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
            resources.clean_up()
        stack.template, stack.template_dict, stack.parameters = template, document, dict(parameters)
        stack.description = document.get("Description")
        stack.tags = stack.tags if tags is None else dict(tags)
        self._publish(stack, document)
        _tell(stack, f"{kind}_COMPLETE")

    def _give_up(self, stack: Stack, kind: str, failure: ResourceFailed) -> None:
        """Roll back, or leave everything as it is where the caller asked for that."""
        verb = "create" if kind == _CREATE else "update"
        reason = _which([failure], verb)
        if self._served("DisableRollback") or self._served("OnFailure") == "DO_NOTHING":
            _tell(stack, f"{kind}_FAILED", reason)
            return
        prefix = "" if kind == _CREATE else "UPDATE_"
        _tell(stack, f"{prefix}ROLLBACK_IN_PROGRESS", f"{reason} Rollback requested by user.")
        failures = _resources(stack).roll_back()
        if failures:
            _tell(stack, f"{prefix}ROLLBACK_FAILED", _which(failures, "delete" if kind == _CREATE else "update"))
        else:
            _tell(stack, f"{prefix}ROLLBACK_COMPLETE")

    def _publish(self, stack: Stack, document: Mapping[str, Any]) -> None:
        """Resolve the stack's outputs and exports."""
        stack.output_map = OutputMap(stack.resource_map, {"Outputs": {}, **document}, stack.stack_id)
        list(stack.output_map.values())  # an output that cannot be resolved fails here, and not in who describes it
        kept = {key: item for key, item in self.exports.items() if item.exporting_stack_id != stack.stack_id}
        self.exports = {**kept, **{export.name: export for export in stack.exports}}

    def _check_role(self, role_arn: str | None) -> None:
        """Refuse a service role that CloudFormation could not assume."""
        if role_arn and not _assumable(self.account_id, self.partition, role_arn):
            raise ValidationError(message=f"Role {role_arn} is invalid or cannot be assumed")

    def _take_role(self, stack: Stack, role_arn: str | None) -> str | None:
        """Let a stack go on under a service role; without one, it keeps the role that it has.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html
        """
        self._check_role(role_arn)
        role: str | None = role_arn or stack.role_arn
        stack.role_arn = _resources(stack).role_arn = role
        return role

    def _change_set(self, name: str) -> ChangeSet:
        stack_name = self._served("StackName")
        found = [
            item
            for key, item in self.change_sets.items()
            if key == name or (item.change_set_name == name and stack_name in (item.stack_name, item.stack_id))
        ]
        if not found:
            raise ChangeSetNotFound(f"ChangeSet [{name}] does not exist")
        return found[-1]

    def _served(self, parameter: str) -> Value:
        """A parameter of the request that is being served, which moto's own operations do not hand on."""
        return self.forwarder.gate.serving().params.get(parameter)


def _validate(_template: str) -> list[str]:
    """What is wrong with a template: cfn-lint's warnings, which moto answers ValidateTemplate with, are no errors."""
    return []


def _resources(stack: Stack) -> StackResources:
    """A stack's resources, which tell the stack's events what happens to them."""
    resources = stack.resource_map
    if not isinstance(resources, StackResources):
        raise TypeError(stack.resource_map)
    resources.report = functools.partial(_tell_of_resource, stack)
    return resources


def _assumable(account: str, partition: str, role_arn: str) -> bool:
    try:
        role = iam_backends[account][partition].get_role_by_arn(role_arn)
    except NotFoundException:
        return False
    return CLOUDFORMATION in str(role.assume_role_policy_document)


def _tell(stack: Stack, status: str, reason: str | None = None) -> None:
    stack.status = status
    stack._add_stack_event(status, resource_status_reason=reason)  # noqa: SLF001  # moto has no other way


def _tell_of_resource(stack: Stack, wanted: Wanted, physical_id: str | None, status: str, reason: str | None) -> None:
    event = Event(
        stack_id=stack.stack_id,
        stack_name=stack.name,
        logical_resource_id=wanted.logical_id,
        physical_resource_id=physical_id or "",
        resource_type=wanted.type,
        resource_status=status,
        resource_status_reason=reason,
        resource_properties=None,
    )
    stack.events.append(event)


def _which(failures: Iterable[ResourceFailed], verb: str) -> str:
    names = ", ".join(failure.wanted.logical_id for failure in failures)
    return f"The following resource(s) failed to {verb}: [{names}]."


def _template_from_s3(forwarder: Forwarder, template_url: str, **_account: str) -> str:
    """A template, which CloudFormation reads from its bucket as the deployer.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html (TemplateURL)

    Raises:
        ValidationError: it cannot be read.
    """
    bucket, key = _bucket_and_key(template_url)
    try:
        return str(forwarder.make("s3", "GetObject", {"Bucket": bucket, "Key": key})["Body"].read().decode())
    except CallFailed as failure:
        what = "Access Denied" if failure.denied else failure.error.message
        more = "For more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"
        raise ValidationError(message=f"S3 error: {what}\n{more}") from failure


def _bucket_and_key(template_url: str) -> tuple[str, str]:
    """Of a URL with the bucket in its host, or, as the account's own endpoint has it, in its path."""
    url = urlsplit(template_url)
    host, path = url.hostname or "", unquote(url.path).lstrip("/")
    if host.startswith("s3") or not host.endswith(("amazonaws.com", "amazonaws.com.cn")):
        bucket, _, key = path.partition("/")
        return bucket, key
    return host.partition(".s3")[0], path
