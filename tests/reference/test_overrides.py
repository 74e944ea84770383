"""The facts kept by hand: their loader, and every row of them against the action table."""

from __future__ import annotations

import json
from importlib import resources

import pytest
from botocore.loaders import Loader

from tracer.reference import overrides, table
from tracer.reference.overrides import EventRow, Request, SourceRow, TableRow

FOLDER = resources.files("tracer.reference") / "data" / "overrides"

EVENT_ROWS = [
    pytest.param(name, row, id=f"{name}-{row.events[0]}-{index}")
    for name in sorted(overrides.event_files())
    for index, row in enumerate({id(row): row for rows in overrides.event_rows(name).values() for row in rows}.values())
]

FIELDS = {
    "events": {"event", "when", "actions", "why", "source", "verified"},
    "sources.json": {"event_sources", "prefixes", "why", "source", "verified"},
    "suffixes.json": {"event_source", "pattern", "why", "source"},
    "table.json": {"service", "name", "kind", "value", "why", "source", "verified"},
}

FILES = [
    "sources.json",
    "suffixes.json",
    "table.json",
    *(f"events/{name}.json" for name in sorted(overrides.event_files())),
]


def needed(source: str, event: str, request: Request | None = None) -> list[str] | None:
    found = overrides.needs(source, event, request)
    return None if found is None else [row.action.text for row in found]


# --- sources ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "prefixes"),
    [
        ("lambda", ("lambda",)),
        ("states", ("states",)),
        ("Monitoring", ("cloudwatch",)),
        ("email", ("ses",)),
        ("tagging", ("tag",)),
        ("streams.dynamodb", ("dynamodb",)),
        ("amazonmq", ("mq",)),
        ("opensearchservice", ("es",)),
        ("pinpoint", ("mobiletargeting",)),
        ("rdsdata", ("rds-data",)),
        ("cloudcontrolapi", ("cloudformation",)),
        ("appstream2", ("appstream",)),
        ("mturk-requester", ("mechanicalturk",)),
        ("models.lex", ("lex",)),
        ("runtime.lex", ("lex",)),
        ("docdb", ("rds",)),
        ("neptune", ("rds",)),
        ("metering-marketplace", ("aws-marketplace",)),
        ("meetings-chime", ("chime",)),
        ("api.ecr", ("ecr",)),
        ("autoscaling", ("autoscaling", "application-autoscaling", "autoscaling-plans")),
        ("nobody-knows", ("nobody-knows",)),
    ],
)
def test_prefixes(source: str, prefixes: tuple[str, ...]):
    assert overrides.prefixes(source) == prefixes


@pytest.mark.parametrize("row", overrides.source_rows(), ids=lambda row: row.event_sources[0])
def test_a_source_row_leads_to_services_of_the_table(row: SourceRow):
    for prefix in row.prefixes:
        assert table.service(prefix) is not None, prefix


@pytest.mark.parametrize("row", overrides.source_rows(), ids=lambda row: row.event_sources[0])
def test_a_source_row_says_more_than_the_general_rule(row: SourceRow):
    for source in row.event_sources:
        assert source == source.lower()
        assert not source.endswith(".amazonaws.com")
        assert row.prefixes != (source,)


def test_no_source_is_listed_twice():
    sources = [source for row in overrides.source_rows() for source in row.event_sources]
    assert len(sources) == len(set(sources))


# --- suffixes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "event", "name"),
    [
        ("lambda", "CreateFunction20150331", "CreateFunction"),
        ("lambda", "UpdateFunctionCode20150331v2", "UpdateFunctionCode"),
        ("lambda", "TagResource20170331v2", "TagResource"),
        ("lambda", "GetFunctionCodeSigningConfig", "GetFunctionCodeSigningConfig"),
        ("lambda", "Invoke", "Invoke"),
        ("rds", "RestoreDBInstanceFromS3", "RestoreDBInstanceFromS3"),
        ("ec2", "DescribeRegions20150331", "DescribeRegions20150331"),
        ("cloudfront", "CreateDistribution2020_05_31", "CreateDistribution"),
        ("cloudfront", "CreateDistribution", "CreateDistribution"),
    ],
)
def test_plain_name(source: str, event: str, name: str):
    assert overrides.plain_name(source, event) == name


