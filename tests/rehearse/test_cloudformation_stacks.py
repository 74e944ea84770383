"""Stacks in the local account: who makes the calls, in which order, and what becomes of one whose resource fails."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError
from rehearse_support import ACCOUNT, judge_command
from stack_support import CLOUDFORMATION, Stack, client, names, policy, trust

from tracer.rehearse.account import ADMINISTRATOR, Account

QUEUE: Final = {"Type": "AWS::SQS::Queue"}
TOPIC: Final = {"Type": "AWS::SNS::Topic"}
GROUP: Final = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "orders"}}
STACKS: Final = {"Action": "cloudformation:*"}


def all_but(action: str) -> dict[str, Any]:
    """A policy that allows everything but one action."""
    return {
        "Version": "2012-10-17",
        "Statement": [*ADMINISTRATOR["Statement"], {"Effect": "Deny", "Action": action, "Resource": "*"}],
    }


def group(days: object) -> dict[str, Any]:
    return {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "orders", "RetentionInDays": days}}


@pytest.fixture
def stack(account: Account) -> Stack:
    return Stack(account, account.administrator())


def deployer(account: Account, *policies: Mapping[str, Any]) -> Stack:
    """A stack of somebody's who holds these policies and no other."""
    return Stack(account, account.user("deployer", policies))


class TestDenied:
    def test_a_creation_is_rolled_back(self, account: Account):
        allowed = {"Action": ["sqs:CreateQueue", "sqs:GetQueueAttributes", "sqs:DeleteQueue"]}
        stack = deployer(account, policy(STACKS, allowed))
        stack.create({"Queue": QUEUE, "Topic": {**TOPIC, "DependsOn": "Queue"}})
        assert stack.status == "ROLLBACK_COMPLETE"
        made = stack.forwarded()
        assert names(made) == [
            "sqs.CreateQueue",
            "sqs.GetQueueAttributes",
            "sns.CreateTopic",
            "sqs.GetQueueAttributes",
            "sqs.DeleteQueue",
        ]
        assert [call.denied.action for call in made if call.denied] == ["sns:CreateTopic"]
        assert client(account, account.root(), "sqs").list_queues().get("QueueUrls", []) == []

    def test_the_reason_is_told_as_aws_tells_it(self, account: Account):
        stack = deployer(account, policy(STACKS))
        stack.create({"Group": GROUP})
        [reason] = stack.reasons()
        assert reason.startswith(
            f'Resource handler returned message: "User: arn:aws:iam::{ACCOUNT}:user/deployer is not authorized to '
            f"perform: logs:CreateLogGroup on resource: arn:aws:logs:us-east-1:{ACCOUNT}:log-group:orders"
        )
        assert (
            "because no identity-based policy allows the logs:CreateLogGroup action (Service: CloudWatch Logs" in reason
        )
        assert "Status Code: 403" in reason
        assert reason.endswith("HandlerErrorCode: AccessDenied)")

    def test_an_update_is_rolled_back(self, account: Account):
        stack = deployer(account, all_but("sns:CreateTopic"))
        stack.create({"Group": group(7)})
        stack.forwarded()
        outputs = {"Outputs": {"Topic": {"Value": {"Ref": "Topic"}}}}
        stack.update({"Group": group(14), "Topic": {**TOPIC, "DependsOn": "Group"}}, outputs)
        assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
        assert stack.called() == [
            "logs.PutRetentionPolicy",
            "logs.DescribeLogGroups",
            "sns.CreateTopic",
            "logs.PutRetentionPolicy",
            "logs.DescribeLogGroups",
        ]
        found = client(account, account.root(), "logs").describe_log_groups()["logGroups"]
        assert [item["retentionInDays"] for item in found] == [7]
        assert "Outputs" not in stack.described
        assert stack.called() == []

    def test_a_resource_that_was_half_made_is_removed(self, account: Account):
        stack = deployer(account, all_but("logs:PutRetentionPolicy"))
        stack.create({"Group": group(7)})
        assert stack.status == "ROLLBACK_COMPLETE"
        assert stack.called()[-1] == "logs.DeleteLogGroup"

    def test_a_rollback_can_fail_too(self, account: Account):
        stack = deployer(account, all_but("sqs:DeleteQueue"), all_but("sns:CreateTopic"))
        stack.create({"Queue": QUEUE, "Topic": {**TOPIC, "DependsOn": "Queue"}})
        assert stack.status == "ROLLBACK_FAILED"
        assert ("Queue", "DELETE_FAILED") in stack.events()

    def test_an_update_s_rollback_can_fail_too(self, account: Account):
        stack = deployer(account, all_but("sqs:DeleteQueue"), all_but("sns:CreateTopic"))
        stack.create({"Group": GROUP})
        stack.update({"Group": GROUP, "Queue": QUEUE, "Topic": {**TOPIC, "DependsOn": "Queue"}})
        assert stack.status == "UPDATE_ROLLBACK_FAILED"

    def test_without_a_rollback_what_was_made_stays(self, account: Account):
        stack = deployer(account, all_but("sns:CreateTopic"))
        stack.create({"Queue": QUEUE, "Topic": {**TOPIC, "DependsOn": "Queue"}}, DisableRollback=True)
        assert stack.status == "CREATE_FAILED"
        assert len(client(account, account.root(), "sqs").list_queues()["QueueUrls"]) == 1

    def test_a_stack_that_cannot_be_removed_stays(self, account: Account):
        stack = deployer(account, all_but("sqs:DeleteQueue"))
        stack.create({"Queue": QUEUE, "Group": GROUP})
        stack.delete()
        assert stack.status == "DELETE_FAILED"
        assert [item for item in stack.events() if item[1].startswith("DELETE_")][-3:] == [
            ("Queue", "DELETE_IN_PROGRESS"),
            ("Queue", "DELETE_FAILED"),
            ("orders", "DELETE_FAILED"),
        ]

    def test_what_cannot_be_cleaned_up_does_not_undo_an_update(self, account: Account):
        stack = deployer(account, all_but("sqs:DeleteQueue"))
        stack.create({"Queue": QUEUE, "Group": GROUP})
        stack.update({"Group": GROUP})
        assert stack.status == "UPDATE_COMPLETE"
        assert ("Queue", "DELETE_FAILED") in stack.events()

    def test_a_stack_that_was_rolled_back_can_only_be_removed(self, account: Account):
        stack = deployer(account, policy(STACKS))
        stack.create({"Group": GROUP})
        with pytest.raises(ClientError, match="is in ROLLBACK_COMPLETE state and can not be updated"):
            stack.update({"Queue": QUEUE})
        with pytest.raises(ClientError, match="is in ROLLBACK_COMPLETE state and can not be updated"):
            stack.cloudformation.create_change_set(
                StackName="orders", ChangeSetName="c1", ChangeSetType="UPDATE", TemplateBody='{"Resources": {}}'
            )
        stack.delete()
        assert stack.status == "DELETE_COMPLETE"


