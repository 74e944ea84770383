"""Policy documents and baseline files: read, written, filled, compared, and asked about a call."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fuzz.harness import written
from tracer.emit import baseline
from tracer.emit.diff import diff
from tracer.emit.evaluate import Call, Evaluator
from tracer.emit.grants import Allows, Denies, Grant
from tracer.emit.idle import idle
from tracer.errors import UsageError
from tracer.model.action import Action
from tracer.model.arn import ArnPattern
from tracer.model.policy import Policy

_VALUES: Final = {
    "region": ("us-east-1", "eu-west-1"),
    "account_no": ("123456789012",),
    "service_name": ("orders",),
    "stage": ("dev",),
}
_ASKED: Final = (("s3:GetObject", "arn:aws:s3:::orders/a"), ("iam:PassRole", "arn:aws:iam::123456789012:role/orders"))


def target(data: bytes) -> int:
    """One execution. Raises on anything but UsageError, which says what is wrong with the file."""
    path = written(data, "policy.json")
    try:
        policy = baseline.read_policy(Path(path))
        assert Policy.from_json(policy.to_json()) == policy
        assert policy.size <= len(policy.to_json())
        evaluator, allows, denies = Evaluator(policy), Allows(policy.statements), Denies(policy.statements)
        baseline.fill(baseline.load(path), _VALUES)
    except UsageError:
        return 1
    if not any(text.startswith("*") for one in policy.statements for text in (*one.actions, *one.not_actions)):
        # All actions there are would be looked at one by one, which takes seconds and shows no more.
        assert not diff(policy, policy).gained
        list(idle([policy]))
    for action, resource in _ASKED:
        evaluator.decide(Call(action, resource, {"aws:username": "deployer"}))
        grant = Grant(Action(action), ArnPattern(resource))
        allows.grant(grant)
        assert not (denies.covering(grant) and denies.blocking(grant) is None)
    return 1