# --- events ----------------------------------------------------------------------------------------------------------

VERSIONED = {"bucketName": "b", "key": "k", "versionId": "v1"}

# The S3 rows are those of https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html, the
# others those of the API's own page on the call.
CASES = [
    ("s3", "ListBuckets", {}, ["s3:ListAllMyBuckets"]),
    ("s3", "HeadBucket", {}, ["s3:ListBucket"]),
    ("s3", "ListObjectsV2", {}, ["s3:ListBucket"]),
    ("s3", "ListObjectVersions", {}, ["s3:ListBucketVersions"]),
    ("s3", "HeadObject", {"key": "k"}, ["s3:GetObject"]),
    ("s3", "HeadObject", VERSIONED, ["s3:GetObjectVersion"]),
    ("s3", "HeadObject", {"versionid": "v1"}, ["s3:GetObjectVersion"]),
    ("s3", "HeadObject", {"versionId": None}, ["s3:GetObject"]),
    ("s3", "HeadObject", None, ["s3:GetObject"]),
    ("s3", "GetObject", VERSIONED, ["s3:GetObjectVersion"]),
    ("s3", "GetObject", {"key": "k"}, None),
    ("s3", "PutObject", {"key": "k"}, None),
    ("s3", "CompleteMultipartUpload", {}, ["s3:PutObject"]),
    ("s3", "DeleteObject", VERSIONED, ["s3:DeleteObjectVersion"]),
    ("s3", "DeleteObjects", {}, ["s3:DeleteObject"]),
    ("s3", "ListParts", {}, ["s3:ListMultipartUploadParts"]),
    ("s3", "ListMultipartUploads", {}, ["s3:ListBucketMultipartUploads"]),
    ("s3", "DeleteBucketEncryption", {}, ["s3:PutEncryptionConfiguration"]),
    ("s3", "GetBucketEncryption", {}, ["s3:GetEncryptionConfiguration"]),
    ("s3", "PutBucketLifecycle", {}, ["s3:PutLifecycleConfiguration"]),
    ("s3", "PutBucketLifecycleConfiguration", {}, ["s3:PutLifecycleConfiguration"]),
    ("s3", "GetBucketLifecycle", {}, ["s3:GetLifecycleConfiguration"]),
    ("s3", "PutPublicAccessBlock", {"bucketName": "photos"}, ["s3:PutBucketPublicAccessBlock"]),
    ("s3", "PutPublicAccessBlock", {}, ["s3:PutAccountPublicAccessBlock"]),
    ("s3", "DeleteBucketPublicAccessBlock", {}, ["s3:PutBucketPublicAccessBlock"]),
    ("s3", "GetBucketPublicAccessBlock", {}, None),
    ("s3", "DeleteAccountPublicAccessBlock", {}, ["s3:PutAccountPublicAccessBlock"]),
    ("s3-control", "PutPublicAccessBlock", {}, ["s3:PutAccountPublicAccessBlock"]),
    ("s3", "DeleteBucketCors", {}, ["s3:PutBucketCORS"]),
    ("s3", "PutBucketNotificationConfiguration", {}, ["s3:PutBucketNotification"]),
    ("s3", "GetBucketAccelerateConfiguration", {}, ["s3:GetAccelerateConfiguration"]),
    ("s3", "DeleteBucketReplication", {}, ["s3:PutReplicationConfiguration"]),
    ("s3", "GetObjectLockConfiguration", {}, ["s3:GetBucketObjectLockConfiguration"]),
    ("s3", "DeleteBucketTagging", {}, ["s3:PutBucketTagging"]),
    ("s3", "ListBucketInventoryConfigurations", {}, ["s3:GetInventoryConfiguration"]),
    ("s3", "DeleteBucketMetricsConfiguration", {}, ["s3:PutMetricsConfiguration"]),
    ("s3", "GetStorageLensDashboardDataInternal", {}, None),
    ("s3express", "GetObject", {}, ["s3express:CreateSession"]),
    ("lambda", "Invoke", {}, ["lambda:InvokeFunction"]),
    ("lambda", "InvokeWithResponseStream", {}, ["lambda:InvokeFunction"]),
    ("lambda", "GetLayerVersionByArn", {}, ["lambda:GetLayerVersion"]),
    ("kms", "ReEncrypt", {}, ["kms:ReEncryptFrom", "kms:ReEncryptTo"]),
    ("dynamodb", "TransactGetItems", {}, ["dynamodb:GetItem"]),
    (
        "dynamodb",
        "TransactWriteItems",
        {"transactItems": [{"put": {"tableName": "t"}}, {"conditionCheck": {"tableName": "t"}}]},
        ["dynamodb:PutItem", "dynamodb:ConditionCheckItem"],
    ),
    ("dynamodb", "TransactWriteItems", None, None),
    ("dynamodb", "ExecuteStatement", {"statement": '  select * from "t"'}, ["dynamodb:PartiQLSelect"]),
    ("dynamodb", "ExecuteStatement", {"statement": "HIDDEN_DUE_TO_SECURITY_REASONS"}, None),
    (
        "dynamodb",
        "BatchExecuteStatement",
        {"statements": [{"statement": "INSERT INTO t"}, {"statement": "DELETE FROM t"}]},
        ["dynamodb:PartiQLInsert", "dynamodb:PartiQLDelete"],
    ),
    (
        "dynamodb",
        "ExecuteTransaction",
        {"transactStatements": [{"statement": "EXISTS(SELECT * FROM t)"}, {"statement": "UPDATE t"}]},
        ["dynamodb:PartiQLSelect", "dynamodb:PartiQLUpdate"],
    ),
    ("sqs", "SendMessageBatch", {}, ["sqs:SendMessage"]),
    ("sns", "PublishBatch", {}, ["sns:Publish"]),
    ("sts", "GetCallerIdentity", None, []),
    ("sts", "GetSessionToken", {}, []),
    ("sts", "AssumeRole", {}, None),
    ("cognito-idp", "InitiateAuth", {}, []),
    ("cognito-idp", "AdminInitiateAuth", {}, None),
    ("oidc", "CreateToken", {}, []),
    ("cloudfront", "CreateDistributionWithTags", {}, ["cloudfront:CreateDistribution", "cloudfront:TagResource"]),
    ("bedrock-runtime", "Converse", {}, ["bedrock:InvokeModel"]),
    ("email", "SendEmail", {"content": {"raw": {"data": "..."}}}, ["ses:SendRawEmail"]),
    ("email", "SendEmail", {"content": {"simple": {}}}, None),
    ("autoscaling", "PutScalingPolicy", {"autoScalingGroupName": "g"}, None),
    ("autoscaling", "PutScalingPolicy", {"serviceNamespace": "ecs"}, ["application-autoscaling:PutScalingPolicy"]),
]


