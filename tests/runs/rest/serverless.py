"""What Serverless Framework 3.40 calls: `sls deploy`, `sls deploy` again, `sls remove`.

The order is that of its source, `lib/plugins/aws/`, with its defaults: change sets, a deployment bucket of its own.
Where it waits for the stack, CloudFormation's part is played. What it does with the bucket's objects are data events,
and leave no records.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from runs.recorder import ACCOUNT, REGION, Recorder
from runs.rest import stack as cfn
from runs.rest.stack import SERVICE, STACK, STAGE, Stack, function_arn, function_name

FUNCTIONS: Final = ("create", "report")
"""`create` answers both routes; `report` runs once a day."""
ROUTES: Final = (("/orders", "POST"), ("/orders/{id}", "PUT"))
CHANGE_SET: Final = f"{STACK}-change-set"

_POLL: Final = timedelta(seconds=5)


def _artifacts(recorder: Recorder) -> str:
    """The folder of one deployment in the bucket: `serverless/orders/dev/<milliseconds>-<time>`."""
    moment = recorder.now.replace(microsecond=0)
    return f"serverless/{SERVICE}/{STAGE}/{int(moment.timestamp() * 1000)}-{moment:%Y-%m-%dT%H:%M:%S}.000Z"


@contextmanager
def _change_set(stack: Stack, kind: str, template: str | None) -> Iterator[None]:
    """Create, await and execute a change set. What CloudFormation then does is played within the `with`.

    Meanwhile Serverless asks for the stack's events every five seconds, until the stack is done.
    """
    recorder, direct = stack.recorder, stack.user.direct
    request = {
        "stackName": STACK,
        "changeSetName": CHANGE_SET,
        "changeSetType": kind,
        "capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        "parameters": [],
        "notificationARNs": [],
        "tags": [{"key": "STAGE", "value": STAGE}],
    } | ({"templateURL": template} if template else {})
    arn = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:changeSet/{CHANGE_SET}/{recorder.guid()}"
    recorder.call(direct, "cloudformation:CreateChangeSet", request, {"id": arn, "stackId": stack.id})
    named = {"stackName": STACK, "changeSetName": CHANGE_SET}
    for _ in range(2):
        recorder.wait(5)
        recorder.call(direct, "cloudformation:DescribeChangeSet", named)
    recorder.call(direct, "cloudformation:ExecuteChangeSet", named)
    started = recorder.now
    yield
    _poll_events(stack, started, stack.id)


def _poll_events(stack: Stack, started: datetime, name: str) -> None:
    """Ask for the stack's events from `started` to now, and once more."""
    recorder, moment = stack.recorder, started + _POLL
    while moment <= recorder.now + _POLL:
        recorder.call(stack.user.direct, "cloudformation:DescribeStackEvents", {"stackName": name}, at=moment)
        moment += _POLL
    recorder.now = moment


def _template_url(stack: Stack, artifacts: str) -> str:
    return f"https://s3.amazonaws.com/{stack.bucket}/{artifacts}/compiled-cloudformation-template.json"


def _bucket_and_functions(stack: Stack, *, first: bool) -> None:
    """Where is the bucket, and is there anything new? The bucket's own calls are data events, and have no record."""
    recorder, direct = stack.recorder, stack.user.direct
    resource = {"stackName": STACK, "logicalResourceId": "ServerlessDeploymentBucket"}
    recorder.call(direct, "cloudformation:DescribeStackResource", resource)
    recorder.wait(1)
    for function in FUNCTIONS:
        error = ("ResourceNotFoundException", f"Function not found: {function_arn(function)}") if first else None
        request = {"functionName": function_name(function)}
        recorder.call(direct, "lambda:GetFunction20150331v2", request, error=error)
    recorder.wait(3)


def _info(stack: Stack) -> None:
    """What `sls info` shows after a deploy."""
    recorder, direct = stack.recorder, stack.user.direct
    recorder.call(direct, "cloudformation:DescribeStacks", {"stackName": STACK})
    recorder.call(direct, "cloudformation:ListStackResources", {"stackName": STACK})


def first_deploy(stack: Stack) -> None:
    """`sls deploy` where there is no stack: one change set for the bucket, a second one for the service."""
    recorder, direct = stack.recorder, stack.user.direct
    recorder.call(direct, "sts:GetCallerIdentity")
    absent = ("ValidationError", f"Stack with id {STACK} does not exist")
    recorder.call(direct, "cloudformation:DescribeStacks", {"stackName": STACK}, error=absent)
    artifacts = _artifacts(recorder)
    with _change_set(stack, "CREATE", None):
        cfn.create_bucket(stack)
        cfn.create_bucket_policy(stack)
    _bucket_and_functions(stack, first=True)
    template = _template_url(stack, artifacts)
    recorder.call(direct, "cloudformation:ValidateTemplate", {"templateURL": template})
    recorder.call(direct, "cloudformation:DeleteChangeSet", {"stackName": STACK, "changeSetName": CHANGE_SET})
    with _change_set(stack, "UPDATE", template):
        _create_resources(stack, artifacts)
    _info(stack)


