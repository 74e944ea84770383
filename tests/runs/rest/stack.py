"""What CloudFormation calls for the deployer: a function for each resource type and operation.

The calls are those whose permissions the type's registry schema lists for the handler, as far as a resource without
the optional properties causes them; reads that follow a create are its read handler's. Each resource has a session of
its own.
"""

from __future__ import annotations

import json
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from runs.recorder import ACCOUNT, READS, REGION, Caller, Json, Recorder, User, spoken

SERVICE: Final = "orders"
STAGE: Final = "dev"
STACK: Final = f"{SERVICE}-{STAGE}"
ROLE: Final = f"{STACK}-{REGION}-lambdaRole"
ROLE_ARN: Final = f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"
TABLE: Final = f"{STACK}-orders"
TABLE_ARN: Final = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{TABLE}"
RETENTION_DAYS: Final = 14


@dataclass(slots=True)
class Stack:
    """The stack `orders-dev`: who deploys it, and the ids that AWS made up for its parts."""

    recorder: Recorder
    user: User
    uuid: str
    bucket: str
    role_id: str
    api: str
    root: str
    rule: str
    resources: dict[str, str] = field(default_factory=dict)
    """API Gateway's resource ids by path."""
    deployment: str = ""
    statements: dict[str, str] = field(default_factory=dict)
    """The ids of the functions' permissions by logical id."""
    versions: int = 0

    @classmethod
    def new(cls, recorder: Recorder, user: User) -> Stack:
        return cls(
            recorder=recorder,
            user=user,
            uuid=recorder.guid(),
            bucket=f"{STACK}-serverlessdeploymentbucket-{recorder.text(12)}",
            role_id=recorder.key("AROA"),
            api=recorder.text(10),
            root=recorder.text(10),
            rule=f"{STACK}-ReportEventsRuleSchedule1-{recorder.text(12, string.ascii_letters + string.digits)}",
        )

    @property
    def id(self) -> str:
        return f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{STACK}/{self.uuid}"

    @property
    def rule_arn(self) -> str:
        return f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{self.rule}"

    def session(self) -> Caller:
        """CloudFormation's session for one resource."""
        self.recorder.wait(self.recorder.chance.uniform(0.3, 1.5))
        return self.user.forwarded(self.recorder)

    def tags(self, logical_id: str, *, system: bool = True) -> dict[str, str]:
        """The stack's tags on a resource. Where the type supports them, CloudFormation's own are among them."""
        own = {
            "aws:cloudformation:stack-name": STACK,
            "aws:cloudformation:logical-id": logical_id,
            "aws:cloudformation:stack-id": self.id,
        }
        return {"STAGE": STAGE} | (own if system else {})


def _tag_list(tags: Mapping[str, str], key: str = "key", value: str = "value") -> list[Json]:
    return [{key: name, value: text} for name, text in tags.items()]


def function_name(function: str) -> str:
    return f"{STACK}-{function}"


def function_arn(function: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function_name(function)}"


def log_group(function: str) -> str:
    return f"/aws/lambda/{function_name(function)}"


def _bucket_call(
    stack: Stack, caller: Caller, name: str, request: Json | None = None, *, error: tuple[str, str] | None = None
) -> None:
    """A call on the bucket; CreateBucket's record carries no resources[]."""
    arn, recorder = f"arn:aws:s3:::{stack.bucket}", stack.recorder
    named: Json = {"resources": [{"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": arn}]}
    extra: Json = {
        "additionalEventData": {
            "SignatureVersion": "SigV4",
            "CipherSuite": "TLS_AES_128_GCM_SHA256",
            "bytesTransferredIn": 0 if name.startswith(READS) else recorder.chance.randrange(120, 700),
            "AuthenticationMethod": "AuthHeader",
            "x-amz-id-2": recorder.text(24, string.ascii_letters + string.digits) + "=",
            "bytesTransferredOut": 0,
        }
    }
    host = f"{stack.bucket}.s3.{REGION}.amazonaws.com"
    whole = {"bucketName": stack.bucket, "Host": host} | (request or {})
    recorder.call(caller, f"s3:{name}", whole, error=error, **extra, **({} if name == "CreateBucket" else named))


