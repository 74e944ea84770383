"""A CloudFormation template with the policy as its one resource.

A managed policy is an AWS::IAM::ManagedPolicy without a name of its own, so that the stack can be deployed more than
once in an account; its ARN is the stack's output. An inline policy is an AWS::IAM::RolePolicy, UserPolicy or
GroupPolicy. How the policy's texts are written is told in `template`.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from tracer.emit.draft import Document, Draft
from tracer.emit.format.names import holder, logical_id, policy_name
from tracer.emit.format.template import statement_template
from tracer.emit.format.yaml import Yaml, yaml_lines
from tracer.emit.pack import Attach


@dataclass(frozen=True, slots=True)
class CloudFormationFormat:
    """YAML that `aws cloudformation deploy` takes."""

    extension: str = "yaml"

    def render(self, document: Document, draft: Draft) -> str:
        """The template."""
        attach = draft.options.attach
        body = _managed(document, draft) if attach is Attach.MANAGED else _inline(document, draft, attach)
        return "".join(f"{line}\n" for line in yaml_lines({"AWSTemplateFormatVersion": "2010-09-09", **body}))

    def next_step(self, document: Document, draft: Draft, path: str | None) -> tuple[str, ...]:
        """The command that deploys the template. It needs CAPABILITY_IAM, for it makes IAM resources."""
        name = re.sub(r"[^A-Za-z0-9]+", "-", policy_name(document, draft)).strip("-")
        attach = draft.options.attach
        whom = holder(document, attach) is None and attach is not Attach.MANAGED
        return (
            f"aws cloudformation deploy --stack-name {name}",
            f"--template-file {shlex.quote(path) if path else 'TEMPLATE.yaml'}",
            *((f"--parameter-overrides {attach.title()}Name={attach.upper()}",) if whom else ()),
            "--capabilities CAPABILITY_IAM",
        )


def _managed(document: Document, draft: Draft) -> dict[str, Yaml]:
    name = logical_id(document)
    return {
        "Resources": {
            name: {
                "Type": "AWS::IAM::ManagedPolicy",
                "Properties": {"PolicyDocument": _document(document, draft)},
            }
        },
        "Outputs": {f"{name}Arn": {"Value": {"Ref": name}}},
    }


def _inline(document: Document, draft: Draft, attach: Attach) -> dict[str, Yaml]:
    """The policy of the principal where it is of the kind asked for, else of one that a parameter names."""
    key, whom = f"{attach.title()}Name", holder(document, attach)
    resource: dict[str, Yaml] = {
        "Type": f"AWS::IAM::{attach.title()}Policy",
        "Properties": {
            "PolicyName": policy_name(document, draft),
            key: whom or {"Ref": key},
            "PolicyDocument": _document(document, draft),
        },
    }
    parameters: dict[str, Yaml] = {} if whom else {"Parameters": {key: {"Type": "String"}}}
    return {**parameters, "Resources": {logical_id(document): resource}}


def _document(document: Document, draft: Draft) -> dict[str, Yaml]:
    policy = document.policy
    return {
        "Version": policy.version,
        "Statement": [statement_template(statement, draft.trace.run) for statement in policy.statements],
    }