@pytest.mark.parametrize(
    ("source", "event", "request_", "actions"), CASES, ids=[f"{case[0]}-{case[1]}-{case[2]}" for case in CASES]
)
def test_needs(source: str, event: str, request_: Request | None, actions: list[str] | None):
    assert needed(source, event, request_) == actions


def test_event_names_are_compared_without_case():
    assert needed("s3", "headbucket") == ["s3:ListBucket"]


def test_a_row_may_ask_for_a_value():
    when = overrides.When((overrides.Check(("mode",), equals="GOVERNANCE"),))
    assert when.holds({"Mode": "GOVERNANCE"})
    assert not when.holds({"Mode": "COMPLIANCE"})
    assert not when.holds({"Mode": {"GOVERNANCE": ["of whatever form"]}}), "a request is written by whoever calls"
    assert not when.holds({})
    assert not when.holds(None)


def test_a_row_may_ask_for_an_absence_but_not_of_what_is_left_out():
    when = overrides.When((overrides.Check(("bucketname",), present=False),))
    assert when.holds({"bucketName": None})
    assert not when.holds({"bucketName": "b"})
    assert not when.holds(None), "CloudTrail left the parameters out: nobody knows"


@pytest.mark.parametrize(("name", "row"), EVENT_ROWS)
def test_each_action_stands_in_the_table_and_has_the_resource(name: str, row: EventRow):
    for needs in row.actions:
        fact = table.lookup(needs.action.service, needs.action.name)
        assert fact is not None, needs.action
        assert fact.action.text == needs.action.text
        assert needs.resource is None or needs.resource in {resource.type for resource in fact.resources}