_S3_XMLNS: Final = {"xmlns": "http://s3.amazonaws.com/doc/2006-03-01/"}


def create_bucket(stack: Stack) -> None:
    """AWS::S3::Bucket."""
    caller = stack.session()
    _bucket_call(stack, caller, "CreateBucket")
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    encryption = {"encryption": "", "ServerSideEncryptionConfiguration": _S3_XMLNS | {"Rule": rule}}
    _bucket_call(stack, caller, "PutBucketEncryption", encryption)
    tags = _tag_list(stack.tags("ServerlessDeploymentBucket"), "Key", "Value")
    tagging = {"tagging": "", "Tagging": _S3_XMLNS | {"TagSet": {"Tag": tags}}}
    _bucket_call(stack, caller, "PutBucketTagging", tagging)


def create_bucket_policy(stack: Stack) -> None:
    """AWS::S3::BucketPolicy: looks first whether there is one."""
    caller = stack.session()
    missing = ("NoSuchBucketPolicy", "The bucket policy does not exist")
    _bucket_call(stack, caller, "GetBucketPolicy", {"policy": ""}, error=missing)
    arn = f"arn:aws:s3:::{stack.bucket}"
    statement = {
        "Action": "s3:*",
        "Effect": "Deny",
        "Principal": "*",
        "Resource": [f"{arn}/*", arn],
        "Condition": {"Bool": {"aws:SecureTransport": False}},
    }
    policy = {"policy": "", "bucketPolicy": {"Statement": [statement]}}
    _bucket_call(stack, caller, "PutBucketPolicy", policy)


def delete_bucket_policy(stack: Stack) -> None:
    caller = stack.session()
    _bucket_call(stack, caller, "GetBucketPolicy", {"policy": ""})
    _bucket_call(stack, caller, "DeleteBucketPolicy", {"policy": ""})


def delete_bucket(stack: Stack) -> None:
    _bucket_call(stack, stack.session(), "DeleteBucket")


LOGS_API: Final[Json] = {"apiVersion": "20140328"}


def create_log_group(stack: Stack, function: str) -> None:
    """AWS::Logs::LogGroup with RetentionInDays."""
    call, caller = stack.recorder.call, stack.session()
    name = log_group(function)
    prefix = {"logGroupNamePrefix": name}
    call(caller, "logs:DescribeLogGroups", prefix, **LOGS_API)
    tags = stack.tags(f"{function.title()}LogGroup")
    call(caller, "logs:CreateLogGroup", {"logGroupName": name, "tags": tags}, **LOGS_API)
    call(caller, "logs:PutRetentionPolicy", {"logGroupName": name, "retentionInDays": RETENTION_DAYS}, **LOGS_API)
    call(caller, "logs:DescribeLogGroups", prefix, **LOGS_API)
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}"
    call(caller, "logs:ListTagsForResource", {"resourceArn": arn}, **LOGS_API)


def delete_log_group(stack: Stack, function: str) -> None:
    call, caller = stack.recorder.call, stack.session()
    call(caller, "logs:DescribeLogGroups", {"logGroupNamePrefix": log_group(function)}, **LOGS_API)
    call(caller, "logs:DeleteLogGroup", {"logGroupName": log_group(function)}, **LOGS_API)


