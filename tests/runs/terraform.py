"""`terraform apply` and `terraform destroy`: direct calls, each create with the reads that make the state.

The calls of each resource are those of the provider's source, `internal/service/` (version 6.20,
https://github.com/hashicorp/terraform-provider-aws). The state lies in a bucket: its objects are data events and have
no record. In the same minutes the same user looks at something in the console, which `--user-agent Terraform` leaves
out.
"""

from __future__ import annotations

from typing import Final

from runs.deploy import CONSOLE, TERRAFORM, Call, Deploy, tag_list
from runs.recorder import Json, Place

PLACE: Final = Place("us-west-2")
DEPLOYER: Final = PLACE.arn("iam", "user/automation/terraform", region="")
WORKER: Final = "ledger-worker"
ROLE: Final = PLACE.arn("iam", f"role/{WORKER}", region="")
QUEUE: Final = PLACE.arn("sqs", "ledger-jobs")
URL: Final = f"https://sqs.us-west-2.amazonaws.com/{PLACE.account}/ledger-jobs"
TABLE: Final = PLACE.arn("dynamodb", "table/ledger")
POLICIES: Final = [
    f"arn:aws:iam::aws:policy/service-role/{name}"
    for name in ("AWSLambdaBasicExecutionRole", "AWSLambdaSQSQueueExecutionRole")
]
TAGS: Final = {"team": "ledger"}
BUCKET: Final = {"bucketName": "ledger-exports"}
OF_A_BUCKET: Final = (
    "GetBucketPolicy", "GetBucketAcl", "GetBucketCors", "GetBucketWebsite", "GetBucketVersioning",
    "GetAccelerateConfiguration", "GetBucketRequestPayment", "GetBucketLogging", "GetBucketLifecycle",
    "GetBucketReplication", "GetBucketEncryption", "GetBucketObjectLockConfiguration", "GetBucketTagging",
)  # fmt: skip
"""What the provider reads of a bucket, by the names of the records."""


def records() -> list[Json]:
    deploy = Deploy.by_user("automation/terraform", TERRAFORM, PLACE, seed=4)
    mapping = {"uUID": deploy.recorder.guid()}
    deploy.own(("sts:GetCallerIdentity",), *_apply(mapping))
    deploy.own(("s3:ListBuckets", {}), ("dynamodb:ListTables", {"limit": 100}), agent=CONSOLE)
    deploy.own(("sts:GetCallerIdentity",), *_destroy(mapping))
    return deploy.recorder.records


def _apply(mapping: Json) -> list[Call]:
    role, function = {"roleName": WORKER}, {"functionName": WORKER}
    lists = [("iam:ListRolePolicies", role), ("iam:ListAttachedRolePolicies", role)]
    return [
        ("sqs:CreateQueue", {"queueName": "ledger-jobs", "attributes": {}, "tags": TAGS}, {"queueUrl": URL}),
        ("sqs:GetQueueAttributes", {"queueUrl": URL, "attributeNames": ["All"]}),
        ("sqs:ListQueueTags", {"queueUrl": URL}),
        ("dynamodb:CreateTable", {"tableName": "ledger", "tags": tag_list(TAGS)}),
        ("dynamodb:DescribeTable", {"tableName": "ledger"}),
        ("dynamodb:DescribeContinuousBackups", {"tableName": "ledger"}),
        ("dynamodb:DescribeTimeToLive", {"tableName": "ledger"}),
        ("dynamodb:ListTagsOfResource", {"resourceArn": TABLE}),
        ("s3:CreateBucket", BUCKET | {"CreateBucketConfiguration": {"LocationConstraint": "us-west-2"}}),
        ("s3:PutBucketTagging", BUCKET | {"tagging": ""}),
        *((f"s3:{name}", BUCKET) for name in OF_A_BUCKET),
        ("iam:CreateRole", role | {"path": "/", "tags": tag_list(TAGS)}, {"role": {"arn": ROLE}}),
        ("iam:GetRole", role),
        *lists,
        *(("iam:AttachRolePolicy", role | {"policyArn": arn}) for arn in POLICIES),
        ("iam:PutRolePolicy", role | {"policyName": "ledger", "policyDocument": "{}"}),
        ("iam:GetRolePolicy", role | {"policyName": "ledger"}),
        ("lambda:CreateFunction20150331", function | {"role": ROLE, "code": {}, "tags": TAGS}),
        ("lambda:GetFunction20150331v2", function),
        ("lambda:ListVersionsByFunction20150331", function),
        ("lambda:GetFunctionCodeSigningConfig", function),
        ("lambda:CreateEventSourceMapping20150331", function | {"eventSourceArn": QUEUE}, mapping),
        ("lambda:GetEventSourceMapping20150331", mapping),
    ]


def _destroy(mapping: Json) -> list[Call]:
    role, function = {"roleName": WORKER}, {"functionName": WORKER}
    gone = ("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")
    return [
        ("lambda:DeleteEventSourceMapping20150331", mapping),
        ("lambda:DeleteFunction20150331", function),
        ("iam:DeleteRolePolicy", role | {"policyName": "ledger"}),
        *(("iam:DetachRolePolicy", role | {"policyArn": arn}) for arn in POLICIES),
        ("iam:ListInstanceProfilesForRole", role),
        ("iam:DeleteRole", role),
        ("dynamodb:DeleteTable", {"tableName": "ledger"}),
        ("s3:DeleteBucket", BUCKET),
        ("sqs:DeleteQueue", {"queueUrl": URL}),
        ("sqs:GetQueueAttributes", {"queueUrl": URL, "attributeNames": ["All"]}, None, gone),
    ]