def _create_resources(stack: Stack, artifacts: str) -> None:
    """The service's resources in the order of their dependencies."""
    for function in FUNCTIONS:
        cfn.create_log_group(stack, function)
    cfn.create_role(stack)
    cfn.create_table(stack)
    cfn.create_rest_api(stack)
    for path, _ in ROUTES:
        cfn.create_resource(stack, path)
    stack.versions = 1
    for function in FUNCTIONS:
        cfn.create_function(stack, function, artifacts)
    for function in FUNCTIONS:
        cfn.publish_version(stack, function)
    execute_api = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{stack.api}/*/*"
    cfn.add_permission(stack, "create", "CreateLambdaPermissionApiGateway", "apigateway.amazonaws.com", execute_api)
    cfn.create_rule(stack)
    schedule = "ReportLambdaPermissionEventsRuleSchedule1"
    cfn.add_permission(stack, "report", schedule, "events.amazonaws.com", stack.rule_arn)
    for path, verb in ROUTES:
        cfn.create_method(stack, path, verb)
    cfn.create_deployment(stack)


def redeploy(stack: Stack) -> None:
    """`sls deploy` with new code: both functions share one archive, so both change; the API is always deployed anew."""
    recorder, direct = stack.recorder, stack.user.direct
    recorder.call(direct, "sts:GetCallerIdentity")
    recorder.call(direct, "cloudformation:DescribeStacks", {"stackName": STACK})
    artifacts = _artifacts(recorder)
    _bucket_and_functions(stack, first=False)
    template = _template_url(stack, artifacts)
    recorder.call(direct, "cloudformation:ValidateTemplate", {"templateURL": template})
    recorder.call(direct, "cloudformation:DeleteChangeSet", {"stackName": STACK, "changeSetName": CHANGE_SET})
    with _change_set(stack, "UPDATE", template):
        stack.versions = 2
        for function in FUNCTIONS:
            cfn.update_function(stack, function, artifacts)
        for function in FUNCTIONS:
            cfn.publish_version(stack, function)
        former = stack.deployment
        cfn.create_deployment(stack)
        cfn.delete_deployment(stack, former, with_stage=False)
    _info(stack)


def remove(stack: Stack) -> None:
    """`sls remove`: asks ECR in any case and bears a refusal; the stack's end is seen by its absence."""
    recorder, direct = stack.recorder, stack.user.direct
    recorder.call(direct, "sts:GetCallerIdentity")
    repository = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/serverless-{STACK}"
    refused = (
        f"User: {stack.user.identity['arn']} is not authorized to perform: ecr:DescribeRepositories on resource: "
        f"{repository} because no identity-based policy allows the ecr:DescribeRepositories action"
    )
    recorder.call(direct, "ecr:DescribeRepositories", error=("AccessDeniedException", refused))
    resource = {"stackName": STACK, "logicalResourceId": "ServerlessDeploymentBucket"}
    recorder.call(direct, "cloudformation:DescribeStackResource", resource)
    recorder.wait(2)
    recorder.call(direct, "cloudformation:DeleteStack", {"stackName": STACK})
    started = recorder.now
    _delete_resources(stack)
    _poll_events(stack, started, STACK)
    gone = ("ValidationError", f"Stack [{STACK}] does not exist")
    recorder.call(direct, "cloudformation:DescribeStackEvents", {"stackName": STACK}, error=gone)


def _delete_resources(stack: Stack) -> None:
    cfn.delete_deployment(stack, stack.deployment, with_stage=True)
    for path, verb in ROUTES:
        cfn.delete_method(stack, path, verb)
    cfn.remove_permission(stack, "create", "CreateLambdaPermissionApiGateway")
    cfn.remove_permission(stack, "report", "ReportLambdaPermissionEventsRuleSchedule1")
    for path, _ in reversed(ROUTES):
        cfn.delete_resource(stack, path)
    cfn.delete_rule(stack)
    cfn.delete_rest_api(stack)
    for function in FUNCTIONS:
        cfn.delete_function(stack, function)
    for function in FUNCTIONS:
        cfn.delete_log_group(stack, function)
    cfn.delete_role(stack)
    cfn.delete_table(stack)
    cfn.delete_bucket_policy(stack)
    cfn.delete_bucket(stack)