@pytest.mark.parametrize(("name", "row"), EVENT_ROWS)
def test_a_row_says_more_than_the_general_rule(name: str, row: EventRow):
    for event in row.events:
        facts = [table.lookup(prefix, event) for prefix in overrides.prefixes(name)]
        rule = next((fact.action.text for fact in facts if fact), None)
        plain = [needs.action.text for needs in row.actions if not _narrows(needs)]
        assert plain != [rule], f"{event}: the rule says so too"


def _narrows(needs: overrides.ActionRow) -> bool:
    """Whether a row says on what the action is checked, which the general rule leaves to the table."""
    return bool(needs.resource or needs.at or needs.response or needs.template)


@pytest.mark.parametrize("name", sorted(overrides.event_files()))
def test_no_row_hides_another_of_its_file(name: str):
    unconditional: set[str] = set()
    for row in json.loads((FOLDER / "events" / f"{name}.json").read_text(encoding="utf-8")):
        for event in row["event"]:
            assert event.lower() not in unconditional, f"{event}: this row is never reached"
            if "when" not in row and (not row["actions"] or any("when" not in action for action in row["actions"])):
                unconditional.add(event.lower())


@pytest.mark.parametrize("file", FILES)
def test_every_row_has_its_source_and_its_why(file: str):
    rows = json.loads(FOLDER.joinpath(*file.split("/")).read_text(encoding="utf-8"))
    assert rows
    for row in rows:
        assert row.keys() <= FIELDS[file.split("/", maxsplit=1)[0]], row
        assert row["source"].startswith("https://"), row
        assert row["why"].strip(), row


@pytest.mark.parametrize("row", overrides.table_rows(), ids=lambda row: f"{row.service}-{row.name}")
def test_a_correction_of_the_table_still_corrects_something(row: TableRow):
    upstream = resources.files("tracer.reference") / "data" / "upstream" / "actions" / f"{row.service}.json"
    kinds = {"action": "actions", "resource_type": "resource_types"}
    rows = json.loads(upstream.read_text(encoding="utf-8"))[kinds[row.kind]]
    assert rows.get(row.name) != row.value


# --- all of botocore --------------------------------------------------------------------------------------------------
#
# A newer botocore knows services and calls that the table does not yet know, so these are shares. API Gateway is left
# out: its permissions are verbs on paths. Measured with botocore 1.44.5: 99.2 % and 96.6 %.

LEAST_SERVICES = 0.97
LEAST_OPERATIONS = 0.95


@pytest.fixture(scope="module")
def services() -> list[tuple[set[str], list[str]]]:
    """The names that CloudTrail may call each service by (of its endpoint and of its signer), and its operations."""
    loader = Loader()
    models = [
        loader.load_service_model(name, "service-2")
        for name in loader.list_available_services("service-2")
        if name not in {"apigateway", "apigatewayv2"}
    ]
    return [
        ({data["endpointPrefix"], data.get("signingName", data["endpointPrefix"])}, list(model["operations"]))
        for model in models
        for data in [model["metadata"]]
    ]


def leads_to_an_action(source: str, operation: str) -> bool:
    name = overrides.plain_name(source, operation)
    if name.lower() in overrides.event_rows(source):
        return True
    return any(table.lookup(prefix, name) for prefix in overrides.prefixes(source))


def test_nearly_every_service_leads_to_a_prefix(services: list[tuple[set[str], list[str]]]):
    found = [all(any(map(table.service, overrides.prefixes(name))) for name in names) for names, _ in services]
    assert sum(found) / len(found) >= LEAST_SERVICES


def test_most_operations_lead_to_an_action(services: list[tuple[set[str], list[str]]]):
    found = [all(leads_to_an_action(name, call) for name in names) for names, calls in services for call in calls]
    assert sum(found) / len(found) >= LEAST_OPERATIONS