def create_role(stack: Stack) -> None:
    """AWS::IAM::Role with one inline policy."""
    call, caller, recorder = stack.recorder.call, stack.session(), stack.recorder
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": ["lambda.amazonaws.com"]}, "Action": ["sts:AssumeRole"]}
        ],
    }
    tags = _tag_list(stack.tags("IamRoleLambdaExecution", system=False))
    made = {
        "path": "/",
        "roleName": ROLE,
        "roleId": stack.role_id,
        "arn": ROLE_ARN,
        "createDate": spoken(recorder.now),
        "tags": tags,
    }
    request = {"path": "/", "roleName": ROLE, "assumeRolePolicyDocument": json.dumps(trust), "tags": tags}
    call(caller, "iam:CreateRole", request, {"role": made})
    groups = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/{STACK}*"
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["logs:CreateLogStream", "logs:CreateLogGroup", "logs:TagResource"],
                "Resource": [f"{groups}:*"],
            },
            {"Effect": "Allow", "Action": ["logs:PutLogEvents"], "Resource": [f"{groups}:*:*"]},
            {
                "Effect": "Allow",
                "Action": ["dynamodb:DescribeTable", "dynamodb:PutItem", "dynamodb:Query"],
                "Resource": TABLE_ARN,
            },
        ],
    }
    policy = f"{STACK}-lambda"
    written = {"roleName": ROLE, "policyName": policy, "policyDocument": json.dumps(document)}
    call(caller, "iam:PutRolePolicy", written)
    recorder.wait(4)
    call(caller, "iam:GetRole", {"roleName": ROLE})
    call(caller, "iam:GetRolePolicy", {"roleName": ROLE, "policyName": policy})


def delete_role(stack: Stack) -> None:
    call, caller, role = stack.recorder.call, stack.session(), {"roleName": ROLE}
    call(caller, "iam:GetRole", role)
    call(caller, "iam:ListAttachedRolePolicies", role)
    call(caller, "iam:ListRolePolicies", role)
    call(caller, "iam:DeleteRolePolicy", role | {"policyName": f"{STACK}-lambda"})
    call(caller, "iam:DeleteRole", role)


def on_table() -> Json:
    table = {"accountId": ACCOUNT, "type": "AWS::DynamoDB::Table", "ARN": TABLE_ARN}
    return {"resources": [table], "apiVersion": "2012-08-10"}


def create_table(stack: Stack) -> None:
    """AWS::DynamoDB::Table, waited for and then read back in full."""
    call, caller, recorder = stack.recorder.call, stack.session(), stack.recorder
    shape = {
        "tableName": TABLE,
        "attributeDefinitions": [{"attributeName": "id", "attributeType": "S"}],
        "keySchema": [{"attributeName": "id", "keyType": "HASH"}],
    }
    tags = _tag_list(stack.tags("OrdersTable", system=False))
    request = shape | {"billingMode": "PAY_PER_REQUEST", "tags": tags}
    made = shape | {
        "tableArn": TABLE_ARN,
        "tableId": recorder.guid(),
        "tableStatus": "CREATING",
        "creationDateTime": spoken(recorder.now),
        "deletionProtectionEnabled": False,
    }
    call(caller, "dynamodb:CreateTable", request, {"tableDescription": made}, **on_table())
    for _ in range(6):
        recorder.wait(2)
        call(caller, "dynamodb:DescribeTable", {"tableName": TABLE}, **on_table())
    for name in (
        "DescribeContinuousBackups",
        "DescribeTimeToLive",
        "DescribeContributorInsights",
        "DescribeKinesisStreamingDestination",
    ):
        call(caller, f"dynamodb:{name}", {"tableName": TABLE}, **on_table())
    call(caller, "dynamodb:ListTagsOfResource", {"resourceArn": TABLE_ARN}, **on_table())
    none = ("PolicyNotFoundException", f"Resource-based policy not found for the provided ResourceArn: {TABLE_ARN}")
    call(caller, "dynamodb:GetResourcePolicy", {"resourceArn": TABLE_ARN}, error=none, **on_table())


