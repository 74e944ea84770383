"""A first `sls deploy` with a service role for CloudFormation (`provider.iam.deploymentRole`).

The deployer, a role of the CI, makes the command's own calls and passes the service role; all that makes resources is
called in a session `AWSCloudFormation` of that role
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html). The service: a queue, and
a function that works on it.
"""

from __future__ import annotations

from typing import Final

from runs.deploy import CLOUDFORMATION, SERVERLESS, Deploy, tag_list
from runs.recorder import Json, Place
from runs.serverless import change_set, info, looks_for_changes, looks_for_stack

PLACE: Final = Place("eu-west-1")
STACK: Final = "invoices-prod"
DEPLOYER: Final = PLACE.arn("iam", "role/ci/deploy", region="")
SERVICE_ROLE: Final = PLACE.arn("iam", "role/cloudformation/invoices-stacks", region="")
ROLE: Final = PLACE.arn("iam", f"role/{STACK}-eu-west-1-lambdaRole", region="")
QUEUE: Final = PLACE.arn("sqs", f"{STACK}-jobs")
URL: Final = f"https://sqs.eu-west-1.amazonaws.com/{PLACE.account}/{STACK}-jobs"
WORKER: Final = f"{STACK}-worker"
TAGS: Final = {"STAGE": "prod", "aws:cloudformation:stack-name": STACK}


def records() -> list[Json]:
    deploy = Deploy.by_role("ci/deploy", "build-7", SERVERLESS, PLACE, seed=1)
    bucket = {"bucketName": f"{STACK}-serverlessdeploymentbucket-{deploy.recorder.text(12)}"}
    no_policy = ("NoSuchBucketPolicy", "The bucket policy does not exist")
    artifacts = "serverless/invoices/prod/1795939200000-2026-11-24T08:00:00.000Z"
    template = f"https://s3.amazonaws.com/{bucket['bucketName']}/{artifacts}/compiled-cloudformation-template.json"

    def cloudformation(*calls: tuple[object, ...]) -> None:
        deploy.as_role(SERVICE_ROLE, "AWSCloudFormation", *calls, by=CLOUDFORMATION)

    deploy.own(*looks_for_stack(STACK, there=False), *change_set(deploy, STACK, "prod", None, SERVICE_ROLE))
    cloudformation(
        ("s3:CreateBucket", bucket),
        ("s3:PutBucketEncryption", bucket | {"encryption": ""}),
        ("s3:PutBucketTagging", bucket | {"tagging": ""}),
        ("s3:GetBucketPolicy", bucket | {"policy": ""}, None, no_policy),
        ("s3:PutBucketPolicy", bucket | {"policy": ""}),
    )
    deploy.own(
        *looks_for_changes(STACK, WORKER, there=False), *change_set(deploy, STACK, "prod", template, SERVICE_ROLE)
    )
    group, role = {"logGroupName": f"/aws/lambda/{WORKER}"}, {"roleName": ROLE.rpartition("/")[2]}
    code = {"s3Bucket": bucket["bucketName"], "s3Key": f"{artifacts}/invoices.zip"}
    mapping = {"uUID": deploy.recorder.guid()}
    cloudformation(
        ("logs:CreateLogGroup", group | {"tags": TAGS}),
        ("logs:PutRetentionPolicy", group | {"retentionInDays": 30}),
        ("sqs:CreateQueue", {"queueName": f"{STACK}-jobs", "tags": TAGS}, {"queueUrl": URL}),
        ("sqs:GetQueueAttributes", {"queueUrl": URL, "attributeNames": ["All"]}),
        ("iam:CreateRole", role | {"path": "/", "tags": tag_list(TAGS)}, {"role": {"arn": ROLE}}),
        ("iam:PutRolePolicy", role | {"policyName": "invoices-prod-lambda", "policyDocument": "{}"}),
        ("iam:GetRole", role),
        ("lambda:CreateFunction20150331", {"functionName": WORKER, "role": ROLE, "code": code, "tags": TAGS}),
        ("lambda:GetFunction20150331v2", {"functionName": WORKER}),
        ("lambda:PublishVersion20150331", {"functionName": WORKER}),
        (
            "lambda:CreateEventSourceMapping20150331",
            {"functionName": WORKER, "eventSourceArn": QUEUE, "tags": TAGS},
            mapping,
        ),
        ("lambda:GetEventSourceMapping20150331", mapping),
    )
    deploy.own(*info(STACK))
    return deploy.recorder.records