def test_a_service_s_own_error_fails_the_resource_too(stack: Stack):
    client(stack.account, stack.account.root(), "logs").create_log_group(logGroupName="orders")
    stack.create({"Group": GROUP})
    assert stack.status == "ROLLBACK_COMPLETE"
    [reason] = stack.reasons()
    assert "already exists" in reason
    assert reason.endswith("HandlerErrorCode: GeneralServiceException)")


class TestServiceRole:
    ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/deploy/stacks"
    SESSION: Final = f"arn:aws:sts::{ACCOUNT}:assumed-role/stacks/AWSCloudFormation"
    PASS: Final = {
        "Action": "iam:PassRole",
        "Resource": ROLE,
        "Condition": {"StringEquals": {"iam:PassedToService": CLOUDFORMATION}},
    }

    @pytest.fixture
    def role(self, account: Account) -> str:
        arn = account.role("stacks", trust(CLOUDFORMATION), [policy({"Action": ["logs:*", "sqs:*"]})], path="/deploy/")
        assert arn == self.ROLE
        return arn

    def test_it_makes_all_calls_and_stays_the_stack_s(self, account: Account, role: str):
        stack = deployer(account, policy(STACKS, self.PASS))
        stack.create({"Group": group(7)}, RoleARN=role)
        stack.update({"Group": group(14)})
        stack.delete()
        assert stack.status == "DELETE_COMPLETE"
        made = stack.forwarded()
        assert {(call.principal, call.judged_as, call.via) for call in made} == {
            (self.SESSION, self.ROLE, CLOUDFORMATION)
        }
        assert "logs.DeleteLogGroup" in names(made)

    def test_its_calls_are_recorded_as_its_own(self, account: Account, role: str):
        stack = deployer(account, policy(STACKS, self.PASS))
        stack.create({"Group": GROUP}, RoleARN=role)
        [record] = [record for record in account.records() if record["eventName"] == "CreateLogGroup"]
        identity = record["userIdentity"]
        assert (identity["type"], identity["arn"]) == ("AssumedRole", self.SESSION)
        assert identity["principalId"].endswith(":AWSCloudFormation")
        assert identity["sessionContext"]["sessionIssuer"]["arn"] == self.ROLE
        assert identity["invokedBy"] == record["sourceIPAddress"] == CLOUDFORMATION

    def test_what_it_may_not_do_fails_the_stack(self, account: Account, role: str):
        stack = deployer(account, ADMINISTRATOR)
        stack.create({"Topic": TOPIC}, RoleARN=role)
        assert stack.status == "ROLLBACK_COMPLETE"
        [reason] = stack.reasons()
        assert f"User: {self.SESSION} is not authorized to perform: sns:CreateTopic" in reason

    def test_the_deployer_has_to_be_allowed_to_pass_it(self, account: Account, role: str):
        elsewhere = {**self.PASS, "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}}
        stack = deployer(account, policy(STACKS, elsewhere))
        with pytest.raises(ClientError, match="is not authorized to perform: iam:PassRole"):
            stack.create({"Group": GROUP}, RoleARN=role)

    def test_a_role_that_does_not_trust_cloudformation_is_refused(self, account: Account):
        arn = account.role("functions", trust("lambda.amazonaws.com"))
        stack = deployer(account, ADMINISTRATOR)
        with pytest.raises(ClientError, match="is invalid or cannot be assumed"):
            stack.create({"Group": GROUP}, RoleARN=arn)

    def test_a_change_set_hands_it_on(self, account: Account, role: str):
        stack = deployer(account, policy(STACKS, self.PASS))
        change_set(stack, {"Group": group(7)}, "CREATE", RoleARN=role)
        assert {call.principal for call in stack.forwarded()} == {self.SESSION}


def change_set(stack: Stack, resources: Mapping[str, Any], kind: str, **asked: object) -> None:
    """Make a change set, and execute it."""
    cloudformation, body = stack.cloudformation, json.dumps({"Resources": resources, **OUTPUTS})
    made = cloudformation.create_change_set(
        StackName=stack.name, ChangeSetName="changes", ChangeSetType=kind, TemplateBody=body, **asked
    )
    stack.id = made["StackId"]
    cloudformation.execute_change_set(StackName=stack.name, ChangeSetName="changes")


OUTPUTS: Final = {"Outputs": {"Group": {"Value": {"Ref": "Group"}}}}


class TestChangeSets:
    def test_they_make_and_change_a_stack_and_its_outputs(self, stack: Stack):
        change_set(stack, {"Group": group(7)}, "CREATE", Tags=[{"Key": "STAGE", "Value": "dev"}])
        assert stack.called() == ["logs.CreateLogGroup", "logs.PutRetentionPolicy", "logs.DescribeLogGroups"]
        assert stack.described["Outputs"][0]["OutputValue"] == "orders"
        change_set(stack, {"Group": group(14)}, "UPDATE")
        assert stack.called() == ["logs.PutRetentionPolicy", "logs.DescribeLogGroups"]
        assert stack.status == "UPDATE_COMPLETE"

    def test_one_without_changes_fails(self, stack: Stack):
        change_set(stack, {"Group": GROUP}, "CREATE")
        stack.cloudformation.create_change_set(
            StackName="orders",
            ChangeSetName="again",
            ChangeSetType="UPDATE",
            TemplateBody=json.dumps({"Resources": {"Group": GROUP}, **OUTPUTS}),
        )
        again = stack.cloudformation.describe_change_set(StackName="orders", ChangeSetName="again")
        assert (again["Status"], again["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")

    def test_they_are_their_stack_s_own(self, stack: Stack):
        for name in ("orders", "items"):
            stack.cloudformation.create_change_set(
                StackName=name,
                ChangeSetName="changes",
                ChangeSetType="CREATE",
                TemplateBody=json.dumps({"Resources": {name: {"Type": "AWS::SQS::Queue"}}}),
            )
        stack.cloudformation.execute_change_set(StackName="orders", ChangeSetName="changes")
        [resource] = stack.cloudformation.describe_stack_resources(StackName="orders")["StackResources"]
        assert resource["LogicalResourceId"] == "orders"

    def test_one_that_is_not_there(self, stack: Stack):
        stack.create({"Group": GROUP})
        stack.cloudformation.delete_change_set(StackName="orders", ChangeSetName="changes")
        with pytest.raises(ClientError, match=r"\(ChangeSetNotFound\) .* ChangeSet \[changes\] does not exist"):
            stack.cloudformation.execute_change_set(StackName="orders", ChangeSetName="changes")


class TestChanges:
    def test_what_is_replaced_goes_last(self, stack: Stack):
        stack.create({"Queue": {**QUEUE, "Properties": {"QueueName": "orders"}}, "Group": GROUP})
        stack.forwarded()
        stack.update({"Queue": {**QUEUE, "Properties": {"QueueName": "items"}}, "Topic": TOPIC})
        assert stack.called() == [
            "sqs.CreateQueue",
            "sqs.GetQueueAttributes",
            "sns.CreateTopic",
            "sns.GetTopicAttributes",
            "sqs.GetQueueAttributes",
            "sqs.DeleteQueue",
            "logs.DescribeLogGroups",
            "logs.DeleteLogGroup",
        ]

    def test_what_is_replaced_goes_though_its_successor_has_the_same_name(self, stack: Stack):
        def template(group: str) -> dict[str, Any]:
            destination = {"Fn::GetAtt": ["Stream", "Arn"]}
            properties = {"LogGroupName": {"Ref": group}, "FilterPattern": "", "DestinationArn": destination}
            return {
                "Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}},
                "One": {"Type": "AWS::Logs::LogGroup"},
                "Two": {"Type": "AWS::Logs::LogGroup"},
                "Filter": {
                    "Type": "AWS::Logs::SubscriptionFilter",
                    "Properties": {"FilterName": "all", "RoleArn": role, **properties},
                },
            }

        role = stack.account.role("logs", trust("logs.amazonaws.com"))
        stack.create(template("One"))
        stack.forwarded()
        stack.update(template("Two"))
        assert stack.called() == [
            "logs.PutSubscriptionFilter",
            "logs.DescribeSubscriptionFilters",
            "logs.DeleteSubscriptionFilter",
        ]

    def test_what_a_resource_came_to_depend_on_goes_after_it(self, stack: Stack):
        stack.create({"Topic": TOPIC})
        stack.update({"Topic": {**TOPIC, "DependsOn": "Queue", "Properties": {"DisplayName": "x"}}, "Queue": QUEUE})
        stack.delete()
        gone = [name for name, status in stack.events() if status == "DELETE_COMPLETE"]
        assert gone == ["Topic", "Queue", "orders"]

    def test_nothing_is_called_for_what_stays(self, stack: Stack):
        stack.create({"Queue": QUEUE, "Group": GROUP})
        stack.forwarded()
        stack.update({"Queue": QUEUE, "Group": group(7)})
        assert {call.service for call in stack.forwarded()} == {"logs"}

    def test_an_update_that_changes_nothing_is_refused(self, stack: Stack):
        stack.create({"Group": GROUP})
        with pytest.raises(ClientError, match="No updates are to be performed"):
            stack.update({"Group": GROUP})
        assert stack.status == "CREATE_COMPLETE"

    def test_what_is_retained_stays(self, stack: Stack):
        kept = {**QUEUE, "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
        stack.create({"Queue": {**kept, "Properties": {"QueueName": "orders"}}, "Group": GROUP})
        stack.update({"Queue": {**kept, "Properties": {"QueueName": "items"}}, "Group": GROUP})
        stack.update({"Group": GROUP})
        stack.delete()
        assert "sqs.DeleteQueue" not in stack.called()

    def test_tags_of_a_stack_reach_its_resources(self, stack: Stack):
        stack.create({"Group": GROUP}, Tags=[{"Key": "STAGE", "Value": "dev"}])
        needs = [need.action for call in stack.forwarded() for need in call.needs]
        assert needs == ["logs:CreateLogGroup", "logs:TagResource", "logs:DescribeLogGroups"]
        tags = client(stack.account, stack.account.root(), "logs").list_tags_log_group(logGroupName="orders")["tags"]
        assert tags == {"STAGE": "dev"}


class TestTemplates:
    def test_resources_are_made_after_those_that_they_name_and_removed_before_them(self, stack: Stack):
        subscription = {
            "Type": "AWS::SNS::Subscription",
            "Properties": {
                "TopicArn": {"Ref": "Topic"},
                "Protocol": "sqs",
                "Endpoint": {"Fn::GetAtt": ["Queue", "Arn"]},
            },
        }
        stack.create({"Subscription": subscription, "Topic": {**TOPIC, "DependsOn": ["Queue"]}, "Queue": QUEUE})
        made = [name for name, status in stack.events() if status == "CREATE_COMPLETE"]
        assert made == ["Queue", "Topic", "Subscription", "orders"]
        stack.delete()
        gone = [name for name, status in stack.events() if status == "DELETE_COMPLETE"]
        assert gone == ["Subscription", "Topic", "Queue", "orders"]

    def test_conditions_no_value_and_numbers_as_text(self, stack: Stack):
        template = {"Parameters": {"Days": {"Type": "String"}}, "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}}}
        properties = {
            "LogGroupName": "orders",
            "RetentionInDays": {"Ref": "Days"},
            "KmsKeyId": {"Fn::If": ["Never", "key", {"Ref": "AWS::NoValue"}]},
        }
        resources = {
            "Group": {"Type": "AWS::Logs::LogGroup", "Properties": properties},
            "Queue": {**QUEUE, "Condition": "Never"},
        }
        stack.create(resources, template, Parameters=[{"ParameterKey": "Days", "ParameterValue": "7"}])
        assert stack.status == "CREATE_COMPLETE"
        assert stack.called() == ["logs.CreateLogGroup", "logs.PutRetentionPolicy", "logs.DescribeLogGroups"]

    def test_exports_are_imported_by_other_stacks(self, stack: Stack):
        export = {"Outputs": {"Url": {"Value": {"Ref": "Queue"}, "Export": {"Name": "url"}}}}
        stack.create({"Queue": QUEUE}, export)
        policy_of = {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {"Queues": [{"Fn::ImportValue": "url"}], "PolicyDocument": {"Statement": []}},
        }
        other = Stack(stack.account, stack.key, "items")
        other.create({"Policy": policy_of})
        assert other.status == "CREATE_COMPLETE"
        third = Stack(stack.account, stack.key, "prices")
        change_set(third, {"Group": GROUP, "Policy": policy_of}, "CREATE")
        assert third.status == "CREATE_COMPLETE"

    def test_values_of_parameters_and_secrets_are_asked_for(self, account: Account):
        root = account.root()
        client(account, root, "ssm").put_parameter(Name="/orders/days", Type="String", Value="7")
        client(account, root, "secretsmanager").create_secret(Name="orders", SecretString='{"name": "topic"}')
        stack = deployer(account, all_but("nothing:Nothing"))
        template = {"Parameters": {"Days": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/orders/days"}}}
        resources = {
            "Group": group({"Ref": "Days"}),
            "Topic": {**TOPIC, "Properties": {"DisplayName": "{{resolve:secretsmanager:orders:SecretString:name}}"}},
            "Other": {**TOPIC, "Properties": {"DisplayName": "{{resolve:ssm:/orders/days}}"}},
        }
        stack.create(resources, template)
        assert stack.status == "CREATE_COMPLETE"
        called = stack.called()
        assert called.count("ssm.GetParameters") == 2
        assert called.count("secretsmanager.GetSecretValue") == 1

    def test_a_parameter_that_may_not_be_read_is_told_at_once(self, account: Account):
        template = {"Parameters": {"Days": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/orders/days"}}}
        stack = deployer(account, policy(STACKS))
        with pytest.raises(ClientError, match="is not authorized to perform: ssm:GetParameters"):
            stack.create({"Group": group({"Ref": "Days"})}, template)
        assert stack.root.list_stacks()["StackSummaries"] == []

    def test_a_parameter_that_is_not_there_is_told_at_once(self, stack: Stack):
        template = {"Parameters": {"Days": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/orders/days"}}}
        with pytest.raises(ClientError, match=r"Unable to fetch parameters \[/orders/days\]"):
            stack.create({"Group": group({"Ref": "Days"})}, template)

    def test_a_secret_that_may_not_be_read_fails_the_resource(self, account: Account):
        stack = deployer(account, all_but("secretsmanager:GetSecretValue"))
        name = "{{resolve:secretsmanager:orders:SecretString:name}}"
        stack.create({"Topic": {**TOPIC, "Properties": {"DisplayName": name}}})
        assert stack.status == "ROLLBACK_COMPLETE"
        [reason] = stack.reasons()
        assert "is not authorized to perform: secretsmanager:GetSecretValue" in reason

    def test_a_template_in_a_bucket_is_read_as_the_deployer(self, account: Account):
        s3 = client(account, account.root(), "s3")
        s3.create_bucket(Bucket="templates")
        s3.put_object(Bucket="templates", Key="orders.json", Body=json.dumps({"Resources": {"Queue": QUEUE}}))
        stack = deployer(account, policy(STACKS, {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::items/*"}))
        with pytest.raises(ClientError, match="S3 error: Access Denied"):
            stack.cloudformation.validate_template(TemplateURL=f"{account.endpoint}/templates/orders.json")
        [made] = stack.forwarded()
        assert made.denied
        assert (made.denied.action, made.denied.resource) == ("s3:GetObject", "arn:aws:s3:::templates/orders.json")
        allowed = Stack(account, account.administrator())
        allowed.cloudformation.validate_template(TemplateURL="https://templates.s3.amazonaws.com/orders.json")
        assert allowed.called() == ["s3.GetObject"]

    def test_that_a_template_was_read_is_a_data_event(self, account: Account):
        s3 = client(account, account.root(), "s3")
        s3.create_bucket(Bucket="templates")
        s3.put_object(Bucket="templates", Key="orders.json", Body=json.dumps({"Resources": {"Queue": QUEUE}}))
        stack = Stack(account, account.administrator())
        stack.cloudformation.validate_template(TemplateURL="https://templates.s3.amazonaws.com/orders.json")

        def read(records: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
            found = [record for record in records if record["eventName"] == "GetObject"]
            return [(record["eventCategory"], record["userIdentity"].get("invokedBy")) for record in found]

        assert read(account.records()) == []
        assert read(account.records(data_events=True)) == [("Data", CLOUDFORMATION)]

    def test_a_nested_stack_that_fails_fails_its_parent(self, account: Account):
        s3 = client(account, account.root(), "s3")
        s3.create_bucket(Bucket="templates")
        s3.put_object(Bucket="templates", Key="nested.json", Body=json.dumps({"Resources": {"Topic": TOPIC}}))
        stack = deployer(account, all_but("sns:CreateTopic"))
        url = "https://s3.amazonaws.com/templates/nested.json"
        stack.create({"Nested": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}})
        assert stack.status == "ROLLBACK_COMPLETE"
        [reason] = stack.reasons()
        assert reason.startswith("Embedded stack arn:aws:cloudformation:")

    def test_a_type_that_is_not_known_is_a_loud_failure(self, stack: Stack):
        with pytest.raises(ClientError, match="does not know what CloudFormation calls for AWS::AppSync::GraphQLApi"):
            stack.create({"Queue": QUEUE, "Api": {"Type": "AWS::AppSync::GraphQLApi"}})
        assert stack.called() == []
        [failure] = stack.account.failures()
        assert "does not know what CloudFormation calls for AWS::AppSync::GraphQLApi" in failure

    def test_a_property_that_is_not_known_is_a_loud_failure(self, stack: Stack):
        bucket = {"Type": "AWS::S3::Bucket", "Properties": {"ReplicationConfiguration": {"Role": "r", "Rules": []}}}
        with pytest.raises(ClientError, match="for ReplicationConfiguration of AWS::S3::Bucket"):
            stack.create({"Bucket": bucket})
        assert stack.called() == []

    def test_a_function_that_is_not_known_is_a_loud_failure(self, stack: Stack):
        name = {"Fn::Join": ["-", ["orders", {"Fn::Cidr": ["10.0.0.0/16", 1, 8]}]]}
        nested = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::Cidr": ["10.0.0.0/16", 1, 8]}}}
        for properties in (nested, {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": name}}):
            with pytest.raises(ClientError, match="does not know the function Fn::Cidr"):
                stack.create({"Topic": properties})
            stack.delete()

    def test_a_name_that_nothing_has_is_refused(self, stack: Stack):
        with pytest.raises(ClientError, match=r"Unresolved resource dependencies \[Nobody\]"):
            stack.create({"Topic": {**TOPIC, "Properties": {"DisplayName": {"Ref": "Nobody"}}}})

    def test_an_attribute_that_is_not_known_is_a_loud_failure(self, stack: Stack):
        with pytest.raises(ClientError, match="does not know the attribute Colour of AWS::SQS::Queue"):
            stack.create({"Queue": QUEUE}, {"Outputs": {"Colour": {"Value": {"Fn::GetAtt": ["Queue", "Colour"]}}}})
        assert len(stack.account.failures()) == 1


def test_each_call_has_a_session_of_its_own(stack: Stack):
    stack.create({"Queue": QUEUE, "Topic": TOPIC})
    records = [
        record for record in stack.account.records() if record["userIdentity"].get("invokedBy") == CLOUDFORMATION
    ]
    keys = {record["userIdentity"]["accessKeyId"] for record in records}
    assert len(keys) == len(records) == 4
    for record in records:
        identity = record["userIdentity"]
        assert identity["accessKeyId"].startswith("ASIA")
        assert (identity["arn"], identity["type"]) == (stack.key.arn, "IAMUser")
        assert identity["sessionContext"]["sessionIssuer"] == {}
        assert record["sourceIPAddress"] == record["userAgent"] == CLOUDFORMATION


def test_what_the_environment_says_of_aws_does_not_lead_calls_elsewhere(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with Account.start(judge_command()) as account:
        for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
            monkeypatch.delenv(name)
        stack = Stack(account, account.administrator())
        stack.create({"Queue": QUEUE})
        assert stack.status == "CREATE_COMPLETE"


def test_the_interfaces_of_a_function_in_a_network_are_waited_for(stack: Stack):
    ec2 = client(stack.account, stack.account.root(), "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="functions", Description="functions", VpcId=vpc)["GroupId"]
    properties = {
        "Role": stack.account.role("functions", trust("lambda.amazonaws.com")),
        "Runtime": "python3.12",
        "Handler": "index.h",
        "Code": {"ZipFile": "h = print"},
        "VpcConfig": {"SubnetIds": [subnet], "SecurityGroupIds": [group]},
    }
    stack.create({"Function": {"Type": "AWS::Lambda::Function", "Properties": properties}})
    needs = {need.action for call in stack.forwarded() for need in call.needs}
    assert needs >= {"ec2:DescribeSubnets", "ec2:DescribeSecurityGroups", "ec2:DescribeVpcs"}
    stack.delete()
    assert stack.called()[-1] == "ec2.DescribeNetworkInterfaces"


def test_a_custom_resource_needs_its_function_to_be_invoked(account: Account):
    role = account.role("functions", trust("lambda.amazonaws.com"))
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {"Role": role, "Runtime": "python3.12", "Handler": "index.h", "Code": {"ZipFile": "h = print"}},
    }
    mine = {"Type": "Custom::Certificate", "Properties": {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}}}
    stack = deployer(account, all_but("lambda:InvokeFunction"))
    stack.create({"Function": function, "Mine": mine})
    assert stack.status == "ROLLBACK_COMPLETE"
    [reason] = stack.reasons()
    assert "is not authorized to perform: lambda:InvokeFunction" in reason
