"""An update that fails is rolled back with the policy of the first deploy alone, and then everything is removed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lab.scenarios import Edit, scenario
from lab.trial import LIFECYCLE, Trial, holders_of, prove

from tracer.rehearse.account import Account

NEW = Edit("template.yml", "Resources:\n", """Resources:
  Table:
    Type: AWS::DynamoDB::Table
    DependsOn: Function
    Properties:
      TableName: reports-dev
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
""")  # fmt: skip
"""A thing that the first deploy did not have; it comes last, when the function is another already."""


def test_a_failed_update_is_rolled_back_with_what_the_first_deploy_gave(account: Account, tmp_path: Path):
    template = scenario("template")
    deploy, redeploy, remove = template.steps
    fails = replace(redeploy, name="failed update", command=f"! {redeploy.command}", edits=(*redeploy.edits, NEW))
    trial = Trial.hold(account, replace(template, steps=(deploy,)), tmp_path / "trial")
    policies = holders_of(trial.policies(LIFECYCLE), template)

    account.reset()
    proof = prove(account, replace(template, steps=(deploy, fails, remove)), tmp_path / "proof", policies)
    assert not proof.failed, proof.told()
    first, update, last = proof.ran
    [denied] = [call.denied for ran in proof.ran for call in ran.denied]
    assert denied
    assert (denied.action, denied.resource.rpartition(":")[2]) == ("dynamodb:CreateTable", "table/reports-dev")
    changes = [call.operation for call in update.calls if call.service == "lambda" and call.via]
    assert changes.count("UpdateFunctionCode") == changes.count("UpdateFunctionConfiguration") == 2, "there and back"
    assert {call.operation for call in first.calls} >= {"CreateFunction", "CreateTopic"}
    assert {call.operation for call in last.calls} >= {"DeleteFunction", "DeleteTopic"}
