"""What else goes on in the account while the service is deployed: all of it must stay out of the deployer's policy."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from runs.recorder import ACCOUNT, REGION, Caller, Recorder, User, role_session, spoken
from runs.rest.stack import LOGS_API, ROLE, ROLE_ARN, STACK, TABLE, Stack, function_name, log_group, on_table

CONSOLE_AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"
WORKER_AGENT: Final = "awslambda-worker/1.0  rusoto/0.48.0 rust/1.83.0 linux"
FUNCTION_AGENT: Final = (
    "aws-sdk-js/3.896.0 ua/2.1 os/linux#5.10 lang/js md/nodejs#22.20.0 exec-env/AWS_Lambda_nodejs22.x"
)


def function_runs(stack: Stack, function: str) -> None:
    """A function wakes: Lambda assumes its role, the function opens a log stream and looks at its table."""
    recorder, name = stack.recorder, function_name(function)
    identity = role_session(recorder, ROLE_ARN, stack.role_id, name)
    lambda_itself = "lambda.amazonaws.com"
    service = Caller({"type": "AWSService", "invokedBy": lambda_itself}, lambda_itself, lambda_itself, False)
    expiry = spoken(recorder.now + timedelta(hours=12))
    response = {"credentials": {"accessKeyId": identity["accessKeyId"], "expiration": expiry}}
    role = {"accountId": ACCOUNT, "type": "AWS::IAM::Role", "ARN": ROLE_ARN}
    request = {"roleArn": ROLE_ARN, "roleSessionName": name}
    recorder.call(service, "sts:AssumeRole", request, response, resources=[role], sharedEventID=recorder.guid())
    worker = Caller(identity, "198.51.100.24", WORKER_AGENT)
    stream = f"{recorder.now:%Y/%m/%d}/[$LATEST]{recorder.text(32, '0123456789abcdef')}"
    request = {"logGroupName": log_group(function), "logStreamName": stream}
    recorder.call(worker, "logs:CreateLogStream", request, **LOGS_API)
    own_code = Caller(identity, "198.51.100.24", FUNCTION_AGENT)
    recorder.call(own_code, "dynamodb:DescribeTable", {"tableName": TABLE}, **on_table())


def alice_looks_around(recorder: Recorder, alice: User) -> None:
    """A colleague signs in to the console and reads, also what the deploy is about."""
    sign_in = Caller({k: v for k, v in alice.identity.items() if k != "accessKeyId"}, alice.address, CONSOLE_AGENT)
    recorder.call(
        sign_in,
        "signin:ConsoleLogin",
        None,
        {"ConsoleLogin": "Success"},
        eventType="AwsConsoleSignIn",
        additionalEventData={"LoginTo": "https://console.aws.amazon.com/console/home", "MFAUsed": "Yes"},
    )
    caller = alice.console(recorder, CONSOLE_AGENT)
    seen = {"stackName": STACK}
    for event, request in (
        ("cloudformation:ListStacks", None),
        ("cloudformation:DescribeStacks", seen),
        ("cloudformation:DescribeStackEvents", seen),
        ("cloudformation:GetTemplate", seen),
        ("lambda:ListFunctions20150331", {"maxItems": 50}),
        ("lambda:GetAccountSettings20160819", None),
        ("lambda:GetFunction20150331v2", {"functionName": function_name("create")}),
        ("lambda:GetPolicy20150331v2", {"functionName": function_name("create")}),
        ("logs:DescribeLogGroups", {"logGroupNamePrefix": f"/aws/lambda/{STACK}"}),
        ("monitoring:DescribeAlarms", {"maxRecords": 100}),
        ("s3:ListBuckets", {"Host": f"s3.{REGION}.amazonaws.com"}),
        ("health:DescribeEventAggregates", {"aggregateField": "eventTypeCategory"}),
    ):
        recorder.wait(recorder.chance.uniform(1, 6))
        recorder.call(caller, event, request)
    for _ in range(15):
        recorder.wait(4)  # the console's page of the stack's events, left open
        recorder.call(caller, "cloudformation:DescribeStackEvents", seen)


def alice_deploys_something_else(recorder: Recorder, alice: User) -> None:
    """Another stack, in the same minutes, also forwarded by CloudFormation: only the user tells it apart."""
    request = {"stackName": "billing-prod", "usePreviousTemplate": False, "capabilities": ["CAPABILITY_IAM"]}
    stack = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/billing-prod/{recorder.guid()}"
    recorder.call(alice.direct, "cloudformation:UpdateStack", request, {"stackId": stack})
    forwarded = alice.forwarded(recorder)
    name = "billing-prod-invoice"
    response = {"functionName": name, "functionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"}
    update = {"functionName": name, "s3Bucket": "billing-artifacts", "s3Key": "invoice.zip", "publish": False}
    recorder.call(forwarded, "lambda:UpdateFunctionCode20150331v2", update, response)
    recorder.call(forwarded, "lambda:GetFunction20150331v2", {"functionName": name})


def auditor_reads(recorder: Recorder) -> None:
    """A session of Identity Center's read-only role, whose role has a path that the session's ARN does not show."""
    name = "AWSReservedSSO_ReadOnlyAccess_0a1b2c3d4e5f6071"
    role = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/{name}"
    identity = role_session(recorder, role, recorder.key("AROA"), "bob")
    caller = Caller(identity, "203.0.113.77", CONSOLE_AGENT, console=True)
    for event, request in (
        ("dynamodb:ListTables", {"limit": 100}),
        ("dynamodb:DescribeTable", {"tableName": TABLE}),
        ("iam:GetRole", {"roleName": ROLE}),
        ("apigateway:GetRestApis", {"limit": 500, "template": False}),
        ("events:ListRules", {"limit": 50}),
    ):
        recorder.wait(recorder.chance.uniform(1, 5))
        recorder.call(caller, event, request)


def aws_looks_around(recorder: Recorder) -> None:
    """A service-linked role's calls, and an event that is no API call and has no `userIdentity.type`."""
    service = "trustedadvisor.amazonaws.com"
    role = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/{service}/AWSServiceRoleForTrustedAdvisor"
    identity = role_session(recorder, role, recorder.key("AROA"), "TrustedAdvisor_123456789012_0c1d", invokedBy=service)
    caller = Caller(identity, service, service, own_connection=False)
    for event in ("ec2:DescribeReservedInstances", "lambda:ListFunctions20150331", "dynamodb:DescribeLimits"):
        recorder.call(caller, event)
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{recorder.guid()}"
    internal = Caller({"accountId": ACCOUNT, "invokedBy": "AWS Internal"}, "AWS Internal", "AWS Internal", False)
    rotated = recorder.call(
        internal,
        "kms:RotateKey",
        eventType="AwsServiceEvent",
        resources=[{"accountId": ACCOUNT, "type": "AWS::KMS::Key", "ARN": key}],
        serviceEventDetails={"keyId": key.rpartition("/")[2]},
    )
    del rotated["requestID"]
