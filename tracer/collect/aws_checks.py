"""`tracer check --aws`: what AWS itself says of policies.

Three questions, each to the service that answers it:

- ValidatePolicy of IAM Access Analyzer: is the document well made? Its findings are errors, security warnings, warnings
  and suggestions
  (https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-policy-validation.html);
- CheckNoNewAccess: does it allow anything that an older one did not? It is charged by the call
  (https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-custom-policy-checks.html);
- SimulateCustomPolicy of IAM: does it allow what a trace needed?
  (https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html). "Can differ from live": it knows
  no service control policy, and a `*` in an ARN is a sign like any other to it.

Nothing is written to the account. The clients are the caller's to make, so that a test can stub them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tracer.collect.aws import explained
from tracer.model.permission import Permission
from tracer.model.policy import Policy

ACTIONS_AT_ONCE: Final = 100
"""How many actions one SimulateCustomPolicy is asked about, so that its answer stays below a page or two."""


@dataclass(frozen=True, slots=True, order=True)
class Remark:
    """Something that AWS says of a policy.

    Attributes:
        policy: the policy's place among those asked about, from 0.
        severity: ERROR, SECURITY_WARNING, WARNING or SUGGESTION, as Access Analyzer has it.
        code: its issueCode.
        text: what it says, with the page that explains it.
    """

    policy: int
    severity: str
    code: str
    text: str


def validate(client: Any, policies: Sequence[Policy]) -> tuple[Remark, ...]:  # noqa: ANN401 - a client of boto3
    """Access Analyzer's findings, by policy. Raises CollectError."""
    remarks = []
    for place, policy in enumerate(policies):
        pages = client.get_paginator("validate_policy").paginate(
            policyDocument=policy.to_json(), policyType="IDENTITY_POLICY"
        )
        for page in _told(pages, "access-analyzer:ValidatePolicy"):
            remarks += [
                Remark(place, row["findingType"], row["issueCode"], f"{row['findingDetails']} ({row['learnMoreLink']})")
                for row in page["findings"]
            ]
    return tuple(sorted(remarks))


def new_access(
    client: Any,  # noqa: ANN401 - a client of boto3
    policies: Sequence[Policy],
    old: Sequence[Policy],
) -> tuple[str, ...]:
    """Why `policies` allow something that `old` do not; nothing where they do not. Raises CollectError."""
    answers = (
        client.check_no_new_access(
            newPolicyDocument=policy.to_json(),
            existingPolicyDocument=_joined(old).to_json(),
            policyType="IDENTITY_POLICY",
        )
        for policy in policies
    )
    return tuple(
        f"{answer['message']}{_reasons(answer)}"
        for answer in _told(answers, "access-analyzer:CheckNoNewAccess")
        if answer["result"] != "PASS"
    )


def refused(
    client: Any,  # noqa: ANN401 - a client of boto3
    policies: Sequence[Policy],
    permissions: Iterable[Permission],
) -> tuple[Permission, ...]:
    """Those of `permissions` that IAM's simulator does not allow. Raises CollectError."""
    documents = [policy.to_json() for policy in policies]
    denied: set[Permission] = set()
    for group in _alike(permissions):
        first = group[0]
        by_action = {permission.action.text.lower(): permission for permission in group}
        request: dict[str, Any] = {
            "PolicyInputList": documents,
            "ActionNames": [permission.action.text for permission in group],
            "ResourceArns": [first.resource.text],
            "ContextEntries": [
                {"ContextKeyName": key, "ContextKeyValues": list(values[:1]), "ContextKeyType": "string"}
                for _, key, values in first.conditions.items
            ],
        }
        pages = client.get_paginator("simulate_custom_policy").paginate(**request)
        for page in _told(pages, "iam:SimulateCustomPolicy"):
            denied.update(
                by_action[row["EvalActionName"].lower()]
                for row in page["EvaluationResults"]
                if row["EvalDecision"] != "allowed"
            )
    return tuple(sorted(denied, key=lambda permission: permission.sort_key))


def _alike(permissions: Iterable[Permission]) -> Iterator[list[Permission]]:
    """Permissions that one request can ask about: the same resource and conditions, each action once."""
    groups: defaultdict[tuple[str, object], dict[str, Permission]] = defaultdict(dict)
    for permission in sorted(permissions, key=lambda permission: permission.sort_key):
        groups[permission.resource.text, permission.conditions].setdefault(permission.action.text.lower(), permission)
    for group in groups.values():
        lines = list(group.values())
        for start in range(0, len(lines), ACTIONS_AT_ONCE):
            yield lines[start : start + ACTIONS_AT_ONCE]


def _joined(policies: Sequence[Policy]) -> Policy:
    return Policy(tuple(statement for policy in policies for statement in policy.statements))


def _reasons(answer: Any) -> str:  # noqa: ANN401 - the answer of boto3
    reasons = [row["description"] for row in answer.get("reasons", ())]
    return f": {'; '.join(reasons)}" if reasons else ""


def _told(answers: Iterable[Any], action: str) -> Iterator[Any]:
    """`answers`; the errors of botocore as errors for people."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield from answers
    except (BotoCoreError, ClientError) as error:
        raise explained(error, action) from error