def delete_table(stack: Stack) -> None:
    call, caller, recorder = stack.recorder.call, stack.session(), stack.recorder
    gone = {"tableDescription": {"tableName": TABLE, "tableArn": TABLE_ARN, "tableStatus": "DELETING"}}
    call(caller, "dynamodb:DeleteTable", {"tableName": TABLE}, gone, **on_table())
    recorder.wait(3)
    call(caller, "dynamodb:DescribeTable", {"tableName": TABLE}, **on_table())
    recorder.wait(3)
    missing = ("ResourceNotFoundException", f"Requested resource not found: Table: {TABLE} not found")
    call(caller, "dynamodb:DescribeTable", {"tableName": TABLE}, error=missing, **on_table())


def _configuration(stack: Stack, function: str, version: str = "$LATEST") -> Json:
    """A function as Lambda answers; CloudTrail leaves the variables out of `environment`."""
    recorder = stack.recorder
    return {
        "functionName": function_name(function),
        "functionArn": function_arn(function) + ("" if version == "$LATEST" else f":{version}"),
        "runtime": "nodejs22.x",
        "role": ROLE_ARN,
        "handler": f"src/{function}.handler",
        "codeSize": 4812 + stack.versions,
        "codeSha256": recorder.text(43, string.ascii_letters + string.digits) + "=",
        "timeout": 6,
        "memorySize": 1024,
        "lastModified": recorder.now.strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
        "version": version,
        "environment": {},
        "packageType": "Zip",
        "architectures": ["x86_64"],
        "tracingConfig": {"mode": "PassThrough"},
        "loggingConfig": {"logFormat": "Text", "logGroup": log_group(function)},
        "revisionId": recorder.guid(),
    }


def _read_function(stack: Stack, caller: Caller, function: str) -> None:
    """Wait for a function, then read it back."""
    recorder, name = stack.recorder, {"functionName": function_name(function)}
    for _ in range(4):
        recorder.wait(2)
        recorder.call(caller, "lambda:GetFunction20150331v2", name)
    for event in ("GetFunctionCodeSigningConfig", "GetRuntimeManagementConfig", "GetFunctionRecursionConfig"):
        recorder.call(caller, f"lambda:{event}", name)


def create_function(stack: Stack, function: str, artifacts: str) -> None:
    """AWS::Lambda::Function with its code in the bucket: Lambda's read of the object has no record here."""
    caller = stack.session()
    request = {
        "functionName": function_name(function),
        "runtime": "nodejs22.x",
        "role": ROLE_ARN,
        "handler": f"src/{function}.handler",
        "code": {"s3Bucket": stack.bucket, "s3Key": f"{artifacts}/{SERVICE}.zip"},
        "timeout": 6,
        "memorySize": 1024,
        "publish": False,
        "environment": {},
        "tags": stack.tags(f"{function.title()}LambdaFunction"),
    }
    response = _configuration(stack, function) | {"state": "Pending", "stateReasonCode": "Creating"}
    stack.recorder.call(caller, "lambda:CreateFunction20150331", request, response)
    _read_function(stack, caller, function)


def update_function(stack: Stack, function: str, artifacts: str) -> None:
    """AWS::Lambda::Function with new code and nothing else new."""
    caller = stack.session()
    name = function_name(function)
    stack.recorder.call(caller, "lambda:GetFunction20150331v2", {"functionName": name})
    request = {
        "functionName": name,
        "s3Bucket": stack.bucket,
        "s3Key": f"{artifacts}/{SERVICE}.zip",
        "publish": False,
        "dryRun": False,
        "fullyQualifiedArn": {
            "arnPrefix": {"partition": "aws", "region": REGION, "account": ACCOUNT},
            "relativeId": {"functionName": name},
            "functionQualifier": {},
        },
    }
    response = _configuration(stack, function) | {"lastUpdateStatus": "InProgress"}
    stack.recorder.call(caller, "lambda:UpdateFunctionCode20150331v2", request, response)
    _read_function(stack, caller, function)


def delete_function(stack: Stack, function: str) -> None:
    """AWS::Lambda::Function; its versions have DeletionPolicy Retain and go with it without a call."""
    caller, name = stack.session(), {"functionName": function_name(function)}
    stack.recorder.call(caller, "lambda:GetFunction20150331v2", name)
    stack.recorder.call(caller, "lambda:DeleteFunction20150331", name)


def publish_version(stack: Stack, function: str) -> None:
    """AWS::Lambda::Version."""
    recorder, caller, name = stack.recorder, stack.session(), function_name(function)
    response = _configuration(stack, function, str(stack.versions))
    request = {"functionName": name, "codeSha256": response["codeSha256"]}
    recorder.call(caller, "lambda:PublishVersion20150331", request, response)
    recorder.wait(1)
    asked = {"functionName": name, "qualifier": str(stack.versions)}
    recorder.call(caller, "lambda:GetFunctionConfiguration20150331v2", asked)


def add_permission(stack: Stack, function: str, logical_id: str, principal: str, source_arn: str) -> None:
    """AWS::Lambda::Permission."""
    recorder = stack.recorder
    statement = f"{STACK}-{logical_id}-{recorder.text(12, string.ascii_letters + string.digits)}"
    stack.statements[logical_id] = statement
    request = {
        "functionName": function_arn(function),
        "statementId": statement,
        "action": "lambda:InvokeFunction",
        "principal": principal,
        "sourceArn": source_arn,
    }
    granted = {
        "Sid": statement,
        "Effect": "Allow",
        "Principal": {"Service": principal},
        "Action": "lambda:InvokeFunction",
        "Resource": function_arn(function),
        "Condition": {"ArnLike": {"AWS:SourceArn": source_arn}},
    }
    response = {"statement": json.dumps(granted)}
    recorder.call(stack.session(), "lambda:AddPermission20150331v2", request, response)


def remove_permission(stack: Stack, function: str, logical_id: str) -> None:
    request = {"functionName": function_arn(function), "statementId": stack.statements[logical_id]}
    stack.recorder.call(stack.session(), "lambda:RemovePermission20150331v2", request)


def create_rule(stack: Stack) -> None:
    """AWS::Events::Rule: a schedule with the function as its target, which needs no role."""
    call, caller, name = stack.recorder.call, stack.session(), {"name": stack.rule}
    missing = ("ResourceNotFoundException", f"Rule {stack.rule} does not exist on EventBus default.")
    call(caller, "events:DescribeRule", name, error=missing)
    tags = _tag_list(stack.tags("ReportEventsRuleSchedule1"))
    request = name | {"scheduleExpression": "rate(1 day)", "state": "ENABLED", "tags": tags}
    call(caller, "events:PutRule", request, {"ruleArn": stack.rule_arn})
    targets = [{"id": "reportSchedule", "arn": function_arn("report")}]
    added = {"failedEntryCount": 0, "failedEntries": []}
    call(caller, "events:PutTargets", {"rule": stack.rule, "targets": targets}, added)
    call(caller, "events:DescribeRule", name)
    call(caller, "events:ListTargetsByRule", {"rule": stack.rule})
    call(caller, "events:ListTagsForResource", {"resourceARN": stack.rule_arn})


def delete_rule(stack: Stack) -> None:
    call, caller, rule = stack.recorder.call, stack.session(), {"rule": stack.rule}
    call(caller, "events:DescribeRule", {"name": stack.rule})
    call(caller, "events:ListTargetsByRule", rule)
    removed = {"failedEntryCount": 0, "failedEntries": []}
    call(caller, "events:RemoveTargets", rule | {"ids": ["reportSchedule"], "force": False}, removed)
    call(caller, "events:DeleteRule", {"name": stack.rule, "force": False})


def _api(stack: Stack, **more: object) -> Json:
    """What most of API Gateway's requests hold."""
    return {"restApiId": stack.api, "template": False} | more


def create_rest_api(stack: Stack) -> None:
    """AWS::ApiGateway::RestApi; reading it back asks for its root resource."""
    call, caller = stack.recorder.call, stack.session()
    body = {
        "name": f"{STAGE}-{SERVICE}",
        "endpointConfiguration": {"types": ["EDGE"]},
        "tags": stack.tags("ApiGatewayRestApi"),
    }
    response = body | {
        "id": stack.api,
        "rootResourceId": stack.root,
        "createdDate": spoken(stack.recorder.now),
        "apiKeySource": "HEADER",
        "self": _api(stack),
    }
    call(caller, "apigateway:CreateRestApi", {"createRestApiInput": body, "template": False}, response)
    call(caller, "apigateway:GetRestApi", _api(stack))
    call(caller, "apigateway:GetResources", _api(stack))


def delete_rest_api(stack: Stack) -> None:
    stack.recorder.call(stack.session(), "apigateway:DeleteRestApi", _api(stack))


def create_resource(stack: Stack, path: str) -> None:
    """AWS::ApiGateway::Resource."""
    parent, _, part = path.rpartition("/")
    resource = stack.resources[path] = stack.recorder.text(6)
    above = stack.resources.get(parent, stack.root)
    request = _api(stack, parentId=above, createResourceInput={"pathPart": part})
    response = {"id": resource, "parentId": above, "pathPart": part, "path": path}
    stack.recorder.call(stack.session(), "apigateway:CreateResource", request, response)


def delete_resource(stack: Stack, path: str) -> None:
    request = _api(stack, resourceId=stack.resources[path])
    stack.recorder.call(stack.session(), "apigateway:DeleteResource", request)


def create_method(stack: Stack, path: str, verb: str) -> None:
    """AWS::ApiGateway::Method with a Lambda proxy behind it."""
    call, caller = stack.recorder.call, stack.session()
    method = _api(stack, resourceId=stack.resources[path], httpMethod=verb)
    settings = {"authorizationType": "NONE", "apiKeyRequired": False, "requestParameters": {}}
    response = {"httpMethod": verb, "authorizationType": "NONE", "apiKeyRequired": False}
    call(caller, "apigateway:PutMethod", method | {"putMethodInput": settings}, response)
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function_arn('create')}/invocations"
    backend = {"type": "AWS_PROXY", "httpMethod": "POST", "uri": uri}
    call(caller, "apigateway:PutIntegration", method | {"putIntegrationInput": backend}, backend)
    call(caller, "apigateway:GetMethod", method)


def delete_method(stack: Stack, path: str, verb: str) -> None:
    request = _api(stack, resourceId=stack.resources[path], httpMethod=verb)
    stack.recorder.call(stack.session(), "apigateway:DeleteMethod", request)


def create_deployment(stack: Stack) -> None:
    """AWS::ApiGateway::Deployment with StageName: makes the stage, or moves it to this deployment."""
    call, caller = stack.recorder.call, stack.session()
    stack.deployment = stack.recorder.text(6)
    request = _api(stack, createDeploymentInput={"stageName": STAGE})
    this = _api(stack, deploymentId=stack.deployment)
    response = {
        "id": stack.deployment,
        "createdDate": spoken(stack.recorder.now),
        "self": this,
        "deploymentUpdate": this,
        "deploymentStages": this | {"templateSkipList": ["position"]},
        "deploymentDelete": this,
    }
    call(caller, "apigateway:CreateDeployment", request, response)
    call(caller, "apigateway:GetDeployment", this)


def delete_deployment(stack: Stack, deployment: str, *, with_stage: bool) -> None:
    call, caller = stack.recorder.call, stack.session()
    call(caller, "apigateway:GetStages", _api(stack, deploymentId=deployment))
    if with_stage:
        call(caller, "apigateway:DeleteStage", _api(stack, stageName=STAGE))
    call(caller, "apigateway:DeleteDeployment", _api(stack, deploymentId=deployment))
